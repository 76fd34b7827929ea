"""A module runs in another process, and what it printed is read."""

from __future__ import annotations

import subprocess

import pytest

from airflow_provider_vai.analysis.python_module import last_lines, run_module


def test_a_module_runs_with_its_input() -> None:
    """Its code and output come back; arguments are no shell's."""
    done = run_module("json.tool", "--compact", seconds=60, text='{"a": "$HOME; ls"}')

    assert (done.returncode, done.stdout) == (0, '{"a":"$HOME; ls"}\n')


def test_a_module_that_fails() -> None:
    """Nothing is raised: the caller says what the failure means."""
    done = run_module("no_such_module_anywhere", seconds=60)

    assert done.returncode == 1
    assert last_lines(done.stderr, 1)[0].endswith("No module named no_such_module_anywhere")


def test_a_module_that_takes_too_long() -> None:
    """It is ended."""
    with pytest.raises(subprocess.TimeoutExpired):
        run_module("json.tool", seconds=0)


def test_the_last_lines_of_a_log() -> None:
    """Blank lines do not count, and no credential is shown."""
    assert last_lines("one\n\ntwo\n  \nthree\n\n", 2) == ["two", "three"]
    assert last_lines("", 2) == []
    assert "hunter22" not in last_lines("failed: postgresql://ada:hunter22@db/x\n", 1)[0]

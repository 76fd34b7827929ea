"""Running a module in another process and reading its output."""

from __future__ import annotations

import subprocess

import pytest

from airflow_provider_vai.analysis import python_module
from airflow_provider_vai.analysis.python_module import last_lines, run_module


def test_a_module_runs_with_its_input() -> None:
    """The exit code and output are returned, and no shell interprets the arguments."""
    done = run_module("json.tool", "--compact", seconds=60, text='{"a": "$HOME; ls"}')

    assert (done.returncode, done.stdout) == (0, '{"a":"$HOME; ls"}\n')


def test_a_module_that_fails() -> None:
    """A failure is returned, not raised: the caller decides what it means."""
    done = run_module("no_such_module_anywhere", seconds=60)

    assert done.returncode == 1
    assert last_lines(done.stderr, 1)[0].endswith("No module named no_such_module_anywhere")


def test_a_module_that_takes_too_long() -> None:
    """The process is killed when the time limit is exceeded."""
    with pytest.raises(subprocess.TimeoutExpired):
        run_module("json.tool", seconds=0)


def test_the_last_lines_of_a_log() -> None:
    """Blank lines are left out, and credentials are masked."""
    assert last_lines("one\n\ntwo\n  \nthree\n\n", 2) == ["two", "three"]
    assert last_lines("", 2) == []
    assert "hunter22" not in last_lines("failed: postgresql://ada:hunter22@db/x\n", 1)[0]


def test_a_missing_airflow_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is looked up without an import."""
    assert python_module.airflow_problem() is None
    monkeypatch.setattr(python_module, "find_spec", lambda _: None)
    assert python_module.airflow_problem() == "Airflow is not installed here"

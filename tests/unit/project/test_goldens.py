"""The golden files: written again they are the same, byte for byte, and the linters have nothing to say."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.golden.regenerate import CASES, HERE, Case, make

RUFF = [sys.executable, "-m", "ruff"]
STYLE = ["--isolated", "--line-length", "320"]
FOLDERS = [str(case.expected) for case in CASES]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_golden(case: Case, tmp_path: Path) -> None:
    """The same command gives the same bytes; ``python -m tests.golden.regenerate`` writes what is wanted now."""
    make(case, tmp_path)
    written = {path.name: path.read_text() for path in sorted(tmp_path.iterdir())}
    assert written == {path.name: path.read_text() for path in sorted(case.expected.iterdir())}
    assert [name.partition(".")[2] for name in written] == ["py", "vai.json"]


def test_every_format_and_folder_has_a_case() -> None:
    """The formats that the others are like, both of the platform's, and no folder that nothing makes."""
    sidecars = [json.loads(next(case.expected.glob("*.vai.json")).read_text()) for case in CASES]
    formats = {sidecar["source"]["format"] for sidecar in sidecars}
    assert formats == {"vai", "openai_chat", "anthropic_messages", "pydantic_ai", "agentdojo", "tau2"}
    platform = {sidecar["source"]["kind"] for sidecar in sidecars if sidecar["source"]["format"] == "vai"}
    assert platform == {"agent_run", "chat_thread"}
    assert {path.name for path in HERE.iterdir() if (path / "expected").is_dir()} == {case.name for case in CASES}
    assert len({sidecar["dag_id"] for sidecar in sidecars}) == len(CASES)


def test_linter_has_nothing_to_say() -> None:
    """Errors, imports, modern forms, likely bugs, Airflow's own rules: none in a rendered file."""
    rules = ["--select", "E,F,I,UP,B,AIR,PL", "--ignore", "E501,PLR", "--target-version", "py310"]
    command = [
        *RUFF,
        "check",
        *STYLE,
        *rules,
        *FOLDERS,
    ]  # from a folder that is no checkout: our imports are installed ones
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "All checks passed!\n")


def test_formatter_changes_nothing() -> None:
    """The files are written as the formatter would write them."""
    done = subprocess.run([*RUFF, "format", "--diff", *STYLE, *FOLDERS], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")

"""The golden files are reproduced byte for byte, and linter and formatter accept them."""

from __future__ import annotations

import json
import re
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
    """The same command writes the same bytes; ``python -m tests.golden.regenerate`` updates them."""
    make(case, tmp_path)
    written = {path.name: path.read_text() for path in sorted(tmp_path.iterdir()) if path.is_file()}
    assert written == {path.name: path.read_text() for path in sorted(case.expected.iterdir()) if path.is_file()}
    assert [name.partition(".")[2] for name in written] == ["py", "vai.json"]


def test_every_format_and_folder_has_a_case() -> None:
    """The cases cover the main formats and both sorts of platform recordings; no folder is without a case."""
    sidecars = [json.loads(next(case.expected.glob("*.vai.json")).read_text()) for case in CASES]
    formats = {sidecar["source"]["format"] for sidecar in sidecars}
    assert formats == {"vai", "openai_chat", "anthropic_messages", "pydantic_ai", "agentdojo", "tau2"}
    platform = {sidecar["source"]["kind"] for sidecar in sidecars if sidecar["source"]["format"] == "vai"}
    assert platform == {"agent_run", "chat_thread"}
    assert {path.name for path in HERE.iterdir() if (path / "expected").is_dir()} == {case.name for case in CASES}
    assert len({sidecar["dag_id"] for sidecar in sidecars}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_dag_file_has_no_digest(case: Case) -> None:
    """Digests are in the sidecar only: one in the DAG file would say nothing to its reader."""
    (path,) = case.expected.glob("*.py")
    assert re.findall(r"\b[0-9a-f]{64}\b|sha256\W+[0-9a-f]{8,}", path.read_text()) == []


def test_linter_has_nothing_to_say() -> None:
    """A rendered file has no lint findings: errors, imports, outdated syntax, likely bugs, Airflow's own rules."""
    rules = ["--select", "E,F,I,UP,B,AIR,PL", "--ignore", "E501,PLR", "--target-version", "py310"]
    command = [
        *RUFF,
        "check",
        *STYLE,
        *rules,
        *FOLDERS,
    ]  # run outside the checkout, so that our imports count as installed ones
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "All checks passed!\n")


def test_formatter_changes_nothing() -> None:
    """The formatter would not change a rendered file."""
    done = subprocess.run([*RUFF, "format", "--diff", *STYLE, *FOLDERS], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")

"""Words are spelt right, in pages and in what the package says; `dev/test` runs the same check."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.paths import ROOT

TYPOS = Path(sys.executable).with_name("typos")
pytestmark = pytest.mark.skipif(not TYPOS.exists(), reason="typos is not installed: run dev/test once")


def misspelt(path: str | Path) -> list[str]:
    """Return what the checker finds, one line each, with the project's settings."""
    command = [TYPOS, "--config", ROOT / "pyproject.toml", "--format", "brief", path]
    done = subprocess.run(list(map(str, command)), cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.stdout.splitlines()


def test_nothing_is_misspelt() -> None:
    """No page, docstring or message has a word that the checker knows to be wrong."""
    assert misspelt(".") == []


@pytest.mark.parametrize(("line", "is_wrong"), [("it is seperate", True), ("Occured once", True), ("separate", False)])
def test_misspelt_words_are_noticed(tmp_path: Path, line: str, is_wrong: bool) -> None:
    """Whatever their case; the project's own words are known."""
    (tmp_path / "page.md").write_text(f"{line}; vai and mosquitto are words.\n")

    assert bool(misspelt(tmp_path / "page.md")) is is_wrong

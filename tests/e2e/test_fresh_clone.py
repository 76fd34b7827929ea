"""The README's commands, as a new user runs them: a fresh clone, an empty home."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.paths import ROOT

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def clone(tmp_path_factory) -> Path:
    """A clone of the last commit, with an empty home beside it."""
    folder = tmp_path_factory.mktemp("user")
    (folder / "home").mkdir()
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder / "checkout")], check=True)
    return folder / "checkout"


def _run(clone: Path, *command: str) -> subprocess.CompletedProcess:
    keep = ("LANG", "PATH", "PIP_", "UV_", "SSL_", "HTTP", "NO_PROXY")
    settings = {name: value for name, value in os.environ.items() if name.startswith(keep)}
    settings["HOME"] = str(clone.parent / "home")
    return subprocess.run(
        command, cwd=clone, env=settings, check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def test_the_demo_approves_by_rest_and_runs_again(clone):
    """`dev/demo --approve` exits 0, and does so again on what the first run left."""
    for _ in range(2):
        done = _run(clone, sys.executable, "dev/demo", "--approve")

        assert done.returncode == 0, done.stdout[-4000:]
        assert "flashboard" in done.stdout


def test_the_checkout_stays_clean(clone):
    """Neither command leaves a file that git does not ignore."""
    assert _run(clone, "git", "status", "--porcelain").stdout == ""

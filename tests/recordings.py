"""Real recordings in ``shared/traces`` beside the project. Tests read them where they are present, and skip otherwise.

Every format has fixtures of our own in ``tests/traces``, so that nothing depends on the recordings alone.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.paths import ROOT

FOLDER = ROOT.parent / "shared" / "traces"
ABSENT: dict[str, Any] = {"path": "absent"}
"""What stands for the entries of a manifest that is not there, so that their tests are skipped by name."""


def recording(name: str) -> Path:
    """Return the path of a recording, or of a folder of them; skip the test or the module if it is not there."""
    path = FOLDER / name
    if not path.exists():
        pytest.skip(f"no real recordings in {FOLDER}", allow_module_level=True)
    return path


def listed(corpus: str | None = None, ending: str = "") -> list[dict[str, Any]]:
    """Return the manifest's entries, of one corpus if given, whose paths end so; none if there is no manifest."""
    manifest = FOLDER / "MANIFEST.json"
    entries: list[dict[str, Any]] = json.loads(manifest.read_text())["files"] if manifest.is_file() else []
    return [entry for entry in entries if corpus in (None, entry["corpus"]) and entry["path"].endswith(ending)]


def name(entry: dict[str, Any]) -> str:
    """Return a short name for a test of an entry."""
    return str(entry["path"][-70:])

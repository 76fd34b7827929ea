"""Where things are: the checkout, its documentation and its fixtures."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TESTS = ROOT / "tests"
DOCS = ROOT / "dev" / "docs"
TRACES = TESTS / "traces"
GOLDEN = TESTS / "golden"

"""Where things are: the checkout, its fixtures, and recordings beside it, which tests read where they are present."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TESTS = ROOT / "tests"
DOCS = ROOT / "dev" / "docs"
TRACES = TESTS / "traces"
GOLDEN = TESTS / "golden"
RECORDINGS = ROOT.parent / "shared" / "traces"

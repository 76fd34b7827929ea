"""The trace file."""

from __future__ import annotations

from pathlib import Path

from airflow_provider_vai.traces.reading.trace import Trace


def test_fallback_id_is_the_start_of_the_digest(tmp_path: Path) -> None:
    """Equal bytes have equal ids."""
    (tmp_path / "a.json").write_text("[]")
    trace = Trace(tmp_path / "a.json")
    assert trace.fallback_id == f"sha256:{trace.sha256[:16]}"

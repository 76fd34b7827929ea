"""Tables on the terminal."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from airflow_provider_vai.cli import terminal

CELLS = st.lists(st.sampled_from(["a", " ", "東", "e\u0301", "\n", "\t", "word", "[b]", "\u200b", "é"]), max_size=30)
ROWS = st.integers(2, 5).flatmap(
    lambda columns: st.lists(st.lists(CELLS.map("".join), min_size=columns, max_size=columns), min_size=1, max_size=5)
)

HEADER = ("#", "a task", "", "東", "flag")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(rows=ROWS)
def test_a_plain_table_is_what_rich_prints(
    rows: list[list[str]], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A table that is written line by line looks exactly as rich prints it, even with wide characters."""
    terminal.table(HEADER[: len(rows[0])], rows)
    written = capsys.readouterr().out
    with monkeypatch.context() as patch:
        patch.setattr(terminal, "GAP", " " * terminal.PLAIN_WIDTH)  # makes every table too wide for the fast way
        terminal.table(HEADER[: len(rows[0])], rows)
    assert written == capsys.readouterr().out

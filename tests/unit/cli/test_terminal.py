"""Tables on the terminal."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from rich.cells import cell_len

from airflow_provider_vai.cli import terminal

CELLS = st.lists(st.sampled_from(["a", " ", "東", "e\u0301", "\n", "\t", "word", "[b]", "\u200b", "é"]), max_size=30)
ROWS = st.integers(2, 5).flatmap(
    lambda columns: st.lists(st.lists(CELLS.map("".join), min_size=columns, max_size=columns), min_size=1, max_size=5)
)

HEADER = ("#", "edits", "", "東", "flag")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(rows=ROWS)
def test_a_plain_table_is_what_rich_prints(
    rows: list[list[str]], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A table that is written line by line looks exactly as rich prints it, even with wide characters."""
    terminal.table(HEADER[: len(rows[0])], rows)
    written = capsys.readouterr().out
    with monkeypatch.context() as patch:
        patch.setattr(
            terminal, "_write_as_it_is", lambda *table: terminal._write_grid(*table[:2], terminal.PLAIN_WIDTH)
        )
        terminal.table(HEADER[: len(rows[0])], rows)
    assert written == capsys.readouterr().out


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(rows=ROWS, broken=st.integers(0, 4), words=CELLS.map("".join), limit=st.integers(60, 100))
def test_a_table_with_broken_cells_is_what_rich_prints(
    rows: list[list[str]],
    broken: int,
    words: str,
    limit: int,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A table of which one column is broken at spaces is written line by line, exactly as rich prints it."""
    with monkeypatch.context() as patch:
        patch.setenv("COLUMNS", str(limit))
        columns = [*HEADER[: len(rows[0])]]
        columns[broken % len(columns)] = "arguments"
        for row in rows:
            row[broken % len(columns)] = f"{row[broken % len(columns)]} {words} {words} {words} {TEXT}"
        terminal.table(columns, rows)
        written = capsys.readouterr().out
        patch.setattr(terminal, "_is_drawn_by_rich", lambda limit: True)
        terminal.table(columns, rows)
    assert written == capsys.readouterr().out


def test_the_list_of_formats_is_printed_without_rich() -> None:
    """Importing rich would take longer than all the rest of `vai formats`, `vai kinds`, or `vai inspect`."""
    code = "import sys; from airflow_provider_vai.cli.main import main; main(sys.argv[1:]); "
    code += "sys.exit('rich' in sys.modules)"
    for command in ("formats", "kinds"):
        subprocess.run([sys.executable, "-c", code, command], stdout=subprocess.DEVNULL, check=True)


def test_usual_letters_and_signs_are_one_column_wide() -> None:
    """A text of Western letters is measured without rich, with the same result."""
    for number in (*range(0x20, 0x7F), *range(0xA0, 0x300), *range(0x2010, 0x2027)):
        assert terminal._size(chr(number)) == cell_len(chr(number)), hex(number)


def test_a_long_table_is_not_drawn_by_rich(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rich takes a second for a thousand rows; without colours, and with one column that is broken, it is not asked."""
    monkeypatch.setattr(terminal, "_write_grid", lambda *table: pytest.fail("drawn by rich"))
    terminal.table(("task", "arguments"), [[f"task_{number}", TEXT * 2] for number in range(5)])


NAMES = ("a_rather_long_name_of_a_task", "another_kind", "warning")
TEXT = "a text of some length that may be broken at its spaces and nowhere else"


@pytest.mark.parametrize("columns", range(40, 101))
def test_a_table_fits_and_breaks_no_name(
    columns: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the width, each line fits, each name is whole, and the text is complete."""
    monkeypatch.setenv("COLUMNS", str(columns))
    terminal.table(("task", "kind", "level", "summary"), [[*NAMES, TEXT]], optional=("kind",))
    written = capsys.readouterr().out

    assert max(map(len, written.splitlines())) <= columns
    assert NAMES[0] in written
    assert NAMES[2] in written
    assert [word for word in TEXT.split() if word not in written] == []


def test_a_column_that_is_cut(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The cells of one column are cut so that the others stay whole on one line each."""
    monkeypatch.setenv("COLUMNS", "80")
    terminal.table(("tool", "outcome", "arguments"), [[NAMES[0], "success", "x" * 200]], cut=("arguments",))
    (row,) = [line for line in capsys.readouterr().out.splitlines() if "success" in line]

    assert NAMES[0] in row
    assert row.rstrip().endswith("x…")
    assert len(row) <= 80


@pytest.mark.parametrize(("columns", "width"), [(None, 100), ("80", 80), ("500", 100), ("0", 100), ("wide", 100)])
def test_the_width_without_a_terminal(columns: str | None, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """At most 100 characters, so that a log or a pipe stays readable."""
    monkeypatch.delenv("COLUMNS", raising=False)
    if columns is not None:
        monkeypatch.setenv("COLUMNS", columns)

    assert terminal.width() == width


def test_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Words about an outcome have a colour on a terminal, unless NO_COLOR is set."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")

    assert terminal.coloured("error") == "error"
    monkeypatch.setattr(terminal.sys.stdout, "isatty", lambda: True, raising=False)
    assert terminal.coloured("error", "error VAI001") == "\x1b[31merror VAI001\x1b[0m"
    assert terminal.coloured("elsewhere") == "elsewhere"
    monkeypatch.setenv("NO_COLOR", "1")
    assert terminal.coloured("error") == "error"


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (("vai", "lint", "out/a.py"), "vai lint out/a.py"),
        (("größe und so/a.py",), "'größe und so/a.py'"),
        (("it's/a.py", "b c"), "'it'\"'\"'s/a.py' 'b c'"),
        (("$HOME;ls",), "'$HOME;ls'"),
        (("a" * 1000,), "a" * 1000),
    ],
)
def test_words_of_a_command(given: tuple[str, ...], shown: str) -> None:
    """A proposed command can be pasted into a shell, whatever its paths are."""
    assert terminal.words(*given) == shown

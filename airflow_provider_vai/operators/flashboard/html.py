"""Texts, tables and numbers of a flashboard as HTML; every value is escaped."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from airflow_provider_vai.languages.html_text import text

if TYPE_CHECKING:
    from airflow_provider_vai.model.flashboard_entries import Column, Number, Table

EMPTY = '<p class="empty">No rows</p>'
NUMERIC = ' class="number"'


def card(heading: str, note: str | None, content: str, style: str = "card") -> str:
    """Return one box of the page; ``content`` is markup, the other parts are texts."""
    below = f'\n<p class="note">{text(note)}</p>' if note else ""
    return f'<section class="{style}">\n<h2>{text(heading)}</h2>{below}\n{content}\n</section>'


def number(entry: Number, rows: list[dict[str, Any]]) -> str:
    """Return a number's value with its unit.

    :raises ValueError: the rows hold no such field, or more than one value where no field is named.
    """
    if not rows:
        return '<p class="value none">&ndash;</p>'
    if entry.field is None and (len(rows), len(rows[0])) != (1, 1):
        raise ValueError(f"there are {len(rows)} rows of {len(rows[0])} columns: name the field that is shown")
    field = next(iter(rows[0])) if entry.field is None else entry.field
    _require([field], rows[:1])
    unit = f" <span>{text(entry.unit)}</span>" if entry.unit else ""
    return f'<p class="value">{_shown(rows[0][field], entry.format)}{unit}</p>'


def table(entry: Table, rows: list[dict[str, Any]]) -> str:
    """Return a table entry's rows.

    :raises ValueError: a column is in no row.
    """
    if rows and entry.columns:
        _require([column.field for column in entry.columns], rows)
    return rows_table(entry.title, rows, entry.columns, entry.max_rows) if rows else EMPTY


def details(name: str, rows: list[Any], limit: int) -> str:
    """Return the rows behind a chart, folded."""
    count = f"{len(rows):,} {'row' if len(rows) == 1 else 'rows'}"
    folded = rows_table(name, [row if isinstance(row, dict) else {"value": row} for row in rows], None, limit)
    return f"\n<details>\n<summary>Data <b>{text(name)}</b> <span>{count}</span></summary>\n{folded}\n</details>"


def rows_table(label: str, rows: list[dict[str, Any]], columns: list[Column] | None, limit: int) -> str:
    """Return rows as a table.

    :param label: its name for who cannot see it.
    :param columns: the columns that are shown; ``None``: all.
    :param limit: how many rows are shown; of the others the count is told.
    """
    shown = rows[:limit]
    fields = [(it.field, it.title or it.field, it.format) for it in columns] if columns else _all_fields(shown)
    numeric = {field for field, _, _ in fields if _all_numbers(row.get(field) for row in shown)}
    head = "".join(_head(title, field in numeric) for field, title, _ in fields)
    lines = ["".join(_cell(row.get(field), form) for field, _, form in fields) for row in shown]
    body = "\n".join(f"<tr>{line}</tr>" for line in lines)
    more = len(rows) - len(shown)
    rest = f'\n<p class="more">&hellip; {more:,} more {"row" if more == 1 else "rows"}</p>' if more else ""
    return (
        f'<div class="table" role="region" aria-label="{text(label)}" tabindex="0">\n'
        f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>\n</div>{rest}"
    )


def _all_fields(rows: list[dict[str, Any]]) -> list[tuple[Any, Any, None]]:
    return [(field, field, None) for field in dict.fromkeys(key for row in rows for key in row)]


def _require(fields: list[str], rows: list[dict[str, Any]]) -> None:
    known = dict.fromkeys(key for row in rows for key in row)
    if missing := [field for field in fields if field not in known]:
        raise ValueError(f"there is no column {missing[0]!r} (there are: {', '.join(map(repr, known)) or 'none'})")


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _all_numbers(values: Iterable[Any]) -> bool:
    known = [value for value in values if value is not None]
    return bool(known) and all(map(_is_number, known))


def _head(title: Any, numeric: bool) -> str:
    return f'<th scope="col"{NUMERIC if numeric else ""}>{text(title)}</th>'


def _cell(value: Any, form: str | None) -> str:
    if value is None:
        return '<td class="none">&ndash;</td>'
    return f"<td{NUMERIC if _is_number(value) else ''}>{_shown(value, form)}</td>"


def _shown(value: Any, form: str | None) -> str:
    if value is None:
        return "&ndash;"
    if _is_number(value) and form:
        # of a fraction Python's "d" knows nothing; d3 rounds it
        return text(format(value, form.replace("d", ".0f") if isinstance(value, float) else form))
    return text(value if isinstance(value, str) or _is_number(value) else json.dumps(value, ensure_ascii=False))

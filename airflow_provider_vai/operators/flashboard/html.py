"""Renders texts, tables and numbers of a flashboard as HTML. Every value is escaped."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from airflow_provider_vai.languages.html_text import text
from airflow_provider_vai.languages.plural import plural
from airflow_provider_vai.operators.flashboard.locales import ENGLISH, Locale

if TYPE_CHECKING:
    from airflow_provider_vai.model.flashboard_entries import Column, Number, Table

EMPTY = '<p class="empty">No rows</p>'
NUMERIC = ' class="number"'


def card(heading: str, note: str | None, content: str, style: str = "card") -> str:
    """Return one box of the page. ``content`` is HTML; ``heading`` and ``note`` are plain text and are escaped here."""
    below = f'\n<p class="note">{text(note)}</p>' if note else ""
    return f'<section class="{style}">\n<h2>{text(heading)}</h2>{below}\n{content}\n</section>'


def number(entry: Number, rows: list[dict[str, Any]], locale: Locale = ENGLISH) -> str:
    """Return the HTML of a number with its unit, as the locale writes it.

    :raises ValueError: the field is not in the rows, or no field is named and the rows have more than one value.
    """
    if not rows:
        return '<p class="value none">&ndash;</p>'
    if entry.field is None and (len(rows), len(rows[0])) != (1, 1):
        raise ValueError(
            f"there are {plural(len(rows), 'row')} of {plural(len(rows[0]), 'column')}: set field to the one to show"
        )
    field = next(iter(rows[0])) if entry.field is None else entry.field
    _require([field], rows[:1])
    unit = f" <span>{text(entry.unit)}</span>" if entry.unit else ""
    return f'<p class="value">{_shown(rows[0][field], entry.format, locale)}{unit}</p>'


def table(entry: Table, rows: list[dict[str, Any]], locale: Locale = ENGLISH) -> str:
    """Return the HTML of a table entry, with numbers as the locale writes them.

    :raises ValueError: no row has one of the columns.
    """
    if rows and entry.columns:
        _require([column.field for column in entry.columns], rows)
    return rows_table(entry.title, rows, entry.columns, entry.max_rows, locale) if rows else EMPTY


def details(name: str, rows: list[Any], limit: int, locale: Locale = ENGLISH) -> str:
    """Return the rows of a chart as a table that opens on a click.

    :param limit: the maximum number of rows that are shown.
    :param locale: how numbers are written.
    """
    count = plural(len(rows), "row")
    folded = rows_table(name, [row if isinstance(row, dict) else {"value": row} for row in rows], None, limit, locale)
    return f"\n<details>\n<summary>Data <b>{text(name)}</b> <span>{count}</span></summary>\n{folded}\n</details>"


def rows_table(
    label: str, rows: list[dict[str, Any]], columns: list[Column] | None, limit: int, locale: Locale = ENGLISH
) -> str:
    """Return rows as an HTML table.

    :param label: the table's label for screen readers.
    :param columns: the columns to show; ``None``: all.
    :param limit: the maximum number of rows that are shown. Below them, the table says how many more there are.
    :param locale: how numbers are written.
    """
    shown = rows[:limit]
    listed = [(column.field, column.title or column.field, column.format) for column in columns or []]
    fields = listed or _all_fields(shown)
    numeric = {field for field, _, _ in fields if _all_numbers(row.get(field) for row in shown)}
    head = "".join(_head(title, field in numeric) for field, title, _ in fields)
    lines = ["".join(_cell(row.get(field), form, locale) for field, _, form in fields) for row in shown]
    body = "\n".join(f"<tr>{line}</tr>" for line in lines)
    more = len(rows) - len(shown)
    rest = f'\n<p class="more">&hellip; {plural(more, "more row")}</p>' if more else ""
    return (
        f'<div class="table" role="region" aria-label="{text(label)}" tabindex="0">\n'
        f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>\n</div>{rest}"
    )


def _all_fields(rows: list[dict[str, Any]]) -> list[tuple[Any, Any, None]]:
    return [(field, field, None) for field in dict.fromkeys(key for row in rows for key in row)]


def _require(fields: list[str], rows: list[dict[str, Any]]) -> None:
    known = dict.fromkeys(key for row in rows for key in row)
    if missing := [field for field in fields if field not in known]:
        raise ValueError(f"there is no column {missing[0]!r}; the columns are {', '.join(map(repr, known)) or 'none'}")


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _all_numbers(values: Iterable[Any]) -> bool:
    known = [value for value in values if value is not None]
    return bool(known) and all(map(_is_number, known))


def _head(title: Any, numeric: bool) -> str:
    return f'<th scope="col"{NUMERIC if numeric else ""}>{text(title)}</th>'


def _cell(value: Any, form: str | None, locale: Locale) -> str:
    if value is None:
        return '<td class="none">&ndash;</td>'
    return f"<td{NUMERIC if _is_number(value) else ''}>{_shown(value, form, locale)}</td>"


def _shown(value: Any, form: str | None, locale: Locale) -> str:
    if value is None:
        return "&ndash;"
    if _is_number(value):
        return text(locale.number(value, form))
    return text(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))

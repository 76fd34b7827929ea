"""Builds an HTML page of charts, tables and numbers without scripts or external content; all text is escaped.

If an entry cannot be shown, the page says so in its place and shows the other entries.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from typing import Any, NamedTuple

from airflow_provider_vai.languages.html_text import clean, text
from airflow_provider_vai.model.flashboard_entries import SHOWN_ROWS, Chart, Data, Number, read
from airflow_provider_vai.operators.flashboard import html, locales
from airflow_provider_vai.operators.flashboard.chart import chart, headed
from airflow_provider_vai.operators.flashboard.locales import Locale
from airflow_provider_vai.operators.flashboard.renderer import Renderer
from airflow_provider_vai.operators.flashboard.rows import Datasets
from airflow_provider_vai.operators.flashboard.style import STYLE

MESSAGE_CHARACTERS = 500
_BROKEN = (ValueError, TypeError, OverflowError, RecursionError)  # the errors that an arbitrary spec can cause


class Page(NamedTuple):
    """A finished page.

    :param text: the HTML.
    :param broken: one message for each entry that cannot be shown.
    :param rows: the number of rows of each dataset. A dataset that is not a table is left out.
    """

    text: str
    broken: list[str]
    rows: dict[str, int]


class _Means(NamedTuple):
    datasets: Datasets
    renderer: Renderer
    locale: Locale


class _Part(NamedTuple):
    markup: str
    narrow: bool = False  # adjacent numbers share a line
    broken: str | None = None


def page(
    *,
    title: str,
    description: str | None,
    charts: list[Any],
    datasets: Mapping[str, Any],
    locale: str | None = None,
) -> Page:
    """Return the page. The same input produces the same text, unless a spec calls Vega's ``random`` or ``now``.

    :param title: the page's heading.
    :param description: a paragraph below the heading, in plain text.
    :param charts: the entries, see :mod:`~airflow_provider_vai.model.flashboard_entries`. Settings of a Vega-Lite spec
        override the default style.
    :param datasets: rows by name: a list of objects, or a result with ``rows`` and ``columns``.
    :param locale: how numbers and dates are written, such as ``de-DE``.
    :raises ImportError: there is a chart or a locale, and the library that draws charts is not installed.
    :raises ValueError: the locale is not known.
    """
    tables = Datasets(clean(datasets))
    written = locales.locale(locale)
    with Renderer() as renderer:
        means = _Means(tables, renderer, written)
        parts = [_part(index, entry, means) for index, entry in enumerate(charts)]
    document = _PAGE.format(
        title=text(title),
        description=f"\n<p>{text(description)}</p>" if description else "",
        style=STYLE,
        layout="one" if sum(not part.narrow for part in parts) <= 1 else "many",
        cards="\n".join(_lines(parts)) or '<p class="empty">No charts</p>',
    )
    row_counts = {name: len(rows) for name, rows in tables.rows.items()}
    return Page(document, [part.broken for part in parts if part.broken], row_counts)


def _lines(parts: list[_Part]) -> list[str]:
    lines = []
    for narrow, group in groupby(parts, key=lambda part: part.narrow):
        cards = "\n".join(part.markup for part in group)
        lines.append(f'<div class="numbers">\n{cards}\n</div>' if narrow else cards)
    return lines


def _part(index: int, entry: Any, means: _Means) -> _Part:
    place = f"charts[{index}]"
    try:
        return _shown(place, f"Chart {index + 1}", clean(entry), means)
    except _BROKEN as error:
        reason = " ".join(str(error).split())[:MESSAGE_CHARACTERS]
        message = reason if reason.startswith(place) else f"{place}: {reason}"
        heading, _, _ = headed(entry if isinstance(entry, dict) else {}, default=f"Chart {index + 1}")
        box = f'<p class="error"><b>This entry cannot be shown.</b> {text(message)}</p>'
        return _Part(html.card(heading, None, box, "card broken"), broken=message)


def _shown(place: str, default: str, data: Any, means: _Means) -> _Part:
    entry, (datasets, renderer, locale) = read(data), means
    if isinstance(entry, Chart):
        heading, note, spec = headed(entry.spec, default)
        drawn = chart(place, heading, spec, datasets, limit=SHOWN_ROWS, renderer=renderer, locale=locale)
        return _Part(html.card(heading, note, drawn))
    rows = _rows(place, entry.data, datasets)
    content = html.number(entry, rows, locale) if isinstance(entry, Number) else html.table(entry, rows, locale)
    return _Part(html.card(entry.title, entry.subtitle, content), narrow=isinstance(entry, Number))


def _rows(place: str, data: Data, datasets: Datasets) -> list[dict[str, Any]]:
    return datasets.of(f"{place}.data", data.name) if data.values is None else data.values


_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<main class="{layout}">
<header>
<h1>{title}</h1>{description}
</header>
<div class="cards">
{cards}
</div>
</main>
</body>
</html>
"""

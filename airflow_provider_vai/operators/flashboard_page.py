"""One self-contained HTML page of charts: no script, nothing loaded from elsewhere, every text escaped.

Charts are Vega-Lite specs, drawn to SVG while the page is made. Spec and rows come from an agent's run and
from tools, so both count as hostile: a spec that would load anything is refused before it is drawn, and the
drawing is rebuilt from harmless SVG elements and attributes only.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import escape
from typing import Any
from xml.etree import ElementTree

from airflow_provider_vai.operators.flashboard_style import CONFIG, HEIGHT, STYLE, WIDTH

SHOWN_ROWS = 100

_SVG = "{http://www.w3.org/2000/svg}"
_XLINK = "{http://www.w3.org/1999/xlink}"
_XML = "{http://www.w3.org/XML/1998/namespace}"
# fmt: off
_ELEMENTS = frozenset({
    "a", "circle", "clipPath", "defs", "desc", "ellipse", "g", "line", "linearGradient", "mask", "path",
    "pattern", "polygon", "polyline", "radialGradient", "rect", "stop", "svg", "symbol", "text", "title",
    "tspan", "use",
})
# fmt: on
# Neither HTML nor XML can carry these.
_NOT_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_REFERS = re.compile(r"url\(\s*['\"]?#([^'\")]*)['\"]?\s*\)", re.IGNORECASE)
_LOADS = re.compile(r"url\s*\(\s*['\"]?\s*(?!['\"#\s])", re.IGNORECASE)


def page(
    *,
    title: str,
    description: str | None,
    charts: list[dict[str, Any]],
    datasets: dict[str, list[dict[str, Any]]],
) -> str:
    """Return the page; the same input gives the same text, unless a spec calls Vega's ``random`` or ``now``.

    :param title: the page's heading.
    :param description: a paragraph below it, plain text.
    :param charts: Vega-Lite specs; each names its rows (``"data": {"name": "revenue"}``) or holds
        ``data.values``. A spec's own settings win over the house style.
    :param datasets: the rows that the specs name.
    :raises ValueError: a spec names a ``url``, a link or an unknown dataset, or cannot be drawn; the message
        says which chart and where.
    """
    charts, datasets = _clean(charts), _clean(datasets)
    cards = [_card(number, spec, datasets) for number, spec in enumerate(charts, start=1)]
    return _PAGE.format(
        title=_text(title),
        description=f"\n<p>{_text(description)}</p>" if description else "",
        style=STYLE,
        layout="one" if len(cards) == 1 else "many",
        cards="\n".join(cards) or '<p class="empty">No charts</p>',
    )


# --- one chart ----------------------------------------------------------------------------------------------


def _card(number: int, spec: Any, datasets: dict[str, list[dict[str, Any]]]) -> str:
    place = f"charts[{number - 1}]"
    if not isinstance(spec, dict):
        raise ValueError(f"{place}: a chart is a Vega-Lite spec (an object), not {type(spec).__name__}")
    heading, note, spec = _headed(spec, default=f"Chart {number}")
    own = spec.get("datasets") or {}
    if twice := sorted(set(own) & set(datasets)):
        raise ValueError(f"{place}.datasets: {twice[0]!r} is also one of the page's datasets: rename one")
    tables = _tables(place, spec, {**own, **datasets})
    empty = bool(tables) and not any(tables.values())
    svg = "" if empty else _draw(place, heading, spec, {**own, **tables})
    drawing = f'<div class="chart">{svg}</div>' if svg else '<p class="empty">No rows</p>'
    note = f'\n<p class="note">{_text(note)}</p>' if note else ""
    details = "".join(_details(name, rows) for name, rows in tables.items() if rows)
    return f'<section class="card">\n<h2>{_text(heading)}</h2>{note}\n{drawing}{details}\n</section>'


def _headed(spec: dict[str, Any], default: str) -> tuple[str, str | None, dict[str, Any]]:
    """Take the title out of the drawing: as a heading it can be read, searched and wrapped."""
    title = spec.get("title")
    parts = title if isinstance(title, dict) else {"text": title}
    text, subtitle = _joined(parts.get("text")), _joined(parts.get("subtitle"))
    if not text or (subtitle is None and parts.get("subtitle")):  # none, or one that Vega computes
        return default, None, spec
    return text, subtitle, {key: part for key, part in spec.items() if key != "title"}


def _joined(lines: Any) -> str | None:
    parts = lines if isinstance(lines, list) else [lines]
    return " ".join(parts).strip() if all(isinstance(part, str) for part in parts) else None


def _tables(place: str, spec: dict[str, Any], datasets: dict[str, Any]) -> dict[str, list[Any]]:
    """Return the rows that the spec uses, by name, and refuse what it must not name."""
    tables: dict[str, list[Any]] = {}
    for where, data in _data_parts(place, spec):
        if "values" in data:
            if isinstance(data["values"], list):
                tables[str(data.get("name") or f"values {len(tables) + 1}")] = data["values"]
        elif "name" in data and not {"sequence", "sphere", "graticule"} & set(data):
            if data["name"] not in datasets:
                known = ", ".join(map(repr, datasets)) or "none"
                raise ValueError(f"{where}.name: there is no dataset {data['name']!r} (there are: {known})")
            if not isinstance(datasets[data["name"]], list):
                raise ValueError(f"{where}.name: the dataset {data['name']!r} is not a list of rows")
            tables[data["name"]] = datasets[data["name"]]
    return tables


def _data_parts(place: str, part: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(part, list):
        for index, item in enumerate(part):
            yield from _data_parts(f"{place}[{index}]", item)
    if not isinstance(part, dict):
        return
    for key, item in part.items():
        where = f"{place}.{key}"
        if key in ("url", "href"):
            raise ValueError(f"{where}: a chart loads and links nothing: give its rows as a dataset or data.values")
        if key == "data" and isinstance(item, dict):
            yield where, item
            item = {name: value for name, value in item.items() if name != "values"}  # noqa: PLW2901 - rows are data
        if key != "datasets":
            yield from _data_parts(where, item)


# --- drawing ------------------------------------------------------------------------------------------------


def _draw(place: str, heading: str, spec: dict[str, Any], datasets: dict[str, Any]) -> str:
    import vl_convert

    single = not {"concat", "hconcat", "vconcat", "facet", "repeat"} & set(spec)
    single = single and not {"row", "column", "facet"} & set(spec.get("encoding") or {})
    fit = {"width": WIDTH, "height": HEIGHT, "autosize": {"type": "fit", "contains": "padding"}}
    fixed = {key: part for key, part in spec.items() if part != "container" and key != "usermeta"}
    drawn = {
        **(fit if single else {}),
        **fixed,
        "config": _merged(CONFIG, spec.get("config") or {}),
        "datasets": datasets,
    }
    try:
        svg = vl_convert.vegalite_to_svg(json.dumps(drawn, allow_nan=False), allowed_base_urls=[])
    except ValueError as error:
        reason = " ".join(str(error).split("\n")[:2])[:300]  # the stack of the drawing's own script follows
        raise ValueError(f"{place}: {reason}") from None
    return _checked(place, heading, svg)


def _merged(under: Any, over: Any) -> Any:
    if not isinstance(under, dict) or not isinstance(over, dict):
        return over
    return {**under, **{key: _merged(under.get(key), part) for key, part in over.items()}}


def _checked(place: str, heading: str, svg: str) -> str:
    """Rebuild the drawing from known elements only, so that no browser reads it otherwise than we did."""
    if "<!" in svg or "<?" in svg:
        raise ValueError(f"{place}: its drawing holds a declaration, which is refused")
    try:
        root = ElementTree.fromstring(svg)  # noqa: S314 - without a declaration there is no entity to expand
    except ElementTree.ParseError as error:  # a spec's expression can make characters that XML forbids
        raise ValueError(f"{place}: its drawing is not valid SVG: {error}") from None
    # Vega numbers clip paths and gradients through the whole process; a page needs the same ones each time.
    ids = [element.attrib["id"] for element in root.iter() if "id" in element.attrib]
    renamed = {name: f"{re.sub(r'[^a-z0-9]+', '', place)}-{index}" for index, name in enumerate(ids)}
    for element in root.iter():
        name = str(element.tag).removeprefix(_SVG)
        if name not in _ELEMENTS:
            raise ValueError(f"{place}: its drawing holds <{name[:60]}>, which is refused")
        element.tag = name
        attributes = [_attribute(place, key, value, renamed) for key, value in element.attrib.items()]
        element.attrib.clear()
        element.attrib.update(attributes)
    root.attrib.update({"role": "img", "aria-label": heading})
    return ElementTree.tostring(root, encoding="unicode")


def _attribute(place: str, key: str, value: str, renamed: dict[str, str]) -> tuple[str, str]:
    name = key.removeprefix(_XLINK) if key == f"{_XLINK}href" else key
    refused = name.lower().startswith("on") or (name.startswith("{") and not name.startswith(_XML))
    refused = refused or (name == "href" and not value.startswith("#"))
    if refused or (not name.startswith("aria-") and _LOADS.search(value)):
        raise ValueError(f"{place}: its drawing holds {name[:40]}={value[:80]!r}, which is refused")
    if name == "id":
        return name, renamed[value]
    if name == "href":
        return name, "#" + renamed.get(value[1:], "")
    if name.startswith("aria-"):
        return name, value
    return name, _REFERS.sub(lambda found: f"url(#{renamed.get(found[1], '')})", value)


# --- tables and texts ---------------------------------------------------------------------------------------


def _details(name: str, rows: list[Any]) -> str:
    shown = [row if isinstance(row, dict) else {"value": row} for row in rows[:SHOWN_ROWS]]
    columns = list(dict.fromkeys(key for row in shown for key in row))
    head = "".join(f'<th scope="col">{_text(column)}</th>' for column in columns)
    lines = ["".join(_cell(row.get(column)) for column in columns) for row in shown]
    body = "\n".join(f"<tr>{line}</tr>" for line in lines)
    more = len(rows) - len(shown)
    rest = f'\n<p class="more">and {more:,} more {"row" if more == 1 else "rows"}</p>' if more else ""
    count = f"{len(rows):,} {'row' if len(rows) == 1 else 'rows'}"
    return (
        f"\n<details>\n<summary>Data <b>{_text(name)}</b> <span>{count}</span></summary>\n"
        f'<div class="table" role="region" aria-label="{_text(name)}" tabindex="0">\n'
        f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>\n</div>{rest}\n</details>"
    )


def _cell(value: Any) -> str:
    if value is None:
        return '<td class="none">&ndash;</td>'
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return f'<td class="number">{value}</td>'
    return f"<td>{_text(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))}</td>"


def _text(value: Any) -> str:
    return escape(_NOT_TEXT.sub("\ufffd", str(value)), quote=True)


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return _NOT_TEXT.sub("\ufffd", value)
    if isinstance(value, dict):
        return {_clean(key): _clean(part) for key, part in value.items()}
    return [_clean(part) for part in value] if isinstance(value, (list, tuple)) else value


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

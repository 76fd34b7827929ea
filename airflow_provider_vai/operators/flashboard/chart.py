"""One chart of a flashboard: a Vega-Lite spec, drawn to SVG while the page is made.

Spec and rows come from an agent's run and from tools, so both count as hostile: a spec that would load anything is
refused before it is drawn, and the drawing is rebuilt from harmless SVG elements and attributes only.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

from airflow_provider_vai.operators.flashboard.html import EMPTY, details
from airflow_provider_vai.operators.flashboard.rows import Datasets
from airflow_provider_vai.operators.flashboard.style import CONFIG, HEIGHT, WIDTH

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
_REFERS = re.compile(r"url\(\s*['\"]?#([^'\")]*)['\"]?\s*\)", re.IGNORECASE)
_LOADS = re.compile(r"url\s*\(\s*['\"]?\s*(?!['\"#\s])", re.IGNORECASE)


def chart(place: str, heading: str, spec: dict[str, Any], datasets: Datasets, limit: int) -> str:
    """Return a chart and the rows behind it.

    :param place: where the spec stands on the page, for messages and for the drawing's ids.
    :param heading: what the drawing is called for who cannot see it.
    :param limit: how many rows the table below it shows.
    :raises ValueError: the spec names a ``url``, a link or an unknown dataset, or cannot be drawn.
    """
    own = spec.get("datasets") or {}
    if not isinstance(own, dict):
        raise ValueError(f"{place}.datasets: rows by name are an object, not {type(own).__name__}")
    if twice := sorted(set(own) & set(datasets.rows)):
        raise ValueError(f"{place}.datasets: {twice[0]!r} is also one of the page's datasets: rename one")
    tables = _tables(place, spec, own, datasets)
    empty = bool(tables) and not any(tables.values())
    svg = "" if empty else _draw(place, heading, spec, {**own, **tables})
    drawing = f'<div class="chart">{svg}</div>' if svg else EMPTY
    return drawing + "".join(details(name, rows, limit) for name, rows in tables.items() if rows)


def headed(spec: dict[str, Any], default: str) -> tuple[str, str | None, dict[str, Any]]:
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


def _tables(place: str, spec: dict[str, Any], own: dict[str, Any], datasets: Datasets) -> dict[str, list[Any]]:
    """Return the rows that the spec uses, by name, and refuse what it must not name."""
    tables: dict[str, list[Any]] = {}
    for where, data in _data_parts(place, spec):
        if "values" in data:
            if isinstance(data["values"], list):
                tables[str(data.get("name") or f"values {len(tables) + 1}")] = data["values"]
        elif "name" in data and not {"sequence", "sphere", "graticule"} & set(data):
            name = data["name"]
            rows = own[name] if isinstance(name, str) and name in own else datasets.of(where, name)
            if not isinstance(rows, list):
                raise ValueError(f"{where}.name: the dataset {name!r} is not a list of rows")
            tables[name] = rows
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

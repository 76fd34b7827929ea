"""One chart of a flashboard: a Vega-Lite spec that is drawn to SVG when the page is built.

The spec comes from a recorded agent run and the rows from tools, so neither is trusted. A spec that would load
anything, or that asks for too much, is refused before it is drawn. Drawing happens in a process of its own, and the SVG
is rebuilt from an allow-list of elements and attributes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

from airflow_provider_vai.operators.flashboard.bounds import check_amount, check_form
from airflow_provider_vai.operators.flashboard.dark import suits_dark
from airflow_provider_vai.operators.flashboard.extent import make_room
from airflow_provider_vai.operators.flashboard.html import EMPTY, details
from airflow_provider_vai.operators.flashboard.locales import ENGLISH, Locale
from airflow_provider_vai.operators.flashboard.renderer import Renderer
from airflow_provider_vai.operators.flashboard.rows import Datasets
from airflow_provider_vai.operators.flashboard.style import CONFIG, HEIGHT, NARROW, NARROW_HEIGHT, NARROW_WIDTH, WIDTH

TWICE_CHARACTERS = 300_000
"""A larger drawing is not made a second time for narrow screens, where it can be scrolled."""

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
_REFERS = re.compile(r"url\(\s*['\"]?#([^'\"()]*)['\"]?\s*\)", re.IGNORECASE)
_LOADS = re.compile(r"url\s*\(\s*(?:['\"]\s*)?(?!['\"#\s])", re.IGNORECASE)


def chart(
    place: str,
    heading: str,
    spec: dict[str, Any],
    datasets: Datasets,
    *,
    limit: int,
    renderer: Renderer,
    locale: Locale = ENGLISH,
) -> str:
    """Return the HTML of a chart, with a table of its rows below.

    :param place: the spec's place on the page, such as ``charts[0]``, for messages and for ids inside the SVG.
    :param heading: the SVG's label for screen readers.
    :param spec: the Vega-Lite spec.
    :param datasets: the page's datasets.
    :param limit: the maximum number of rows in the table below the chart.
    :param renderer: draws the chart.
    :param locale: how numbers and dates are written, unless the spec has a ``config.locale``.
    :raises ValueError: the spec has a ``url``, a link or an unknown dataset, asks for too much, or cannot be drawn.
    """
    check_form(place, spec)
    spec_datasets = spec.get("datasets") or {}
    if not isinstance(spec_datasets, dict):
        raise ValueError(f"{place}.datasets: must be an object of rows by name, not a {type(spec_datasets).__name__}")
    if duplicates := sorted(set(spec_datasets) & set(datasets.rows)):
        raise ValueError(f"{place}.datasets: the page also has a dataset {duplicates[0]!r}: rename one of them")
    tables = _tables(place, spec, spec_datasets, datasets)
    is_empty = bool(tables) and not any(tables.values())
    check_amount(place, spec, [*spec_datasets.values(), *tables.values()])
    drawing = EMPTY
    if not is_empty:
        known = {**spec_datasets, **tables}
        config = {**CONFIG, "locale": locale.config} if locale.config else CONFIG
        drawing = _drawings(_Drawing(place, heading, spec, known, config, renderer))
    return drawing + "".join(details(name, rows, limit, locale) for name, rows in tables.items() if rows)


def headed(spec: dict[str, Any], default: str) -> tuple[str, str | None, dict[str, Any]]:
    """Return title, subtitle and the spec without them. As HTML, the title can be searched and wrapped.

    :param default: the title of a spec that has none.
    """
    title = spec.get("title")
    parts = title if isinstance(title, dict) else {"text": title}
    text, subtitle = _joined(parts.get("text")), _joined(parts.get("subtitle"))
    if not text or (subtitle is None and parts.get("subtitle")):  # there is no title, or Vega computes it
        return default, None, spec
    return text, subtitle, {key: part for key, part in spec.items() if key != "title"}


def _joined(lines: Any) -> str | None:
    parts = lines if isinstance(lines, list) else [lines]
    return " ".join(parts).strip() if all(isinstance(part, str) for part in parts) else None


def _tables(
    place: str, spec: dict[str, Any], spec_datasets: dict[str, Any], datasets: Datasets
) -> dict[str, list[Any]]:
    """Return the rows that the spec uses, by name.

    :raises ValueError: the spec would load something, or names an unknown dataset.
    """
    tables: dict[str, list[Any]] = {}
    for where, data in _data_parts(place, spec):
        if "values" in data:
            if isinstance(data["values"], list):
                tables[str(data.get("name") or f"values {len(tables) + 1}")] = data["values"]
        elif "name" in data and not {"sequence", "sphere", "graticule"} & set(data):
            name = data["name"]
            is_own = isinstance(name, str) and name in spec_datasets
            rows = spec_datasets[name] if is_own else datasets.of(where, name)
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
            raise ValueError(
                f"{where}: a chart must not load or link anything: pass its rows as a dataset or as data.values"
            )
        if key == "data" and isinstance(item, dict):
            yield where, item
            item = {name: value for name, value in item.items() if name != "values"}  # noqa: PLW2901 - rows are data
        if key != "datasets":
            yield from _data_parts(where, item)


# --- drawing ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Drawing:
    place: str
    heading: str
    spec: dict[str, Any]
    datasets: dict[str, Any]
    config: dict[str, Any]
    renderer: Renderer

    def drawn(self, ids: str, size: tuple[int, int] | None, config: dict[str, Any]) -> tuple[str, bool]:
        """Return the SVG, and whether it can be shown on a dark page.

        :param ids: what ids in the SVG start with. :param size: ``None``: the spec decides. :param config: settings
            that the spec can override.
        """
        fit = {"width": size[0], "height": size[1], "autosize": {"type": "fit", "contains": "padding"}} if size else {}
        kept = {key: part for key, part in self.spec.items() if part != "container" and key != "usermeta"}
        settings = _merged(_merged(self.config, config), self.spec.get("config") or {})
        final_spec = {**fit, **kept, "config": settings, "datasets": self.datasets}
        try:
            svg = self.renderer.draw(json.dumps(final_spec, allow_nan=False))
        except ValueError as error:
            raise ValueError(f"{self.place}: {error}") from None
        root = _checked(self.place, ids, self.heading, svg)
        make_room(root)
        return ElementTree.tostring(root, encoding="unicode"), suits_dark(root)


def _drawings(drawing: _Drawing) -> str:
    """Return the drawing in its box: for narrow screens a second one, unless the spec has a width of its own."""
    spec, place = drawing.spec, drawing.place
    composed = {"concat", "hconcat", "vconcat", "facet", "repeat"} & set(spec)
    single = not composed and not {"row", "column", "facet"} & set(spec.get("encoding") or {})
    wide, suits = drawing.drawn(place, (WIDTH, HEIGHT) if single else None, {})
    box = '<div class="chart dark">' if suits else '<div class="chart">'
    fixed = f'{box}<div class="fixed" tabindex="0">{wide}</div></div>'
    if not single or spec.get("width", "container") != "container" or len(wide) > TWICE_CHARACTERS:
        return fixed
    try:
        narrow, _ = drawing.drawn(f"{place}n", (NARROW_WIDTH, NARROW_HEIGHT), NARROW)
    except ValueError:  # the time for the page is over
        return fixed
    return f'{box}<div class="wide">{wide}</div><div class="narrow">{narrow}</div></div>'


def _merged(under: Any, over: Any) -> Any:
    if not isinstance(under, dict) or not isinstance(over, dict):
        return over
    return {**under, **{key: _merged(under.get(key), part) for key, part in over.items()}}


def _checked(place: str, ids: str, heading: str, svg: str) -> ElementTree.Element:
    """Return the SVG rebuilt from allowed elements only, so that a browser cannot parse it differently than we did."""
    if "<!" in svg or "<?" in svg:
        raise ValueError(f"{place}: the drawing has an XML declaration, which is not allowed")
    try:
        root = ElementTree.fromstring(svg)  # noqa: S314 - without a declaration there are no entities to expand
    except ElementTree.ParseError as error:  # an expression in the spec can produce characters that XML forbids
        raise ValueError(f"{place}: the drawing is not valid SVG: {error}") from None
    # Vega numbers clip paths and gradients per process. Renumber them, so that equal pages have equal bytes.
    known = [element.attrib["id"] for element in root.iter() if "id" in element.attrib]
    renamed = {name: f"{re.sub(r'[^a-z0-9]+', '', ids)}-{index}" for index, name in enumerate(known)}
    for element in root.iter():
        name = str(element.tag).removeprefix(_SVG)
        if name not in _ELEMENTS:
            raise ValueError(f"{place}: the drawing has the element <{name[:60]}>, which is not allowed")
        element.tag = name
        attributes = [_attribute(place, key, value, renamed) for key, value in element.attrib.items()]
        element.attrib.clear()
        element.attrib.update(attributes)
    root.attrib.update({"role": "img", "aria-label": heading})
    return root


def _attribute(place: str, key: str, value: str, renamed: dict[str, str]) -> tuple[str, str]:
    name = key.removeprefix(_XLINK) if key == f"{_XLINK}href" else key
    is_refused = name.lower().startswith("on") or (name.startswith("{") and not name.startswith(_XML))
    is_refused = is_refused or (name == "href" and not value.startswith("#"))
    if is_refused or (not name.startswith("aria-") and _LOADS.search(value)):
        raise ValueError(f"{place}: the drawing has the attribute {name[:40]}={value[:80]!r}, which is not allowed")
    if name == "id":
        return name, renamed[value]
    if name == "href":
        return name, "#" + renamed.get(value[1:], "")
    if name.startswith("aria-"):
        return name, value
    return name, _REFERS.sub(lambda match: f"url(#{renamed.get(match[1], '')})", value)

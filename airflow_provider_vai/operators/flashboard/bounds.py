"""Bounds what a chart may ask of the library that draws it: sizes, rows, views, expressions, nesting.

Each limit is far above what a person can read in a chart. What cannot be seen in the spec (rows that an expression
makes, bins of rows whose range is not known) is bounded by the time and memory of the process that draws.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from typing import Any

from airflow_provider_vai.languages.plural import plural

DEEPEST = 40
PARTS = 20_000
TEXT, EXPRESSION = 10_000, 2_000
PIXELS, AREA = 10_000, 1_000_000
ROWS, MADE_ROWS, STEPS, VIEWS = 100_000, 50_000, 1_000, 400
DATA_CHARACTERS = 50_000_000

_LENGTHS = frozenset({"width", "height", "padding", "offset", "spacing", "radius", "radius2", "dx", "dy", "limit"})
_LENGTH_ENDS = ("FontSize", "Width", "Height", "Padding", "Offset", "Radius", "Length", "Spacing", "Limit")
_COUNTS = frozenset({"maxbins", "tickCount", "nice", "count", "minsteps", "maxsteps", "steps", "columns"})
_EXPRESSIONS = frozenset({"expr", "calculate", "filter", "test", "labelExpr", "signal", "update", "init"})
_COMPOSED = ("layer", "concat", "hconcat", "vconcat")
_FEWER = "aggregate or limit the rows in the step before"


def check_form(place: str, spec: Any) -> None:
    """Check everything in a spec but its rows.

    :param place: the spec's place on the page.
    :raises ValueError: a part is too large. The message names the place, the value and the limit.
    """
    waiting, seen = [(place, "", spec, 0)], 0
    while waiting:
        where, key, part, depth = waiting.pop()
        seen += 1
        if depth > DEEPEST:
            raise ValueError(f"{place}: nested more than {DEEPEST} levels deep: flatten the spec")
        if seen > PARTS:
            raise ValueError(f"{place}: the spec has more than {PARTS:,} parts beside its rows: pass rows as a dataset")
        _check_value(where, key, part)
        if isinstance(part, list):
            waiting += [(f"{where}[{index}]", key, item, depth + 1) for index, item in enumerate(part)]
        elif isinstance(part, dict):
            _check_object(where, part)
            waiting += [
                (f"{where}.{_short(name)}", name, item, depth + 1)
                for name, item in part.items()
                if name != "datasets" and not (key == "data" and name == "values")
            ]


def check_amount(place: str, spec: dict[str, Any], tables: list[Any]) -> None:
    """Check how many rows a chart has, and how many views it is composed of.

    :param place: the spec's place on the page.
    :param spec: the spec, which passed :func:`check_form`.
    :param tables: the rows that it uses.
    :raises ValueError: there are too many.
    """
    rows = [row for table in tables if isinstance(table, list) for row in table]
    if len(rows) > ROWS:
        raise ValueError(f"{place}: {plural(len(rows), 'row')}, more than {ROWS:,}: {_FEWER}")
    size = 0
    for row in rows:
        size += _characters(row, DATA_CHARACTERS - size)
        if size > DATA_CHARACTERS:
            raise ValueError(f"{place}: its rows have more than {DATA_CHARACTERS:,} characters: {_FEWER}")
    views = _views(spec, rows)
    if views > VIEWS:
        raise ValueError(
            f"{place}: the chart has {views:,} views, more than {VIEWS:,}: facet by a column with fewer values"
        )


def _check_value(where: str, key: str, part: Any) -> None:
    if isinstance(part, str):
        most = EXPRESSION if key in _EXPRESSIONS else TEXT
        if len(part) > most:
            raise ValueError(f"{where}: {plural(len(part), 'character')}, more than {most:,}: shorten it")
        if key.lower().endswith("format") and re.search(r"\d{3}", part):  # a number's width or precision
            raise ValueError(f"{where}: the format {part[:40]!r} has a width or precision of three digits or more")
    elif isinstance(part, (int, float)) and not isinstance(part, bool):
        if key in _LENGTHS or key.endswith(_LENGTH_ENDS):
            _at_most(where, part, PIXELS, "pixels")
        elif key == "size" or key.endswith("Size"):
            _at_most(where, part, AREA, "square pixels")
        elif key in _COUNTS:
            _at_most(where, part, STEPS, "steps")
        elif key == "sample":
            _at_most(where, part, ROWS, "rows")
        elif key == "order":  # of a polynomial
            _at_most(where, part, 20, "")


def _check_object(where: str, part: dict[str, Any]) -> None:
    for name, item in part.items():
        if isinstance(name, str) and len(name) > TEXT:
            raise ValueError(f"{where}: a key of {plural(len(name), 'character')}: shorten it")
        if name in _GENERATORS and isinstance(item, dict):
            _GENERATORS[name](f"{where}.{name}", item)


def _sequence(where: str, part: dict[str, Any]) -> None:
    start, stop, step = (part.get(name, other) for name, other in (("start", 0), ("stop", 0), ("step", 1)))
    if not all(_is_finite(number) for number in (start, stop, step)) or not step:
        raise ValueError(f"{where}: start, stop and step must be numbers, and step not 0")
    made = (stop - start) / step
    if made > MADE_ROWS:
        raise ValueError(f"{where}: makes {made:,.0f} rows, more than {MADE_ROWS:,}: choose a larger step")


def _graticule(where: str, part: dict[str, Any]) -> None:
    for name, least, most in (("step", 1, 360), ("extent", -360, 360), ("precision", 0.1, 360)):
        for key, item in part.items():
            if key.startswith(name):
                for number in _numbers(item):
                    if not least <= number <= most:
                        raise ValueError(f"{where}.{key}: {number:g} is not between {least} and {most} degrees")


def _bin(where: str, part: dict[str, Any]) -> None:
    step, extent = part.get("step"), part.get("extent")
    if step is not None and (not _is_finite(step) or step <= 0):
        raise ValueError(f"{where}.step: must be a number above 0")
    if step and isinstance(extent, list) and len(extent) == 2 and all(map(_is_finite, extent)):
        made = (extent[1] - extent[0]) / step
        if made > STEPS:
            raise ValueError(f"{where}: {made:,.0f} bins, more than {STEPS:,}: choose a larger step")
    if "base" in part and not (_is_finite(part["base"]) and part["base"] >= 2):
        raise ValueError(f"{where}.base: must be a number of 2 or more")


_GENERATORS: dict[str, Callable[[str, dict[str, Any]], None]] = {
    "sequence": _sequence,
    "keyvals": _sequence,
    "graticule": _graticule,
    "bin": _bin,
}
"""Key -> what checks its object. These parts of a spec make rows or steps that are not in it."""


def _at_most(where: str, number: float, most: int, unit: str) -> None:
    if not -most <= number <= most:  # written so that NaN is refused, too
        raise ValueError(f"{where}: {_short(str(number))} is more than {most:,} {unit}".rstrip() + ": make it smaller")


def _is_finite(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return abs(value) < 1e300 and not math.isnan(value)


def _numbers(part: Any) -> Iterator[float]:
    if isinstance(part, list):
        for item in part:
            yield from _numbers(item)
    elif isinstance(part, (int, float)) and not isinstance(part, bool):
        yield part


def _characters(value: Any, most: int) -> int:
    """Return about how many characters a row has in JSON; counting stops soon after ``most``."""
    waiting, count = [value], 0
    while waiting and count <= most:
        part = waiting.pop()
        count += 4 + (len(part) if isinstance(part, str) else 0)
        if isinstance(part, dict):
            waiting += [*part, *part.values()]
        elif isinstance(part, list):
            waiting += part
    return count


def _views(spec: Any, rows: list[Any]) -> int:
    """Return how many views a spec draws: of layers and concatenations each part, of facets each cell."""
    if not isinstance(spec, dict):
        return 1
    composed = [part for name in _COMPOSED if isinstance(spec.get(name), list) for part in spec[name]]
    inside = sum(_views(part, rows) for part in composed) or _views(spec.get("spec"), rows)
    repeated = spec.get("repeat")
    for names in repeated.values() if isinstance(repeated, dict) else (repeated,):
        inside *= len(names) if isinstance(names, list) else 1
    encoding = spec.get("encoding")
    facet, channels = spec.get("facet"), encoding if isinstance(encoding, dict) else {}
    sides = [facet, *(facet.get(name) for name in ("row", "column") if isinstance(facet, dict))]
    sides += [channels.get(name) for name in ("row", "column", "facet")]
    cells = math.prod(_values(side, rows) for side in sides)
    return inside * min(cells, max(len(rows), 1))


def _values(side: Any, rows: list[Any]) -> int:
    """Return how many values a facet's column has. A column that the chart computes counts as one."""
    if not isinstance(side, dict) or not isinstance(side.get("field"), str) or {"bin", "timeUnit"} & set(side):
        return 1
    field = side["field"]
    return len({repr(row[field]) for row in rows if isinstance(row, dict) and field in row}) or 1


def _short(text: Any) -> str:
    return str(text)[:60]

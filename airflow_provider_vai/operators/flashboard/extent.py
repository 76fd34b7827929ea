"""Makes room in a drawing for its texts, whatever fonts the reader has.

The texts were laid out with the fonts of the machine that drew them. A browser has others, in which a text may be wider
and would be cut off at the edge. Each text is therefore measured as in DejaVu Sans, the widest of the common fonts, and
the drawing is enlarged on the sides where a text needs it.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator
from xml.etree.ElementTree import Element

_TRANSFORM = re.compile(r"(translate|rotate|scale)\(([^)]*)\)")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")
_NARROW, _WIDE = frozenset("ijlIft.,:;'|!()[]r/- "), frozenset("mwMW@%&")
_LINE = 1.3
_MOST = 0.5  # of the drawing's width or height, on each side

Matrix = tuple[float, float, float, float, float, float]
_SAME: Matrix = (1, 0, 0, 1, 0, 0)


def make_room(root: Element) -> None:
    """Enlarge the drawing so that all texts are in it.

    :param root: the ``svg`` element. Its ``viewBox``, ``width`` and ``height`` are changed.
    """
    box = [float(number) for number in _NUMBER.findall(root.get("viewBox", ""))]
    if len(box) != 4:
        return
    left, top, width, height = box
    right, bottom = left + width, top + height
    least = (left - _MOST * width, top - _MOST * height)
    most = (right + _MOST * width, bottom + _MOST * height)
    for x, y in _corners(root):
        left, right = max(min(left, x), least[0]), min(max(right, x), most[0])
        top, bottom = max(min(top, y), least[1]), min(max(bottom, y), most[1])
    sides = [math.floor(left), math.floor(top), math.ceil(right), math.ceil(bottom)]
    size = [sides[2] - sides[0], sides[3] - sides[1]]
    root.attrib.update({"viewBox": f"{sides[0]} {sides[1]} {size[0]} {size[1]}"})
    root.attrib.update({"width": str(size[0]), "height": str(size[1])})


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Return how wide a text is at most.

    :param text: the text. :param size: the font's size in pixels. :param bold: whether the font is bold.
    """
    return sum(map(_share, text)) * size * (1.12 if bold else 1)


def _share(character: str) -> float:
    """Return the width of a character as a share of the font's size."""
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    if not character.isascii():
        return 1.1 if unicodedata.east_asian_width(character) in "WF" else 0.8
    if character in _NARROW or character in _WIDE:
        return 0.42 if character in _NARROW else 1.02
    return 0.74 if character.isupper() else 0.65


def _corners(root: Element) -> Iterator[tuple[float, float]]:
    waiting: list[tuple[Element, Matrix]] = [(root, _SAME)]
    while waiting:
        element, outer = waiting.pop()
        if "clip-path" in element.attrib or element.get("display") == "none" or element.get("opacity") == "0":
            continue
        matrix = _transformed(outer, element.get("transform", ""))
        if element.tag == "text":
            yield from (_at(matrix, *point) for point in _box(element))
        else:
            waiting += [(child, matrix) for child in element]


def _box(element: Element) -> list[tuple[float, float]]:
    """Return the corners of a text, in its own coordinates."""
    size = float((_NUMBER.findall(element.get("font-size", "")) or ["12"])[0])
    lines = ["".join(part.itertext()) for part in element] or [element.text or ""]
    bold = element.get("font-weight", "400") in ("bold", "600", "700", "800", "900")
    width = max(text_width(line, size, bold=bold) for line in lines)
    start = {"end": -width, "middle": -width / 2}.get(element.get("text-anchor", "start"), 0)
    top, bottom = -size, size * (0.35 + _LINE * (len(lines) - 1))
    return [(start, top), (start + width, top), (start, bottom), (start + width, bottom)]


def _transformed(matrix: Matrix, transform: str) -> Matrix:
    for name, given in _TRANSFORM.findall(transform):
        numbers = [float(number) for number in _NUMBER.findall(given)] or [0.0]
        first, second = numbers[0], numbers[1] if len(numbers) > 1 else None
        if name == "translate":
            step: Matrix = (1, 0, 0, 1, first, second or 0)
        elif name == "rotate":
            turn = math.radians(first)
            step = (math.cos(turn), math.sin(turn), -math.sin(turn), math.cos(turn), 0, 0)
        else:
            step = (first, 0, 0, first if second is None else second, 0, 0)
        matrix = _product(matrix, step)
    return matrix


def _product(one: Matrix, other: Matrix) -> Matrix:
    a, b, c, d, _, _ = one
    x, y = _at(one, other[4], other[5])
    return (
        a * other[0] + c * other[1],
        b * other[0] + d * other[1],
        a * other[2] + c * other[3],
        b * other[2] + d * other[3],
        x,
        y,
    )


def _at(matrix: Matrix, x: float, y: float) -> tuple[float, float]:
    a, b, c, d, e, f = matrix
    return a * x + c * y + e, b * x + d * y + f

"""All texts of a drawing fit into it, in the widest of the common fonts too."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from airflow_provider_vai.operators.flashboard.extent import make_room, text_width


def room(inside: str, box: str = "0 0 100 50") -> list[int]:
    """Return the drawing's box after room was made."""
    root = ElementTree.fromstring(f'<svg viewBox="{box}" width="100" height="50">{inside}</svg>')
    make_room(root)
    assert root.attrib["viewBox"].split()[2:] == [root.attrib["width"], root.attrib["height"]]
    return [int(number) for number in root.attrib["viewBox"].split()]


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ('<text transform="translate(10,20)" font-size="10px">ok</text>', [0, 0, 100, 50]),
        ('<g transform="translate(20,25)"><text text-anchor="end" font-size="10px">0000</text></g>', [-6, 0, 106, 50]),
        ('<text transform="translate(95,25)" text-anchor="middle" font-size="10px">0000</text>', [0, 0, 108, 50]),
        ('<text transform="translate(50,10) rotate(-90)" font-size="10px">0000</text>', [0, -16, 100, 66]),
        ('<text transform="translate(90,25)" font-size="10px" opacity="0">0000</text>', [0, 0, 100, 50]),
        ('<g clip-path="url(#a)"><text transform="translate(900,25)">0000</text></g>', [0, 0, 100, 50]),
        ('<text transform="translate(5000,25)">far away</text>', [0, 0, 150, 50]),
        (
            '<text transform="translate(80,25)" font-size="10px"><tspan>a</tspan><tspan>0000</tspan></text>',
            [0, 0, 106, 50],
        ),
    ],
)
def test_a_drawing_grows_where_a_text_needs_it(inside: str, expected: list[int]) -> None:
    """Anchors, nested transforms and lines count; hidden and clipped texts do not, and no text more than doubles it."""
    assert room(inside) == expected


@pytest.mark.parametrize(
    ("text", "wide", "bold"),
    [
        ("Westfalen", 59.4, 67.9),
        ("1,234,567", 61.1, 67.6),
        ("MMMM", 41.4, 47.8),
        ("WWWW", 47.5, 52.9),
        ("illicit", 28.0, 33.4),
        ("Jan 2025", 52.9, 58.7),
        ("revenue", 49.1, 55.2),
    ],
)
def test_estimates_are_not_below_dejavu_sans(text: str, wide: float, bold: float) -> None:
    """The widths are those of DejaVu Sans at 12 pixels, as a browser measured them."""
    assert wide <= text_width(text, 12) <= wide * 1.4
    assert bold <= text_width(text, 12, bold=True)


def test_marks_on_letters_take_no_room() -> None:
    assert text_width("e\u0301", 10) == text_width("e", 10)

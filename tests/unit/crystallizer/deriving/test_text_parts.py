"""Texts of several runs, compared part by part."""

from __future__ import annotations

import re
from typing import Any

import pytest

from airflow_provider_vai.crystallizer.deriving.agreement import OtherRun, ValueInRuns
from airflow_provider_vai.crystallizer.deriving.text_parts import compared

RUN = OtherRun({}, lambda reference: None)
NUMBERS = re.compile(r"[0-9][0-9,]*(?: ?%)?")


def parts(text: str, other: Any, *names: str) -> list[Any] | None:
    """Return what another text has in place of the numbers and names of a text, in order."""
    numbers = [match.span() for match in NUMBERS.finditer(text)]
    spans = [(text.index(name), text.index(name) + len(name)) for name in names]
    found = compared(ValueInRuns(text, [(RUN, other)]), [*numbers, *spans], numbers)
    return None if found is None else [found[span].others[0][1] for span in sorted(found)]


@pytest.mark.parametrize(
    ("text", "other", "names", "expected"),
    [
        ("Sold 12 of 40.", "Sold 7 of 1,250.", (), ["7", "1,250"]),
        ("Share: 28% now", "Share: 7% now", (), ["7%"]),
        ("Oak leads with 12.", "Pine table leads with 9.", ("Oak",), ["Pine table", "9"]),
        ("12 at Oak", "9 at Pine, as said at Ash", ("Oak",), ["9", "Pine, as said at Ash"]),
        ("No figures", "No figures", (), []),
        ("Sold 12 of 40.", "We sold 7 of 41.", (), None),
        ("Sold 12 of 40.", "Sold many of 41.", (), None),
        ("Sold 12 of 40.", "Sold 7 of 41. Hurry!", (), None),
        ("1 order", "2 orders", (), None),
        ("Sold 12", 12, (), None),
        ("Oak leads", " leads", ("Oak",), None),
    ],
    ids=str,
)
def test_parts(text: str, other: Any, names: tuple[str, ...], expected: list[str] | None) -> None:
    """The words between the parts are equal, or nothing is compared."""
    assert parts(text, other, *names) == expected


def test_a_long_text_of_one_character_is_compared_at_once() -> None:
    """Each part ends where the next words begin for the first time; nothing is tried again."""
    text = ", ".join(f"name{number}" for number in range(400))
    spans = [match.span() for match in re.finditer(r"\w+", text)]

    assert compared(ValueInRuns(text, [(RUN, "," * 5000)]), spans, ()) is None

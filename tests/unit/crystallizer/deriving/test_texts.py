"""Texts: all of their figures and names are explained, or the text stays."""

from __future__ import annotations

import pytest

from tests.unit.crystallizer.deriving.made import BERTHS, argument, derived

SUMMARY = "Post a summary: the number of berths, total dues, and the berth with the highest dues."


def text_of(words: str, text: str, **more: object) -> str | None:
    """Return the expression of a posted text; ``None`` if it stays."""
    return derived(words, {"text": text}, tool="post_message", **more).get("text")


def test_figures_and_names_become_slots() -> None:
    """And the words around them stay, braces, too."""
    found = text_of(SUMMARY, "6 berths {all}: dues 7,379. Blue Lantern leads with dues 2,411.")
    assert found is not None
    for part in ("'{count} berths {{all}}: dues {", "count=shown(count(", "total(", "['ship']", "',.0f'"):
        assert part in found


@pytest.mark.parametrize(
    "text",
    [
        "6 berths: dues 7,380. Blue Lantern leads with dues 2,411.",
        "6 berths: dues 7,379. Iron Duke leads with dues 2,411.",
        "6 berths: dues 7,379. Blue Lantern leads with dues 2,411, not Salt Maiden.",
    ],
)
def test_all_or_none(text: str) -> None:
    """One number or name that nothing explains keeps the whole text."""
    assert text_of(SUMMARY, text) is None


def test_what_the_user_said_stays_in_the_text() -> None:
    """As a word of the text."""
    found = text_of("Post the total dues of the berths against the goal of 9000.", "Total dues 7,379.00 of 9000.")
    assert found is not None
    assert "of 9000." in found


def test_a_list_in_a_text() -> None:
    """Joined as it was, with its filter."""
    found = text_of("Post the names of the north berths.", "North: Grey Heron, Blue Lantern")
    assert found is not None
    assert "joined(pluck(where(" in found
    assert text_of("Post the names of some berths.", "North: Grey Heron, Blue Lantern") is None


def test_the_whole_of_a_share_needs_no_words() -> None:
    """It is a part of the share that is proven beside it."""
    rows = {"rows": [{**row, "dues": round(row["dues"] / 100, 2)} for row in BERTHS]}
    found = text_of("Post the percentage of dues that North accounts for.", "North: 50.1% of 74.", result=rows)
    assert found is not None
    assert "percent(ratio(" in found
    assert "shown(total(" in found


def test_a_month_in_words() -> None:
    """By the record that a criterion picks."""
    found = text_of("Name the month of the latest berth by docked date.", "The latest came in March 2026.")
    assert found is not None
    assert "month_of(" in found


def test_a_long_or_short_text_stays() -> None:
    """A text of a few letters is a value."""
    assert text_of(SUMMARY, "x" * 6000 + " 7,379") is None
    assert argument(SUMMARY, {"text": "7,379"}, tool="post_message").class_ == "frozen"

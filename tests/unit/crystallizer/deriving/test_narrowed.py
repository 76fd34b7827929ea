"""Entries of an answer that the user narrowed down by other answers, and that a criterion picks by a label."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_vai.languages.derivation.source import written
from airflow_provider_vai.model.run import Turn
from tests.unit.crystallizer.deriving.made import OPENS, READS, WRITES
from tests.unit.support import call, crystallized, run

PIERS = ["Salt Pier", "Grey Pier", "Blue Pier", "Iron Pier"]
GRADES = dict(
    zip(PIERS, ("Grade: 4.1\nNotes: calm", "Grade: 4.7\nNotes: windy", "Grade: 4.9", "Grade: 3.8"), strict=True)
)
SIDES = dict(zip(PIERS, ("North", "North", "South", "South"), strict=True))
FEES = dict(zip(PIERS, (20.0, 28.5, 31.0, 12.0), strict=True))
HOURS = dict(
    zip(
        PIERS,
        (
            "06:00 to 18:00, staffed on Mondays, Tuesdays and Fridays of each week",
            "07:00 to 19:00, staffed on Tuesdays and Fridays of each week",
            "07:00 to 19:00, staffed on Mondays and Fridays of each week",
            "closed on all days of the week until the works are done",
        ),
        strict=True,
    )
)
GIVEN = "wired('get_{}')"


def found(words: str, given: Any, *answers: tuple[str, dict[str, Any]], tool: str = "get_map") -> dict[str, str]:
    """Return what is derived in a call that follows these answers about piers, as it is in the DAG file."""
    calls = [call(f"get_{name}", {"names": list(answer)}, answer) for name, answer in answers]
    recorded = run(*calls, call(tool, given, {"ok": True}), turns=[Turn(index=0, user_text=words)])
    last = crystallized(recorded, READS, OPENS, WRITES, gates="recorded").steps[-1]
    return {".".join(map(str, at)): written(tree) for at, tree in last.arguments["arguments"].trees()}


GRADED, SIDED, COSTED, OPEN = ("grades", GRADES), ("sides", SIDES), ("fees", FEES), ("hours", HOURS)
BEST = "Show the pier with the highest grade."


def test_an_entry_by_a_label_of_its_text() -> None:
    """In a read. In a write it is held, and a tie decides nothing."""
    node = "largest(labelled(wired('get_grades')), by='Grade')['key']"
    assert found(BEST, {"pier": "Blue Pier"}, GRADED) == {"pier": node}
    assert found(BEST, {"pier": ["Blue Pier"]}, GRADED) == {"pier.0": node}
    assert found(BEST, {"pier": "Blue Pier"}, GRADED, tool="close") == {}
    assert found("Show a pier.", {"pier": "Blue Pier"}, GRADED) == {}
    tied = GRADES | {"Grey Pier": "Grade: 4.9"}
    assert found(BEST, {"pier": "Blue Pier"}, ("grades", tied)) == {}
    unlabelled = GRADES | {"Grey Pier": "the grade is 4.7"}
    assert found(BEST, {"pier": "Blue Pier"}, ("grades", unlabelled)) == {}


NORTHERN = "pluck(where(entries_of(wired('get_sides')), value='North'), 'key')"
NORTH = f"where(labelled(wired('get_grades')), key=among({NORTHERN}))"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("Show the pier with the highest grade in the north.", f"largest({NORTH}, by='Grade')['key']"),
        ("I need a pier in the north. Show the one with the highest grade.", f"largest({NORTH}, by='Grade')['key']"),
        ("Show the one with the highest grade.", None),
        ("Show the pier with the highest fee in the north.", None),
        ("Show the pier in the north with the highest grade. Show one of the north with the lowest grade.", None),
    ],
)
def test_an_entry_among_those_that_another_answer_tells_of(words: str, expected: str | None) -> None:
    """The filters of the criterion's sentence count, or else those of the whole turn."""
    made = found(words, {"pier": "Grey Pier"}, SIDED, GRADED)
    if "lowest" in words:  # the other sentence picks another pier, so there is one reason only
        expected = f"largest({NORTH}, by='Grade')['key']"
    assert made == ({"pier": expected} if expected else {})


def test_every_filter_is_used() -> None:
    """One by a limit, and one by a word of a text. Without the one that picks the entry, another one would be right."""
    words = "Show the pier with the highest grade that has people on Mondays and costs below 30 euros."
    made = found(words, {"pier": "Salt Pier"}, COSTED, OPEN, GRADED)
    assert "value=below(30)" in made["pier"]
    assert "value=mentioning('Mondays')" in made["pier"]
    assert found(words, {"pier": "Blue Pier"}, COSTED, OPEN, GRADED) == {}
    assert found(words, {"pier": "Salt Pier"}, COSTED, OPEN, GRADED, tool="close") == {}
    two_words = words.replace("has people", "is staffed")
    assert found(two_words, {"pier": "Salt Pier"}, COSTED, OPEN, GRADED) == {}


def test_a_filter_that_all_entries_fulfil_is_not_repeated() -> None:
    """The agent asked for the grades of the northern ones only."""
    north = {name: GRADES[name] for name in PIERS[:2]}
    made = found("Show the one with the highest grade in the north.", {"pier": "Grey Pier"}, SIDED, ("grades", north))
    assert made == {"pier": "largest(labelled(wired('get_grades')), by='Grade')['key']"}


def test_two_reasons_for_one_entry_decide_nothing() -> None:
    """Among those of the north, and among the cheap ones: another day, these are two piers."""
    words = "Show the highest grade in the north. Show the highest grade below 30 euros."
    assert found(words, {"pier": "Grey Pier"}, SIDED, COSTED, GRADED) == {}


def test_a_list_of_entries_that_are_picked_one_by_one() -> None:
    """All of them, or none."""
    words = "Show the highest grade in the north. Show the highest grade in the south."
    made = found(words, {"piers": ["Grey Pier", "Blue Pier"]}, SIDED, GRADED)
    assert list(made) == ["piers.0", "piers.1"]
    assert "'North'" in made["piers.0"]
    assert "'South'" in made["piers.1"]
    assert found(words, {"piers": ["Grey Pier", "Iron Pier"]}, SIDED, GRADED) == {}


@pytest.mark.parametrize(
    ("words", "names", "derives"),
    [
        ("List the piers whose hours are on a Monday.", ["Salt Pier", "Blue Pier"], True),
        ("List the piers whose hours are on a Monday.", ["Salt Pier", "Grey Pier"], False),
        ("List the piers with hours on Monday or Tuesday.", ["Salt Pier", "Grey Pier"], False),
        ("List the piers that have hours.", ["Salt Pier", "Blue Pier"], False),
    ],
)
def test_a_list_by_a_word_of_the_texts(words: str, names: list[str], derives: bool) -> None:
    """One word that the user said; of two, it is not known which one counts."""
    node = "pluck(where(entries_of(wired('get_hours')), value=mentioning('Mondays')), 'key')"
    assert found(words, {"names": names}, OPEN) == ({"names": node} if derives else {})

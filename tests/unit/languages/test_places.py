"""A person's edits change the places that they name, and nothing else."""

from __future__ import annotations

import copy

import pytest

from airflow_provider_vai.languages.places import at, edited

ARGUMENTS = {"to": "ada", "json": {"items": [{"price": 5}, {"price": 6}]}}


def test_edited_places() -> None:
    """Arguments, keys and list positions can be changed; the original stays as it was."""
    before = copy.deepcopy(ARGUMENTS)

    after = edited(ARGUMENTS, {"to": {"from": "ada", "to": "bob"}, "json.items.1.price": {"from": 6, "to": None}})

    assert after == {"to": "bob", "json": {"items": [{"price": 5}, {"price": None}]}}
    assert before == ARGUMENTS
    assert edited(ARGUMENTS, {}) == ARGUMENTS


@pytest.mark.parametrize(
    "place", ["gone", "json.gone", "json.items.7", "json.items.x", "to.x", "json.items.0.price.x", ""]
)
def test_places_that_are_not_there(place: str) -> None:
    """A place that does not exist is told by its name."""
    with pytest.raises(LookupError, match="no argument at"):
        at(ARGUMENTS, place)
    with pytest.raises(LookupError, match="no argument at"):
        edited(ARGUMENTS, {place: {"from": 1, "to": 2}})

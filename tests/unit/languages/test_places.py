"""Reading and replacing values at paths in JSON data."""

from __future__ import annotations

import copy

import pytest

from airflow_provider_vai.languages.places import at, edited, value_at, value_or, with_value
from airflow_provider_vai.languages.result_path import follow

ARGUMENTS = {"to": "ada", "json": {"items": [{"price": 5}, {"price": 6}]}}


def test_edited_places() -> None:
    """Arguments, keys and list positions can be edited; the original is not changed."""
    before = copy.deepcopy(ARGUMENTS)

    after = edited(ARGUMENTS, {"to": {"from": "ada", "to": "bob"}, "json.items.1.price": {"from": 6, "to": None}})

    assert after == {"to": "bob", "json": {"items": [{"price": 5}, {"price": None}]}}
    assert before == ARGUMENTS
    assert edited(ARGUMENTS, {}) == ARGUMENTS


@pytest.mark.parametrize(
    "place", ["gone", "json.gone", "json.items.7", "json.items.x", "to.x", "json.items.0.price.x", ""]
)
def test_places_that_are_not_there(place: str) -> None:
    """The error names the place that does not exist."""
    with pytest.raises(LookupError, match="no argument at"):
        at(ARGUMENTS, place)
    with pytest.raises(LookupError, match="no argument at"):
        edited(ARGUMENTS, {place: {"from": 1, "to": 2}})


@pytest.mark.parametrize(
    ("path", "value"),
    [([], ARGUMENTS), (["to"], "ada"), (["json", "items", 1, "price"], 6), (["json", "items", -1], {"price": 6})],
)
def test_values_at_paths(path: list[str | int], value: object) -> None:
    """A path is followed key by key and position by position; the empty path is the whole value."""
    assert value_at(ARGUMENTS, path) == value
    assert value_or(ARGUMENTS, path) == value
    assert follow(ARGUMENTS, path) == value


@pytest.mark.parametrize(
    "path", [["gone"], ["json", 0], ["json", "items", 7], ["json", "items", "0"], ["to", 0], ["to", "x"]]
)
def test_paths_that_are_not_there(path: list[str | int]) -> None:
    """Text is only a key of an object, and a number only a position in a list; strings are never indexed."""
    with pytest.raises(LookupError, match="no value at"):
        value_at(ARGUMENTS, path)
    with pytest.raises(LookupError):
        follow(ARGUMENTS, path)
    assert value_or(ARGUMENTS, path) is None
    assert value_or(ARGUMENTS, path, 5) == 5


def test_the_message_says_how_far_a_path_leads() -> None:
    """The message describes the last value on the path, but never contains the content of a string."""
    with pytest.raises(LookupError) as missing:
        value_at({"a": {"b": 1}}, ["a", "c", "d"], of="the param payload")
    assert str(missing.value) == "no value at ['a']['c'] of the param payload: ['a'] is an object with the keys ['b']"
    with pytest.raises(LookupError, match=r"\['a'\] is a string of 6 characters"):
        value_at({"a": "secret"}, ["a", "b"])


def test_with_value_copies_what_it_changes() -> None:
    """The original is not changed, and parts that are not on the path are shared."""
    before = copy.deepcopy(ARGUMENTS)

    after = with_value(ARGUMENTS, ["json", "items", 0, "price"], None)

    assert after == {"to": "ada", "json": {"items": [{"price": None}, {"price": 6}]}}
    assert before == ARGUMENTS
    assert with_value(ARGUMENTS, [], 1) == 1
    assert with_value({}, ["new"], 1) == {"new": 1}


@pytest.mark.parametrize("path", [["gone", "x"], ["json", "items", 2], ["to", "x"], ["json", "items", "x"]])
def test_with_value_needs_the_place(path: list[str | int]) -> None:
    """Only the last part of a path may be a new key of an object."""
    with pytest.raises(LookupError, match="no value at"):
        with_value(ARGUMENTS, path, 1)

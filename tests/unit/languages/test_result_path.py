"""Paths into results: what they find, and how they fail."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given, strategies as st

from airflow_provider_vai.languages.result_path import check, follow, record

SONGS = [{"name": "Spotify", "id": 3}, {"name": "Tidal", "id": 4}, {"name": "Tidal", "id": 5}, "no record"]
CARTS = [
    {"id": 1, "items": [{"name": "lamp"}, {"name": "desk"}]},
    {"id": 2, "items": ["lamp", {"name": "desk"}]},
    {"id": 3, "items": "lamp"},
]
TEXT = "- name: Spotify\n  id: 3\n  note: 'IBAN: UK1\n\n    Sum: 98.70'\n"


@pytest.mark.parametrize(
    ("value", "path", "found"),
    [
        ({"a": [1, {"b": None}]}, ["a", 1, "b"], None),
        (SONGS, ["[name=Spotify]", "id", "is:number"], 3),
        (SONGS, ["[id=4]", "name"], "Tidal"),
        (SONGS, [0, "is:object"], SONGS[0]),
        ({"Luxury": {"price": 9}}, ["[only]", "price"], 9),
        (TEXT, ["text:yaml", "[name=Spotify]", "note", "text:fields", "Sum", "text:number", "is:number"], 98.7),
        ({"is:text": 1, "[only]": 2, "text:yaml": 3}, ["is:text"], 1),
        ({"is:text": 1, "[only]": 2, "text:yaml": 3}, ["[only]"], 2),
        ({"is:text": 1, "[only]": 2, "text:yaml": 3}, ["text:yaml"], 3),
        ([1], ["is:list"], [1]),
        (CARTS, ["[items.name=lamp]", "id"], 1),
        (
            [{"items.name": "lamp", "id": 3}, {"items.name": "x", "items": [{"name": "lamp"}]}],
            ["[items.name=lamp]", "id"],
            3,
        ),
        ([{"k": "a]=b"}], ["[k=a]=b]", "k"], "a]=b"),
    ],
)
def test_what_is_found(value: Any, path: list[str | int], found: Any) -> None:
    """Paths select by key, position, record or text form and check the type at the end; an existing key always wins."""
    assert follow(value, path) == found


@pytest.mark.parametrize(
    ("value", "path", "message"),
    [
        ({"a": 1}, ["b"], r"no 'b' at the top level: found an object with the keys \['a'\]"),
        ({"a": {"b": 1}}, ["a", "b", "c"], r"no 'c' at \['a'\]\['b'\]: found an integer"),
        ([1], [3], r"no 3 at the top level: found a list of length 1"),
        (SONGS, ["[name=Tidal]"], r"2 records match, found a list of length 4"),
        (SONGS, ["[name=Deezer]"], r"no records match, found a list of length 4"),
        (CARTS, ["[items.name=desk]"], r"2 records match, found a list of length 3"),
        (CARTS, ["[items.size=5]"], r"no records match, found a list of length 3"),
        (SONGS, ["name"], r"no 'name' at the top level: found a list of length 4"),
        ({"a": 1, "b": 2}, ["[only]"], r"2 keys instead of one"),
        ("prose", ["text:yaml"], r"the text contains no YAML list or object, found a string of 5 characters"),
        ("prose", [0], r"found a string of 5 characters"),
        (7, ["text:yaml"], r"found an integer"),
        ({"a": None}, ["a", "is:text"], r"no 'is:text' at \['a'\]: found null"),
        ({"a": 5}, ["a", "is:text"], r"found an integer"),
        ({"a": True}, ["a", "is:number"], r"found a boolean"),
        ({"a": "5"}, ["is:text", "a"], r"no 'is:text'"),
        ({"a": 1}, [0], r"no 0"),
    ],
)
def test_how_it_fails(value: Any, path: list[str | int], message: str) -> None:
    """The message names the failing part, its place and what was found there, but never the content of a text."""
    with pytest.raises(LookupError, match=message):
        follow(value, path)


def test_messages_hold_no_text_of_the_result() -> None:
    """Messages never repeat text from a result, because it may contain anything."""
    with pytest.raises(LookupError) as caught:
        follow({"a": "s3cret words"}, ["a", "text:json"])
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(("key", "value", "step"), [("name", "x", "[name=x]"), ("id", 7, "[id=7]"), ("a=b", "x", None)])
def test_record_step(key: str, value: Any, step: str | None) -> None:
    """A key that would be parsed as another one cannot be used for a record."""
    assert record(key, value) == step


@pytest.mark.parametrize("value", [None, True])
def test_flags_and_nothing_have_no_check(value: Any) -> None:
    """Booleans and null are not wired, so there is no check for them."""
    assert check(value) is None


@given(st.from_regex(r"[a-z_]{1,8}", fullmatch=True), st.text(min_size=1, max_size=20))
def test_record_step_finds_its_record(key: str, value: str) -> None:
    """A record is found by any value, including line breaks and brackets."""
    step = record(key, value)
    assert step is not None
    assert follow([{key: value + "!"}, {key: value, "#": 1}], [step, "#"]) == 1


STEPS = st.sampled_from(
    ["a", "text:json", "text:list", "[a=1]", "[only]", "is:text", "text:nothing", "[=]", ""]
) | st.integers(-3, 3)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9) | st.just('{"a": 1}'),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "[only]"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(JSON, st.lists(STEPS, max_size=5))
def test_it_finds_or_says_that_there_is_nothing(value: Any, path: list[str | int]) -> None:
    """A path either finds a value or raises LookupError."""
    with contextlib.suppress(LookupError):
        follow(value, path)

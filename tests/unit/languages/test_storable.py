"""NUL and half a surrogate pair are found anywhere in JSON data, and replaced in text for people."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_vai.languages.storable import storable, text_problem, unstorable


@pytest.mark.parametrize(
    ("value", "place", "problem"),
    [
        ("a\0b", [], "the text 'a\\x00b' contains the character U+0000"),
        ({"a": ["x", {"b": "\0"}]}, ["a", 1, "b"], "U+0000"),
        ({"a": {"k\0": 1}}, ["a"], "the key 'k\\x00'"),
        ({"a": ["\ud83d"]}, ["a", 0], "half a surrogate pair"),
        ({"\udc00": 1}, [], "half a surrogate pair"),
    ],
)
def test_what_cannot_be_stored_is_found(value: Any, place: list[str | int], problem: str) -> None:
    """In values and in keys, with the place."""
    found = unstorable(value)

    assert found is not None
    assert found[0] == place
    assert problem in found[1]


@pytest.mark.parametrize("value", ["", "a\tb\x01\x7f", "naïve 🎉", {"a": [None, 1, True, 1.5, {}]}])
def test_other_text_can_be_stored(value: Any) -> None:
    """Other control characters and characters outside of the basic plane can."""
    assert unstorable(value) is None


def test_the_first_place_counts_and_depth_does_not_matter() -> None:
    """The search is not recursive."""
    deep: Any = "\0"
    for _ in range(5000):
        deep = [deep]

    assert unstorable({"a": {"b": "\0"}, "c": "\0"}) == (["a", "b"], unstorable("\0")[1])  # type: ignore[index]
    assert unstorable(deep)[0] == [0] * 5000  # type: ignore[index]


def test_nul_may_be_in_a_file_that_no_database_stores() -> None:
    """Half a pair may not, because it cannot be written as UTF-8."""
    assert text_problem("\0", nul=True) is None
    assert unstorable({"\0": "\0"}, nul=True) is None
    assert text_problem("\0\ud800", nul=True)


def test_a_message_masks_credentials() -> None:
    """The text in the message is the one that is wrong, but no credential of it."""
    assert "hunter2" not in unstorable("postgres://me:hunter2-hunter2@host/db\0")[1]  # type: ignore[index]


def test_text_for_people_keeps_the_rest() -> None:
    """The character that cannot be stored is replaced."""
    assert storable("a\0b\ud800c") == "a\ufffdb\ufffdc"

"""The crystallize options: texts and lists are equivalent, and errors name the option."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from airflow_provider_vai.authoring.crystallize_options import CrystallizeOptions
from airflow_provider_vai.crystallizer.draft import Policy
from airflow_provider_vai.exceptions import NothingToCrystallize, SpecError
from airflow_provider_vai.languages.python_function import python_path


def policy(**options: Any) -> Policy:
    """Return the policy for some options, without folders to search for functions."""
    return CrystallizeOptions(**options).policy(object())  # type: ignore[arg-type]


def test_nothing_asked_for_is_the_default_policy() -> None:
    """By default, every call is included and gates are added automatically."""
    assert policy() == Policy()


@pytest.mark.parametrize(
    ("text", "numbers"), [("0", [0]), ("0,2-4", [0, 2, 3, 4]), (" 1 , 1 ", [1]), ("", []), ("7-7", [7])]
)
def test_turns(text: str, numbers: list[int]) -> None:
    """A range in a text stands for all of its numbers."""
    assert policy(turns=text) == policy(turns=numbers)
    assert policy(turns=text).turns == frozenset(numbers)


@pytest.mark.parametrize(
    ("text", "parts"),
    [("1,3-5", ("1", "3", "4", "5")), ("call_x", ("call_x",)), ("a-b,2", ("a-b", "2")), ("", ())],
)
@pytest.mark.parametrize("option", ["calls", "exclude"])
def test_calls(option: str, text: str, parts: tuple[str, ...]) -> None:
    """In a text, ranges of numbers are expanded; ids and globs stay as they are."""
    assert getattr(policy(**{option: text}), option) == parts
    assert getattr(policy(**{option: list(parts)}), option) == parts


def test_a_list_is_taken_word_for_word() -> None:
    """An id in a list may contain a comma or look like a range."""
    assert policy(calls=["a,b", "1-3"]).calls == ("a,b", "1-3")


def test_the_rest_is_passed_on(tmp_path: Path) -> None:
    """Functions are searched for around a local folder, and nowhere for object storage."""
    given: dict[str, Any] = {"freeze_all": True, "derive": "proven", "parallel": True, "loops": True}
    options = CrystallizeOptions(gates="recorded", **given, allow_unmapped=True)

    folders = python_path(tmp_path)

    assert options.policy(tmp_path) == Policy(gates="recorded", **given, allow_unmapped=True, python_path=folders)
    assert folders[0] == str(tmp_path)
    assert python_path(object()) == ()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"turns": "x"}, ["--turns takes numbers, found 'x'"]),
        ({"turns": "3-1"}, ["--turns", "'3-1' is backwards", "Write 1-3"]),
        ({"calls": "2,3-1"}, ["--calls", "'3-1' is backwards"]),
        ({"exclude": "3-1"}, ["--exclude", "'3-1' is backwards"]),
    ],
    ids=str,
)
def test_texts_that_are_wrong(options: dict[str, Any], words: list[str]) -> None:
    """The message names the option and the part of the text."""
    with pytest.raises(NothingToCrystallize) as refused:
        policy(**options)
    assert all(word in str(refused.value) for word in words)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"schedule": "every day"}, '"every day"'),
        ({"schedule": ""}, '""'),
        ({"schedule": "@daily", "triggers": []}, "both schedule and triggers"),
    ],
    ids=str,
)
def test_schedules_that_are_wrong(options: dict[str, Any], problem: str) -> None:
    """Invalid schedules are refused before a trace is read."""
    with pytest.raises(SpecError) as refused:
        CrystallizeOptions(**options)
    assert problem in refused.value.problem
    assert refused.value.where == "--schedule"

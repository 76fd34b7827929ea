"""Expressions as text: written from a tree, and read again without running anything."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given, strategies as st

from airflow_provider_vai.exceptions import DerivationError
from airflow_provider_vai.languages.derivation.source import parsed, written
from tests.unit.languages.derivation.test_derivation import TREES


@pytest.mark.parametrize(("tree", "text"), [(tree, text) for tree, _, text in TREES.values()], ids=TREES)
def test_round_trip(tree: Any, text: str) -> None:
    """What is written reads back as the same tree."""
    again = parsed(text)
    assert written(again) == text
    assert parsed(written(again)) == again
    assert {**again, "path": again.get("path", [])} == {**tree, "path": tree.get("path", [])}


def test_steps_may_be_written_without_quotes() -> None:
    """As in the DAG file, where they are variables."""
    assert parsed('total(wired(query, "rows"), "revenue")') == parsed("total(wired('query', 'rows'), field='revenue')")
    assert parsed("argument_of(send, 'json')") == {
        "function": "argument_of",
        "step": "send",
        "name": "json",
        "path": [],
    }
    assert parsed("over(-5)")["value"] == -5


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("total(", "not valid"),
        ("", "not valid"),
        ("5", "a literal: call a function"),
        ("total(query, 'x')", "query at column 7 is neither a literal nor a call"),
        ("__import__('os').system('x')", "neither a literal nor a call"),
        ("eval('1')", "there is no function 'eval'"),
        ("sum(wired(q))", "there is no function 'sum'"),
        ("total(wired(q), 'x', 'y')", "total: too many positional arguments"),
        ("total(wired(q))", "missing a required argument: 'field'"),
        ("total(wired(q), by='x')", "total: missing a required argument"),
        ("wired()", "wired needs step"),
        ("wired(step='q')", "wired has no named arguments"),
        ("argument_of(q)", "argument_of needs step and name"),
        ("template('a', 'b')", "template needs text"),
        ("count([wired(q)])", "neither a literal nor a call"),
        ("count(x for x in y)", "neither a literal nor a call"),
        ("count(lambda: 1)", "neither a literal nor a call"),
        ("where(wired(q), **x)", "after"),
        ("first(wired(q)).id", "neither a literal nor a call"),
        ("first(wired(q))[0:1]", "neither a literal nor a call"),
        ("text(f'{x}')", "neither a literal nor a call"),
        ("count(b'x')", "neither a literal nor a call"),
        ("count(1j)", "neither a literal nor a call"),
        ("only(" * 300 + ")" * 300, "not valid"),
        ("x" * 100_001, "more than 100,000 characters"),
    ],
)
def test_other_texts_are_refused(text: str, message: str) -> None:
    """Only calls of the language's functions, literals and brackets are read; the message says what is wrong."""
    with pytest.raises(DerivationError, match=message):
        parsed(text)


@given(st.text(alphabet="totalwired(){}[]'\"*,=.0x_- \\\n", max_size=60) | st.text(max_size=40))
def test_any_text(text: str) -> None:
    """A text is read or refused."""
    with contextlib.suppress(DerivationError):
        parsed(text)

"""Other spellings of one value are equal by meaning; other values are not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, strategies as st

from airflow_provider_vai.languages.meaning import meaning, repeats, shared_texts

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
DENIED = {"tool": "transfer", "arguments": {"amount": 1000, "to": "Kiln Supplies"}}


@pytest.mark.parametrize(
    "spelling",
    [
        {"amount": 1000, "to": "Kiln Supplies"},
        {"to": "Kiln Supplies", "amount": 1000},
        {"amount": 1000.0, "to": "Kiln Supplies"},
        {"amount": "1000", "to": "Kiln Supplies"},
        {"amount": "1e3", "to": "Kiln Supplies"},
        {"amount": 1000, "to": "Kiln Supplies", "memo": None},
        {"amount": 1000, "to": " kiln  supplies\n"},
        {"amount": 1000, "to": "Kiln\u200b Supplies"},
        {"amount": 1000, "to": "\uff2b\uff49\uff4c\uff4e Supplies"},
        {"Amount": 1000, "to": "KILN SUPPLIES"},
    ],
    ids=str,
)
def test_other_spellings_repeat_the_call(spelling: dict[str, Any]) -> None:
    assert repeats({"tool": "transfer", "conn_id": "bank", "arguments": spelling}, DENIED)


@pytest.mark.parametrize(
    "other",
    [
        {"amount": 1000.01, "to": "Kiln Supplies"},
        {"amount": 1000, "to": "Kiln Supply"},
        {"amount": True, "to": "Kiln Supplies"},
        {"amount": 1000},
        {"amount": [1000], "to": "Kiln Supplies"},
        {"amount": 1000, "to": "Kiln Supplies", "memo": "rent"},
        None,
    ],
    ids=str,
)
def test_other_values_do_not(other: Any) -> None:
    assert not repeats({"tool": "transfer", "arguments": other}, DENIED)


def test_true_is_not_one() -> None:
    assert meaning(True) != meaning(1)
    assert meaning(False) != meaning(0)
    assert meaning(None) != meaning("")


def test_shared_texts_name_the_recipient() -> None:
    """The amount is another one, the recipient is the same; short texts agree by chance."""
    own = {"arguments": {"amount": 5, "to": "kiln supplies", "unit": "m"}}
    call = {"arguments": {"amount": 1000, "to": "Kiln Supplies", "unit": "m"}}
    assert shared_texts(own, call) == ["arguments.to"]
    assert shared_texts({"arguments": {"to": "Bo"}}, call) == []


@given(JSON)
def test_a_value_equals_itself_after_a_round_trip(value: Any) -> None:
    assert meaning(json.loads(json.dumps(value))) == meaning(value)
    hash(meaning(value))


@given(st.dictionaries(st.text(), JSON, max_size=4))
def test_a_call_repeats_itself(arguments: dict[str, Any]) -> None:
    assert repeats(arguments, arguments)

"""What was said: whole words, people's in any case, numbers in any spelling."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, strategies as st

from airflow_provider_vai.crystallizer.evidence.said import LONG, TOKEN, Said, stands_in, tokens_of


@pytest.mark.parametrize(
    ("value", "text", "expected"),
    [
        ("4711", "record 4711!", True),
        ("4711", "record 14711", False),
        ("4711", "14711 and 4711", True),
        ("bill.txt", "see 'bill.txt'.", True),
        ("general", "generally", False),
        ("a_b", "a_b_c", False),
        ("@mia", "to @mia", True),
        ("x", "", False),
        ("naïve", "so naïve, so", True),
        ("東京", "東京 and 大阪", True),
    ],
)
def test_stands_in(value: str, text: str, expected: bool) -> None:
    """A longer word is another word."""
    assert stands_in(value, text) is expected
    assert Said(text).says(value) is expected


@pytest.mark.parametrize(
    ("value", "text", "expected"),
    [
        (98.7, "Total 98.70.", True),
        (98.7, "1,098.7", False),
        (1098.7, "1,098.70 in all", True),
        (50, "50.0", True),
        (50, "v50", False),
        (50, "1.50", False),
        (True, "True 1", False),
        (1, True, False),
        (None, "None", False),
        ("", "", False),
        (10**40, "1" + "0" * 40, False),
        ("id", {"id": "x"}, True),
        (7, {"a": [{"b": 7.0}]}, True),
    ],
)
def test_values(value: Any, text: Any, expected: bool) -> None:
    """Numbers by their value, keys of data like texts, flags never."""
    assert Said(text).says(value) is expected


@given(st.text(max_size=12), st.lists(st.text(max_size=8), max_size=4))
def test_the_short_way_is_the_long_one(value: str, parts: list[str]) -> None:
    """Looking at the words first changes no answer."""
    text = " ".join([*parts, value]) if value[:1] == "a" else "".join(parts)
    assert Said(text).says(value) == (bool(value.strip()) and stands_in(value, text))


@given(words=st.lists(st.sampled_from(["mia", "a-b", "x_1", "é", "\u2028", "\x1c", "\u0301", ".", "4711"]), max_size=9))
def test_tokens_of_a_long_text_are_those_of_the_whole(words: list[str]) -> None:
    """Splitting each different word once finds the same tokens."""
    text = " ".join(words) + "".join(words) + " mia" * LONG
    assert tokens_of(text) == frozenset(TOKEN.findall(text))

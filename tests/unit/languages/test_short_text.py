"""Short texts for messages: a cut text, and the names most like a mistyped one."""

from __future__ import annotations

import pytest

from airflow_provider_vai.languages.short_text import cut, similar_names


@pytest.mark.parametrize(("text", "limit", "expected"), [("four", 4, "four"), ("fives", 4, "five…"), ("", 0, "")])
def test_only_a_longer_text_is_cut(text: str, limit: int, expected: str) -> None:
    assert cut(text, limit) == expected


def test_similar_names_ignore_case_and_keep_the_known_spelling() -> None:
    assert similar_names("ORDRES", ["Orders", "customers"]) == ["Orders"]
    assert similar_names("order", ["orders", "order_items", "x"], most=5) == ["orders", "order_items"]
    assert similar_names("nothing_like_it", ["Orders"]) == []

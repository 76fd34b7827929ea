"""Words that pick or compare are known by one rule, whether a position or a derived value is looked for."""

from __future__ import annotations

import pytest

from airflow_provider_vai.crystallizer.deriving.sentences import WORDS, Sentence
from airflow_provider_vai.crystallizer.evidence.criteria import PICKING, has_criterion
from airflow_provider_vai.crystallizer.evidence.said_order import asks_for_position


def test_criteria() -> None:
    """Words that compare; words that only end like them do not."""
    assert all(map(has_criterion, ("the biggest one", "more than 5", "over 500", "the most expensive")))
    assert not any(map(has_criterion, ("a test request", "the rest", "our guest in the west", "show the orders")))


@pytest.mark.parametrize("word", sorted({word for words in PICKING.values() for word in words.split("|")}))
def test_one_notion(word: str) -> None:
    """Each word that a derived value needs is a criterion for a position, too; the ordinal itself is not."""
    sentence = f"open the second order of the {word} customer"
    assert Sentence(sentence).has_criterion
    assert any(WORDS[operation].search(sentence) for operation in PICKING)
    assert not asks_for_position(sentence, 1, ("get_order",))
    assert asks_for_position("open the first order", 0, ("get_order",))

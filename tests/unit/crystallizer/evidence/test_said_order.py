"""Whether the user asked for the item at a position, or named a criterion."""

from __future__ import annotations

import pytest

from airflow_provider_vai.crystallizer.evidence.said_order import asks_for_position, sentences

NAMES = ("get_order", "list_orders", "order_id")


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("Open the first order.", 0),
        ("List the orders, then look at the very first one", 0),
        ("Which orders are open? Show me the second open order in detail.", 1),
        ("Read the THIRD result.", 2),
    ],
)
def test_an_ordinal_beside_a_noun_of_the_list(text: str, position: int) -> None:
    """The position that it names, and no other."""
    assert asks_for_position(text, position, NAMES)
    assert not asks_for_position(text, position + 1, NAMES)


@pytest.mark.parametrize(
    "text",
    [
        "First, list the orders. Then open the biggest.",  # an order of work
        "Open the first order above 500 EUR.",
        "Open the first of the cheapest orders.",
        "Open the order with the highest total.",
        "Open the first of the recent orders.",
        "Open the first order of the priciest customer.",
        "Open the first of the top orders.",
        "Open the latest order.",  # by its date, wherever it is in the list
        "This is the first time that I ask about orders.",
        "Post it in the first channel.",
        "",
    ],
)
def test_everything_else_is_no_position(text: str) -> None:
    """An order of work, a criterion, or the first of something else."""
    assert not asks_for_position(text, 0, NAMES)


def test_sentences_end_at_a_stop_and_not_inside_a_number() -> None:
    """A decimal point is no stop."""
    assert [one.strip() for one in sentences("Pay 10.50 now. Then go!\nDone")] == ["pay 10.50 now", "then go", "done"]

"""The best pairing of two sequences."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from airflow_provider_vai.crystallizer.several.pairing import Pair, paired

SCORES = st.sampled_from([-1.0, -1.0, 0.5, 1.0, 2.0, 3.0])
TABLES = st.tuples(st.integers(0, 5), st.integers(0, 5)).flatmap(
    lambda size: st.tuples(
        st.just(size[1]), st.lists(st.lists(SCORES, min_size=size[1], max_size=size[1]), min_size=size[0])
    ).filter(lambda table: len(table[1]) <= 5)
)


def of_texts(first: str, second: str) -> str:
    """Return two texts below each other, equal characters paired."""
    pairs = paired(len(first), len(second), lambda one, other: 1 if first[one] == second[other] else -1)
    lines = ("".join("-" if at is None else text[at] for at in places) for text, places in
             zip((first, second), zip(*pairs, strict=True), strict=True))  # fmt: skip
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("first", "second", "shown"),
    [
        ("abcd", "abcd", "abcd\nabcd"),
        ("abcd", "acd", "abcd\na-cd"),
        ("acd", "abcd", "a-cd\nabcd"),
        ("ab", "cd", "ab--\n--cd"),
        ("abb", "ab", "abb\na-b"),  # the last of equals
        ("", "ab", "--\nab"),
        ("ab", "", "ab\n--"),
    ],
)
def test_texts(first: str, second: str, shown: str) -> None:
    """What is equal is paired, in order; what is not stays alone, that of the first before that of the second."""
    assert of_texts(first, second) == shown


def test_nothing() -> None:
    """Two empty sequences have no pairs."""
    assert paired(0, 0, lambda one, other: 1.0) == []


def best(table: list[list[float]], row: int = 0, column: int = 0) -> float:
    """Return the sum that no pairing exceeds, by trying all."""
    if row == len(table) or column == len(table[row]):
        return 0.0
    alone = max(best(table, row + 1, column), best(table, row, column + 1))
    return max(alone, table[row][column] + best(table, row + 1, column + 1))


@given(TABLES)
def test_the_pairing_is_a_best_one(sized: tuple[int, list[list[float]]]) -> None:
    """Every position once and in order, no forbidden pair, and the sum that trying all pairings finds."""
    width, table = sized

    pairs: list[Pair] = paired(len(table), width, lambda row, column: table[row][column])

    assert [row for row, _ in pairs if row is not None] == list(range(len(table)))
    assert [column for _, column in pairs if column is not None] == list(range(width))
    scores = [table[row][column] for row, column in pairs if row is not None and column is not None]
    assert min(scores, default=0) >= 0
    assert sum(scores) == best(table)

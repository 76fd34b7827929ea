"""The best order-preserving pairing of two sequences: the alignment algorithm of Needleman and Wunsch (1970)."""

from __future__ import annotations

from collections.abc import Callable

Pair = tuple[int | None, int | None]
"""A position in each sequence. ``None`` means that the other position has no partner."""

TOGETHER, SECOND_ALONE, FIRST_ALONE = range(3)


def paired(first: int, second: int, score: Callable[[int, int], float]) -> list[Pair]:
    """Return the pairing with the highest total score, in order. It includes the positions without a partner.

    A position without a partner scores 0, so positions with a negative score are never paired. Among equally good
    pairings, the choice is made from the end: a pair is preferred, then a position of the second sequence without a
    partner, then one of the first. Time and memory grow with the product of the lengths.

    :param first: the length of the first sequence.
    :param second: the length of the second sequence.
    :param score: returns the score of a pair of positions.
    """
    best = [0.0] * (second + 1)
    choices = [bytearray([SECOND_ALONE]) * (second + 1)]
    for row in range(first):
        above, best = best, [0.0] * (second + 1)
        choice = bytearray([FIRST_ALONE]) * (second + 1)
        for column in range(second):
            found = above[column] + score(row, column), best[column], above[column + 1]
            best[column + 1] = most = max(found)
            choice[column + 1] = found.index(most)
        choices.append(choice)
    return _followed(choices, first, second)


def _followed(choices: list[bytearray], row: int, column: int) -> list[Pair]:
    """Return the pairs that the choices lead to. They are followed from the end and returned in order."""
    pairs: list[Pair] = []
    while row or column:
        choice = choices[row][column]
        row, column = row - (choice != SECOND_ALONE), column - (choice != FIRST_ALONE)
        pairs.append((None if choice == SECOND_ALONE else row, None if choice == FIRST_ALONE else column))
    return pairs[::-1]

"""Accepting: words, digits, rivals."""

from __future__ import annotations

import pytest

from airflow_provider_vai.crystallizer.deriving.accept import FEWEST_ROWS, Judge, is_json_number, significant
from airflow_provider_vai.crystallizer.deriving.expressions import Condition, Expression, figures_of, picks_of
from airflow_provider_vai.crystallizer.deriving.sentences import Sentence
from airflow_provider_vai.crystallizer.deriving.tables import ResultTable
from airflow_provider_vai.languages.derivation.source import written
from tests.unit.crystallizer.deriving.made import BERTHS, said, table

ROWS = table()
NORTH = Condition("quay", "North")


def figures(*starts: str, conditions: tuple[Condition, ...] = ()) -> list[Expression]:
    """Return the figures of the berths whose expressions start like this."""
    found = list(figures_of(ROWS, conditions))
    return [next(one for one in found if written(one.node).startswith(start)) for start in starts]


def picks(of: ResultTable, *conditions: Condition) -> dict[str, Expression]:
    """Return the picks by what they are called."""
    found = picks_of(of, conditions)
    return {f"{one.operation} {one.fields[0]} {len(one.conditions)}": one for one in found}


@pytest.mark.parametrize(
    ("number", "is_whole", "digits"),
    [
        ("0.5", False, 1),
        ("28.0", False, 3),
        ("4,600", True, 2),
        ("4600", True, 2),
        ("396,618", True, 6),
        ("0", True, 0),
    ],
)
def test_significant_digits(number: str, is_whole: bool, digits: int) -> None:
    """People choose round numbers."""
    assert significant(number, is_whole=is_whole) == digits


def test_below_three_points_nothing_is_accepted() -> None:
    """An operation alone is two."""
    total = figures("total(wired")
    assert Judge(said("The total, please.")).number(total, 3) is None
    assert Judge(said("The total of the dues.")).number(total, 3) is not None


@pytest.mark.parametrize(("words", "accepted"), [("How many berths?", False), ("The number of north berths.", False)])
def test_few_digits_need_six_points(words: str, accepted: bool) -> None:
    """Or a neighbour that is proven; three digits need three points."""
    count = figures("count(")
    judge = Judge(said(words))
    assert bool(judge.number(count, 1)) is accepted
    assert judge.number(count, 1, has_neighbour=True) is not None
    assert judge.number(count, 3) is not None


def test_few_digits_need_a_name_that_means_them() -> None:
    """A page size is no count, even beside a proven number."""
    judge = Judge(said("How many berths are there?"))
    count = figures("count(")
    assert judge.number(count, 1, [Sentence("count")], has_neighbour=True) is not None
    assert judge.number(count, 1, [Sentence("page size")], has_neighbour=True) is None
    assert judge.number(count, 3, [Sentence("page size")]) is not None


def test_many_digits_need_no_words_if_one_unfiltered_expression_fits() -> None:
    """A second behaviour, or a filter that is said, makes it two."""
    total, mean = figures("total(wired", "mean(wired")
    (part,) = figures("total(where(", conditions=(NORTH,))
    judge = Judge(said("Hello."))
    assert judge.number([total], 4) is not None
    assert judge.number([total], 3) is None
    assert judge.number([total, mean], 4) is None
    assert judge.number([total, part], 4) is not None
    assert Judge(said("The total of the north ones.")).number([total, part], 4) is None
    assert judge.number([part], 4) is None


def test_equal_points_for_two_behaviours_decide_nothing() -> None:
    """And more points do."""
    total, mean = figures("total(wired", "mean(wired")
    assert Judge(said("Total and average of the dues.")).number([total, mean], 3) is None
    found = Judge(said("The total of the dues, on average 3 crates.")).number([total], 3)
    assert found is not None
    assert found.expression is total


def test_a_filter_that_changes_nothing_decides_nothing() -> None:
    """ "The lowest north berth" is the lowest of all: it may be either tomorrow."""
    all_, north = figures("lowest(wired", conditions=(NORTH,)) + figures("lowest(where(", conditions=(NORTH,))
    judge = Judge(said("The lowest dues of the north berths."))
    assert judge.number([north], 4) is not None
    assert judge.number([all_, north], 4) is None


def test_a_record_needs_a_list_of_five() -> None:
    """In a shorter list some criterion fits each row."""
    for count in (FEWEST_ROWS - 1, FEWEST_ROWS):
        pick = picks(table(BERTHS[:count]))["largest dues 0"]
        assert bool(Judge(said("The berth with the largest dues.")).record([pick])) is (count == FEWEST_ROWS)
        assert Judge(said("The berth with the largest dues.")).key([pick]) is not None


def test_a_record_uses_every_value_that_the_sentence_says() -> None:
    """ "The largest north berth" is not the largest of all."""
    found = picks(ROWS, NORTH)
    judge = Judge(said("The north berth with the largest dues."))
    assert judge.record([found["largest dues 0"]]) is None
    assert judge.record([found["largest dues 1"]]) is not None


def test_two_sentences_with_two_reasons_decide_nothing() -> None:
    """Which of them does the call answer? The same reason twice is one."""
    found = picks(ROWS)
    two = [found["largest dues 0"], found["smallest crates 0"]]
    assert Judge(said("Open the berth with the largest dues.")).record(two) is not None
    assert Judge(said("Open the berth with the largest dues. Mark the one with the fewest crates.")).record(two) is None
    assert Judge(said("Open the berth with the largest dues. Mark it by the most dues.")).record(two) is not None


def test_a_named_record_needs_one_behaviour() -> None:
    """Nothing fits, nothing is accepted."""
    found = picks(ROWS)
    assert Judge([]).named([]) is None
    assert Judge([]).named([found["largest dues 0"]]) is not None
    assert Judge([]).named([found["largest dues 0"], found["smallest crates 0"]]) is None


def test_a_boolean_is_no_number() -> None:
    """In Python it would be."""
    assert [is_json_number(value) for value in (1, 1.5, True, "1", None)] == [True, True, False, False, False]

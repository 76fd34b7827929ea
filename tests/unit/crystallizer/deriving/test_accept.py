"""Accepting: words, digits, rivals, and the proof of several runs."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_vai.crystallizer.deriving.accept import FEWEST_ROWS, Judge
from airflow_provider_vai.crystallizer.deriving.agreement import OtherRun, ValueInRuns
from airflow_provider_vai.crystallizer.deriving.expressions import Condition, Expression, figures_of, part_of, picks_of
from airflow_provider_vai.crystallizer.deriving.sentences import Sentence, sentences_of
from airflow_provider_vai.crystallizer.deriving.tables import ResultTable
from airflow_provider_vai.crystallizer.evidence.result_values import RecordedResult
from airflow_provider_vai.languages.derivation.source import written
from tests.unit.crystallizer.deriving.made import BERTHS, said, table
from tests.unit.support import call

ROWS = table()
NORTH = Condition("quay", "North")
SIZES = [{"id": f"row-{number}", "size": size} for number, size in enumerate((31, 12, 55, 47, 20))]
SIZED = ResultTable(RecordedResult(call("look", {}, SIZES), 0, "look", "look", SIZES, frozenset()), (), SIZES)
OTHER = OtherRun({}, lambda reference: SIZES)
ANY = ValueInRuns("any")


def of_digits(count: int) -> ValueInRuns:
    """Return a number of so many significant digits, of a single run."""
    return ValueInRuns(int("1" * count))


def figures(*starts: str, conditions: tuple[Condition, ...] = ()) -> list[Expression]:
    """Return the figures of the berths whose expressions start like this."""
    found = list(figures_of(ROWS, conditions))
    return [next(one for one in found if written(one.node).startswith(start)) for start in starts]


def picks(of: ResultTable, *conditions: Condition) -> dict[str, Expression]:
    """Return the picks by what they are called."""
    found = picks_of(of, conditions)
    return {f"{one.operation} {one.fields[0]} {len(one.conditions)}": one for one in found}


def test_below_three_points_nothing_is_accepted() -> None:
    """An operation alone is two."""
    total = figures("total(wired")
    assert Judge(said("The total, please.")).number(total, of_digits(3)) is None
    assert Judge(said("The total of the dues.")).number(total, of_digits(3)) is not None


@pytest.mark.parametrize(("words", "accepted"), [("How many berths?", False), ("The number of north berths.", False)])
def test_few_digits_need_six_points(words: str, accepted: bool) -> None:
    """Or a neighbour that is proven; three digits need three points."""
    count = figures("count(")
    judge = Judge(said(words))
    assert bool(judge.number(count, of_digits(1))) is accepted
    assert judge.number(count, of_digits(1), has_neighbour=True) is not None
    assert judge.number(count, of_digits(3)) is not None


def test_few_digits_need_a_name_that_means_them() -> None:
    """A page size is no count, even beside a proven number."""
    judge = Judge(said("How many berths are there?"))
    count = figures("count(")
    assert judge.number(count, of_digits(1), [Sentence("count")], has_neighbour=True) is not None
    assert judge.number(count, of_digits(1), [Sentence("page size")], has_neighbour=True) is None
    assert judge.number(count, of_digits(3), [Sentence("page size")]) is not None


def test_many_digits_need_no_words_if_one_unfiltered_expression_fits() -> None:
    """A second behaviour, or a filter that is said, makes it two."""
    total, mean = figures("total(wired", "mean(wired")
    (part,) = figures("total(where(", conditions=(NORTH,))
    judge = Judge(said("Hello."))
    assert judge.number([total], of_digits(4)) is not None
    assert judge.number([total], of_digits(3)) is None
    assert judge.number([total, mean], of_digits(4)) is None
    assert judge.number([total, part], of_digits(4)) is not None
    assert Judge(said("The total of the north ones.")).number([total, part], of_digits(4)) is None
    assert judge.number([part], of_digits(4)) is None


def test_equal_points_for_two_behaviours_decide_nothing() -> None:
    """And more points do."""
    total, mean = figures("total(wired", "mean(wired")
    assert Judge(said("Total and average of the dues.")).number([total, mean], of_digits(3)) is None
    found = Judge(said("The total of the dues, on average 3 crates.")).number([total], of_digits(3))
    assert found is not None
    assert found.expression is total


def test_a_filter_that_changes_nothing_decides_nothing() -> None:
    """ "The lowest north berth" is the lowest of all: it may be either tomorrow."""
    all_, north = figures("lowest(wired", conditions=(NORTH,)) + figures("lowest(where(", conditions=(NORTH,))
    judge = Judge(said("The lowest dues of the north berths."))
    assert judge.number([north], of_digits(4)) is not None
    assert judge.number([all_, north], of_digits(4)) is None


def test_a_record_needs_a_list_of_five() -> None:
    """In a shorter list some criterion fits each row."""
    for count in (FEWEST_ROWS - 1, FEWEST_ROWS):
        pick = picks(table(BERTHS[:count]))["largest dues 0"]
        assert bool(Judge(said("The berth with the largest dues.")).record([pick], ANY)) is (count == FEWEST_ROWS)
        assert Judge(said("The berth with the largest dues.")).key([pick], ANY) is not None


def test_a_record_uses_every_value_that_the_sentence_says() -> None:
    """ "The largest north berth" is not the largest of all."""
    found = picks(ROWS, NORTH)
    judge = Judge(said("The north berth with the largest dues."))
    assert judge.record([found["largest dues 0"]], ANY) is None
    assert judge.record([found["largest dues 1"]], ANY) is not None


def test_two_sentences_with_two_reasons_decide_nothing() -> None:
    """Which of them does the call answer? The same reason twice is one."""
    found = picks(ROWS)
    two = [found["largest dues 0"], found["smallest crates 0"]]
    assert Judge(said("Open the berth with the largest dues.")).record(two, ANY) is not None
    assert (
        Judge(said("Open the berth with the largest dues. Mark the one with the fewest crates.")).record(two, ANY)
        is None
    )
    assert Judge(said("Open the berth with the largest dues. Mark it by the most dues.")).record(two, ANY) is not None


def test_a_named_record_needs_one_behaviour() -> None:
    """Nothing fits, nothing is accepted."""
    found = picks(ROWS)
    assert Judge([]).named([], ANY) is None
    assert Judge([]).named([found["largest dues 0"]], ANY) is not None
    assert Judge([]).named([found["largest dues 0"], found["smallest crates 0"]], ANY) is None


def figure(operation: str) -> Expression:
    """Return a figure of the table."""
    return next(one for one in figures_of(SIZED, []) if one.operation == operation)


def largest() -> Expression:
    """Return the id of the largest row."""
    return part_of(next(one for one in picks_of(SIZED, []) if one.operation == "largest"), "id")


def expected(*values: Any) -> ValueInRuns:
    """Return the value of the searched run, and of further ones."""
    return ValueInRuns(values[0], [(OTHER, value) for value in values[1:]])


@pytest.mark.parametrize(
    ("values", "tried", "accepted"),
    [
        ((165, 208), 100, True),
        ((5, 7), 20, True),
        ((5, 7), 100, False),
        ((5, 7, 9), 100, True),
        ((5, 7, 7), 100, False),  # an equal value proves nothing more
        ((165, 165), 1, False),
        ((165,), 1, False),
    ],
)
def test_digits_of_different_values_count_together(values: tuple[int, ...], tried: int, accepted: bool) -> None:
    """The more expressions were tried, the more of them are right by chance."""
    choice = Judge([]).number([figure("total")], expected(*values), tried=tried)

    assert bool(choice and choice.is_proven) == accepted


@pytest.mark.parametrize(
    ("values", "tried", "accepted"),
    [(("row-2", "row-4"), 6, True), (("row-2", "row-4"), 30, False), (("row-2", "row-4", "row-1"), 30, True)],
)
def test_records_that_any_criterion_may_pick_need_words(values: tuple[str, ...], tried: int, accepted: bool) -> None:
    """Each of five rows is the largest or smallest of something."""
    assert bool(Judge([]).record([largest()], expected(*values), tried=tried)) == accepted


def test_two_behaviours_are_open_until_words_decide() -> None:
    """Proof alone never chooses between them."""
    fits, value = [figure("total"), figure("largest")], expected(165, 208)
    silent = Judge([])
    said = Judge(sentences_of("Post the total size"))
    strict = Judge(sentences_of("Post the total size"), needs="proof")

    assert silent.number(fits, value) is None
    assert [one.operation for one in silent.open] == ["total", "largest"]
    choice = said.number(fits, value)
    assert choice is not None
    assert (choice.expression.operation, choice.is_proven) == ("total", False)
    assert strict.number(fits, value) is None


def test_words_alone_where_a_wire_fits_as_well() -> None:
    """One behaviour is not enough then: the wire is another."""
    assert Judge([], needs="words").number([figure("total")], expected(165, 208)) is None


def test_names_and_keys_are_proven_by_several_runs() -> None:
    """Without them, a name needs one behaviour, and a key needs words."""
    pick, value = largest(), expected("row-2", "row-4", "row-1")
    for decide in (Judge([]).key, Judge([]).named):
        found = decide([pick], value)
        assert found is not None
        assert found.is_proven
    assert Judge([]).key([pick], ANY) is None
    assert Judge([], needs="proof").named([pick], ANY) is None

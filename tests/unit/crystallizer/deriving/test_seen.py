"""What is kept for all calls of a turn, and what is not."""

from __future__ import annotations

from types import SimpleNamespace

from airflow_provider_vai.crystallizer.deriving.agreement import OtherRun
from airflow_provider_vai.crystallizer.deriving.seen import Asked, SeenBefore
from tests.unit.crystallizer.deriving.made import said, table


class OneTurn:
    """A run in which every call answers the same words, and has seen the same table."""

    behaviours = None

    def __init__(self, words: str) -> None:
        self.words, self.table = Asked(said(words)), table()

    def asked(self, _: object) -> Asked:
        """Return what was asked for."""
        return self.words

    def sources_before(self, _: int) -> list[object]:
        """Return no results."""
        return []

    def tables_before(self, _: int) -> list[object]:
        """Return the table."""
        return [self.table]


def seen(run: OneTurn, **more: object) -> SeenBefore:
    """Return what was seen before a call."""
    draft = SimpleNamespace(call=SimpleNamespace(batch=1, turn=0))
    return SeenBefore(run, draft, **more)  # type: ignore[arg-type]


def test_what_other_runs_need_is_not_kept_for_the_turn() -> None:
    """A search in one run finds no criterion that nobody said; a search in several runs tries all of them, and back."""
    run, others = OneTurn("Handle the berths."), [OtherRun({}, lambda reference: None)]
    for more, finds in (({}, False), ({"others": others}, True), ({}, False)):
        assert bool(seen(run, **more).picks(run.table)) is finds
    assert seen(run).picks(run.table, said("the largest: Blue Lantern")[0])


def test_each_call_has_its_own_judge() -> None:
    """What stays open for one is not open for the next."""
    run = OneTurn("Handle the berths.")
    strict = seen(run, needs="proof")
    strict.judge.open.append(run.words.picks(run.table)[0])
    assert (strict.judge.needs, seen(run).judge.needs, seen(run).judge.open) == ("proof", "either", [])
    assert seen(run).asked.figures(run.table) is seen(run).asked.figures(run.table)

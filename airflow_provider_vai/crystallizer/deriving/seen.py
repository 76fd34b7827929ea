"""What a step could have been worked out from: the tables and texts that the model had seen, and the user's words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from airflow_provider_vai.crystallizer.deriving.accept import Judge, Needs
from airflow_provider_vai.crystallizer.deriving.agreement import OtherRun, ValueInRuns
from airflow_provider_vai.crystallizer.deriving.behaviour import Behaviours
from airflow_provider_vai.crystallizer.deriving.expressions import (
    Condition,
    Expression,
    conditions_of,
    figures_of,
    filtered,
    picks_of,
    value_of,
)
from airflow_provider_vai.crystallizer.deriving.sentences import Sentence, sentences_of
from airflow_provider_vai.crystallizer.deriving.tables import ResultTable, call, tables_of
from airflow_provider_vai.crystallizer.draft import Draft
from airflow_provider_vai.crystallizer.evidence.evidence import Evidence
from airflow_provider_vai.crystallizer.evidence.result_values import RecordedResult
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.languages.places import value_or
from airflow_provider_vai.model.base import JsonPath

MOST_TABLES = 12
"""How many tables before a call are searched, the newest first."""


@dataclass
class RunTables:
    """The tables of a run, and how expressions over them behave on other data.

    :param evidence: of the run with these steps.
    """

    evidence: Evidence
    behaviours: Behaviours = field(default_factory=Behaviours)

    @cached_property
    def sources(self) -> list[RecordedResult]:
        """The results that steps can read, in the order of the calls."""
        found = {
            id(candidate.source): candidate.source
            for candidates in self.evidence.results.by_value.values()
            for candidate in candidates
            if candidate.source.step is not None
        }
        return sorted(found.values(), key=lambda source: source.position)

    @cached_property
    def tables(self) -> list[ResultTable]:
        """Every table, in the order of the calls; of equal ones of a tool, the newest."""
        newest: dict[Any, ResultTable] = {}
        for source in self.sources:
            for table in tables_of(source):
                key = (source.call.tool, table.path, json_text.digest(table.rows))
                newest.pop(key, None)
                newest[key] = table
        return list(newest.values())


@dataclass
class SeenBefore:
    """What the model had seen before one call, and what other runs of the task have in its place.

    :param others: the other runs that made the step; none if one run is searched by itself.
    :param needs: what accepts an expression in several runs, see :class:`~.accept.Judge`.
    """

    run: RunTables
    draft: Draft
    others: Sequence[OtherRun] = ()
    needs: Needs = "either"
    _made: dict[tuple[str, int], list[Any]] = field(default_factory=dict)

    @cached_property
    def sentences(self) -> list[Sentence]:
        """The user's sentences in the turn that the call answers."""
        return sentences_of(self.run.evidence.timeline.user_text(self.draft.call))

    @cached_property
    def judge(self) -> Judge:
        """Decides between expressions by these sentences."""
        return Judge(self.sentences, self.run.behaviours, self.needs)

    def expected(self, value: Any, at: JsonPath) -> ValueInRuns:
        """Return a recorded value together with what the other runs have in its place.

        :param value: the value. :param at: its place, the argument's name first.
        """
        return ValueInRuns(value, [(run, value_or(run.values, at)) for run in self.others])

    @cached_property
    def sources(self) -> list[RecordedResult]:
        """The results, the newest first."""
        return [source for source in reversed(self.run.sources) if source.call.batch < self.draft.call.batch]

    @cached_property
    def tables(self) -> list[ResultTable]:
        """The newest tables, the newest first."""
        seen = [table for table in self.run.tables if table.source.call.batch < self.draft.call.batch]
        return seen[: -MOST_TABLES - 1 : -1]

    def was_said(self, value: Any) -> bool:
        """Return whether the user or the instructions said a value."""
        return self.run.evidence.timeline.people_said(self.draft.call, value) is not None

    def conditions(self, table: ResultTable) -> list[Condition]:
        """Return the filters of a table that the user said."""
        return self._once("conditions", table, lambda: conditions_of(table, self.sentences))

    def figures(self, table: ResultTable) -> list[Expression]:
        """Return the figures of a table, under these filters."""
        return self._once("figures", table, lambda: figures_of(table, self.conditions(table)))

    def picks(self, table: ResultTable) -> list[Expression]:
        """Return the records of a table that a criterion picks, under these filters."""
        return self._once("picks", table, lambda: picks_of(table, self.conditions(table)))

    def lists(self, table: ResultTable) -> list[Expression]:
        """Return the columns of text of a table, under these filters."""
        return self._once("lists", table, lambda: self._columns(table))

    def _once(self, name: str, table: ResultTable, make: Callable[[], Any]) -> list[Any]:
        key = (name, id(table))
        if key not in self._made:
            self._made[key] = list(make())
        return self._made[key]

    def _columns(self, table: ResultTable) -> Iterator[Expression]:
        for chosen, rows, _ in filtered(table, self.conditions(table)):
            for column in table.of_type("text"):
                node = call("pluck", rows=rows, field=column)
                yield Expression(table, node, value_of(node, table), "list", (column,), chosen)

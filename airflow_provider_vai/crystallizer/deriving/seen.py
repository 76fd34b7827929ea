"""What a step could have been worked out from: the tables and texts that the model had seen, and the user's words."""

from __future__ import annotations

from bisect import bisect_left
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
from airflow_provider_vai.model.run import ToolCall

MOST_SOURCES = 20
"""How many results before a call are searched for an address, the newest first."""

MOST_TABLES = 12
"""How many tables before a call are searched, the newest first."""


@dataclass
class Asked:
    """What the user asked for in one turn, and what the tables give under these words, for every call of the turn.

    :param sentences: the user's sentences.
    """

    sentences: list[Sentence]
    _made: dict[tuple[str, int], list[Any]] = field(default_factory=dict)

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

    def named(self, table: ResultTable) -> list[Expression]:
        """Return the records of a table that are the only ones under the filters and names that the user said."""
        return self._once("named", table, lambda: self._only(table))

    @cached_property
    def has_criterion(self) -> bool:
        """Whether a sentence has a word for a criterion."""
        return any(sentence.has_criterion for sentence in self.sentences)

    def _once(self, name: str, table: ResultTable, make: Callable[[], Any]) -> list[Any]:
        key = (name, id(table))
        if key not in self._made:
            self._made[key] = list(make())
        return self._made[key]

    def _only(self, table: ResultTable) -> Iterator[Expression]:
        for chosen, rows, kept in filtered(table, [*self.conditions(table), *self._names(table)]):
            if chosen and len(kept) == 1:
                yield Expression(table, call("only", rows=rows), kept[0], conditions=chosen)

    def _names(self, table: ResultTable) -> Iterator[Condition]:
        """Yield the filters for texts that one record has, and that the user said."""
        for column in table.of_type("text"):
            for value in table.columns[column] if column not in table.categories else ():
                if len(value) > 1 and any(sentence.says(value) for sentence in self.sentences):
                    yield Condition(column, value)

    def _columns(self, table: ResultTable) -> Iterator[Expression]:
        for chosen, rows, _ in filtered(table, self.conditions(table)):
            for column in table.of_type("text"):
                node = call("pluck", rows=rows, field=column)
                yield Expression(table, node, value_of(node, table), "list", (column,), chosen)


class RunTables:
    """The tables of a run, and what the user asked for in each of its turns.

    :param evidence: of the run with these steps.
    """

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.behaviours = Behaviours()
        self._asked: dict[int, Asked] = {}

    @cached_property
    def sources(self) -> list[RecordedResult]:
        """The results that steps can read, in the order of the batches."""
        return sorted(self.evidence.results.readable, key=lambda source: (source.call.batch, source.position))

    @cached_property
    def tables(self) -> list[ResultTable]:
        """Every table, in the order of the batches; of equal ones of a tool, the newest."""
        newest: dict[Any, ResultTable] = {}
        for source in self.sources:
            for table in tables_of(source):
                key = (source.call.tool, table.path, json_text.digest(table.rows))
                newest.pop(key, None)
                newest[key] = table
        return list(newest.values())

    def sources_before(self, batch: int) -> list[RecordedResult]:
        """Return the newest results before a batch, the newest first."""
        end = bisect_left(self._source_batches, batch)
        return self.sources[max(0, end - MOST_SOURCES) : end][::-1]

    def tables_before(self, batch: int) -> list[ResultTable]:
        """Return the newest tables before a batch, the newest first."""
        end = bisect_left(self._table_batches, batch)
        return self.tables[max(0, end - MOST_TABLES) : end][::-1]

    def asked(self, call_: ToolCall) -> Asked:
        """Return what the user asked for in the turn that a call answers."""
        if call_.turn not in self._asked:
            self._asked[call_.turn] = Asked(sentences_of(self.evidence.timeline.user_text(call_)))
        return self._asked[call_.turn]

    def turns_until(self, call_: ToolCall) -> list[Asked]:
        """Return what the user asked for in every turn up to that of a call."""
        known = self.evidence.run.turns
        for turn in known:
            if turn.index not in self._asked:
                self._asked[turn.index] = Asked(sentences_of(turn.user_text))
        return [self._asked[turn.index] for turn in known if turn.index <= call_.turn]

    @cached_property
    def _source_batches(self) -> list[int]:
        return [source.call.batch for source in self.sources]

    @cached_property
    def _table_batches(self) -> list[int]:
        return [table.source.call.batch for table in self.tables]


class SeenBefore:
    """What the model had seen before one call, and what other runs of the task have in its place.

    :param others: the other runs that made the step; none if one run is searched by itself.
    :param needs: what accepts an expression in several runs, see :class:`~.accept.Judge`.
    :param hints: what a person says about the value now. They count more than the sentences of the recording.
    """

    def __init__(
        self,
        run: RunTables,
        draft: Draft,
        others: Sequence[OtherRun] = (),
        *,
        needs: Needs = "either",
        hints: Sequence[str] = (),
    ) -> None:
        self.run, self.draft, self.others = run, draft, others
        self.hints = sentences_of(*hints)
        self.asked = Asked([*run.asked(draft.call).sentences, *self.hints]) if hints else run.asked(draft.call)
        self.judge = Judge(self.asked.sentences, run.behaviours, needs, self.hints)
        self.sources = run.sources_before(draft.call.batch)
        self.tables = run.tables_before(draft.call.batch)

    @cached_property
    def said_before(self) -> list[Sentence]:
        """The sentences of the user in every turn up to that of the call."""
        return [one for turn in self.run.turns_until(self.draft.call) for one in turn.sentences]

    def expected(self, value: Any, at: JsonPath) -> ValueInRuns:
        """Return a recorded value together with what the other runs have in its place.

        :param value: the value. :param at: its place, the argument's name first.
        """
        return ValueInRuns(value, [(run, value_or(run.values, at)) for run in self.others])

    def picks(self, table: ResultTable, around: Sentence | None = None) -> Sequence[Expression]:
        """Return the records of a table that a criterion picks; none if one run is searched, and no criterion is said.

        :param around: the text that the value is written in, which may say the criterion as well.
        """
        is_said = self.asked.has_criterion or (around is not None and around.has_criterion)
        found = self.asked.picks(table) if self.others or is_said else []
        return [*found, *self.named(table)] if self.hints else found

    def named(self, table: ResultTable) -> list[Expression]:
        """Return the records of a table that are the only ones with what the user or the hints say about them."""
        return self.asked.named(table)

    def was_said(self, value: Any) -> bool:
        """Return whether the user or the instructions said a value."""
        return self.run.evidence.timeline.people_said(self.draft.call, value) is not None

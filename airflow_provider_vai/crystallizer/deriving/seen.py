"""What a step could have been worked out from: the tables and texts that the model had seen, and the user's words."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from airflow_provider_vai.crystallizer.deriving.accept import Judge
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
from airflow_provider_vai.model.run import ToolCall

MOST_SOURCES = 20
"""How many results before a call are searched for an address, the newest first."""

CRITERIA = ("largest", "smallest", "latest", "earliest")
MOST_TABLES = 12
"""How many tables before a call are searched, the newest first."""


@dataclass
class Asked:
    """What the user asked for in one turn, and what the tables give under these words.

    :param sentences: the user's sentences.
    :param judge: decides between expressions by them.
    """

    sentences: list[Sentence]
    judge: Judge
    _made: dict[tuple[str, int], list[Any]] = field(default_factory=dict)

    def conditions(self, table: ResultTable) -> list[Condition]:
        """Return the filters of a table that the user said."""
        return self._once("conditions", table, lambda: conditions_of(table, self.sentences))

    def figures(self, table: ResultTable) -> list[Expression]:
        """Return the figures of a table, under these filters."""
        return self._once("figures", table, lambda: figures_of(table, self.conditions(table)))

    def picks(self, table: ResultTable) -> list[Expression]:
        """Return the records of a table that a criterion picks, under these filters; none if no criterion is said."""
        return self._once(
            "picks", table, lambda: picks_of(table, self.conditions(table)) if self._has_criterion else ()
        )

    def lists(self, table: ResultTable) -> list[Expression]:
        """Return the columns of text of a table, under these filters."""
        return self._once("lists", table, lambda: self._columns(table))

    @cached_property
    def _has_criterion(self) -> bool:
        return any(sentence.has(word) for sentence in self.sentences for word in CRITERIA)

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
        found = {
            id(candidate.source): candidate.source
            for candidates in self.evidence.results.by_value.values()
            for candidate in candidates
            if candidate.source.step is not None
        }
        return sorted(found.values(), key=lambda source: (source.call.batch, source.position))

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
            sentences = sentences_of(self.evidence.timeline.user_text(call_))
            self._asked[call_.turn] = Asked(sentences, Judge(sentences, self.behaviours))
        return self._asked[call_.turn]

    @cached_property
    def _source_batches(self) -> list[int]:
        return [source.call.batch for source in self.sources]

    @cached_property
    def _table_batches(self) -> list[int]:
        return [table.source.call.batch for table in self.tables]


class SeenBefore:
    """What the model had seen before one call: results, tables, and what people had said."""

    def __init__(self, run: RunTables, draft: Draft) -> None:
        self.run, self.draft = run, draft
        self.asked = run.asked(draft.call)
        self.sources = run.sources_before(draft.call.batch)
        self.tables = run.tables_before(draft.call.batch)

    def was_said(self, value: Any) -> bool:
        """Return whether the user or the instructions said a value."""
        return self.run.evidence.timeline.people_said(self.draft.call, value) is not None

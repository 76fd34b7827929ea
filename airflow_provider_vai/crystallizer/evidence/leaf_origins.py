"""Finds the origin of each plain value in the arguments: the user, the instructions, an earlier result or the model.

The earliest source counts: if a result contained a value before the user repeated it, its origin is the result. In long
arguments only the first values are traced (:data:`MOST_LEAVES`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property, partial
from typing import Any, NamedTuple

from airflow_provider_vai.crystallizer.draft import Draft
from airflow_provider_vai.crystallizer.evidence.result_values import ResultIndex, is_recorded, place_text, source_text
from airflow_provider_vai.crystallizer.evidence.said_index import SaidIndex
from airflow_provider_vai.crystallizer.evidence.timeline import Timeline
from airflow_provider_vai.crystallizer.evidence.value_places import leaves
from airflow_provider_vai.crystallizer.evidence.weight import weight
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.model.argument import Argument, Origin
from airflow_provider_vai.model.base import JsonPath
from airflow_provider_vai.model.run import Run, ToolCall

MOST_LEAVES = 200
"""The most values of one argument that are traced; a data set is judged by its first values."""

CONSTANT = "set by the action kind or the tools file, not by the recorded call"
DEFAULT = "the action kind's default"
HIDDEN = "a credential, stored in a connection"


class TracedOrigin(NamedTuple):
    """Where a value comes from.

    :param origin: the origin.
    :param evidence: where it was found, for people.
    :param call_id: the id of the call whose result contained it, if the origin is ``tool_output``.
    """

    origin: Origin
    evidence: str
    call_id: str | None = None


class LeafOrigin:
    """The origin of one value. It is looked for when it is first asked for: nobody asks where a wired value is from.

    :param at: the value's place in the argument.
    :param find: finds the origin.
    """

    def __init__(self, at: JsonPath, find: Callable[[], TracedOrigin]) -> None:
        self.at, self._find = at, find

    @cached_property
    def found(self) -> TracedOrigin:
        """The origin with its evidence."""
        return self._find()


CONSTANT_TEXT = [LeafOrigin([], lambda: TracedOrigin("constant", CONSTANT))]
"""The origin of a text that the recorded call did not give. It is the same object for all arguments."""


class Tracer:
    """Traces values to their origins; the run's texts and results are indexed once for all drafts.

    :param run: the recorded run.
    :param timeline: the run's timeline.
    :param results: the run's results as later steps can read them.
    """

    def __init__(self, run: Run, timeline: Timeline, results: ResultIndex) -> None:
        self.timeline, self.results = timeline, results
        self.sent: dict[str, ToolCall] = {}  # by value as canonical JSON: the first call with it in its arguments
        for call in run.calls:
            for _, part in leaves(call.arguments):
                self.sent.setdefault(json_text.canonical(part), call)
        self._traced: dict[tuple[str, str], list[LeafOrigin]] = {}

    def trace(self, draft: Draft, name: str) -> list[LeafOrigin]:
        """Return the origin of each plain value in an argument of a draft, including its secrets.

        The result is cached, because it does not depend on wires and params.
        """
        if (draft.key, name) not in self._traced:
            is_constant = isinstance(value := draft.values[name], str) and not (
                is_recorded(draft, value) or (name in draft.arguments and draft.arguments[name].secrets)
            )
            self._traced[draft.key, name] = CONSTANT_TEXT if is_constant else list(self._trace(draft, name))
        return self._traced[draft.key, name]

    def _trace(self, draft: Draft, name: str) -> Iterator[LeafOrigin]:
        argument = draft.arguments.get(name) or Argument.frozen(draft.values[name])
        hidden = [secret.at for secret in argument.secrets]
        given = is_recorded(draft, draft.values[name])
        for number, (at, value) in enumerate(leaves(draft.values[name])):
            if number >= MOST_LEAVES:
                return
            if not at and value in ({}, []):  # an empty argument has no values to trace
                return
            if at in hidden:
                yield LeafOrigin(at, lambda: TracedOrigin("secret", HIDDEN))
            elif not given:
                yield LeafOrigin(at, lambda: TracedOrigin("constant", CONSTANT))
            else:
                yield LeafOrigin(at, partial(self._first, draft, name, at, value))

    def _first(self, draft: Draft, name: str, at: JsonPath, value: Any) -> TracedOrigin:
        call = draft.call
        if self._is_default(draft, name, at, value):
            return TracedOrigin("constant", DEFAULT)
        if self.timeline.system.says(value):
            return TracedOrigin("system", "given in the instructions")
        turn = self.timeline.turn_of(call, value)
        output = self._output(draft, value)
        if output and (turn is None or output[0].turn < turn):
            again = "" if turn is None else f", repeated by the user in turn {turn}"
            line = f"from {output[1]} (call {place_text([output[0].id])}){again}"
            return TracedOrigin("tool_output", line, output[0].id)
        if turn is not None:
            return TracedOrigin("user", f"given by the user in turn {turn}")
        return TracedOrigin("model", self._invented(call, value))

    def _output(self, draft: Draft, value: Any) -> tuple[ToolCall, str] | None:
        """Return the first call whose result contained the value, and where: as a value, or inside a text."""
        if weight(value) in ("nothing", "flag"):
            return None
        equal = next(self.results.equal_to(value, draft), None)
        if equal:
            return equal.source.call, source_text(equal)
        if weight(value) != "strong":  # short values appear in many texts by chance
            return None
        call = self._texts.first(value, draft.call.batch)
        return (call, f"inside the result of {place_text([call.tool])}") if call else None

    @cached_property
    def _texts(self) -> SaidIndex[ToolCall]:
        """The results as texts. A result that only repeats an argument of its own call does not count."""
        entries = ((call.batch, call, text) for call, text in self.timeline.results)
        return SaidIndex(entries, lambda call, value: not _is_own(call, value))

    def _invented(self, call: ToolCall, value: Any) -> str:
        if weight(value) in ("nothing", "flag"):
            return "written by the model, or too small to trace"
        earlier = self.sent.get(json_text.canonical(value))
        if earlier is None or earlier.batch >= call.batch:
            return "written by the model; not found earlier in the run"
        return f"written by the model, first for {place_text([earlier.tool])} (call {place_text([earlier.id])})"

    def _is_default(self, draft: Draft, name: str, at: JsonPath, value: Any) -> bool:
        if at:
            return False
        fields = draft.kind.arguments.model_fields
        default = draft.kind.defaults.get(name, fields[name].default if name in fields else None)
        return default is not None and type(default) is type(value) and bool(default == value)


def _is_own(call: ToolCall, value: Any) -> bool:
    if not isinstance(call.arguments, dict):
        return False
    return any(type(part) is type(value) and part == value for _, part in leaves(call.arguments))

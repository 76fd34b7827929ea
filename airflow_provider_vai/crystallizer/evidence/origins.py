"""Who said each value of the arguments first: the user, the instructions, an earlier result, nobody but the model.

First is a matter of position: what a result said before the user repeated it is the result's. Only plain values are
traced; of long arguments the first ones (see :data:`MOST_LEAVES`). The argument's ``origin`` is set where all of its
values agree, and is ``secret`` where one of them is; the evidence names each place with its origin, credentials masked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from airflow_provider_vai.crystallizer.draft import Draft
from airflow_provider_vai.crystallizer.evidence.result_values import is_recorded, known, place_text, source_text
from airflow_provider_vai.crystallizer.evidence.timeline import Timeline
from airflow_provider_vai.crystallizer.evidence.value_places import leaves
from airflow_provider_vai.crystallizer.evidence.weight import weight
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.model.automation import Argument, Origin
from airflow_provider_vai.model.base import Path
from airflow_provider_vai.model.run import Run, ToolCall

MOST_LEAVES = 200
"""Values of one argument that are traced; a data set is judged by its first ones."""

MOST_LINES = 20
"""Lines of evidence for one argument."""

CONSTANT = "of the kind or the tools file, not of the recorded call"
DEFAULT = "what the kind takes where nothing is given"
HIDDEN = "a credential, kept in a connection"


@dataclass(frozen=True)
class LeafOrigin:
    """Who said one value first.

    :param at: its place in the argument. :param evidence: where, for people. :param call_id: the call whose result
        said it, for ``tool_output``.
    """

    at: Path
    origin: Origin
    evidence: str
    call_id: str | None = None


def origins(drafts: Sequence[Draft], run: Run) -> list[Draft]:
    """Return the drafts with the origin of each argument, and the evidence for it after that of its wires.

    :param drafts: with their wires made, if they are to have any; in the order of the run's calls.
    """
    tracer = Tracer(drafts, run)
    return [replace(draft, arguments=dict(_arguments(draft, tracer))) for draft in drafts]


class Tracer:
    """The run's texts and results, read once for all drafts."""

    def __init__(self, drafts: Sequence[Draft], run: Run) -> None:
        self.timeline, self.known = Timeline(run), known(drafts, run)
        self.positions = {id(call): number for number, call in enumerate(run.calls)}
        self.sent: dict[str, ToolCall] = {}  # of each value, as canonical JSON, the first call that had it
        for call in run.calls:
            for _, part in leaves(call.arguments):
                self.sent.setdefault(json_text.canonical(part), call)

    def trace(self, draft: Draft, name: str) -> Iterator[LeafOrigin]:
        """Yield the origin of each plain value in an argument of a draft, those of its secrets among them."""
        argument = draft.arguments.get(name) or Argument.frozen(draft.values[name])
        hidden = [secret.at for secret in argument.secrets]
        given = is_recorded(draft, draft.values[name])
        for number, (at, value) in enumerate(leaves(draft.values[name])):
            if number >= MOST_LEAVES:
                return
            if not at and value in ({}, []):  # no arguments at all: nobody had to say anything
                return
            if at in hidden:
                yield LeafOrigin(at, "secret", HIDDEN)
            elif not given:
                yield LeafOrigin(at, "constant", CONSTANT)
            else:
                yield self._first(draft, name, at, value)

    def _first(self, draft: Draft, name: str, at: Path, value: Any) -> LeafOrigin:
        call = draft.call
        if self._is_default(draft, name, at, value):
            return LeafOrigin(at, "constant", DEFAULT)
        if self.timeline.system.says(value):
            return LeafOrigin(at, "system", "said by the instructions")
        turn = next((index for index, said in self.timeline.turns if index <= call.turn and said.says(value)), None)
        output = self._output(draft, value)
        if output and (turn is None or output[0].turn < turn):
            again = "" if turn is None else f", repeated by the user in turn {turn}"
            line = f"from {output[1]} (call {place_text([output[0].id])}){again}"
            return LeafOrigin(at, "tool_output", line, output[0].id)
        if turn is not None:
            return LeafOrigin(at, "user", f"said by the user in turn {turn}")
        return LeafOrigin(at, "model", self._invented(call, value))

    def _output(self, draft: Draft, value: Any) -> tuple[ToolCall, str] | None:
        """Return the first result that said the value, and where: at a place of its own, or inside a text."""
        if weight(value) in ("nothing", "flag"):
            return None
        equal = self.known.equal_to(value, draft, self.positions[id(draft.call)])
        if equal:
            return equal[0].source.call, source_text(equal[0])
        if weight(value) != "strong":  # a short value stands in any longer text
            return None
        for call, said in self.timeline.results_before(draft.call):
            if said.says(value) and not _is_own(call, value):
                return call, f"inside the result of {place_text([call.tool])}"
        return None

    def _invented(self, call: ToolCall, value: Any) -> str:
        if weight(value) in ("nothing", "flag"):
            return "the model's own, or too little to be traced"
        earlier = self.sent.get(json_text.canonical(value))
        if earlier is None or earlier.batch >= call.batch:
            return "the model's own: nobody said it before"
        return f"the model's own, first an argument of {place_text([earlier.tool])} (call {place_text([earlier.id])})"

    def _is_default(self, draft: Draft, name: str, at: Path, value: Any) -> bool:
        if at:
            return False
        fields = draft.kind.arguments.model_fields
        default = draft.kind.defaults.get(name, fields[name].default if name in fields else None)
        return default is not None and type(default) is type(value) and bool(default == value)


def _arguments(draft: Draft, tracer: Tracer) -> Iterator[tuple[str, Argument]]:
    for name, argument in draft.arguments.items():
        if name not in draft.values:
            yield name, argument
            continue
        wired = [wire.at for wire in argument.wires if wire.from_] + ([[]] if argument.from_ else [])
        traced = list(tracer.trace(draft, name))
        rest = [leaf for leaf in traced if not any(leaf.at[: len(at)] == at for at in wired)]
        found: set[Origin] = {leaf.origin for leaf in rest}
        found |= {"tool_output"} if wired else set()
        agreed: Origin | None = "secret" if "secret" in found else next(iter(found)) if len(found) == 1 else None
        fields: dict[str, Any] = {"evidence": [*argument.evidence, *_lines(rest)], "origin": agreed}
        yield name, argument.model_copy(update=fields)


def _lines(traced: Sequence[LeafOrigin]) -> list[str]:
    """Return a line for each origin, with the places that share it."""
    places: dict[str, list[str]] = {}
    for leaf in traced:
        places.setdefault(leaf.evidence, []).append(place_text(leaf.at))
    lines = []
    for evidence, named in places.items():
        shown = ", ".join(named[:5]) + (f" and {len(named) - 5} more" if len(named) > 5 else "")
        lines.append(f"{shown}: {evidence}")
    more = [f"and {len(lines) - MOST_LINES} more origins"] if len(lines) > MOST_LINES else []
    return lines[:MOST_LINES] + more


def _is_own(call: ToolCall, value: Any) -> bool:
    if not isinstance(call.arguments, dict):
        return False
    return any(type(part) is type(value) and part == value for _, part in leaves(call.arguments))

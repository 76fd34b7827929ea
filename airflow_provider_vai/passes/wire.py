"""Which arguments are an earlier step's result, passed on unchanged.

A value is wired only when it equals the whole result, or the ``rows``, of exactly one earlier call that the model could
have seen, and neither the user nor the instructions said it first. What equals several results stays frozen, and the
candidates are listed. Numbers and short words say nothing about where they come from and stay frozen, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from airflow_provider_vai import json_text
from airflow_provider_vai.automation import Argument, Output, Path, Wire
from airflow_provider_vai.passes.draft import Draft, said_by_people
from airflow_provider_vai.passes.redact import mask
from airflow_provider_vai.run import Run, ToolCall

SHORTEST_TEXT = 4  # characters; see the statistics of argument origins: shorter values cannot be traced
TABLE_KEYS = {"columns", "rows", "row_count"}  # what a step of a table kind leaves


@dataclass(frozen=True)
class _Candidate:
    """A recorded result, or its rows, that an argument may equal; ``step`` is ``None`` where its call is no step."""

    call: ToolCall
    step: str | None
    path: tuple[str, ...]


def wire(drafts: Sequence[Draft], run: Run) -> list[Draft]:
    """Return the drafts with each proven argument wired to the step that it comes from."""
    steps = {id(draft.call): draft for draft in drafts}
    known: dict[str, list[_Candidate]] = {}
    for call in run.calls:
        if call.outcome == "success":
            _learn(call, steps.get(id(call)), known)
    return [_with_wires(draft, known, said_by_people(draft, run)) for draft in drafts]


def _learn(call: ToolCall, draft: Draft | None, known: dict[str, list[_Candidate]]) -> None:
    """Note what a later argument may equal. A call that is no step counts, too: it makes the origin ambiguous."""
    result = call.result
    rows = result.get("rows") if isinstance(result, dict) else None
    found: list[tuple[Any, tuple[str, ...]]] = []
    if draft is None or draft.kind.result == "as_recorded":
        found = [(result, ()), (rows, ("rows",))]
    elif draft.kind.result == "rows" and isinstance(result, dict):
        found = [(rows, ("rows",)), *([(result, ())] if set(result) == TABLE_KEYS else [])]
    elif draft.kind.result == "rows":
        found = [(result, ("rows",))]
    for value, path in found:
        if _says_something(value):
            candidate = _Candidate(call, draft.key if draft else None, path)
            known.setdefault(json_text.digest(value), []).append(candidate)


def _says_something(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) >= SHORTEST_TEXT
    return isinstance(value, (dict, list)) and bool(value)


def _with_wires(draft: Draft, known: dict[str, list[_Candidate]], said: str) -> Draft:
    if not known:
        return draft
    arguments = dict(draft.arguments)
    for name, argument in draft.arguments.items():
        if name in draft.kind.never_wired or argument.secrets:
            continue
        search = _Search(known, said, draft.call.batch)
        rest = search.without_wires(argument.value, [])
        evidence = [mask(f"call {candidate.call.id}") for candidate in search.used] + search.undecided
        if search.wires and not search.wires[0].at:
            arguments[name] = Argument(
                class_="wired", from_=search.wires[0].from_, origin="tool_output", evidence=evidence
            )
        elif search.wires:
            arguments[name] = Argument(class_="wired", value=rest, wires=search.wires, evidence=evidence)
        elif evidence:
            arguments[name] = Argument(class_="frozen", value=argument.value, evidence=evidence)
    return replace(draft, arguments=arguments)


class _Search:
    """One walk over an argument, largest values first: the wires found, and what stayed undecided."""

    def __init__(self, known: dict[str, list[_Candidate]], said: str, batch: int) -> None:
        self.known, self.said, self.batch = known, said, batch
        self.wires: list[Wire] = []
        self.used: list[_Candidate] = []
        self.undecided: list[str] = []

    def without_wires(self, value: Any, at: Path) -> Any:
        """Return ``value`` with ``None`` at each wired place."""
        candidates = self._candidates(value)
        said = isinstance(value, str) and value in self.said
        if len(candidates) == 1 and candidates[0].step and not said:
            self.used.append(candidates[0])
            self.wires.append(Wire(at=at, from_=Output(step=candidates[0].step, path=list(candidates[0].path))))
            return None
        if len(candidates) > 1 and not said:
            origins = ", ".join(candidate.step or f"call {mask(candidate.call.id)}" for candidate in candidates)
            place = mask(".".join(map(str, at))) or "the value"
            self.undecided.append(f"{place} equals the results of {origins}: left frozen")
        if isinstance(value, dict):
            return {key: self.without_wires(part, [*at, key]) for key, part in value.items()}
        if isinstance(value, list):
            return [self.without_wires(part, [*at, index]) for index, part in enumerate(value)]
        return value

    def _candidates(self, value: Any) -> list[_Candidate]:
        """Return the results that ``value`` equals, of calls whose results the model had before it made this call."""
        if not _says_something(value):
            return []
        found = self.known.get(json_text.digest(value), [])
        return [candidate for candidate in found if candidate.call.batch < self.batch]

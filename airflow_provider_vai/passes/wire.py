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
from airflow_provider_vai.passes.draft import Draft
from airflow_provider_vai.run import Run

SHORTEST_TEXT = 4  # characters; see the statistics of argument origins: shorter values cannot be traced
TABLE_KEYS = {"columns", "rows", "row_count"}  # what a step of a table kind leaves


@dataclass(frozen=True)
class _Candidate:
    draft: Draft
    path: tuple[str, ...]


def wire(drafts: Sequence[Draft], run: Run) -> list[Draft]:
    """Return the drafts with each proven argument wired to the step that it comes from."""
    wired: list[Draft] = []
    known: dict[str, list[_Candidate]] = {}
    waiting: list[Draft] = []
    for draft in drafts:
        if waiting and waiting[0].call.batch != draft.call.batch:  # calls of one batch cannot see each other's results
            for earlier in waiting:
                _learn(earlier, known)
            waiting = []
        wired.append(_with_wires(draft, known, _said_before(draft, run)))
        waiting.append(draft)
    return wired


def _learn(draft: Draft, known: dict[str, list[_Candidate]]) -> None:
    result = draft.call.result
    rows = result.get("rows") if isinstance(result, dict) else None
    found: list[tuple[Any, tuple[str, ...]]] = []
    if draft.kind.result == "as_recorded":
        found = [(result, ()), (rows, ("rows",))]
    elif draft.kind.result == "rows" and isinstance(result, dict):
        found = [(rows, ("rows",)), *([(result, ())] if set(result) == TABLE_KEYS else [])]
    elif draft.kind.result == "rows":
        found = [(result, ("rows",))]
    for value, path in found:
        if _says_something(value):
            known.setdefault(json_text.digest(value), []).append(_Candidate(draft, path))


def _says_something(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) >= SHORTEST_TEXT
    return isinstance(value, (dict, list)) and bool(value)


def _said_before(draft: Draft, run: Run) -> str:
    texts = [turn.user_text for turn in run.turns if turn.index <= draft.call.turn]
    return "\n".join(text for text in [run.system_text, *texts] if text)


def _with_wires(draft: Draft, known: dict[str, list[_Candidate]], said: str) -> Draft:
    if not known:
        return draft
    arguments = dict(draft.arguments)
    for name, argument in draft.arguments.items():
        if name in draft.kind.never_wired or argument.secrets:
            continue
        search = _Search(known, said)
        rest = search.without_wires(argument.value, [])
        evidence = [f"call {candidate.draft.call.id}" for candidate in search.used] + search.undecided
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

    def __init__(self, known: dict[str, list[_Candidate]], said: str) -> None:
        self.known, self.said = known, said
        self.wires: list[Wire] = []
        self.used: list[_Candidate] = []
        self.undecided: list[str] = []

    def without_wires(self, value: Any, at: Path) -> Any:
        """Return ``value`` with ``None`` at each wired place."""
        if _says_something(value):
            candidates = self.known.get(json_text.digest(value), [])
            if len(candidates) == 1 and not (isinstance(value, str) and value in self.said):
                self.used.append(candidates[0])
                self.wires.append(
                    Wire(at=at, from_=Output(step=candidates[0].draft.key, path=list(candidates[0].path)))
                )
                return None
            if len(candidates) > 1:
                steps = ", ".join(candidate.draft.key for candidate in candidates)
                self.undecided.append(
                    f"{'.'.join(map(str, at)) or 'the value'} equals the results of {steps}: left frozen"
                )
        if isinstance(value, dict):
            return {key: self.without_wires(part, [*at, key]) for key, part in value.items()}
        if isinstance(value, list):
            return [self.without_wires(part, [*at, index]) for index, part in enumerate(value)]
        return value

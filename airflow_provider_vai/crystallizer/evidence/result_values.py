"""What an argument may equal: every place in every earlier result, found by value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from airflow_provider_vai.crystallizer.draft import Draft
from airflow_provider_vai.crystallizer.evidence.timeline import TOKEN, stands_in
from airflow_provider_vai.crystallizer.evidence.value_places import ValuePlace, places
from airflow_provider_vai.crystallizer.evidence.weight import weight
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.model.run import Run, ToolCall
from airflow_provider_vai.model.step_result import mapped_result
from airflow_provider_vai.secrets.masking import mask

SHORTEST_PART = 6
"""Characters of a value that is looked for inside longer texts: shorter ones stand there by chance."""


@dataclass(frozen=True)
class RecordedResult:
    """A recorded result as a later step will find it.

    :param call: the call that it is of. :param position: the call's place in the run.
    :param step: the step's key, ``None`` where the call is no step or the step leaves something else.
    :param name: of the step or the call, for people. :param left: what the step leaves.
    :param own: its arguments and all their parts, as canonical JSON.
    """

    call: ToolCall
    position: int
    step: str | None
    name: str
    left: Any
    own: frozenset[str]


@dataclass(frozen=True)
class Candidate:
    """A place in a source that a value equals."""

    source: RecordedResult
    place: ValuePlace


@dataclass
class ResultIndex:
    """The candidates by value; a call's result that only repeats the call's own argument is none.

    ``settled``: of each step whose wires are made, the values in its arguments that stay frozen, as canonical JSON.
    """

    by_value: dict[str, list[Candidate]] = field(default_factory=dict)
    settled: dict[str, frozenset[str]] = field(default_factory=dict)

    @cached_property
    def by_token(self) -> dict[str, list[str]]:
        """The texts that may be looked for inside longer ones, by their first run of letters and digits."""
        made: dict[str, list[str]] = {}
        for candidates in self.by_value.values():
            value = candidates[0].place.value
            if isinstance(value, str) and len(value) >= SHORTEST_PART and weight(value) == "strong":
                made.setdefault(next(iter(TOKEN.findall(value)), ""), []).append(value)
        return made

    def equal_to(self, value: Any, draft: Draft, position: int) -> list[Candidate]:
        """Return what ``value`` equals of results that the model had before it made the draft's call, in order."""
        wanted = json_text.canonical(value)
        return [
            candidate
            for candidate in self.by_value.get(wanted, [])
            if candidate.source.call.batch < draft.call.batch
            and candidate.source.position < position
            and wanted not in candidate.source.own
        ]


def known(drafts: Sequence[Draft], run: Run) -> ResultIndex:
    """Return what is known of the run's results. A call that is no step counts, too: it makes an origin ambiguous.

    The results of a loop are one list, which is there when its last call is.
    """
    steps = {id(draft.calls[-1]): draft for draft in drafts}
    inside = {id(call) for draft in drafts for call in draft.calls[:-1]}
    found = ResultIndex()
    for position, call in enumerate(run.calls):
        if call.outcome == "success" and call.result is not None and id(call) not in inside:
            for candidate in _candidates(call, position, steps.get(id(call))):
                found.by_value.setdefault(json_text.canonical(candidate.place.value), []).append(candidate)
    return found


def source_text(candidate: Candidate, path: Sequence[str | int] | None = None) -> str:
    """Return a candidate as text for people: ``search_files[text:yaml][name=x][id_]``, credentials masked."""
    way = [str(part)[:60] for part in (candidate.place.path if path is None else path)]
    return mask(candidate.source.name + "".join(part if part.startswith("[") else f"[{part}]" for part in way))


def place_text(at: Sequence[str | int]) -> str:
    """Return a place in an argument as text for people."""
    return mask(".".join(str(part)[:60] for part in at)) or "the value"


def is_recorded(draft: Draft, value: Any) -> bool:
    """Return whether a value is one of the recorded arguments, or all of them (of a kind that passes them on).

    Others are the kind's, the tools file's, or drawn from the result.
    """
    recorded = draft.call.arguments
    if not isinstance(recorded, dict):
        return False
    wanted = json_text.canonical(value)
    same = any(json_text.canonical(part) == wanted for part in recorded.values())
    return same or (draft.kind.wraps and isinstance(value, dict))


def _candidates(call: ToolCall, position: int, draft: Draft | None) -> list[Candidate]:
    step, left, made_up = _left(call, draft)
    name = draft.key if draft else f"call {call.id} ({call.tool})"
    arguments = [one.arguments for one in (draft.calls if draft else [call]) if isinstance(one.arguments, dict)]
    own = frozenset(part for value in arguments for part in _parts(value))
    source = RecordedResult(call, position, step, name, left, own)
    found = [place for place in places(left) if place.path or not made_up]
    keys = {part for place in found for part in place.path if isinstance(part, str)}
    secret = {key for key in keys if mask(key) != key}  # no file may hold the way to such a place
    return [Candidate(source, place) for place in found if secret.isdisjoint(place.path)]


def _left(call: ToolCall, draft: Draft | None) -> tuple[str | None, Any, bool]:
    """Return the step's key, where wires can rest on it, what the step leaves, and whether no call's result is that."""
    if draft is None or draft.kind.result is None:
        return None, call.result, False
    left = mapped_result(draft.kind, [one.result for one in draft.calls])
    if left is None:
        return None, call.result, False
    if draft.each:
        return draft.key, left, draft.kind.result == "rows"
    return draft.key, left[0], left[0] is not call.result


def _parts(value: Any) -> list[str]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [json_text.canonical(value), *(text for part in inner for text in _parts(part))] if value != {} else []


def texts_in(found: ResultIndex, draft: Draft, position: int, within: str) -> list[tuple[str, Candidate]]:
    """Return the texts of earlier results that stand inside a longer text of the draft, the longest first."""
    inside: list[tuple[str, Candidate]] = []
    for token in dict.fromkeys(TOKEN.findall(within)):
        for value in found.by_token.get(token, ()):
            earlier = found.equal_to(value, draft, position) if len(value) < len(within) else []
            if earlier and stands_in(value, within):
                inside.append((value, earlier[0]))
    inside.sort(key=lambda pair: -len(pair[0]))
    return [pair for number, pair in enumerate(inside) if not any(pair[0] in longer for longer, _ in inside[:number])]

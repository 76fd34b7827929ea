"""Turns calls of one tool, one for each element of an earlier list, into one step that is mapped over the list.

This needs a complete proof. The calls are consecutive, and there are as many as the list has elements. Every value in
which they differ equals the same place in the element with the call's index. With the recorded list, each mapped call
is then exactly the recorded one. Small numbers and booleans prove nothing by themselves.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby
from typing import Any

from airflow_provider_vai.crystallizer.draft import Draft
from airflow_provider_vai.crystallizer.evidence.evidence import Evidence
from airflow_provider_vai.crystallizer.evidence.result_values import Candidate, ResultIndex, place_text, source_text
from airflow_provider_vai.crystallizer.evidence.timeline import Timeline
from airflow_provider_vai.crystallizer.evidence.value_places import ValuePlace, leaves, only_items, places
from airflow_provider_vai.crystallizer.evidence.weight import kinship, weight
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.languages.places import value_at, with_value
from airflow_provider_vai.model.argument import Argument, Output, Wire

FEWEST = 2
"""The fewest calls in a loop; a single call for a list with one element proves nothing."""


@dataclass(frozen=True)
class _Loop:
    """A list and, for each place in the arguments where the calls differ, the place in the list's elements."""

    source: Candidate
    places: dict[tuple[str | int, ...], tuple[str | int, ...]]


class _Lists:
    """The lists in the results, indexed by their length and by the values in their first element."""

    def __init__(self, results: ResultIndex) -> None:
        self._results = results

    def that_begin_with(self, value: Any, drafts: Sequence[Draft]) -> Iterator[Candidate]:
        """Yield the lists in earlier steps' results with one element for each draft and the value in the first one."""
        batch = drafts[0].call.batch
        for candidate in self._by_content.get((len(drafts), json_text.canonical(value)), ()):
            if candidate.source.call.batch < batch:
                yield candidate

    @cached_property
    def _by_content(self) -> dict[tuple[int, str], list[Candidate]]:
        found: dict[tuple[int, str], list[Candidate]] = {}
        for candidates in self._results.by_value.values():
            elements = candidates[0].place.value
            if isinstance(elements, list) and len(elements) >= FEWEST:
                of_steps = [candidate for candidate in candidates if candidate.source.step is not None]
                for content in {json_text.canonical(place.value) for place in _plain(elements[0])}:
                    found.setdefault((len(elements), content), []).extend(of_steps)
        return found


def loops(drafts: Sequence[Draft], evidence: Evidence, apart: Collection[str] = ()) -> list[Draft]:
    """Return the drafts with each proven loop replaced by one draft.

    :param drafts: the drafts in the order of the run's calls, without wires.
    :param evidence: the evidence of the run with these steps.
    :param apart: keys of drafts that do not start a loop: their calls stay separate steps.
    """
    lists = _Lists(evidence.results)
    made: list[Draft] = []
    for _, group in groupby(drafts, key=_tool):
        calls = list(group)
        loop = _loop(calls, lists, evidence.timeline) if len(calls) >= FEWEST and calls[0].key not in apart else None
        made += [_mapped(calls, loop)] if loop else calls
    return made


def _tool(draft: Draft) -> Any:
    return draft.call.tool, draft.call.server, draft.kind.name, draft.effect, sorted(draft.arguments)


def _loop(drafts: Sequence[Draft], lists: _Lists, timeline: Timeline) -> _Loop | None:
    values = [{name: argument.value for name, argument in draft.arguments.items()} for draft in drafts]
    if any(argument.secrets for draft in drafts for argument in draft.arguments.values()):
        return None
    differing = _differing(values)
    if not differing or any(at[0] in drafts[0].kind.never_wired for at in differing):
        return None
    turns = [[value_at(value, at) for value in values] for at in differing]
    if any(
        timeline.people_said(draft.call, part) for parts in turns for draft, part in zip(drafts, parts, strict=True)
    ):
        return None  # the values come from the user, not from the list
    sources = lists.that_begin_with(turns[0][0], drafts)
    proven = [loop for source in sources if (loop := _explained(source, differing, turns)) is not None]
    return proven[-1] if len({loop.source.source.call.tool for loop in proven}) == 1 else None


def _differing(values: Sequence[dict[str, Any]]) -> list[tuple[str | int, ...]]:
    """Return the places where the arguments differ; an empty list if they do not have the same places."""
    written = [{tuple(at): json_text.canonical(part) for at, part in leaves(value)} for value in values]
    if any(entry.keys() != written[0].keys() for entry in written):
        return []
    return [at for at in written[0] if len({entry[at] for entry in written}) > 1]


def _explained(source: Candidate, differing: Sequence[tuple[str | int, ...]], turns: list[list[Any]]) -> _Loop | None:
    ways, is_proven = {}, False
    for at, parts in zip(differing, turns, strict=True):
        name = next((part for part in reversed(at) if isinstance(part, str)), "")
        place = next(_ways(source.place.value, name, parts), None)
        if place is None:
            return None
        ways[at] = place.path
        is_distinctive = all(weight(part) not in ("nothing", "flag", "count") for part in parts)
        is_proven = is_proven or is_distinctive or kinship(name, place.key) > 0
    return _Loop(source, ways) if is_proven else None


def _ways(elements: list[Any], name: str, parts: list[Any]) -> Iterator[ValuePlace]:
    """Yield the places at which each element contains its call's value; places with the argument's name come first."""
    wanted = [json_text.canonical(part) for part in parts]
    for place in sorted(_plain(elements[0]), key=lambda place: -kinship(name, place.key)):
        if [_canonical_at(element, place.path) for element in elements] == wanted:
            yield place._replace(path=only_items(place))


def _plain(element: Any) -> list[ValuePlace]:
    return [place for place in places(element) if not any(str(part).startswith("text:") for part in place.path)]


def _canonical_at(element: Any, path: Sequence[str | int]) -> str | None:
    try:
        return json_text.canonical(value_at(element, path))
    except LookupError:
        return None


def _mapped(drafts: Sequence[Draft], loop: _Loop) -> Draft:
    """Return the draft of the mapped step; its recorded values are those of the first call."""
    first, source = drafts[0], loop.source
    line = f"each element of {source_text(source)} (call {place_text([source.source.call.id])}), in order"
    arguments = dict(first.arguments)
    for name, argument in first.arguments.items():
        here = {at[1:]: way for at, way in loop.places.items() if at[0] == name}
        if () in here:
            element = Output(path=list(here[()]))
            arguments[name] = Argument(class_="wired", from_=element, origin="tool_output", evidence=[line])
        elif here:
            value = argument.value
            for at in here:
                value = with_value(value, at, None)
            wires = [Wire(at=list(at), from_=Output(path=list(way))) for at, way in here.items()]
            evidence = [f"{place_text(at)}: {line}" for at in here]
            arguments[name] = Argument(class_="wired", value=value, wires=wires, evidence=evidence)
    each = Output(step=source.source.step, path=list(only_items(source.place)))
    repeats = tuple(draft.call for draft in drafts[1:])
    return replace(first, arguments=arguments, each=each, repeats=repeats)

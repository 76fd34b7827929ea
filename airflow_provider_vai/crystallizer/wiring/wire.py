"""Wires arguments to the results of earlier steps.

A value is wired if three conditions are met. It equals one place in one earlier result that the model had seen. It is
distinctive enough to prove that it comes from there (see
:mod:`~airflow_provider_vai.crystallizer.evidence.weight`). Neither the user nor the instructions said it. If several
places fit, these rules choose one, in this order. If none of them decides, the value stays frozen and its candidates
are listed for review:

1. a place in a record that another wire of the step reads;
2. a place with the same name, then one with a related name (``file_id`` and ``id``), then one in the result of a tool
   that is named after the argument (``get_channels`` and ``channel``), then one in the result of a call that has
   another value of the step as an argument (its order's number);
3. the newest result of one tool, if all candidates are at the same place in its results;
4. a place in a record that a person named (``[filename=bill.txt]``), if only one candidate is in such a record.

In a step that writes, a value that only its position in a list identifies stays frozen. In another run a different
record may be at that position, such as someone else's account.

Every wire is checked by substitution: filled in with the recorded results, it must give exactly the recorded argument.
Otherwise it is dropped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

from airflow_provider_vai.crystallizer.draft import Draft
from airflow_provider_vai.crystallizer.evidence.evidence import Evidence
from airflow_provider_vai.crystallizer.evidence.result_values import place_text, source_text
from airflow_provider_vai.crystallizer.evidence.timeline import unique
from airflow_provider_vai.crystallizer.evidence.value_places import leaves
from airflow_provider_vai.crystallizer.wiring.search import Chosen, Search
from airflow_provider_vai.languages import json_text, result_path
from airflow_provider_vai.languages.places import with_value
from airflow_provider_vai.model.argument import Argument, Output, Undecided, Wire as SpecWire

MOST_WIRES = 24
"""An argument with more wires than this is a selection from data and stays frozen: positions cannot repeat it."""

MOST_NOTES = 10
"""The most undecided places that are listed for one argument."""

MOST_TEXTS = 200
"""The most values of one argument that are searched for parts of earlier results."""

MOST_PARTS = 3
"""The most parts of earlier results that are listed for one argument."""


def wire(drafts: Sequence[Draft], evidence: Evidence) -> list[Draft]:
    """Return the drafts with each proven argument wired to the step that it comes from.

    :param drafts: the drafts in the order of the run's calls.
    :param evidence: the evidence of the run with these steps.
    """
    if not evidence.results.by_value:
        return list(drafts)
    made = []
    settled: dict[str, frozenset[str]] = {}
    for draft in drafts:
        made.append(_with_wires(draft, evidence, settled))
        settled[draft.key] = _frozen(made[-1])
    return made


def _with_wires(draft: Draft, evidence: Evidence, settled: Mapping[str, frozenset[str]]) -> Draft:
    search = Search(draft, evidence.results, evidence.timeline, settled, MOST_WIRES)
    open_ = {
        name: argument
        for name, argument in draft.arguments.items()
        if name not in draft.kind.never_wired and not argument.secrets and argument.class_ == "frozen"
    }
    search.look({name: argument.value for name, argument in open_.items()})
    changed = {name: _argument(name, argument, search) for name, argument in open_.items()}
    return draft.with_arguments({**draft.arguments, **changed})


def _frozen(draft: Draft) -> frozenset[str]:
    """Return the plain values in a draft's arguments that no wire fills in, as canonical JSON."""
    values = [argument.value for argument in draft.arguments.values() if not argument.from_]
    return frozenset(json_text.canonical(part) for value in values for _, part in leaves(value))


def _argument(name: str, argument: Argument, search: Search) -> Argument:
    wires = _outermost([chosen for chosen in search.chosen if chosen.at[0] == name and _is_proven(chosen)])
    undecided = _few([place for owner, place in search.undecided if owner == name], MOST_NOTES, "places")
    if len(wires) > MOST_WIRES:
        sources = unique([chosen.candidate.source.step or "" for chosen in wires])
        undecided = [
            Undecided(at=[], code="many_sources", evidence=[f"more than {MOST_WIRES} in {', '.join(sources)}"])
        ]
        wires = []
    undecided += _parts(name, argument.value, wires, search)
    notes: dict[str, Any] = {
        "evidence": [line for chosen in wires for line in _evidence(chosen)],
        "undecided": undecided,
    }
    if not wires:
        return Argument(class_="frozen", value=argument.value, **notes) if undecided else argument
    if len(wires[0].at) == 1:
        return Argument(class_="wired", from_=_output(wires[0]), origin="tool_output", **notes)
    rest = argument.value
    for chosen in wires:
        rest = with_value(rest, chosen.at[1:], None)
    inner = [SpecWire(at=list(chosen.at[1:]), from_=_output(chosen)) for chosen in wires]
    return Argument(class_="wired", value=rest, wires=inner, **notes)


def _outermost(wires: Sequence[Chosen]) -> list[Chosen]:
    """Return the wires without those inside another wire, which was found later and covers more."""
    return [
        inner
        for inner in wires
        if not any(len(outer.at) < len(inner.at) and inner.at[: len(outer.at)] == outer.at for outer in wires)
    ]


def _is_proven(chosen: Chosen) -> bool:
    """Return whether the path in the recorded result leads to exactly the recorded value."""
    try:
        value = result_path.follow(chosen.candidate.source.left, chosen.path)
    except LookupError:
        return False
    return json_text.canonical(value) == json_text.canonical(chosen.value)


def _output(chosen: Chosen) -> Output:
    return Output(step=chosen.candidate.source.step, path=list(chosen.path))


def _evidence(chosen: Chosen) -> list[str]:
    place, call = place_text(chosen.at[1:]), chosen.candidate.source.call
    source = source_text(chosen.candidate, chosen.path[:-1] if chosen.is_checked else chosen.path)
    line = f"{place}: from {source} (call {place_text([call.id])}); {chosen.why}"
    if not chosen.lengths:
        return [line]
    return [f"{line}; selected by its position in a list of {' and of '.join(map(str, chosen.lengths))}"]


def _parts(name: str, value: Any, wires: Sequence[Chosen], search: Search) -> list[Undecided]:
    """Return the places whose text contains the text of an earlier result together with other text."""
    found = []
    for at, text in islice(leaves(value, [name]), MOST_TEXTS):
        if isinstance(text, str) and not any(at[: len(chosen.at)] == chosen.at for chosen in wires):
            for part, candidate in search.results.texts_in(text, search.draft):
                if search.timeline.people_said(search.draft.call, part) is None:
                    found.append(Undecided(at=at[1:], code="text_of_result", evidence=[source_text(candidate)]))
    return _few(found, MOST_PARTS, "parts of earlier results")


def _few(places: list[Undecided], most: int, what: str) -> list[Undecided]:
    rest = f"{len(places) - most} more {what}"
    return places[:most] + ([Undecided(at=[], code="more_places", evidence=[rest])] if len(places) > most else [])

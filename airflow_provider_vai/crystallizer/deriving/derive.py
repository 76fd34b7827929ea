"""Replaces values that the model worked out by expressions that work them out again, where words and digits prove it.

What is accepted from one run is a proposal: it is used, and listed for review with what else would fit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from airflow_provider_vai.crystallizer.deriving.asked_names import AskedStep, asked_names
from airflow_provider_vai.crystallizer.deriving.search import ArgumentSearch, DerivedPlace
from airflow_provider_vai.crystallizer.deriving.seen import RunTables, SeenBefore
from airflow_provider_vai.crystallizer.deriving.stale import stale_texts
from airflow_provider_vai.crystallizer.deriving.two_reasons import is_picked_elsewhere
from airflow_provider_vai.crystallizer.draft import Draft
from airflow_provider_vai.crystallizer.evidence.evidence import Evidence
from airflow_provider_vai.crystallizer.evidence.result_values import place_text
from airflow_provider_vai.crystallizer.gate_facts import ONE_RUN
from airflow_provider_vai.crystallizer.wiring.settle import frozen_at
from airflow_provider_vai.languages.derivation.words import words
from airflow_provider_vai.languages.places import value_at, with_value
from airflow_provider_vai.model.argument import Argument, Undecided, Wire
from airflow_provider_vai.model.base import JsonPath
from airflow_provider_vai.model.review_codes import PICKED_BY_CRITERION, STALE
from airflow_provider_vai.secrets.masking import mask, masked

SHOWN_RIVALS = 3
PICKED = "another sentence of the user fits the same record"


def derive(
    recorded: Sequence[Draft], wired: Sequence[Draft], settled: Sequence[Draft], evidence: Evidence
) -> list[Draft]:
    """Return the wired drafts with each value that is worked out as a derivation. They are not settled yet.

    What may be worked out are the places that settling leaves open. But what settling took back stays wired for now: it
    was frozen beside values that are worked out here, and may follow the data together with them.

    :param recorded: the drafts before wires were made. :param wired: the same drafts with their wires, in order.
    :param settled: the same drafts with the wires that are left when these are settled.
    :param evidence: of the run, with these drafts as its steps.
    """
    run = RunTables(evidence)
    if not run.sources:
        return list(wired)
    results = {source.step: source.left for source in run.sources}
    earlier: dict[str, AskedStep] = {}
    made = []
    for before, draft, calm in zip(recorded, wired, settled, strict=True):
        values = {name: argument.value for name, argument in before.arguments.items()}
        one = _with_asked_names(_derived(before, draft, calm, SeenBefore(run, draft)), values, earlier)
        made.append(one)
        if one.each is None and one.key in results:
            earlier[one.key] = AskedStep(one, values, results[one.key])
    return made


def _with_asked_names(draft: Draft, values: Mapping[str, Any], earlier: Mapping[str, AskedStep]) -> Draft:
    """Return the draft with its wires to a record that a search was asked for following the name of the search."""
    arguments = dict(draft.arguments)
    for name in draft.arguments if draft.each is None else ():
        if places := asked_names(name, draft, values[name], earlier):
            arguments[name] = _argument(arguments[name], values[name], places)
    return draft.with_arguments(arguments)


def _derived(before: Draft, draft: Draft, calm: Draft, seen: SeenBefore) -> Draft:
    if draft.each is not None or not seen.sources:
        return draft
    arguments = {}
    for name, argument in draft.arguments.items():
        if name in draft.kind.never_wired or argument.secrets or argument.class_ not in ("frozen", "wired"):
            continue
        recorded = before.arguments[name].value
        search = ArgumentSearch(seen, [[name, *at] for at, _ in calm.arguments[name].placed_outputs()])
        places = list(search.within(recorded, [name]))
        base = calm.arguments[name] if _is_inside(places, argument) else argument
        kept = _with_held(_without_ambiguous_names(base, recorded, seen), recorded, search.held)
        derived = _argument(kept, recorded, places) if places else kept
        arguments[name] = _with_stale_texts(derived, name, seen)
    return draft.with_arguments({**draft.arguments, **arguments})


def _without_ambiguous_names(argument: Argument, recorded: Any, seen: SeenBefore) -> Argument:
    """Return the argument without wires to a record that is named in one sentence and fits a criterion of another."""
    for at, output in argument.placed_outputs():
        if is_picked_elsewhere(seen, output.step, output.path):
            argument = frozen_at(argument, at, value_at(recorded, at), "named_and_picked", PICKED)
    return argument


def _with_held(argument: Argument, recorded: Any, held: Sequence[DerivedPlace]) -> Argument:
    """Return the argument with the places listed that only a criterion of one run gives, where nothing is wired."""
    wired = [at for at, _ in argument.placed_outputs()]
    for one in held:
        place = one.at[1:]
        if any(_overlap(at, place) for at in wired):
            continue
        candidates = [Wire(at=place, derive=one.node)] if masked(one.node) == one.node else []
        found = Undecided(at=place, code=PICKED_BY_CRITERION, evidence=[mask(words(one.node))], candidates=candidates)
        others = [other for other in argument.undecided if list(other.at) != list(place)]
        argument = argument.changed(undecided=[*others, found])
    return argument


def _with_stale_texts(argument: Argument, name: str, seen: SeenBefore) -> Argument:
    """Return the argument with its texts listed that repeat the recorded day's figures; reads send no texts."""
    if seen.draft.effect == "read" or argument.is_filled_in:
        return argument
    found = [
        Undecided(at=at[1:], code=STALE, evidence=[mask(", ".join(figures))])
        for at, figures in stale_texts(argument.value, name, seen)
    ]
    return argument.changed(undecided=[*argument.undecided, *found]) if found else argument


def _argument(argument: Argument, recorded: Any, places: Sequence[DerivedPlace]) -> Argument:
    notes: dict[str, Any] = {
        "evidence": [*argument.evidence, *(_evidence(one) for one in places)],
        "undecided": [
            place
            for place in argument.undecided
            if not any(list(place.at[: len(one.at) - 1]) == list(one.at[1:]) for one in places)
        ],
    }
    if len(places[0].at) == 1:
        return Argument(class_="derived", value=recorded, derive=places[0].node, **notes)
    value = argument.value
    for one in places:
        value = with_value(value, one.at[1:], None)
    kept = [wire for wire in argument.wires if not any(_overlap(wire.at, one.at[1:]) for one in places)]
    wires = [*kept, *(Wire(at=list(one.at[1:]), derive=one.node) for one in places)]
    return Argument(class_="wired", value=value, wires=wires, **notes)


def _is_inside(places: Sequence[DerivedPlace], argument: Argument) -> bool:
    """Return whether one of the places is inside a value that is wired as a whole."""
    wires = [wire.at for wire in argument.wires]
    inside = any(len(at) < len(one.at) - 1 and _overlap(at, one.at[1:]) for one in places for at in wires)
    return inside or bool(places and argument.from_)


def _overlap(at: JsonPath, other: JsonPath) -> bool:
    """Return whether one of two places is in the other."""
    shorter = min(len(at), len(other))
    return list(at[:shorter]) == list(other[:shorter])


def _evidence(one: DerivedPlace) -> str:
    """Return the reasons as a line for people."""
    rivals = [words(rival.node) for accepted in one.accepted for rival in accepted.rivals][:SHOWN_RIVALS]
    points = min((accepted.points for accepted in one.accepted), default=0)
    line = f"{place_text(one.at[1:])}: {words(one.node)}; {ONE_RUN}"
    line += f" by the user's words ({points} points)" if points else ", the only expression that fits"
    return mask(f"{line}; also fits: {'; '.join(rivals)}" if rivals else line)

"""Lifts arguments that should vary between runs into date templates and DAG params.

Values that come from an earlier step stay wired. A date becomes a template if that is proven (see
:mod:`crystallizer.parameters.dates`). Either all dates of the run become templates or none does, so that a new title
never appears over old figures and a period's start and end always match. Other whole values that the user said first
become DAG params, with the recorded value as the default. A value that decides *what* runs becomes neither. A value
does not become a param

- in a step that writes without a gate, because anyone who starts a run could redirect it;
- if the same value is frozen in another place (in a statement, a longer text or the path of a wire), or if a later step
  repeats something that depends on it (a name from its result, a model's sentences about it): a run with a different
  value would mix recorded and new values;
- if the substitution proof fails. With the default, every argument must be exactly the recorded one. With a second
  value, only the expected places may change, and the kind must accept it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from airflow_provider_vai.crystallizer.draft import Draft
from airflow_provider_vai.crystallizer.evidence.evidence import Evidence
from airflow_provider_vai.crystallizer.evidence.result_values import place_text
from airflow_provider_vai.crystallizer.evidence.weight import kinship, weight
from airflow_provider_vai.crystallizer.parameters.date_algebra import Clock, tokens
from airflow_provider_vai.crystallizer.parameters.date_words import Meaning, meanings
from airflow_provider_vai.crystallizer.parameters.dates import Dated, EarlierText, clock_of, dated, unexplained
from airflow_provider_vai.crystallizer.parameters.names import ParamNames
from airflow_provider_vai.crystallizer.parameters.places import Stays, siblings, spots
from airflow_provider_vai.crystallizer.parameters.proof import is_proven, takes_another
from airflow_provider_vai.crystallizer.parameters.spot import Spot, shown
from airflow_provider_vai.crystallizer.parameters.user_values import decides, may_be_asked_for, schema_of
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.languages.places import value_at, with_value
from airflow_provider_vai.model.argument import Argument, Undecided, Wire
from airflow_provider_vai.model.automation import Param
from airflow_provider_vai.model.review_item import ReviewItem, review_item
from airflow_provider_vai.model.run import Run


@dataclass
class Plan:
    """The planned params and templates by the step's key, with evidence and undecided places for the reviewer."""

    wires: dict[str, list[Wire]] = field(default_factory=dict)
    lines: dict[tuple[str, str], dict[str, list[str]]] = field(default_factory=dict)
    undecided: dict[tuple[str, str], list[Undecided]] = field(default_factory=dict)

    def fill(self, spot: Spot, **source: str) -> None:
        """Plan a param or a template for a place.

        :param source: ``param`` with the param's name, or ``template`` with the Jinja template.
        """
        self.wires.setdefault(spot.draft.key, []).append(Wire(at=list(spot.at), **source))

    def say(self, spot: Spot, line: str) -> None:
        """Add a line of evidence for a place. Places of one argument with the same line share it."""
        lines = self.lines.setdefault((spot.draft.key, str(spot.at[0])), {})
        lines.setdefault(line, []).append(spot.place)

    def leave(self, spot: Spot, code: str, *evidence: str) -> None:
        """Leave a place frozen for a reviewer to decide."""
        undecided = self.undecided.setdefault((spot.draft.key, str(spot.at[0])), [])
        undecided.append(Undecided(at=list(spot.at[1:]), code=code, evidence=list(evidence)))


@dataclass
class Words:
    """The user's words up to each turn, and the days that they may mean; each turn is read only once."""

    run: Run
    _read: dict[int, tuple[str, list[Meaning]]] = field(default_factory=dict)

    def up_to(self, turn: int) -> tuple[str, list[Meaning]]:
        """Return the user's words up to and including a turn, and every day that they may mean."""
        if turn not in self._read:
            earlier = [request for request in self.run.turns if request.index <= turn]
            text = "\n".join(request.user_text for request in earlier if request.user_text)
            self._read[turn] = text, meanings(text)
        return self._read[turn]


def parameters(
    drafts: Sequence[Draft], evidence: Evidence, guarded: Collection[str]
) -> tuple[list[Draft], dict[str, Param], list[ReviewItem]]:
    """Return the drafts with date templates and params, the params by name, and the review notes.

    Notes about single places are in the evidence and the undecided places of their arguments.

    :param drafts: the drafts with their wires, in the order of the run's calls.
    :param evidence: the evidence of the run with these steps. If the run has no start time, no date becomes a template.
    :param guarded: the keys of the steps that a gate guards.
    :return: the drafts, the params in the order of their first use, and the notes.
    """
    plan, words, clock = Plan(), Words(evidence.run), clock_of(evidence.run)
    every = list(spots(drafts, evidence.tracer))
    rest = _plan_dates(every, drafts, words, clock, plan)
    params = _plan_params(rest, Stays(drafts, every, plan.wires), words, guarded, plan)
    notes = [review_item("params", names=list(params))] if params else []
    defaults = {name: param.default for name, param in params.items()}
    return [_with_plan(draft, plan, defaults, clock) for draft in drafts], params, notes


def _plan_dates(
    every: Sequence[Spot], drafts: Sequence[Draft], words: Words, clock: Clock | None, plan: Plan
) -> list[Spot]:
    """Plan the date templates, and return the places that get none."""
    found = [(spot, _dated(spot, words, clock)) for spot in every]
    moving = [spot for spot, date in found if date and date.template and not decides(spot.draft, spot.at)]
    moving_keys = {spot.key for spot in moving}
    reason = _why_not_all(moving, found, drafts, words) if moving else None
    for spot, date in found:
        if date is None:
            continue
        if spot.key not in moving_keys and (date.template is None) == decides(spot.draft, spot.at):
            continue  # in a statement, only proven dates are worth a review item
        if spot.key in moving_keys and not reason:
            plan.fill(spot, template=date.template or "")
            plan.say(spot, date.line)
        elif spot.key in moving_keys:
            plan.leave(spot, "date_stays_with_others", date.line, reason or "")
        else:
            plan.leave(spot, "date_decides" if decides(spot.draft, spot.at) else date.code, date.line)
    return [spot for spot in every if reason or spot.key not in moving_keys]


def _why_not_all(
    moving: Sequence[Spot], found: Sequence[tuple[Spot, Dated | None]], drafts: Sequence[Draft], words: Words
) -> str | None:
    """Return why no date may become a template: a related date, or a value that depends on them, would stay frozen."""
    steps = {spot.draft.key for spot in moving}
    moving_keys = {spot.key for spot in moving}
    for spot, date in found:
        if (
            spot.key in moving_keys
            or not isinstance(spot.value, str)
            or spot.leaf.found.origin in ("constant", "secret")
        ):
            continue
        same_step = spot.draft.key in steps and unexplained(spot.value, words.up_to(spot.draft.call.turn)[0])
        if same_step or (date and date.is_said):
            return f"{shown(spot)} has a date that stays frozen"
    obstacle = Stays(drafts, [spot for spot, _ in found], {}).behind_dates(moving)
    return obstacle.what if obstacle else None


def _dated(spot: Spot, words: Words, clock: Clock | None) -> Dated | None:
    if not isinstance(spot.value, str) or spot.leaf.found.origin in ("constant", "secret"):
        return None
    elsewhere = "a value of an earlier result" if spot.leaf.found.origin == "tool_output" else None
    if spot.leaf.found.origin == "system" and not (clock and spot.value == clock.today().isoformat()):
        elsewhere = "exactly the day in the instructions"
    text, meant = words.up_to(spot.draft.call.turn)
    name = "until" if _ends_a_pair(spot) else spot.name
    return dated(spot.value, name, EarlierText(text, meant, elsewhere), clock)


def _ends_a_pair(spot: Spot) -> bool:
    """Return whether a value is the second of two dates in a list, and so the end of a period."""
    if spot.at[-1] != 1:
        return False
    pair = value_at(spot.draft.values, spot.at[:-1])
    return len(pair) == 2 and isinstance(pair[0], str) and bool(tokens(pair[0]))


def _plan_params(
    rest: Sequence[Spot], stays: Stays, words: Words, guarded: Collection[str], plan: Plan
) -> dict[str, Param]:
    names, params = ParamNames(), dict[str, Param]()
    wanted = [spot for spot in rest if _is_wanted(spot, words)]
    keys = {spot.key for spot in wanted}
    wanted = [spot for spot in wanted if keys.issuperset(siblings(spot))]
    for asked in _by_value(wanted):
        unguarded = [spot for spot in asked if spot.draft.effect == "write" and spot.draft.key not in guarded]
        for spot in unguarded:
            plan.leave(spot, "param_without_gate")
        obstacle = None if unguarded else stays.beside(asked) or stays.behind(asked)
        if obstacle:
            plan.leave(asked[0], obstacle.code, obstacle.what)
        if unguarded or obstacle or not _is_one_thing(asked) or not takes_another(asked):
            continue
        name = names.give(asked[0].at, asked[0].draft.key)
        params[name] = _param(asked[0])
        for spot in asked:
            plan.fill(spot, param=name)
    return params


def _is_wanted(spot: Spot, words: Words) -> bool:
    if spot.leaf.found.origin != "user" or decides(spot.draft, spot.at):
        return False
    return may_be_asked_for(spot.value, spot.at, words.up_to(spot.draft.call.turn)[0])


def _by_value(wanted: Sequence[Spot]) -> list[list[Spot]]:
    found: dict[str, list[Spot]] = {}
    for spot in wanted:
        found.setdefault(json_text.canonical(spot.value), []).append(spot)
    return list(found.values())


def _is_one_thing(asked: Sequence[Spot]) -> bool:
    """Return whether equal values are the same thing. Plain words and numbers must also have matching names."""
    if weight(asked[0].value) in ("strong", "date"):
        return True
    return all(kinship(asked[0].name, spot.name) >= 2 for spot in asked)


def _param(spot: Spot) -> Param:
    """Return a param. Whoever starts a DAG run reads its description as plain text, in Airflow's form."""
    where = f"{place_text(spot.at[1:] or spot.at)} of the step {spot.draft.key}"
    description = f"{where}; by default what the user wanted in the recorded run"
    return Param(default=spot.value, description=description, schema_=schema_of(spot.value))


def _with_plan(draft: Draft, plan: Plan, defaults: Mapping[str, Any], clock: Clock | None) -> Draft:
    arguments = {}
    for name, argument in draft.arguments.items():
        wires = [wire for wire in plan.wires.get(draft.key, ()) if wire.at[0] == name]
        if not wires and (draft.key, name) not in plan.lines and (draft.key, name) not in plan.undecided:
            arguments[name] = argument
            continue
        made = _with_wires(argument, [wire.model_copy(update={"at": wire.at[1:]}) for wire in wires])
        if wires and not is_proven(made, draft.values[name], defaults, clock):
            raise AssertionError(f"{draft.key}.{name}: not the recorded argument")  # pragma: no cover - proven before
        lines = [f"{', '.join(at)}: {line}" for line, at in plan.lines.get((draft.key, name), {}).items()]
        undecided = plan.undecided.get((draft.key, name), [])
        evidence = [*argument.evidence, *lines]
        kept = made.changed(evidence=evidence, undecided=[*made.undecided, *undecided])
        arguments[name] = kept if lines or undecided else made
    return draft.with_arguments(arguments)


def _with_wires(argument: Argument, inner: list[Wire]) -> Argument:
    """Return an argument with params and templates added to its wires."""
    if not inner:
        return argument
    filled = [wire.at for wire in inner]
    kept: dict[str, Any] = {
        "evidence": argument.evidence,
        "undecided": [place for place in argument.undecided if not any(place.at[: len(at)] == at for at in filled)],
    }
    if not inner[0].at:
        if inner[0].param is not None:
            return Argument(class_="parameter", param=inner[0].param, **kept)
        return Argument(class_="template", value=inner[0].template, **kept)
    value = argument.value
    for wire in inner:
        value = with_value(value, wire.at, None)
    return Argument(class_="wired", value=value, wires=[*argument.wires, *inner], **kept)

"""Which arguments another run may want otherwise: dates that follow from its own, and values that the user gave.

A value that an earlier step gives stays wired. A date becomes a template where that is proven (see
:mod:`crystallizer.parameters.dates`), and all dates of the run move together or none does: no new title over old
figures, no period with a new begin and an old end. Else a whole value that the user said first becomes a DAG param,
with the recorded value as its default. Neither where it decides *what* runs, and no param

- in a step that changes something outside and has no gate: whoever may start a run could send it somewhere else;
- where the same value also stands where it must stay (in a statement, in a longer text, in the way to a wired value),
  or where a later step repeats what came of it (a name from its result, a model's sentences about it): a run with
  another one would be half the recorded one and half a new one;
- that does not pass the substitution proof: with the default every argument is the recorded one, byte by byte; with a
  second value only the expected places change, and the kind takes it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
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
from airflow_provider_vai.model.automation import Argument, Param, Undecided, Wire
from airflow_provider_vai.model.review_item import ReviewItem, review_item
from airflow_provider_vai.model.run import Run


@dataclass
class Plan:
    """What is to stand at which places, by the step's key, and what a reviewer reads of it."""

    wires: dict[str, list[Wire]] = field(default_factory=dict)
    lines: dict[tuple[str, str], dict[str, list[str]]] = field(default_factory=dict)
    undecided: dict[tuple[str, str], list[Undecided]] = field(default_factory=dict)

    def fill(self, spot: Spot, **source: str) -> None:
        """Let a param or a template stand at a place, the argument's name first."""
        self.wires.setdefault(spot.draft.key, []).append(Wire(at=list(spot.at), **source))

    def say(self, spot: Spot, line: str) -> None:
        """Note a line about a place; places of one argument share it."""
        said = self.lines.setdefault((spot.draft.key, str(spot.at[0])), {})
        said.setdefault(line, []).append(spot.place)

    def leave(self, spot: Spot, code: str, *evidence: str) -> None:
        """Leave a place frozen, and to a reviewer."""
        left = self.undecided.setdefault((spot.draft.key, str(spot.at[0])), [])
        left.append(Undecided(at=list(spot.at[1:]), code=code, evidence=list(evidence)))


@dataclass
class Words:
    """The user's words up to each turn, and what they may mean, read once."""

    run: Run
    _read: dict[int, tuple[str, list[Meaning]]] = field(default_factory=dict)

    def up_to(self, turn: int) -> tuple[str, list[Meaning]]:
        """Return the words of a turn and those before it, and every day that they may mean."""
        if turn not in self._read:
            text = "\n".join(it.user_text for it in self.run.turns if it.user_text and it.index <= turn)
            self._read[turn] = text, meanings(text)
        return self._read[turn]


def parameters(
    drafts: Sequence[Draft], evidence: Evidence, guarded: Collection[str]
) -> tuple[list[Draft], dict[str, Param], list[ReviewItem]]:
    """Return the drafts with dates as templates and the user's values as params, the params, and review notes.

    :param drafts: with their wires made, in the order of the run's calls.
    :param evidence: of the run, with these steps; without a start time no date moves.
    :param guarded: the keys of the steps that a gate guards.
    :return: params by name, in the order of their first use. What is said of single places stands in the evidence of
        their arguments; those that a person should decide about are among the undecided places.
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
    """Plan the templates, and return the places that have none."""
    found = [(spot, _dated(spot, words, clock)) for spot in every]
    moving = [spot for spot, it in found if it and it.template and not decides(spot.draft, spot.at)]
    moving_keys = {spot.key for spot in moving}
    reason = _why_not_all(moving, found, drafts, words) if moving else None
    for spot, it in found:
        if it is None:
            continue
        if spot.key not in moving_keys and (it.template is None) == decides(spot.draft, spot.at):
            continue  # of a statement only what is sure is worth a line
        if spot.key in moving_keys and not reason:
            plan.fill(spot, template=it.template or "")
            plan.say(spot, it.line)
        elif spot.key in moving_keys:
            plan.leave(spot, "date_stays_with_others", it.line, reason or "")
        else:
            plan.leave(spot, "date_decides" if decides(spot.draft, spot.at) else it.code, it.line)
    return [spot for spot in every if reason or spot.key not in moving_keys]


def _why_not_all(
    moving: Sequence[Spot], found: Sequence[tuple[Spot, Dated | None]], drafts: Sequence[Draft], words: Words
) -> str | None:
    """Return why no date of the run may move: another one that belongs to them, or what came of them, would stay."""
    steps = {spot.draft.key for spot in moving}
    moving_keys = {spot.key for spot in moving}
    for spot, it in found:
        if spot.key in moving_keys or not isinstance(spot.value, str) or spot.leaf.origin in ("constant", "secret"):
            continue
        same_step = spot.draft.key in steps and unexplained(spot.value, words.up_to(spot.draft.call.turn)[0])
        if same_step or (it and it.is_said):
            return f"{shown(spot)} has a date that stays"
    obstacle = Stays(drafts, [spot for spot, _ in found], {}).behind_dates(moving)
    return obstacle.what if obstacle else None


def _dated(spot: Spot, words: Words, clock: Clock | None) -> Dated | None:
    if not isinstance(spot.value, str) or spot.leaf.origin in ("constant", "secret"):
        return None
    elsewhere = "a value of an earlier result" if spot.leaf.origin == "tool_output" else None
    if spot.leaf.origin == "system" and not (clock and spot.value == clock.today().isoformat()):
        elsewhere = "the very day that the instructions name"
    text, meant = words.up_to(spot.draft.call.turn)
    name = "until" if _ends_a_pair(spot) else spot.name
    return dated(spot.value, name, EarlierText(text, meant, elsewhere), clock)


def _ends_a_pair(spot: Spot) -> bool:
    """Return whether a value is the second of two dates in a list: the end of the period that the first begins."""
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
    if spot.leaf.origin != "user" or decides(spot.draft, spot.at):
        return False
    return may_be_asked_for(spot.value, spot.at, words.up_to(spot.draft.call.turn)[0])


def _by_value(wanted: Sequence[Spot]) -> list[list[Spot]]:
    found: dict[str, list[Spot]] = {}
    for spot in wanted:
        found.setdefault(json_text.canonical(spot.value), []).append(spot)
    return list(found.values())


def _is_one_thing(asked: Sequence[Spot]) -> bool:
    """Return whether equal values are the same thing: a plain word or number only under one name."""
    if weight(asked[0].value) in ("strong", "date"):
        return True
    return all(kinship(asked[0].name, spot.name) >= 2 for spot in asked)


def _param(spot: Spot) -> Param:
    where = f"`{place_text(spot.at[1:] or spot.at)}` of `{spot.draft.key}`"
    return Param(default=spot.value, description=f"{where}, {spot.leaf.evidence}", schema_=schema_of(spot.value))


def _with_plan(draft: Draft, plan: Plan, defaults: Mapping[str, Any], clock: Clock | None) -> Draft:
    arguments = {}
    for name, argument in draft.arguments.items():
        wires = [wire for wire in plan.wires.get(draft.key, ()) if wire.at[0] == name]
        made = _with_wires(argument, [wire.model_copy(update={"at": wire.at[1:]}) for wire in wires])
        if wires and not is_proven(made, draft.values[name], defaults, clock):
            raise AssertionError(f"{draft.key}.{name}: not the recorded argument")  # pragma: no cover - proven before
        lines = [f"{', '.join(at)}: {line}" for line, at in plan.lines.get((draft.key, name), {}).items()]
        left = plan.undecided.get((draft.key, name), [])
        update = {"evidence": [*argument.evidence, *lines], "undecided": [*made.undecided, *left]}
        arguments[name] = made.model_copy(update=update) if lines or left else made
    return replace(draft, arguments=arguments)


def _with_wires(argument: Argument, inner: list[Wire]) -> Argument:
    """Return an argument with params and templates at places of it, beside the wires that it has."""
    if not inner:
        return argument
    filled = [wire.at for wire in inner]
    kept: dict[str, Any] = {
        "evidence": argument.evidence,
        "undecided": [it for it in argument.undecided if not any(it.at[: len(at)] == at for at in filled)],
    }
    if not inner[0].at:
        if inner[0].param is not None:
            return Argument(class_="parameter", param=inner[0].param, **kept)
        return Argument(class_="template", value=inner[0].template, **kept)
    value = argument.value
    for wire in inner:
        value = with_value(value, wire.at, None)
    return Argument(class_="wired", value=value, wires=[*argument.wires, *inner], **kept)

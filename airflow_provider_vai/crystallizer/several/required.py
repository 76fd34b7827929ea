"""Makes required params of what a write got differently in each run, for no reason that the runs show.

The newest run's value would be right for that run and wrong for the next. So the param has no default: whoever starts a
run gives the value, and a gate shows it before the step runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from airflow_provider_vai.crystallizer.draft import Policy
from airflow_provider_vai.crystallizer.evidence.result_values import place_text
from airflow_provider_vai.crystallizer.gate_question import DeniedArguments, question
from airflow_provider_vai.crystallizer.parameters.user_values import decides
from airflow_provider_vai.crystallizer.several.align import AlignedStep
from airflow_provider_vai.crystallizer.several.arguments import EXPECTATIONS, Context
from airflow_provider_vai.crystallizer.several.playback import Playback
from airflow_provider_vai.crystallizer.several.shown import by_run
from airflow_provider_vai.crystallizer.wiring.settle import TAKEN_BACK
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.languages.places import value_at, with_value
from airflow_provider_vai.model.argument import Argument, Wire
from airflow_provider_vai.model.automation import Step
from airflow_provider_vai.model.base import JsonPath
from airflow_provider_vai.model.review_item import review_item
from airflow_provider_vai.model.step_graph import gate_step
from airflow_provider_vai.secrets.masking import masked

UNEXPLAINED = frozenset(
    {
        *("differs", "several_derivations", "position_in_every_run"),
        *TAKEN_BACK,
    }
)
"""The codes of places that keep the newest run's value because no source is safe or known."""


REASON = "it has external side effects, and whoever starts a run sets a value that the recorded runs do not explain"


def with_required_params(
    column: AlignedStep, arguments: Mapping[str, Argument], context: Context
) -> dict[str, Argument]:
    """Return the arguments of a step with a required param in place of each value that differs for no known reason.

    Reads keep the newest run's value. So do credentials, values that decide what runs, and values that only some runs
    gave.

    :param column: the step's column.
    :param arguments: its arguments, with their wires.
    :param context: the shared data; params and notes are added to it.
    """
    made = dict(arguments)
    writes = any(played.step.effect == "write" for played in column.of.values())
    if context.freeze_all or not writes or column.newest.is_mapped:
        return made
    for name, argument in arguments.items():
        for place in sorted(argument.undecided, key=lambda place: len(place.at)):
            at = [name, *place.at]
            if place.code not in UNEXPLAINED or name in EXPECTATIONS or decides(column.newest.draft, at):
                continue
            if not _is_filled(made[name], place.at) and (values := _values(column, at)):
                made[name] = _with_param(made[name], at, values, context, step=column.key, found=place.evidence)
    return made


def gate_of(column: AlignedStep, key: str, arguments: dict[str, Argument], run: Playback, policy: Policy) -> Step:
    """Return a gate for a write that has a required param, and that no run guards.

    :param column: the step's column. :param key: the gate's key. :param arguments: the step's arguments.
    :param run: the newest run that made the step. :param policy: the user's choices.
    """
    draft = replace(column.newest.draft, key=column.key, arguments=arguments)
    asked = question(draft, REASON, DeniedArguments(run.evidence, policy))
    return gate_step(key, column.newest.step, asked)


def _is_filled(argument: Argument, place: JsonPath) -> bool:
    """Return whether something fills in a place, a part of it, or what holds it, already."""
    places = [wire.at for wire in argument.wires]
    return argument.is_filled_in or any(at[: len(place)] == place or place[: len(at)] == at for at in places)


def _values(column: AlignedStep, at: JsonPath) -> dict[int, Any]:
    """Return the value at a place in each run; empty if a run has none, one holds a credential, or all are equal."""
    found: dict[int, Any] = {}
    for run, played in sorted(column.of.items()):
        secrets = [[str(at[0]), *secret.at] for secret in played.secrets(str(at[0]))]
        if any(one[: len(at)] == at or at[: len(one)] == one for one in secrets):
            return {}
        try:
            value = found[run] = value_at(played.values, at)
        except LookupError:
            return {}
        named = {str(at[-1]): value}
        if masked(named) != named:
            return {}
    return found if len({json_text.canonical(value) for value in found.values()}) > 1 else {}


def _with_param(
    argument: Argument, at: JsonPath, values: dict[int, Any], context: Context, *, step: str, found: Sequence[str]
) -> Argument:
    """Return an argument with a required param at a place, which starts with the argument's name.

    :param found: why the place was open: the recorded values, and sources that are not safe or not the only ones.
    """
    listed, place = by_run(context.playbacks, values), at[1:]
    name = context.params.require(step, tuple(at), values, listed)
    unused = [f"found, but not used: {source}" for source in found if source not in listed]
    why = [*listed, *unused]
    context.notes.append(review_item("param_required", step=step, place=at, param=name, evidence=why))
    notes: dict[str, Any] = {
        "evidence": [f"{place_text(place)}: the required param {name}; {'; '.join(why)}", *argument.evidence],
        "undecided": [one for one in argument.undecided if one.at[: len(place)] != place],
    }
    if not place:
        return Argument(class_="parameter", param=name, **notes)
    fields: dict[str, Any] = {"value": with_value(argument.value, place, None), **notes}
    fields |= {"secrets": argument.secrets} if argument.secrets else {}
    fields |= {"origins": argument.origins} if argument.origins else {}
    return Argument(class_="wired", wires=[*argument.wires, Wire(at=place, param=name)], **fields)

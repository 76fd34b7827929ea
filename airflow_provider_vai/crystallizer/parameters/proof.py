"""The substitution proof: computes the value that an argument with params and templates has in a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from airflow_provider_vai.crystallizer.parameters.date_algebra import Clock, rendered
from airflow_provider_vai.crystallizer.parameters.spot import Spot
from airflow_provider_vai.crystallizer.parameters.user_values import another
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.languages.places import value_at, with_value
from airflow_provider_vai.model.argument import Argument, Wire


def is_proven(argument: Argument, recorded: Any, defaults: Mapping[str, Any], clock: Clock | None) -> bool:
    """Return whether an argument passes the substitution proof.

    With the params' defaults and at the recorded time, it must be exactly the recorded argument. With other values of
    the params, only the params' places may differ.

    :param argument: the argument with its params and templates.
    :param recorded: the recorded argument.
    :param defaults: the defaults by the params' names.
    :param clock: the clock of the recording; ``None`` if there are no templates.
    """
    expected = recorded
    others: dict[str, Any] = {}
    for wire in _fillers(argument):
        if wire.param is not None:
            others[wire.param] = another(defaults[wire.param])
            expected = with_value(expected, wire.at, others[wire.param])
    pairs = ((defaults, recorded), (others, expected))
    return all(
        json_text.canonical(filled(argument, recorded, given, clock)) == json_text.canonical(value)
        for given, value in pairs
    )


def filled(argument: Argument, recorded: Any, given: Mapping[str, Any], clock: Clock | None) -> Any:
    """Return the value that an argument has in a run.

    :param argument: the argument.
    :param recorded: the recorded argument; wired places keep its values.
    :param given: the values of the params in the run.
    :param clock: the time of the run, for templates.
    """
    value = argument.value
    for wire in _fillers(argument):
        if wire.param is not None:
            part = given[wire.param]
        elif wire.template is not None and clock:
            part = rendered(wire.template, clock.now)
        else:
            part = value_at(recorded, wire.at)
        value = with_value(value, wire.at, part)
    return recorded if argument.from_ else value


def takes_another(asked: Sequence[Spot]) -> bool:
    """Return whether the kinds accept another value at these places, that is, no enumeration or pattern forbids it."""
    for draft in {spot.draft.key: spot.draft for spot in asked}.values():
        values = dict(draft.values)
        for spot in asked:
            if spot.draft.key == draft.key:
                name = str(spot.at[0])
                values[name] = with_value(values[name], spot.at[1:], another(spot.value))
        try:
            draft.kind.arguments.model_validate(values)
        except ValidationError:
            return False
    return True


def _fillers(argument: Argument) -> list[Wire]:
    if argument.class_ == "parameter":
        return [Wire(at=[], param=argument.param)]
    return [Wire(at=[], template=argument.value)] if argument.class_ == "template" else argument.wires

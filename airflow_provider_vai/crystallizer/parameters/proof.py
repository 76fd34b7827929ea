"""The substitution proof: what an argument with params and templates is in a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from airflow_provider_vai.crystallizer.parameters.date_algebra import Clock, rendered
from airflow_provider_vai.crystallizer.parameters.spot import Spot
from airflow_provider_vai.crystallizer.parameters.user_values import another
from airflow_provider_vai.crystallizer.wiring.wire import placed
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.model.automation import Argument, Wire
from airflow_provider_vai.model.base import Path


def is_proven(argument: Argument, recorded: Any, defaults: Mapping[str, Any], clock: Clock | None) -> bool:
    """Return whether an argument is the recorded one, byte by byte, with the defaults of the params and at the recorded
    time, and with other values of the params differs from it in their places alone.

    :param defaults: by the params' names. :param clock: of the recording; ``None`` where no template was made.
    """
    expected = recorded
    others: dict[str, Any] = {}
    for wire in _fillers(argument):
        if wire.param is not None:
            others[wire.param] = another(defaults[wire.param])
            expected = placed(expected, wire.at, others[wire.param])
    pairs = ((defaults, recorded), (others, expected))
    return all(
        json_text.canonical(filled(argument, recorded, given, clock)) == json_text.canonical(value)
        for given, value in pairs
    )


def filled(argument: Argument, recorded: Any, given: Mapping[str, Any], clock: Clock | None) -> Any:
    """Return what an argument is in a run.

    :param recorded: the recorded argument; what is wired from a result has the value that it has there.
    :param given: the run's params. :param clock: the run's time, for templates.
    """
    value = argument.value
    for wire in _fillers(argument):
        if wire.param is not None:
            part = given[wire.param]
        elif wire.template is not None and clock:
            part = rendered(wire.template, clock.now)
        else:
            part = _part(recorded, wire.at)
        value = placed(value, wire.at, part)
    return recorded if argument.from_ else value


def takes_another(asked: Sequence[Spot]) -> bool:
    """Return whether the kinds take another value at these places: there is no enumeration, no pattern."""
    for draft in {spot.draft.key: spot.draft for spot in asked}.values():
        values = dict(draft.values)
        for spot in asked:
            if spot.draft.key == draft.key:
                name = str(spot.at[0])
                values[name] = placed(values[name], spot.at[1:], another(spot.value))
        try:
            draft.kind.arguments.model_validate(values)
        except ValidationError:
            return False
    return True


def _fillers(argument: Argument) -> list[Wire]:
    if argument.class_ == "parameter":
        return [Wire(at=[], param=argument.param)]
    return [Wire(at=[], template=argument.value)] if argument.class_ == "template" else argument.wires


def _part(value: Any, at: Path) -> Any:
    for key in at:
        value = value[key]
    return value

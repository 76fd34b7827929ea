"""Writes arguments as the values of a spec written by hand: the reverse of :mod:`authoring.specs.values`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from airflow_provider_vai.authoring.specs import values
from airflow_provider_vai.exceptions import SpecError
from airflow_provider_vai.languages.derivation.source import written
from airflow_provider_vai.languages.places import with_value
from airflow_provider_vai.model.argument import Argument, Output, Wire
from airflow_provider_vai.model.base import JsonPath


@dataclass(frozen=True)
class _Written:
    document: dict[str, Any]


def spec_value(argument: Argument) -> Any:
    """Return an argument as a spec contains it: literals, with ``{"$from": […]}`` and the like where a run fills it in.

    :param argument: the argument of a step.
    """
    value = argument.value
    whole = next(_wholes(argument), None)
    if whole is not None:
        return whole
    for at, document in _inside(argument):
        with suppress(LookupError):  # lint reports a place that does not exist
            value = with_value(value, at, _Written(document))
    return _escaped(value)


def is_exact(argument: Argument) -> bool:
    """Return whether :func:`spec_value` is read back as the same argument."""
    try:
        again = values.argument(values.read(spec_value(argument), []))
    except SpecError:
        return False
    return _essence(again) == _essence(argument)


def _wholes(argument: Argument) -> Iterator[dict[str, Any]]:
    """Yield the reference that the whole argument is, if it is one."""
    if argument.derive:
        yield {"$derive": written(argument.derive)}
    elif argument.class_ == "template":
        yield {"$template": argument.value}
    elif argument.class_ == "parameter":
        yield {"$param": [argument.param or "", *argument.path]}
    elif argument.from_:
        yield _output(argument.from_)


def _inside(argument: Argument) -> Iterator[tuple[JsonPath, dict[str, Any]]]:
    yield from ((wire.at, _wire(wire)) for wire in argument.wires)
    yield from ((secret.at, {"$secret": secret.connection}) for secret in argument.secrets)


def _wire(wire: Wire) -> dict[str, Any]:
    if wire.from_:
        return _output(wire.from_)
    if wire.param is not None:
        return {"$param": [wire.param, *wire.path]}
    return {"$derive": written(wire.derive)} if wire.derive else {"$template": wire.template}


def _output(output: Output) -> dict[str, Any]:
    return {"$from": [output.step, *output.path]} if output.step is not None else {"$item": output.path}


def _escaped(value: Any) -> Any:
    """Return a value with ``{"$literal": …}`` around data that would be read as a reference."""
    if isinstance(value, _Written):
        return value.document
    if isinstance(value, list):
        return [_escaped(part) for part in value]
    if not isinstance(value, dict):
        return value
    inside = {name: _escaped(part) for name, part in value.items()}
    return {"$literal": value} if any(name.startswith("$") for name in value) and inside == value else inside


def _essence(argument: Argument) -> dict[str, Any]:
    fields = argument.model_dump(include={"class_", "from_", "wires", "secrets", "param", "path", "derive"})
    return {
        **{name: value for name, value in fields.items() if value},
        "value": None if argument.derive else argument.value,
    }

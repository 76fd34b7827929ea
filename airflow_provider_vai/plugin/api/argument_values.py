"""Values of arguments in requests: data, or references to earlier results and params, as in a spec."""

from __future__ import annotations

from typing import Any

from airflow_provider_vai.authoring.specs import values as spec_values
from airflow_provider_vai.model.argument import Argument
from airflow_provider_vai.model.base import JsonPath


def value_or_argument(value: Any, place: JsonPath) -> Any:
    """Return a value as the editing functions take it: plain data as it is, an Argument if it contains a reference.

    :param value: JSON data; ``{"$from": […]}`` and the like are references, see ``authoring.specs.values``.
    :param place: its place in the request, for messages.
    :raises SpecError: a reference is misspelled.
    """
    read = spec_values.read(value, place)
    has_reference = next(spec_values.references(read), None) is not None
    return spec_values.argument(read) if has_reference else read


def arguments_of(values: dict[str, Any], place: JsonPath) -> dict[str, Argument]:
    """Return the arguments of a new step; see :func:`value_or_argument`."""
    return {name: spec_values.argument(spec_values.read(value, [*place, name])) for name, value in values.items()}

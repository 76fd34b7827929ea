"""Values of steps in requests: data, with the same references in it that a spec has."""

from __future__ import annotations

from typing import Any

from airflow_provider_vai.authoring.specs import values as spec_values
from airflow_provider_vai.model.automation import Argument
from airflow_provider_vai.model.base import Path


def argument(value: Any, place: Path) -> Any:
    """Return a value as the editing functions take it: data, or an Argument where a reference stands in it.

    :param value: JSON data; ``{"$from": […]}`` and its like are references, see ``spec_values``.
    :param place: where it stands in the request.
    :raises SpecError: a reference is misspelt.
    """
    read = spec_values.read(value, place)
    found = next(spec_values.references(read), None)
    return read if found is None else spec_values.argument(read)


def arguments(values: dict[str, Any], place: Path) -> dict[str, Argument]:
    """Return the arguments of a new step; see :func:`argument`."""
    return {name: spec_values.argument(spec_values.read(value, [*place, name])) for name, value in values.items()}

"""Compares what a command printed with its published schema."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator

from airflow_provider_vai.cli.output_schemas import OUTPUTS, command_schema, output_schema


def check_output(command: str, printed: str, options: str = "") -> Any:
    """Return the JSON data that a command printed.

    :param command: The name of the command.
    :param printed: What it printed with ``--json``.
    :param options: The options that choose one of its outputs, as :data:`OUTPUTS` has them.
    :raises AssertionError: the output does not fit the schema, or has a field that the schema does not have.
    """
    data = json.loads(printed)
    (chosen,) = [output for output in OUTPUTS[command] if output.options == options]
    assert _errors(closed(output_schema(chosen.type)), data) == []
    assert _errors(command_schema(command), data) == []
    return data


def closed(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema that refuses fields which it does not name."""
    found = copy.deepcopy(schema)
    for part in _objects(found):
        part.setdefault("additionalProperties", False)
    return found


def _errors(schema: dict[str, Any], data: Any) -> list[str]:
    Draft202012Validator.check_schema(schema)
    return [f"{error.json_path}: {error.message}" for error in Draft202012Validator(schema).iter_errors(data)]


def _objects(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the schema and its definitions, as far as they name fields."""
    for part in (schema, *schema.get("$defs", {}).values()):
        if "properties" in part:
            yield part

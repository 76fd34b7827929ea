"""The form with the fields that an approver may change, and the edits read from it.

A browser changes even untouched values: text that looks like JSON comes back parsed, an integer beyond 2**53 comes back
rounded, 1.0 comes back as 1, and Airflow 3.1 returns null as the field's own description. None of these is an edit.
Airflow 3.1.0 returns every untouched value so, and a number that was typed as text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from airflow_provider_vai.exceptions import VaiError
from airflow_provider_vai.languages import json_text, places
from airflow_provider_vai.operators.runtime import results

NOTE = "note"
NOTE_FIELD = {
    "value": "",  # Airflow 3.1 shows None as "[object Object]"
    "description": "A note for the record (optional)",
    "schema": {"type": ["null", "string"], "title": "Note", "maxLength": 2000},
    "source": "task",
}


class InvalidEdit(ValueError):
    """The form contains a value that its field does not accept, or an unknown field."""


@dataclass(frozen=True)
class Field:
    """One editable value: the form field's name, the step, the place in its arguments, the schema and current value."""

    name: str
    task_id: str
    place: str
    schema: Mapping[str, Any]
    value: Any

    def shown(self) -> dict[str, Any]:
        """Return the field as a serialized Airflow param."""
        schema = {"title": self.place, **self.schema}
        return {"value": self.value, "description": f"{self.task_id}: {self.place}", "schema": schema, "source": "task"}


def fields(editable: Mapping[str, Mapping[str, Any]], arguments: Mapping[str, Mapping[str, Any]]) -> list[Field]:
    """Return the editable fields of a gate.

    :param editable: place -> JSON Schema; if the gate guards several steps, ``task_id:place`` -> JSON Schema.
    :param arguments: task id -> the step's resolved arguments.
    :raises LookupError: a place does not exist, or its value is not plain data (a credential, or a large result that is
        stored as an artifact).
    """
    found = []
    for name, schema in editable.items():
        head, colon, rest = name.rpartition(":")
        task_id = head if colon else next(iter(arguments))
        if task_id not in arguments or (not colon and len(arguments) > 1):
            raise LookupError(f"the editable field {name!r} does not name a guarded step: write task_id:argument")
        value = places.at(arguments[task_id], rest)
        if not _plain(value):
            raise LookupError(
                f"the editable field {name!r} contains a credential or a large earlier result, which no form can show:"
                " remove it from the gate's `editable`"
            )
        found.append(Field(name, task_id, rest, schema, value))
    return found


def form(shown: list[Field]) -> dict[str, Any]:
    """Return the form as field name -> serialized param: the editable fields, and one for a note."""
    return {**{field.name: field.shown() for field in shown}, NOTE: NOTE_FIELD}


def note(params_input: Mapping[str, Any]) -> str | None:
    """Return the approver's note; ``None`` if there is none."""
    text = params_input.get(NOTE)
    return text.strip() or None if isinstance(text, str) else None


def changed(shown: list[Field], params_input: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the approver's edits: task id -> place -> ``{"from", "to"}``.

    :param params_input: The submitted form. A missing field counts as unchanged.
    :raises InvalidEdit: the form has no such field, or a value does not match its field's schema.
    """
    known = {field.name: field for field in shown}
    if unknown := sorted(set(params_input) - {*known, NOTE}):
        raise InvalidEdit(f"the form has no field {unknown[0]!r}")
    made: dict[str, dict[str, Any]] = {}
    for name, field in known.items():
        value = _undistorted(field, params_input.get(name, field.value))
        if value != field.value or type(value) is not type(field.value):
            _check(field, value)
            made.setdefault(field.task_id, {})[field.place] = {"from": field.value, "to": value}
    return made


def as_typed(value: Any) -> str:
    """Return the text that a plain text field shows for a value: a text as it is, nothing for null, else JSON."""
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value, ensure_ascii=False, indent=2 if isinstance(value, (dict, list)) else None)


def is_text(field: Field) -> bool:
    """Return whether what a person types into the field is a text, and not JSON."""
    types = field.schema.get("type", [])
    return isinstance(field.value, str) or "string" in ([types] if isinstance(types, str) else types)


def typed(field: Field, text: str) -> Any:
    """Return the value that a person typed into a plain text field.

    :param text: the text; the one that :func:`as_typed` shows stands for the field's own value.
    :raises InvalidEdit: it is not JSON where the field wants JSON, or does not match the field's schema.
    """
    if text == as_typed(field.value).replace("\r\n", "\n"):
        return field.value
    try:
        value = text if is_text(field) else json_text.loads(text, where=field.name)
    except (VaiError, RecursionError):
        raise InvalidEdit(f"{field.name}: this is not a value in JSON") from None
    _check(field, value)
    return value


def _check(field: Field, value: Any) -> None:
    from jsonschema import FormatChecker
    from jsonschema.exceptions import ValidationError
    from jsonschema.validators import validator_for

    try:
        validator_for(field.schema)(field.schema, format_checker=FormatChecker()).validate(value)
    except ValidationError as error:
        raise InvalidEdit(f"{field.name}: {error.message}") from None


def _undistorted(field: Field, got: Any) -> Any:
    """Return the field's own value if ``got`` is what a browser makes of it, else ``got`` (as text in a text field)."""
    own = field.value
    if isinstance(got, str) and not is_text(field) and (own is not None or "type" in field.schema):
        got = _parsed(got)
    if (isinstance(own, str) and _same_json(own, got)) or got == field.shown():
        return own
    if isinstance(own, str) and got is not None and not isinstance(got, str):
        return json.dumps(got, ensure_ascii=False)
    return own if _as_doubles(own) == _as_doubles(got) else got


def _parsed(text: str) -> Any:
    """Return the JSON in a text, or the text if it is none."""
    try:
        return json_text.loads(text, where="the form")
    except (VaiError, RecursionError):
        return text


def _same_json(text: str, got: Any) -> bool:
    try:
        return bool(_as_doubles(json.loads(text)) == _as_doubles(got))
    except ValueError:
        return False


def _as_doubles(value: Any) -> Any:
    """Return ``value`` in a form that compares as in a browser: all numbers are doubles, booleans are not numbers."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return (type(value).__name__, value)
    if isinstance(value, (int, float)):
        try:
            return ("number", float(value))
        except OverflowError:
            return ("number", str(value))
    if isinstance(value, dict):
        return {key: _as_doubles(part) for key, part in value.items()}
    return [_as_doubles(part) for part in value]


def _plain(value: Any) -> bool:
    if results.is_reference(value):
        return False
    if isinstance(value, (dict, list)):
        return all(_plain(part) for part in (value.values() if isinstance(value, dict) else value))
    return value is None or isinstance(value, (str, int, float, bool))

"""Checks a response body against the shape of the recorded one.

A shape is a JSON Schema with the keywords ``type``, ``properties``, ``required`` and ``items``, as returned by
:func:`~airflow_provider_vai.languages.json_shape.expected_shape`. Other properties are allowed, and ``integer`` and
``number`` both match any number. Other keywords are refused: ``$ref`` could fetch a page, ``pattern`` could run for
hours.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_provider_vai.languages.short_text import cut
from airflow_provider_vai.operators.runtime.compat import AirflowFailException
from airflow_provider_vai.operators.runtime.errors import NothingSent
from airflow_provider_vai.operators.runtime.masking import masked

SHOWN = 80
_TYPES = {
    bool: "boolean",
    int: "number",
    float: "number",
    str: "string",
    dict: "object",
    list: "array",
    bytes: "binary",
}
_TYPE = {"enum": ["array", "boolean", "integer", "null", "number", "object", "string"]}
_KEYWORDS = {
    "type": {"anyOf": [_TYPE, {"type": "array", "items": _TYPE, "minItems": 1}]},
    "properties": {"type": "object", "additionalProperties": {"$ref": "#"}},
    "required": {"type": "array", "items": {"type": "string"}},
    "items": {"$ref": "#"},
}
_SCHEMA = {"type": "object", "properties": _KEYWORDS, "additionalProperties": False}


def check_schema(shape: Any) -> None:
    """Check that ``shape`` uses only the supported keywords. Call this before the request is sent.

    :raises NothingSent: it does not.
    """
    from jsonschema import Draft202012Validator

    error = next(Draft202012Validator(_SCHEMA).iter_errors(shape), None)
    if error is not None:
        raise NothingSent(
            f"expected_shape is not valid at {error.json_path}: {cut(error.message, SHOWN)}; "
            f"it may use only the keywords {', '.join(_KEYWORDS)}"
        )


def check(request: str, body: Any, shape: Mapping[str, Any], *, wrote: bool) -> None:
    """Check that the body has the shape.

    :param request: the request's method and endpoint, for the message.
    :param wrote: whether the request was a write. If so, the message says that it took place.
    :raises AirflowFailException: the body does not match. The message names the first place that differs, and the
        expected and the actual value.
    """
    error = next(_validator()(shape).iter_errors(body), None)
    if error is None:
        return
    took_place = " The write took place: check the target before you send the request again." if wrote else ""
    raise AirflowFailException(
        f"{request}: the response does not match expected_shape: {cut(error.json_path, SHOWN)} "
        f"{_difference(error, body)}.{took_place}"
    )


def _difference(error: Any, body: Any) -> str:
    if error.validator == "required":
        missing = [name for name in error.validator_value if name not in error.instance]
        present = ", ".join(error.instance) or "nothing"
        return f"lacks {cut(', '.join(missing), SHOWN)}; it has {cut(present, SHOWN)}"
    types = error.validator_value
    expected = types if isinstance(types, str) else " or ".join(types)
    value = masked(body)  # mask the whole body first: a key further up may mark the value as a secret
    for part in error.absolute_path:
        value = value[part] if isinstance(value, (dict, list)) else value
    actual = _TYPES.get(type(error.instance), "null")
    return f"must be of type {expected}, but is of type {actual}: {cut(repr(value), SHOWN)}"


def _validator() -> Any:
    from jsonschema import Draft202012Validator, validators

    keywords = {name: Draft202012Validator.VALIDATORS[name] for name in _KEYWORDS}
    types = Draft202012Validator.TYPE_CHECKER
    types = types.redefine("integer", lambda checker, value: checker.is_type(value, "number"))
    return validators.create({}, keywords, type_checker=types)

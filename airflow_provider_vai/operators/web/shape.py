"""Checks an answer's body against the shape that the recorded one had.

A shape is a JSON Schema of the keywords ``type``, ``properties``, ``required`` and ``items``, as
:func:`languages.json_shape.expected_shape` makes it. Properties that it does not name are fine; a whole number
passes for any number, and the other way round. Other keywords are refused: ``$ref`` could fetch a page, ``pattern``
could compute for hours.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_provider_vai.operators.runtime.compat import AirflowFailException
from airflow_provider_vai.operators.runtime.errors import NothingSent
from airflow_provider_vai.operators.runtime.masking import masked

SHOWN_CHARACTERS = 80
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
    """Return only if ``shape`` is one that :func:`check` understands.

    :raises NothingSent: it is not; called before the request is sent.
    """
    from jsonschema import Draft202012Validator

    error = next(Draft202012Validator(_SCHEMA).iter_errors(shape), None)
    if error is not None:
        raise NothingSent(f"expected_shape is not understood at {error.json_path}: {_short(error.message)}")


def check(request: str, body: Any, shape: Mapping[str, Any], *, wrote: bool) -> None:
    """Return only if the body has the shape.

    :param request: the request's method and endpoint, for the message.
    :param wrote: the request changed something: the message says that it took place.
    :raises AirflowFailException: it has not; the message names the first place, what was expected and what came.
    """
    error = next(_validator()(shape).iter_errors(body), None)
    if error is None:
        return
    took_place = " The request itself took place: look at the target before you send it again." if wrote else ""
    raise AirflowFailException(
        f"{request}: the answer has another shape than expected: {_short(error.json_path)} {_difference(error, body)}."
        f"{took_place}"
    )


def _difference(error: Any, body: Any) -> str:
    if error.validator == "required":
        missing = [name for name in error.validator_value if name not in error.instance]
        return f"lacks {_short(', '.join(missing))}; it has {_short(', '.join(error.instance) or 'nothing')}"
    wanted = error.validator_value if isinstance(error.validator_value, str) else " or ".join(error.validator_value)
    came = masked(body)  # as a whole: a key above may say that the value is a secret
    for part in error.absolute_path:
        came = came[part] if isinstance(came, (dict, list)) else came
    return f"is to be of type {wanted}, and is of type {_TYPES.get(type(error.instance), 'null')}: {_short(repr(came))}"


def _validator() -> Any:
    from jsonschema import Draft202012Validator, validators

    keywords = {name: Draft202012Validator.VALIDATORS[name] for name in _KEYWORDS}
    types = Draft202012Validator.TYPE_CHECKER
    types = types.redefine("integer", lambda checker, value: checker.is_type(value, "number"))
    return validators.create({}, keywords, type_checker=types)


def _short(text: str) -> str:
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}…"

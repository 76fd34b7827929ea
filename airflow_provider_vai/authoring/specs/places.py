"""Places inside a spec, and the errors about them: dotted paths, suggestions of similar names, refusals."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NoReturn, get_args

from pydantic import BaseModel, ValidationError
from pydantic.alias_generators import to_camel

from airflow_provider_vai.exceptions import SpecError
from airflow_provider_vai.languages.printable import SHOWN_CHARACTERS, shown
from airflow_provider_vai.languages.short_text import similar_names
from airflow_provider_vai.model.base import JsonPath, Spec
from airflow_provider_vai.model.refusals import Refusal
from airflow_provider_vai.secrets.masking import mask

SHOWN_NAMES = 25


def dotted(place: JsonPath) -> str:
    """Return a place as people write it: ``steps[2].arguments.sql``, with ``["a b"]`` for a key that is not a name."""
    text = ""
    for part in place:
        if isinstance(part, int):
            text += f"[{part}]"
        elif part.replace("-", "_").replace("$", "_").isidentifier():
            text += f".{_masked(part[:SHOWN_CHARACTERS])}"
        else:
            text += f"[{json.dumps(_masked(part[:SHOWN_CHARACTERS]), ensure_ascii=False)}]"
    return text.removeprefix(".")


@lru_cache(maxsize=4096)
def _masked(key: str) -> str:
    """Mask a key once: the places of one automation repeat the same few keys thousands of times."""
    return mask(key)


def similar(name: str, known: Iterable[str]) -> str:
    """Return a remedy for an unknown name: ``Did you mean …?`` if a known name is similar, else a list of the names."""
    names = sorted(set(known))
    close = similar_names(name, names)
    if close:
        return f"Did you mean {close[0]!r}?"
    more = ", …" if len(names) > SHOWN_NAMES else ""
    return f"Use one of: {', '.join(names[:SHOWN_NAMES])}{more}." if names else "Leave it out."


def refuse(problem: str, place: JsonPath, remedy: str) -> NoReturn:
    """Raise an error about a place.

    :raises SpecError: always. ``where`` is the place in the document; ``specs.file`` adds the file.
    """
    raise SpecError(problem, where=dotted(place), remedy=remedy)


def refused(refusal: Refusal) -> SpecError:
    """Return what Airflow would refuse as an error about its place."""
    return SpecError(refusal.problem, where=dotted(refusal.place), remedy=refusal.remedy)


def only(fields: Any, known: Iterable[str], place: JsonPath) -> dict[str, Any]:
    """Return the fields of an object under their known names; unknown keys are refused.

    :param fields: The object. Its keys may also be in camelCase.
    :param known: The known names, in snake_case.
    :param place: The place of the object in the document.
    :raises SpecError: it is not an object; or a key is unknown (the remedy suggests a similar one) or occurs in both
        spellings.
    """
    names = list(known)
    if not isinstance(fields, dict):
        refuse(f"{shown(fields)} is not an object", place, f"Write an object with: {', '.join(names)}.")
    spellings = {to_camel(name): name for name in names} | {name: name for name in names}
    found: dict[str, Any] = {}
    for key, value in fields.items():
        name = spellings.get(key)
        if name is None:
            refuse(f"unknown key {shown(key)}", [*place, key], similar(key, names))
        if name in found:
            refuse(f"{name} and {to_camel(name)} are the same key", [*place, key], "Leave one of them out.")
        found[name] = value
    return found


def text_of(value: Any, place: JsonPath, what: str) -> str:
    """Return a value that must be text and not empty.

    :param what: What the value should be, for the message (``schedule``).
    :raises SpecError: it is not text, or it is empty.
    """
    if not isinstance(value, str) or not value.strip():
        refuse(f"{shown(value)} is not a valid {what}", place, "Write it as text, in quotes.")
    return value


def validated(model: type[Any], fields: Any, place: JsonPath) -> Any:
    """Return the fields as an instance of a Pydantic model.

    :raises SpecError: they are not valid: the first problem, with its place.
    """
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        refuse_first(error, fields, place, model)


def refuse_first(error: ValidationError, fields: Any, place: JsonPath, model: type[Any]) -> NoReturn:
    """Raise the first problem of a validation error as an error about its place.

    :raises SpecError: always.
    """
    problem, at, remedy = explained(error.errors(include_url=False)[0], fields, model)
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    refuse(problem + more, [*place, *at], remedy)


def explained(problem: Mapping[str, Any], fields: Any, model: type[Any]) -> tuple[str, JsonPath, str]:
    """Return the message of one validation problem, its place in ``fields``, and a remedy.

    :param problem: An entry of ``ValidationError.errors()``.
    :param fields: The data that was validated.
    :param model: The model that was used. Unknown keys are compared with its field names.
    """
    at = _place_in(fields, problem["loc"])
    name = str(problem["loc"][-1]) if problem["loc"] else ""
    if problem["type"] == "extra_forbidden":
        return f"unknown key {shown(name)}", at, similar(name, names_of(model))
    if problem["type"] == "missing":
        return f"{shown(name)} is missing", at, "Add it."
    message = problem["msg"].removeprefix("Value error, ")
    found = problem["input"]
    value = "" if isinstance(found, (dict, list)) else f": found {shown(found)}"
    return mask(message[:1].lower() + message[1:]) + value, at, "Correct the value."


def names_of(model: type[Any]) -> set[str]:
    """Return the names of a model's fields, and for a part of the spec those of all nested models."""
    found: set[str] = set()
    seen: set[type[Any]] = set()
    waiting: list[Any] = [model]
    while waiting:
        part = waiting.pop()
        if isinstance(part, type) and issubclass(part, BaseModel) and part not in seen:
            seen.add(part)
            for name, field in part.model_fields.items():
                found.add(field.alias or name)
                waiting += [field.annotation] if issubclass(part, Spec) else []
        waiting += get_args(part)
    return found


def _place_in(fields: Any, loc: Sequence[str | int]) -> JsonPath:
    """Return the keys and positions of a validation problem's place, without the names of union members."""
    place: JsonPath = []
    value: Any = fields
    for number, part in enumerate(loc):
        inside = (isinstance(value, dict) and part in value) or (
            isinstance(value, list) and isinstance(part, int) and part < len(value)
        )
        if inside:
            value = value[part]
            place.append(part)
        elif number == len(loc) - 1 and isinstance(value, dict):  # a missing key
            place.append(part)
    return place

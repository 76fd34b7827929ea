"""Places inside a spec, and what is said about them: the dotted path, a similar name, the refusal."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NoReturn, get_args

from pydantic import BaseModel, ValidationError
from pydantic.alias_generators import to_camel

from airflow_provider_vai.exceptions import SpecError
from airflow_provider_vai.languages.printable import SHOWN_CHARACTERS, shown
from airflow_provider_vai.languages.short_text import similar_names
from airflow_provider_vai.model.base import JsonPath, Spec
from airflow_provider_vai.secrets.masking import mask

SHOWN_NAMES = 25


def dotted(place: JsonPath) -> str:
    """Return a place as people write it: ``steps[2].arguments.sql``, with ``["a b"]`` where a key is no plain name."""
    text = ""
    for part in place:
        if isinstance(part, int):
            text += f"[{part}]"
        elif part.replace("-", "_").replace("$", "_").isidentifier():
            text += f".{mask(part[:SHOWN_CHARACTERS])}"
        else:
            text += f"[{json.dumps(mask(part[:SHOWN_CHARACTERS]), ensure_ascii=False)}]"
    return text.removeprefix(".")


def similar(name: str, known: Iterable[str]) -> str:
    """Return ``Did you mean …?`` for a name that is like a known one, else the known names; a sentence."""
    names = sorted(set(known))
    close = similar_names(name, names)
    if close:
        return f"Did you mean {close[0]!r}?"
    more = ", …" if len(names) > SHOWN_NAMES else ""
    return f"Use one of: {', '.join(names[:SHOWN_NAMES])}{more}." if names else "Leave it out."


def refuse(problem: str, place: JsonPath, remedy: str) -> NoReturn:
    """Raise the refusal of one place.

    :raises SpecError: always; ``where`` is the place alone, ``specs.file`` puts the file before.
    """
    raise SpecError(problem, where=dotted(place), remedy=remedy)


def only(fields: Any, known: Iterable[str], place: JsonPath) -> dict[str, Any]:
    """Return an object of which every key is known, under the known names; each may also be spelled in camelCase.

    :raises SpecError: it is not an object; a key is not known (the remedy names a similar one), or is there in both
        spellings.
    """
    names = list(known)
    if not isinstance(fields, dict):
        refuse(f"{shown(fields)} is no object", place, f"Write one with: {', '.join(names)}.")
    spellings = {to_camel(name): name for name in names} | {name: name for name in names}
    found: dict[str, Any] = {}
    for key, value in fields.items():
        name = spellings.get(key)
        if name is None:
            refuse(f"the key {shown(key)} is not known here", [*place, key], similar(key, names))
        if name in found:
            refuse(f"{name} and {to_camel(name)} are the same key", [*place, key], "Leave one of them out.")
        found[name] = value
    return found


def text_of(value: Any, place: JsonPath, what: str) -> str:
    """Return a value that must be text, and not empty.

    :raises SpecError: it is not.
    """
    if not isinstance(value, str) or not value.strip():
        refuse(f"{shown(value)} is no {what}", place, "Write it as text, in quotes.")
    return value


def validated(model: type[Any], fields: Any, place: JsonPath) -> Any:
    """Return the Pydantic model of some fields.

    :raises SpecError: they do not fit; the first problem with its place.
    """
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        refuse_first(error, fields, place, model)


def refuse_first(error: ValidationError, fields: Any, place: JsonPath, model: type[Any]) -> NoReturn:
    """Raise the first problem of a validation as the refusal of its place.

    :raises SpecError: always.
    """
    problem, at, remedy = explained(error.errors(include_url=False)[0], fields, model)
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    refuse(problem + more, [*place, *at], remedy)


def explained(problem: Mapping[str, Any], fields: Any, model: type[Any]) -> tuple[str, JsonPath, str]:
    """Return what one problem of a validation says, its place in ``fields``, and a remedy.

    :param problem: an entry of ``ValidationError.errors()``.
    :param model: the model that was validated; its names are what an unknown key is compared with.
    """
    at = _place_in(fields, problem["loc"])
    name = str(problem["loc"][-1]) if problem["loc"] else ""
    if problem["type"] == "extra_forbidden":
        return f"the key {shown(name)} is not known here", at, similar(name, names_of(model))
    if problem["type"] == "missing":
        return f"{shown(name)} is missing", at, "Add it."
    message = problem["msg"].removeprefix("Value error, ")
    found = problem["input"]
    value = "" if isinstance(found, (dict, list)) else f": found {shown(found)}"
    return mask(message[:1].lower() + message[1:]) + value, at, "Correct the value."


def names_of(model: type[Any]) -> set[str]:
    """Return the names of a model's fields; of a part of the spec, those of every model inside it, too."""
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
    """Return the keys and positions of a validation's place: not the names of a union's members among them."""
    place: JsonPath = []
    value: Any = fields
    for number, part in enumerate(loc):
        inside = (isinstance(value, dict) and part in value) or (
            isinstance(value, list) and isinstance(part, int) and part < len(value)
        )
        if inside:
            value = value[part]
            place.append(part)
        elif number == len(loc) - 1 and isinstance(value, dict):  # the key that is missing
            place.append(part)
    return place

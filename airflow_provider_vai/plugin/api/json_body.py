"""Models as JSON on the wire: the fields' names in camel case, as the platform writes them; names and values of users'
data as they are, with credentials masked.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timezone
from functools import cache
from typing import Any

from fastapi import Response
from pydantic import BaseModel
from pydantic.alias_generators import to_camel

from airflow_provider_vai.secrets.masking import mask, masked

TEXTS = frozenset({
    "description", "summary", "reason", "reasons", "review", "evidence", "conditions", "template", "tags", "items",
    "by", "owner", "agent", "title",
})  # fmt: skip
"""Fields of our models that hold what people or agents wrote."""


class Json(Response):
    """A JSON answer. Text is written as ASCII, so that no character of a trace is one that UTF-8 does not have."""

    media_type = "application/json"

    def __init__(self, content: Any, status_code: int = 200, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(content, status_code, {"Cache-Control": "no-store", **(headers or {})})

    def render(self, content: Any) -> bytes:
        """Return the JSON text."""
        return json.dumps(content, allow_nan=False, separators=(",", ":")).encode("ascii")


def to_wire(value: Any) -> Any:
    """Return a model, or a list or mapping of models, as JSON data for the wire."""
    return _wire(value, "value")


def time(at: datetime | None) -> str | None:
    """Return a time as RFC 3339 wants it, in UTC."""
    if at is None:
        return None
    utc = at if at.tzinfo else at.replace(tzinfo=timezone.utc)
    return utc.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")


def _wire(value: Any, key: str) -> Any:
    if isinstance(value, BaseModel):
        return _model(value, key)
    if isinstance(value, datetime):
        return time(value)
    if isinstance(value, (list, tuple)) and any(isinstance(part, BaseModel) for part in value):
        return [_wire(part, key) for part in value]
    if isinstance(value, dict) and any(isinstance(part, BaseModel) for part in value.values()):
        return {name: _wire(part, name) for name, part in value.items()}
    return value


def _model(model: BaseModel, key: str) -> dict[str, Any]:
    told = model.model_dump(mode="json")  # what the model leaves out, because nobody set it, is left out here, too
    fields: dict[str, Any] = {}
    for name, (written, is_data) in _names(type(model)).items():
        if written not in told:
            continue
        value = getattr(model, name)
        if is_data:
            shown = _data(key if name in ("value", "default") else name, told[written])
        elif name in TEXTS:
            shown = masked(told[written]) if not isinstance(value, str) else mask(value)
        else:
            shown = _wire(value, name)
        fields[to_camel(written)] = shown
    return fields


def _data(key: str, value: Any) -> Any:
    """Return users' data masked, also what only the name that it stands under gives away."""
    return next(iter(masked({key: value}).values()))


@cache
def _names(model: type[BaseModel]) -> dict[str, tuple[str, bool]]:
    """Return, for each field, the name under which it is written, and whether it holds users' data."""
    data = (Any, dict[str, Any], dict[str, Any] | str | None)
    return {
        name: (name.rstrip("_"), field.annotation in data)
        for name, field in model.model_fields.items()
    }


def schema(model: type[BaseModel], components: dict[str, Any]) -> dict[str, Any]:
    """Return a reference to a model's JSON Schema with the names of the wire, which is added to ``components``."""
    told = model.model_json_schema(ref_template="#/components/schemas/{model}", by_alias=True, mode="validation")
    for name, part in {**told.pop("$defs", {}), model.__name__: told}.items():
        components[name] = _renamed(part)
    return {"$ref": f"#/components/schemas/{model.__name__}"}


def _renamed(part: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of one model with its own fields in camel case."""
    renamed = dict(part)
    if "properties" in part:
        renamed["properties"] = {to_camel(name): field for name, field in part["properties"].items()}
        renamed["required"] = [to_camel(name) for name in part.get("required", [])]
        renamed.pop("required" if not renamed["required"] else "", None)
    for at in ("oneOf", "anyOf"):
        renamed |= {at: [_renamed(one) for one in part[at]]} if at in part else {}
    return renamed


def to_snake(fields: Any, known: tuple[str, ...]) -> Any:
    """Return an object with those keys as this package writes them that are the camel case of a known name."""
    if not isinstance(fields, dict):
        return fields
    names = {to_camel(name): name for name in known}
    return {names.get(name, name): value for name, value in fields.items()}

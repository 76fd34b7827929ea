"""What every part of the spec shares: unknown fields are refused, and what nobody set is not written."""

from __future__ import annotations

from typing import Any

from pydantic import AliasChoices, AliasGenerator, BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

Path = list[str | int]
"""Keys and list positions that lead to a place inside a JSON value; in a result also the other steps of
:mod:`~airflow_provider_vai.languages.result_path`."""


def _spellings(name: str) -> str | AliasChoices:
    return name if to_camel(name) == name else AliasChoices(name, to_camel(name))


class Spec(BaseModel):
    """Base of the spec's models. A field is read under its name, and under the same in camel case, as the platform and
    the HTTP API write it; it is written under its name."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        populate_by_name=True,
        serialize_by_alias=True,
        alias_generator=AliasGenerator(validation_alias=_spellings),
    )


def without(fields: dict[str, Any], defaults: dict[str, Any]) -> dict[str, Any]:
    """Return the fields but those that have their default."""
    return {name: value for name, value in fields.items() if name not in defaults or value != defaults[name]}

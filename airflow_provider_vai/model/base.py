"""The base class of the spec's models. It rejects unknown fields and reads each field in two spellings.

Files use the model's own spelling (``dag_id``); the HTTP API and the platform use camelCase (``dagId``). Both spellings
are accepted everywhere. ``model_dump()`` writes the spelling of files, ``model_dump(by_alias=True)`` writes camelCase.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import cache
from typing import Any, ClassVar

from pydantic import (
    AliasChoices,
    AliasGenerator,
    BaseModel,
    ConfigDict,
    GetJsonSchemaHandler,
    SerializationInfo,
    SerializerFunctionWrapHandler,
    model_serializer,
)
from pydantic.alias_generators import to_camel
from pydantic_core import to_jsonable_python
from typing_extensions import Self

from airflow_provider_vai.languages.json_text import Repeated

JsonPath = list[str | int]
"""Keys and list positions that lead to a place inside a JSON value. A path into a result may also contain the
selectors of :mod:`~airflow_provider_vai.languages.result_path`."""


def _both_spellings(name: str) -> str | AliasChoices:
    return name if to_camel(name) == name else AliasChoices(name, to_camel(name))


SPELLINGS = AliasGenerator(validation_alias=_both_spellings, serialization_alias=to_camel)
"""Field aliases: both spellings are read, and ``by_alias`` writes camelCase."""


class Spec(BaseModel):
    """Base of the spec's models; see the module.

    ``optional`` lists the fields that are written only if they differ from their default.
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, populate_by_name=True, alias_generator=SPELLINGS, defer_build=True
    )

    optional: ClassVar[tuple[str, ...]] = ()

    def omitted(self) -> Collection[str]:
        """Return the names of the fields to leave out when the model is written."""
        fields = self.__dict__
        return [name for name, default in _defaults(type(self)) if fields[name] == default]

    def json_data(self, known: dict[int, Any] | None = None) -> dict[str, Any]:
        """Return the model as ``model_dump(mode="json")`` does, in a third of the time if it has many parts.

        :param known: The data of models that were written already, by the identity of the model.
        """
        fields, known = self.__dict__, {} if known is None else known
        return {
            written: value if type(value := fields[name]) in _JSON_SCALARS else _json_data(value, known)
            for name, written in _written_names(type(self), frozenset(self.omitted()))
        }

    def changed(self, **fields: Any) -> Self:
        """Return a copy with other fields, as ``model_copy(update=...)`` does, in a third of the time.

        :param fields: the new values by name. As with ``model_copy``, they are not validated.
        """
        new = object.__new__(type(self))
        set_ = object.__setattr__  # the model is frozen
        set_(new, "__dict__", {**self.__dict__, **fields})
        set_(new, "__pydantic_fields_set__", {*self.__pydantic_fields_set__, *fields})
        set_(new, "__pydantic_extra__", None)
        set_(new, "__pydantic_private__", None)
        return new

    @model_serializer(mode="wrap")
    def _written(self, handler: SerializerFunctionWrapHandler, info: SerializationInfo) -> dict[str, Any]:
        """Write the model without the fields in :meth:`omitted`, and names without the underscore after a keyword."""
        fields: dict[str, Any] = handler(self)
        if info.by_alias:
            aliases = _aliases(type(self))
            for name in self.omitted():
                fields.pop(aliases.get(name, name), None)
            return fields
        for name in self.omitted():
            fields.pop(name, None)
        if not _has_keywords(type(self)):
            return fields
        return {name.rstrip("_"): value for name, value in fields.items()}

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Describe the fields in the serialization schema, too: the serializer adds none, it only leaves some out."""
        return handler(_without_serializer(core_schema))


@cache
def _defaults(model: type[Spec]) -> list[tuple[str, Any]]:
    """Return a model's optional fields as pairs of name and default."""
    return [(name, model.model_fields[name].get_default(call_default_factory=True)) for name in model.optional]


@cache
def _written_names(model: type[Spec], omitted: frozenset[str]) -> list[tuple[str, str]]:
    """Return the names of a model's fields without those omitted, each with its name in a file."""
    return [(name, name.rstrip("_")) for name in model.model_fields if name not in omitted]


_JSON_SCALARS = frozenset({str, bool, int, type(None)})
"""The types of values that are JSON data as they are."""


def _json_data(value: Any, known: dict[int, Any]) -> Any:
    kind = type(value)
    if kind is list:
        return [part if type(part) in _JSON_SCALARS else _json_data(part, known) for part in value]
    if kind is dict and _TEXT.issuperset(map(type, value)):
        return {key: part if type(part) in _JSON_SCALARS else _json_data(part, known) for key, part in value.items()}
    if kind in _JSON_SCALARS:
        return value
    return value.json_data(known) if isinstance(value, Spec) else to_jsonable_python(value)


_TEXT = frozenset({str})


def known_data(part: object, known: dict[int, Any], write: Callable[[dict[int, Any]], dict[str, Any]]) -> Repeated:
    """Return a part of a spec as JSON data: the same object each time, because other parts may have it, too.

    :param part: The part.
    :param known: The data of parts that were written already, by the identity of the part.
    :param write: Makes the data.
    """
    data: Repeated | None = known.get(id(part))
    if data is None:
        data = known[id(part)] = Repeated(write(known))
    else:
        data.again = True
    return data


@cache
def _has_keywords(model: type[Spec]) -> bool:
    """Return whether the name of a field ends with the underscore after a keyword, as in ``class_``."""
    return any(name.endswith("_") for name in model.model_fields)


@cache
def _aliases(model: type[Spec]) -> dict[str, str]:
    """Return the camelCase name of each field that has one."""
    return {name: field.serialization_alias for name, field in model.model_fields.items() if field.serialization_alias}


def _without_serializer(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a model's core schema without its serializer. Validators may wrap the model's schema."""
    kept = {name: part for name, part in schema.items() if name != "serialization"}
    if str(schema["type"]).startswith("function"):
        kept["schema"] = _without_serializer(schema["schema"])
    return kept

"""The params of a DAG as fields of a form, each by its JSON Schema, and a run's configuration from what was typed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from airflow_provider_vai.exceptions import UnreadableTrace
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.model.automation import Param
from airflow_provider_vai.model.param_default import is_required
from airflow_provider_vai.plugin.api.problems import Problem
from airflow_provider_vai.plugin.pages.forms import PageForm, is_editable
from airflow_provider_vai.secrets.masking import masked

PREFIX = "param."
"""What the names of the fields begin with."""

Kind = Literal["text", "number", "choice", "json"]


@dataclass(frozen=True)
class ParamField:
    """A param as a field.

    :param name: of the param. :param kind: how it is typed. :param text: what the field shows at first.
    :param options: of a choice, the values as JSON and as people read them.
    :param is_hidden: the default contains what looks like a credential, so it is not shown.
    """

    name: str
    kind: Kind
    text: str
    description: str
    is_required: bool
    is_hidden: bool
    options: tuple[tuple[str, str], ...] = ()

    @property
    def field(self) -> str:
        """The name of the form field."""
        return PREFIX + self.name


def fields_of(params: Mapping[str, Param]) -> list[ParamField]:
    """Return the fields for the params of an automation, those that a run needs first.

    :param params: by name.
    """
    return sorted((_field(name, param) for name, param in params.items()), key=lambda one: not one.is_required)


def conf_of(form: PageForm, params: Mapping[str, Param]) -> dict[str, Any]:
    """Return the configuration that a form asks for. A field that still shows the default, or is empty, is left out.

    :param form: what was sent.
    :param params: by name.
    :raises Problem: 422 a text is not a value of its param's type, or a required one is missing.
    """
    conf = {}
    for one in fields_of(params):
        text = form.get(one.field)
        if not text.strip() and one.is_required:
            raise Problem(422, "a run needs a value for it", where=f"param {one.name}", remedy="Fill in the field.")
        if text == one.text or (not text.strip() and (one.kind != "text" or one.is_hidden)):
            continue
        conf[one.name] = text if one.kind == "text" else _value(one, text)
    return conf


def _field(name: str, param: Param) -> ParamField:
    kind, options = _kind(param)
    shown = "" if param.default is None else _written(param.default, kind)
    hidden = not is_editable(shown) or masked({name: param.default}) != {name: param.default}
    return ParamField(
        name=name,
        kind=kind,
        text="" if hidden else shown,
        description=param.description or "",
        is_required=is_required(param.default, param.schema_),
        is_hidden=hidden,
        options=() if hidden else options,
    )


def _kind(param: Param) -> tuple[Kind, tuple[tuple[str, str], ...]]:
    """Return how a param is typed. Without a type in its schema, the default decides."""
    schema = param.schema_
    choices = schema.get("enum")
    types = schema.get("type")
    named = {one for one in ([types] if isinstance(types, str) else types or []) if one != "null"}
    if isinstance(choices, list) and choices:
        return "choice", tuple((json.dumps(one), one if isinstance(one, str) else json.dumps(one)) for one in choices)
    if named == {"boolean"} or (not named and isinstance(param.default, bool)):
        return "choice", (("true", "true"), ("false", "false"))
    if named == {"string"} or (not named and isinstance(param.default, str)):
        return "text", ()
    if named and named <= {"integer", "number"}:
        return "number", ()
    return "json", ()


def _written(value: Any, kind: Kind) -> str:
    if kind == "text" and isinstance(value, str):
        return value
    return json.dumps(value, indent=2 if kind == "json" else None, ensure_ascii=False)


def _value(one: ParamField, text: str) -> Any:
    try:
        return json_text.loads(text, where=one.name)
    except (UnreadableTrace, RecursionError):
        what = "a number" if one.kind == "number" else "JSON: a text needs quotes"
        raise Problem(422, "it is not a value of its type", where=f"param {one.name}", remedy=f"Type {what}.") from None

"""Reads the params of a spec written by hand."""

from __future__ import annotations

from typing import Any

from airflow_provider_vai.authoring.specs.places import only, refuse, validated
from airflow_provider_vai.authoring.specs.values import refuse_credentials
from airflow_provider_vai.languages.printable import shown
from airflow_provider_vai.model.automation import Param
from airflow_provider_vai.model.base import JsonPath
from airflow_provider_vai.model.param_default import default_problem

PARAM_KEYS = ("default", "description", "schema")


def params_of(given: Any) -> dict[str, Param]:
    """Return the params of a short form by name.

    :param given: Name -> default, or name -> object with ``default``, ``description`` and ``schema``.
    :raises SpecError: a name is not an identifier, a key is unknown, or a default does not match its schema or looks
        like a credential.
    """
    if not isinstance(given, dict):
        refuse(f"{shown(given)} is not an object", ["params"], "Write `name: default` lines.")
    return {name: _param(name, value) for name, value in given.items()}


def _param(name: str, value: Any) -> Param:
    place: JsonPath = ["params", name]
    if not name.isidentifier():
        refuse(f"{shown(name)} cannot name a param", place, "Use letters, digits and underscores.")
    if not isinstance(value, dict):
        refuse_credentials({name: value}, ["params"])
        return Param(default=value)
    fields = only(value, PARAM_KEYS, place)
    refuse_credentials({name: fields.get("default")}, ["params"])
    refuse_credentials(fields, place)
    made: Param = validated(Param, fields, place)
    if problem := default_problem(made.default, made.schema_):
        refuse(problem, place, "Correct the default or the schema.")
    return made

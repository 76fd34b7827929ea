"""The params of a spec written by hand."""

from __future__ import annotations

from typing import Any

from airflow_provider_vai.automation import Param
from airflow_provider_vai.spec_base import Path
from airflow_provider_vai.specs.places import only, refuse, shown, validated
from airflow_provider_vai.specs.values import refuse_credentials

PARAM_KEYS = ("default", "description", "schema")


def params_of(given: Any) -> dict[str, Param]:
    """Return the params of a short form: ``name: default``, or an object of ``default``, ``description``, ``schema``.

    :raises SpecError: a name is no identifier, a key is not known, a default breaks its schema or is a credential.
    """
    if not isinstance(given, dict):
        refuse(f"{shown(given)} is no object", ["params"], "Write `name: default` lines.")
    return {name: _param(name, value) for name, value in given.items()}


def _param(name: str, value: Any) -> Param:
    place: Path = ["params", name]
    if not name.isidentifier():
        refuse(f"{shown(name)} cannot be the name of a param", place, "Use letters, digits and underscores.")
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


def default_problem(default: Any, schema: dict[str, Any]) -> str | None:
    """Return why a param's default breaks its schema, or why that is no JSON Schema; Airflow would refuse the DAG.

    :param default: ``None`` is no default: whoever starts a run gives the value.
    """
    if not schema:
        return None
    from jsonschema import Draft202012Validator, FormatChecker  # comes with Airflow, which checks params with it
    from jsonschema.exceptions import SchemaError, ValidationError, best_match
    from jsonschema.validators import validator_for
    from referencing import Registry
    from referencing.exceptions import Unresolvable

    try:
        validator = validator_for(schema, default=Draft202012Validator)
        validator.check_schema(schema)
        if default is None:
            return None
        checked = validator(schema, registry=Registry(), format_checker=FormatChecker())  # fetches nothing
        found = best_match(checked.iter_errors(default))
    except (SchemaError, ValidationError) as error:
        return f"the schema is no JSON Schema: {error.message[:200]}"
    except (Unresolvable, RecursionError, ValueError) as error:
        return f"the schema cannot be used: {type(error).__name__}"
    return f"the default {shown(default)} does not fit the schema ({found.validator})" if found else None

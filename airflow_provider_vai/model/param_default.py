"""Checks a param's default against its JSON Schema, as Airflow does before it accepts a DAG or starts a DAG run."""

from __future__ import annotations

from typing import Any

from airflow_provider_vai.languages.printable import shown


def default_problem(default: Any, schema: dict[str, Any]) -> str | None:
    """Return why Airflow would refuse a param: its default does not fit the schema, or the schema cannot be used.

    A default of ``None`` means that there is none, and whoever starts a run gives the value. Then only the schema is
    checked.

    :return: the problem; ``None`` if there is none.
    """
    return _problem(schema, *([] if default is None else [default]))


def fits(value: Any, schema: dict[str, Any]) -> bool:
    """Return whether a value (which may be ``None``) fits a JSON Schema."""
    return _problem(schema, value) is None


def is_required(default: Any, schema: dict[str, Any]) -> bool:
    """Return whether a run needs a value for the param: it has no default, and its schema does not allow null."""
    return default is None and not fits(None, schema)


def _problem(schema: dict[str, Any], *values: Any) -> str | None:
    if not schema:
        return None
    from jsonschema import Draft202012Validator, FormatChecker  # Airflow checks params with these
    from jsonschema.exceptions import SchemaError, ValidationError, best_match
    from jsonschema.validators import validator_for
    from referencing import Registry
    from referencing.exceptions import Unresolvable

    try:
        validator = validator_for(schema, default=Draft202012Validator)
        validator.check_schema(schema)
        checked = validator(schema, registry=Registry(), format_checker=FormatChecker())  # fetches nothing
        for value in values:
            if found := best_match(checked.iter_errors(value)):
                return f"the default {shown(value)} does not fit the schema ({found.validator})"
    except (SchemaError, ValidationError) as error:
        return f"the schema is not a JSON Schema: {error.message[:200]}"
    except (Unresolvable, RecursionError, ValueError) as error:
        return f"the schema cannot be used: {type(error).__name__}"
    return None

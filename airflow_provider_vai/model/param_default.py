"""Whether a param's default fits its JSON Schema."""

from __future__ import annotations

from typing import Any

from airflow_provider_vai.languages.printable import shown


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

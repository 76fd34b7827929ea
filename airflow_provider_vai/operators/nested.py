"""Runs operators of other providers inside this provider's operators."""

from __future__ import annotations

import datetime
import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airflow_provider_vai.operators.arguments import ConnectionSecret, argument

if TYPE_CHECKING:
    from airflow.sdk import Context

MODEL_TIMEOUT = datetime.timedelta(hours=1)
"""Default ``execution_timeout`` of steps that ask a model, because the model's client limits only each read."""


def timed(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options of a step that asks a model, with the default of its ``execution_timeout``."""
    return {"execution_timeout": MODEL_TIMEOUT, **options}


def run(operator: Any, context: Context) -> Any:
    """Run an operator that is not in a DAG as part of the running task, and return its result.

    This skips Airflow's wrapper around ``execute``, which would log a warning that the operator is not a task.
    """
    return inspect.unwrap(type(operator).execute)(operator, context)


def without_secrets(name: str, value: Any) -> Any:
    """Return an argument for a template field after checking that it contains no connection's password.

    For arguments that are sent to a model, or that everyone who may see the DAG can read.

    :param name: the argument's name, for the message.
    :raises NothingSent: the value contains a :func:`~airflow_provider_vai.operators.arguments.connection_secret`.
    """
    from airflow_provider_vai.operators.runtime.errors import NothingSent

    field = argument(value)
    if _has_secret(getattr(field, "value", None)):
        raise NothingSent(
            f"{name} contains a connection's password, which everyone who can read {name} would see: remove"
            " connection_secret(...)"
        )
    return field


def _has_secret(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_has_secret, value.values()))
    if isinstance(value, (list, tuple)):
        return any(map(_has_secret, value))
    return isinstance(value, ConnectionSecret)

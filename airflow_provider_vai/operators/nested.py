"""Operators of other providers, built and run inside one of ours."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airflow_provider_vai.operators.arguments import ConnectionSecret, argument
from airflow_provider_vai.operators.runtime.errors import NothingSent

if TYPE_CHECKING:
    from airflow.sdk import Context


def run(operator: Any, context: Context) -> Any:
    """Run an operator that stands in no DAG, as part of the running task.

    Airflow's guard around ``execute`` is left out: it would warn in each run that the operator is not a task.
    """
    return inspect.unwrap(type(operator).execute)(operator, context)


def without_secrets(name: str, value: Any) -> Any:
    """Return the argument for a template field; it goes where people and models read it.

    :param name: the argument, for the message.
    :raises NothingSent: a connection's password is in it.
    """
    field = argument(value)
    if _holds_secret(getattr(field, "value", None)):
        raise NothingSent(f"{name} holds a connection's password, and would show it to whoever reads {name}")
    return field


def _holds_secret(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_holds_secret, value.values()))
    if isinstance(value, (list, tuple)):
        return any(map(_holds_secret, value))
    return isinstance(value, ConnectionSecret)

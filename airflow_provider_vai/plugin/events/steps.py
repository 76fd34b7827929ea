"""Which tasks are steps of an automation."""

from __future__ import annotations

from functools import cache
from typing import Any

from airflow_provider_vai.languages.identifiers import ACTION_PREFIX

PACKAGE = "airflow_provider_vai."


def is_step(task: Any) -> bool:
    """Return whether a task is a step: its operator is one of an action kind, or it emits the asset of an action.

    :param task: a task as the scheduler has it: an operator, or a serialized one.
    :raises KindRefused: another distribution registers an action kind that cannot be loaded.
    """
    module = str(getattr(task, "_task_module", ""))
    if module.startswith(PACKAGE):
        return True
    if any(
        str(getattr(outlet, "uri", "")).startswith(ACTION_PREFIX) for outlet in getattr(task, "outlets", None) or ()
    ):
        return True
    return f"{module}.{getattr(task, 'task_type', '')}" in _operators()


@cache
def _operators() -> frozenset[str]:
    """Return the operators of all action kinds, those of other distributions included."""
    from airflow_provider_vai.model.kinds import all_kinds

    return frozenset(kind.operator for kind in all_kinds())

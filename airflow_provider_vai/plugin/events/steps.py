"""Which tasks are steps of an automation."""

from __future__ import annotations

from typing import Any

from airflow_provider_vai.languages.identifiers import ASSET_SCHEME

PACKAGE = "airflow_provider_vai."
ACTIONS = f"{ASSET_SCHEME}://actions/"


def is_step(task: Any) -> bool:
    """Return whether a task is a step: its operator is one of this package, or it emits the asset of an action.

    :param task: a task as the scheduler has it: an operator, or a serialized one.
    """
    if str(getattr(task, "_task_module", "")).startswith(PACKAGE):
        return True
    return any(str(getattr(outlet, "uri", "")).startswith(ACTIONS) for outlet in getattr(task, "outlets", None) or ())

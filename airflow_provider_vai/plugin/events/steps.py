"""Which tasks are steps of an automation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_vai.languages.identifiers import ASSET_SCHEME

if TYPE_CHECKING:
    pass


PACKAGE = "airflow_provider_vai."


ACTIONS = f"{ASSET_SCHEME}://actions/"


def is_step(task: Any) -> bool:
    """Return whether a task, as the scheduler has it, is a step: of this package, or emitting an action's asset."""
    if str(getattr(task, "_task_module", "")).startswith(PACKAGE):
        return True
    return any(str(getattr(outlet, "uri", "")).startswith(ACTIONS) for outlet in getattr(task, "outlets", None) or ())

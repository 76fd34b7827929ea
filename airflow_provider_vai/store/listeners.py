"""Which steps of an automation other automations in its folder wait for."""

from __future__ import annotations

from collections.abc import Iterator

from airflow_provider_vai.exceptions import VaiError
from airflow_provider_vai.languages.identifiers import asset_uri
from airflow_provider_vai.model.automation import Automation
from airflow_provider_vai.model.sidecar import SUFFIX, parse_sidecar
from airflow_provider_vai.model.triggers import EventTrigger
from airflow_provider_vai.renderer.event_assets import uris
from airflow_provider_vai.store import shared_files
from airflow_provider_vai.store.shared_files import AnyPath

MARKS = (b"vai://actions/", b"action.completed")
"""One of them is in each sidecar that waits for a step. Only those sidecars are parsed."""


def with_awaited_assets(automation: Automation, folder: AnyPath) -> Automation:
    """Return the automation with ``asset`` set on each step that a trigger in the folder names.

    Such a step emits its asset the moment it succeeds. On object storage the other sidecars are not read, because that
    would be a request for each; there the plugin emits the asset when the DAG run has ended.

    :param automation: The spec that is about to be published.
    :param folder: The folder of the DAG files and sidecars.
    """
    if shared_files.local_path(folder) is None:
        return automation
    awaited = set(_awaited(automation.dag_id, folder))
    steps = [
        step.model_copy(update={"asset": True})
        if asset_uri("actions", step.kind, automation.dag_id, step.task_id) in awaited
        else step
        for step in automation.steps
    ]
    return automation if steps == automation.steps else automation.model_copy(update={"steps": steps})


def _awaited(dag_id: str, folder: AnyPath) -> Iterator[str]:
    """Yield the assets that the triggers of the other automations in a folder name. Broken sidecars are left out."""
    for name in shared_files.names(folder, SUFFIX):
        if name == f"{dag_id}{SUFFIX}":
            continue
        try:
            content = shared_files.read(folder / name) or b""
            triggers = parse_sidecar(content, str(folder / name)).triggers if _has_mark(content) else []
            for trigger in triggers:
                if isinstance(trigger, EventTrigger):
                    yield from uris(trigger)
        except VaiError:
            continue


def _has_mark(content: bytes) -> bool:
    return any(mark in content for mark in MARKS)

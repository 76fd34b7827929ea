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
from airflow_provider_vai.store.file_cache import FileCache
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
    """Yield the assets that the triggers of the other automations in a folder name."""
    for name, assets in _cache.contents(folder).items():
        if name != f"{dag_id}{SUFFIX}":
            yield from assets


def _read(path: AnyPath) -> frozenset[str]:
    """Return the assets that the triggers in a sidecar name; none if it is broken."""
    try:
        content = shared_files.read(path) or b""
        triggers = parse_sidecar(content, str(path)).triggers if _has_mark(content) else []
    except VaiError:
        return frozenset()
    return frozenset(uri for trigger in triggers if isinstance(trigger, EventTrigger) for uri in uris(trigger))


def _has_mark(content: bytes) -> bool:
    return any(mark in content for mark in MARKS)


_cache: FileCache[frozenset[str]] = FileCache(_read, SUFFIX)

"""The assets that steps and automations emit: other DAGs are scheduled by them, Airflow's asset graph shows them."""

from __future__ import annotations

from typing import Any

from airflow.sdk import Asset

from airflow_provider_vai.languages.identifiers import ASSET_SCHEME, asset_uri


def asset(uri: str) -> Asset:
    """Return the Airflow asset of a URI.

    For every URI with a scheme Airflow asks all installed providers how it is spelled, which takes most of a second in
    each parse of a DAG file. Nobody spells ours but this package, so the question is left out.
    """
    if not uri.startswith(f"{ASSET_SCHEME}://"):
        return Asset(uri)
    made = Asset(name=uri, uri="vai")
    object.__setattr__(made, "uri", uri)  # a plain assignment asks, too
    return made


def emits_action(task: Any) -> None:
    """Add ``vai://actions/<kind>/<dag_id>/<task_id>`` to a task's outlets: Airflow emits it when the task succeeds.

    :param task: an operator with the attribute ``kind``; one that stands in no DAG yet gets no outlet.
    """
    if task.has_dag():
        own = asset(asset_uri("actions", task.kind, task.dag_id, task.task_id))
        if own not in task.outlets:  # of a mapped task the file names it
            task.outlets = [*task.outlets, own]

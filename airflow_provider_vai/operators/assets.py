"""The assets that steps and automations emit; other DAGs can be scheduled on them."""

from __future__ import annotations

from typing import Any

from airflow.sdk import Asset

SCHEME = "vai://"
"""``ASSET_SCHEME`` of :mod:`~airflow_provider_vai.languages.identifiers`, which most DAG files need not import."""


def asset(uri: str) -> Asset:
    """Return the Airflow asset with this URI.

    To normalize a URI with a scheme, Airflow loads all installed providers, which takes most of a second at each parse
    of a DAG file. No provider normalizes ``vai://`` URIs, so this function sets the URI without normalization.
    """
    if not uri.startswith(SCHEME):
        return Asset(uri)
    result = Asset(name=uri, uri="vai")
    object.__setattr__(result, "uri", uri)  # a plain assignment would normalize it
    return result


def emits_action(task: Any) -> None:
    """Add ``vai://actions/<kind>/<dag_id>/<task_id>`` to a task's outlets. Airflow emits it when the task succeeds.

    :param task: an operator with the attribute ``kind``. An operator without a DAG gets no outlet.
    """
    if task.has_dag():
        from airflow_provider_vai.languages.identifiers import asset_uri

        action_asset = asset(asset_uri("actions", task.kind, task.dag_id, task.task_id))
        if action_asset not in task.outlets:  # the DAG file already lists it for a mapped task
            task.outlets = [*task.outlets, action_asset]

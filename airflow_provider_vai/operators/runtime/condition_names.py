"""The names that a condition may use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow.sdk import Context


def names(context: Context) -> dict[str, Any]:
    """Return the values that a condition may name in this DAG run.

    ``params`` are the params of the DAG run. ``payload`` is the body of the webhook that started it, otherwise the DAG
    run's conf. ``event`` is the newest asset event that triggered it: ``uri``, ``extra``, ``source_dag_id``,
    ``source_task_id``, ``source_run_id``. Keys of the payload can also be named without ``payload.``.
    """
    conf = context["dag_run"].conf or {}
    payload = conf.get("payload", conf)
    payload_keys = payload if isinstance(payload, Mapping) else {}
    event = _event(context)
    return {
        **payload_keys,
        "params": dict(context["params"]),
        "payload": payload,
        **({"event": event} if event else {}),
    }


def _event(context: Context) -> dict[str, Any] | None:
    events_by_asset = context.get("triggering_asset_events") or {}
    events = [event for asset_events in events_by_asset.values() for event in asset_events]
    if not events:
        return None
    newest = max(events, key=lambda event: event.timestamp)
    fields = ("extra", "source_dag_id", "source_task_id", "source_run_id")
    return {"uri": newest.asset.uri, **{name: getattr(newest, name, None) for name in fields}}

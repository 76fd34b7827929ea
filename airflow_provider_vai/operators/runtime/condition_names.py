"""What the paths of a condition begin at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow.sdk import Context


def names(context: Context) -> dict[str, Any]:
    """Return the values that a condition may name in this DAG run.

    ``params`` are the run's parameters; ``payload`` is the body of the webhook that started it, else its configuration;
    ``event`` is the newest asset event that did: ``uri``, ``extra``, ``source_dag_id``, ``source_task_id``,
    ``source_run_id``. What stands in the payload can be named without ``payload.`` before it.
    """
    configuration = context["dag_run"].conf or {}
    payload = configuration.get("payload", configuration)
    inside = payload if isinstance(payload, Mapping) else {}
    event = _event(context)
    return {
        **inside,
        "params": dict(context["params"]),
        "payload": payload,
        **({"event": event} if event else {}),
    }


def _event(context: Context) -> dict[str, Any] | None:
    events = [event for found in (context.get("triggering_asset_events") or {}).values() for event in found]
    if not events:
        return None
    newest = max(events, key=lambda event: event.timestamp)
    fields = ("extra", "source_dag_id", "source_task_id", "source_run_id")
    return {"uri": newest.asset.uri, **{name: getattr(newest, name, None) for name in fields}}

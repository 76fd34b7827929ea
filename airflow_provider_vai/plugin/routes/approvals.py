"""The record of approvals over HTTP, for whoever may see the questions of the DAG."""

from __future__ import annotations

from typing import Annotated, Any

from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.core_api.security import requires_access_dag
from fastapi import APIRouter, Depends, Query

from airflow_provider_vai.model import approvals_record
from airflow_provider_vai.operators.runtime import results

router = APIRouter(
    prefix="/api/v1/approvals", dependencies=[Depends(requires_access_dag("GET", DagAccessEntity.HITL_DETAIL))]
)


@router.get("")
def approvals(
    dag_id: str,
    gate: str | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    after: str | None = None,
) -> dict[str, Any]:
    """Return the decisions of an automation, newest first.

    :param gate: the task id of one gate; left out: all of them.
    :param after: go on after the decision with this id, the ``nextCursor`` of the page before.
    """
    records = approvals_record.read(results.artifacts_root(), dag_id, gate)
    if after is not None:
        for record in records:
            if record.get("id") == after:
                break
    items: list[dict[str, Any]] = []
    for record in records:
        if len(items) == limit:
            return {"items": items, "nextCursor": items[-1].get("id")}
        if "unreadable" not in record:  # its path is for operators, not for the web; `vai approvals` names it
            items.append(on_the_wire(record))
    return {"items": items, "nextCursor": None}


def on_the_wire(record: dict[str, Any]) -> dict[str, Any]:
    """Return a decision with its own keys in camel case; task ids and places stay as they are."""
    steps = {task_id: _camel(step) for task_id, step in record["steps"].items()}
    return {**_camel(record), "steps": steps}


def _camel(fields: dict[str, Any]) -> dict[str, Any]:
    return {_camel_name(name): value for name, value in fields.items()}


def _camel_name(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)

"""Which version of an automation Airflow's own DAG versions hold, by the digest of the DAG file."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from airflow.models.dag_version import DagVersion
from airflow.models.dagcode import DagCode
from sqlalchemy import select
from sqlalchemy.orm import Session

from airflow_provider_vai.plugin.api.json_response import ResponseModel
from airflow_provider_vai.store.edits import dag_sha256
from airflow_provider_vai.store.state import AutomationState

EDITED: Literal["edited"] = "edited"
"""Stands for a DAG file that was edited by hand and that no version contains."""


class DagVersionShown(ResponseModel):
    """One of Airflow's DAG versions. ``version`` is the automation's version whose DAG file it holds, ``"edited"`` if
    no version contains that file."""

    dag_version: int
    created_at: datetime
    version: int | Literal["edited"]


def versions_by_digest(state: AutomationState) -> dict[str, int]:
    """Return the version of an automation that contains a DAG file, by the digest of the file; of several the newest.

    :param state: the automation's state.
    """
    found: dict[str, int] = {}
    for entry in state.log.versions():
        found.setdefault(dag_sha256(entry.dag_file or ""), entry.sidecar.version)
    return found


def dag_versions(session: Session, state: AutomationState, limit: int) -> list[DagVersionShown]:
    """Return Airflow's newest DAG versions of an automation, newest first.

    :param state: the automation's state. :param limit: the most to return.
    """
    known = versions_by_digest(state)
    query = (
        select(DagVersion.version_number, DagVersion.created_at, DagCode.source_code)
        .join(DagCode, DagCode.dag_version_id == DagVersion.id)
        .where(DagVersion.dag_id == state.log.dag_id)
        .order_by(DagVersion.version_number.desc())
    )
    return [
        DagVersionShown(dag_version=number, created_at=at, version=known.get(dag_sha256(source), EDITED))
        for number, at, source in session.execute(query.limit(limit))
    ]

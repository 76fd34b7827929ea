"""The files that the steps of a DAG run wrote: large results, and flashboards.

They are found through the results in Airflow's database. A request names a task instance, never a file: the path
follows from its ids, and the content must have the digest that the result names.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from airflow.models.dagrun import DagRun
from airflow.models.xcom import XComModel
from pydantic import Field, ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from airflow_provider_vai.operators.runtime import results, tables
from airflow_provider_vai.plugin.api.flashboard_pages import recorded_result, stored_value
from airflow_provider_vai.plugin.api.json_response import ResponseModel
from airflow_provider_vai.plugin.api.problems import Problem
from airflow_provider_vai.plugin.api.task_places import InstancePlace, places

Form = Literal["json", "parquet", "html"]
FLASHBOARD = {"path", "sha256", "bytes", "title", "charts"}
"""Keys of a flashboard's result."""

READABLE_BYTES = 1024 * 1024
"""A larger artifact is not shown as text."""


class ArtifactShown(ResponseModel):
    """A file that a task instance wrote. ``form`` is ``html`` for a flashboard, else the form of a large result.

    ``rows`` and ``columns`` are null if the result is no table; ``title`` is that of a flashboard. ``preview`` has the
    first rows.
    """

    run_id: str
    task_id: str
    map_index: int = Field(description="-1 for a task that is not mapped.")
    round: str | None = Field(description="The round of a loop of Airflow 3.4; null outside a loop.")
    form: Form
    title: str | None
    bytes: int
    rows: int | None
    columns: list[str] | None
    preview: list[Any] | None
    sha256: str


@dataclass(frozen=True)
class ArtifactFile:
    """The content of an artifact. :param form: its form. :param content: its bytes, as the task wrote them."""

    form: Form
    content: bytes

    def value(self) -> Any:
        """Return what a person reads: the result as JSON data; ``None`` if it is not a result, or too large."""
        if self.form == "html" or len(self.content) > READABLE_BYTES:
            return None
        return tables.from_parquet(self.content) if self.form == "parquet" else json.loads(self.content)


def newest_runs(session: Session, dag_id: str, limit: int) -> list[DagRun]:
    """Return the newest DAG runs, newest first."""
    query = select(DagRun).where(DagRun.dag_id == dag_id).order_by(DagRun.run_after.desc(), DagRun.id.desc())
    return list(session.scalars(query.limit(limit)))


def listed(session: Session, dag_id: str, run_ids: Sequence[str]) -> list[ArtifactShown]:
    """Return the artifacts of DAG runs: run by run in the given order, then by task.

    :param run_ids: ids of DAG runs.
    """
    query = select(XComModel).where(
        XComModel.dag_id == dag_id, XComModel.run_id.in_(list(run_ids)), XComModel.key == "return_value"
    )
    rows = list(session.scalars(query.order_by(XComModel.task_id, XComModel.map_index)))
    placed = zip(rows, places(session, rows), strict=True)
    found = [shown for row, place in placed if (shown := _shown(row, place)) is not None]
    return sorted(found, key=lambda one: run_ids.index(one.run_id))


def content(
    session: Session, dag_id: str, run_id: str, task_id: str, map_index: int, *, loop_round: str | None = None
) -> ArtifactFile:
    """Return the artifact of a task instance.

    :param loop_round: the round of a task in a loop.
    :raises Problem: 404 the task instance wrote none, or the file is gone or was changed.
    """
    row = recorded_result(session, dag_id, run_id, task_id, map_index, loop_round=loop_round)
    shown = None if row is None else _shown(row, InstancePlace(map_index, loop_round))
    if shown is None:
        raise Problem(404, f"the task {task_id!r} wrote no artifact in the run {run_id!r}")
    path = results.path_of(dag_id, run_id, task_id, map_index, shown.form, loop_round=loop_round)
    try:
        found = path.read_bytes()
    except FileNotFoundError:
        raise Problem(
            404, "the file is missing", remedy="Does the API server use the same [vai] artifacts_path as the workers?"
        ) from None
    if hashlib.sha256(found).hexdigest() != shown.sha256:
        raise Problem(404, "the file was changed after the task wrote it", remedy="Clear the task to make it again.")
    return ArtifactFile(shown.form, found)


def _shown(row: Any, place: InstancePlace) -> ArtifactShown | None:
    """Return the artifact that a result names; ``None`` if it names none."""
    try:
        value = stored_value(row)
    except Exception:  # an XCom backend that does not have it any more
        return None
    if results.is_reference(value):
        form, title = value["artifact"], None
    elif isinstance(value, dict) and value.keys() >= FLASHBOARD:
        form, title, value = "html", str(value["title"]), {**value, "rows": None, "columns": None, "preview": None}
    else:
        return None
    try:
        return ArtifactShown(
            run_id=row.run_id,
            task_id=row.task_id,
            map_index=place.map_index,
            round=place.loop_round,
            form=form,
            title=title,
            **{name: value[name] for name in ("bytes", "rows", "columns", "preview", "sha256")},
        )
    except ValidationError:  # a tool's own result that only resembles one of ours
        return None

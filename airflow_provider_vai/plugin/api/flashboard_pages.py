"""Finds the flashboard page of a task instance through its result in Airflow's database."""

from __future__ import annotations

import hashlib
from datetime import timezone
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from airflow.models.xcom import XComModel
from sqlalchemy import select

from airflow_provider_vai.languages.html_text import text
from airflow_provider_vai.operators.runtime import results
from airflow_provider_vai.operators.runtime.instance import region_query
from airflow_provider_vai.plugin.api.task_places import columns_of_place, is_task, is_task_in_any_round, places

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


class NoPage(LookupError):
    """There is no page to serve. The message says why, and contains nothing of the result."""


def newest_run(session: Session, dag_id: str, task_id: str, map_index: int = -1) -> tuple[str, str | None] | None:
    """Return the id of the newest run in which the task succeeded, and in a loop the round that ended last.

    ``None``: there is none.

    The newest run has the latest ``run_after`` (for a scheduled run: the end of its data interval), and among equals
    was created last. An older run that is cleared and runs again keeps its place.
    """
    query = (
        select(DagRun.run_id, *columns_of_place(TaskInstance))
        .join(TaskInstance, (TaskInstance.dag_id == DagRun.dag_id) & (TaskInstance.run_id == DagRun.run_id))
        .where(*is_task_in_any_round(TaskInstance, dag_id, task_id, map_index), TaskInstance.state == "success")
        .order_by(DagRun.run_after.desc(), DagRun.id.desc(), TaskInstance.end_date.desc())
    )
    row = session.execute(query.limit(1)).first()
    return None if row is None else (row.run_id, places(session, [row])[0].loop_round)


def content(
    session: Session, dag_id: str, run_id: str, task_id: str, map_index: int = -1, *, loop_round: str | None = None
) -> bytes:
    """Return the page that a task instance made.

    :raises NoPage: the task instance made no flashboard, or the file is gone or was changed.
    """
    digest = _recorded_digest(session, dag_id, run_id, task_id, map_index, loop_round=loop_round)
    path = results.path_of(dag_id, run_id, task_id, map_index, "html", loop_round=loop_round)
    try:
        found = path.read_bytes()
    except FileNotFoundError:
        raise NoPage(
            "the page is missing: does the API server use the same [vai] artifacts_path as the workers?"
        ) from None
    if hashlib.sha256(found).hexdigest() != digest:
        raise NoPage("the page was changed after the task wrote it: clear the task to make it again")
    return found


def with_footer(
    session: Session, dag_id: str, run_id: str, task_id: str, map_index: int = -1, *, loop_round: str | None = None
) -> bytes:
    """Return a task instance's page with a footer: time, run, version of the DAG, and a link to the task.

    The file itself has none, so that equal rows make equal files.

    :raises NoPage: as :func:`content` does.
    """
    page = content(session, dag_id, run_id, task_id, map_index, loop_round=loop_round)
    instance = session.scalars(
        select(TaskInstance).where(
            *is_task(TaskInstance, dag_id, task_id, map_index, loop_round), TaskInstance.run_id == run_id
        )
    ).first()
    before, end, after = page.rpartition(b"</main>")
    if instance is None or not end:
        return page
    made = f"{instance.end_date.astimezone(timezone.utc):%Y-%m-%d %H:%M} UTC" if instance.end_date else ""
    version = instance.dag_version.version_number if instance.dag_version else None
    facts = [
        f"Made {made}" if made else "",
        f"Run {text(run_id)}",
        f"DAG {text(dag_id)}" + (f", version {version} in Airflow" if version else ""),
    ]
    dag, run, task = (quote(part, "") for part in (dag_id, run_id, task_id))
    mapped = f"/mapped/{map_index}" if map_index >= 0 else ""
    # relative: a proxy may serve Airflow below a path that it does not know
    query = region_query(loop_round, map_index)
    address = f"../../../../dags/{dag}/runs/{run}/tasks/{task}{mapped}{f'?{query}' if query else ''}"
    link = f'<a href="{text(address)}" style="color: inherit">Task in Airflow</a>'
    footer = f'<footer style="{_FOOTER}">{" &middot; ".join([*filter(None, facts), link])}</footer>\n'
    return before + footer.encode() + end + after


_FOOTER = "margin-top: 28px; color: var(--muted); font-size: 13px; overflow-wrap: anywhere"


def recorded_result(
    session: Session, dag_id: str, run_id: str, task_id: str, map_index: int, *, loop_round: str | None
) -> Any:
    """Return the row with a task instance's result; ``None`` if it has none."""
    query = select(XComModel).where(
        *is_task(XComModel, dag_id, task_id, map_index, loop_round),
        XComModel.run_id == run_id,
        XComModel.key == "return_value",
    )
    return session.scalars(query).first()


def _recorded_digest(
    session: Session, dag_id: str, run_id: str, task_id: str, map_index: int, *, loop_round: str | None
) -> str:
    row = recorded_result(session, dag_id, run_id, task_id, map_index, loop_round=loop_round)
    try:
        result = None if row is None else results.load(stored_value(row))
    except (OSError, ValueError):
        result = None
    digest = result.get("sha256") if isinstance(result, dict) else None
    if not isinstance(digest, str):
        raise NoPage(f"the task {task_id!r} made no flashboard in the run {run_id!r} of {dag_id!r}")
    return digest


def stored_value(row: Any) -> Any:
    """Return a task's result: the plain JSON of the row, or what an XCom backend keeps elsewhere."""
    from airflow.sdk.execution_time.xcom import XCom

    return row.value if isinstance(row.value, dict) else XCom.deserialize_value(row)

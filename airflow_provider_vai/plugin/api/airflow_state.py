"""An automation's DAG in Airflow: whether Airflow has read its file, whether it is paused, and its import error."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import PurePosixPath

from airflow.models.dag import DagModel
from airflow.models.dag_version import DagVersion
from airflow.models.dagcode import DagCode
from airflow.models.errors import ParseImportError
from airflow.utils.session import create_session
from sqlalchemy import select
from sqlalchemy.orm import Session

from airflow_provider_vai.operators.runtime.compat import configuration
from airflow_provider_vai.plugin.api.access import MOST_NAMES
from airflow_provider_vai.plugin.api.configured_folders import automations_folder
from airflow_provider_vai.plugin.api.parsing import read_soon
from airflow_provider_vai.plugin.api.problems import Problem, public
from airflow_provider_vai.store.edits import dag_sha256
from airflow_provider_vai.store.state import AutomationState

RETRY = {"Retry-After": "15"}


@dataclass(frozen=True)
class AirflowDag:
    """A DAG in Airflow's database.

    :param is_paused: Airflow's switch; ``None``: Airflow has not read the file.
    :param error: the import error of the file. :param read_at: when Airflow last read the file.
    :param next_run: when Airflow plans to start the next run, if a schedule starts it.
    """

    is_paused: bool | None = None
    error: str | None = None
    read_at: datetime | None = None
    next_run: datetime | None = None


UNKNOWN = AirflowDag()


def known_dags(session: Session, dag_ids: Iterable[str]) -> dict[str, AirflowDag]:
    """Return each DAG as Airflow knows it, by DAG id."""
    wanted = list(dag_ids)
    found = {dag_id: AirflowDag(error=error) for dag_id, error in _errors(session, wanted).items()}
    for start in range(0, len(wanted), MOST_NAMES):
        batch = wanted[start : start + MOST_NAMES]
        rows = session.execute(
            select(
                DagModel.dag_id, DagModel.is_paused, DagModel.last_parsed_time, DagModel.next_dagrun_create_after
            ).where(DagModel.dag_id.in_(batch), DagModel.is_stale.is_not(True))
        )
        for dag_id, is_paused, read_at, next_run in rows:
            found[dag_id] = AirflowDag(bool(is_paused), found.get(dag_id, UNKNOWN).error, read_at, next_run)
    return {dag_id: found.get(dag_id, UNKNOWN) for dag_id in wanted}


def status(recorded: str, dag: AirflowDag) -> str:
    """Return ``draft``, ``active``, ``paused`` or ``error``: the sidecar's status, corrected by Airflow's switch.

    :param recorded: the sidecar's status. :param dag: its DAG in Airflow.
    """
    if dag.error is not None:
        return "error"
    if dag.is_paused is None:
        return recorded
    if not dag.is_paused:
        return "active"
    return "draft" if recorded == "draft" else "paused"


def unpause(state: AutomationState) -> None:
    """Unpause the DAG of an automation.

    :raises Problem: 409 Airflow has not read the current file yet, or cannot read it.
    """
    dag_id = state.log.dag_id
    with create_session(scoped=False) as session:
        dag = known_dags(session, [dag_id])[dag_id]
        if dag.error is not None:
            raise Problem(409, "Airflow cannot read the DAG file", error=dag.error)
        is_read = dag.is_paused is not None and _is_current(session, state, dag)
        if is_read:
            _switch(session, dag_id, is_paused=False)
    if not is_read:
        read_soon(dag_id)
        error = Problem(409, "Airflow has not read the DAG file yet; try again in a moment")
        error.headers = RETRY
        raise error


def pause(dag_id: str) -> None:
    """Pause a DAG; one that Airflow does not know does not run anyway."""
    with create_session(scoped=False) as session:
        _switch(session, dag_id, is_paused=True)


def _switch(session: Session, dag_id: str, *, is_paused: bool) -> None:
    row = session.scalars(select(DagModel).where(DagModel.dag_id == dag_id)).first()
    if row is not None:
        row.is_paused = is_paused


def _is_current(session: Session, state: AutomationState, dag: AirflowDag) -> bool:
    """Return whether Airflow has read the newest version.

    Airflow stores the source of a file only if the DAG itself changed. So a file whose source is not the stored one
    counts as read, too, if Airflow read it so long after it was written that it cannot have started before.
    """
    newest = next(state.log.versions(), None)
    if state.dag_file is None or newest is None:
        return False
    if source_sha256(session, state.log.dag_id) == dag_sha256(state.dag_file):
        return True
    seconds = configuration().getint("dag_processor", "dag_file_processor_timeout", fallback=50)
    return dag.read_at is not None and dag.read_at > newest.at + timedelta(seconds=seconds)


def source_sha256(session: Session, dag_id: str) -> str | None:
    """Return the digest of the source of a DAG's newest version in Airflow."""
    query = (
        select(DagCode.source_code)
        .join(DagVersion, DagVersion.id == DagCode.dag_version_id)
        .where(DagVersion.dag_id == dag_id)
        .order_by(DagVersion.version_number.desc())
        .limit(1)
    )
    source = session.scalars(query).first()
    return None if source is None else dag_sha256(source)


def _errors(session: Session, dag_ids: list[str]) -> dict[str, str]:
    """Return the import errors of the DAG files of these automations, without the server's folders."""
    folder = str(getattr(automations_folder(), "path", automations_folder())).rstrip("/")
    wanted = set(dag_ids)
    found = {}
    for name, stacktrace in session.execute(select(ParseImportError.filename, ParseImportError.stacktrace)):
        dag_id = PurePosixPath(name or "").name.removesuffix(".py")
        file = f"{folder}/{dag_id}.py"
        if dag_id in wanted and (file == name or file.endswith(f"/{name}")):
            found[dag_id] = public(str(stacktrace))
    return found

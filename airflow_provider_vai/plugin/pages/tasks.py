"""The tab of a task instance: the step that it ran and who approved it, or the recording of an agent that ran there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.core_api.security import GetUserDep
from airflow.utils.session import create_session
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse

from airflow_provider_vai.model import approvals_record
from airflow_provider_vai.model.automation import Step
from airflow_provider_vai.model.sidecar import Sidecar
from airflow_provider_vai.model.step_graph import GATE, guarded_by
from airflow_provider_vai.operators.runtime import results
from airflow_provider_vai.plugin.api.access import AUTHOR_NEW, is_allowed, reading
from airflow_provider_vai.plugin.api.parameters import DagId
from airflow_provider_vai.plugin.api.problems import Problem
from airflow_provider_vai.plugin.api.stored_automation import read_any_state
from airflow_provider_vai.plugin.api.task_places import newest_round
from airflow_provider_vai.plugin.pages.forms import Form, new_key
from airflow_provider_vai.plugin.pages.frame import ROOT, page
from airflow_provider_vai.plugin.pages.imports import address_of
from airflow_provider_vai.plugin.pages.preview import shown_step
from airflow_provider_vai.plugin.pages.sending import carried_out
from airflow_provider_vai.plugin.pages.viewed import may_edit_connections
from airflow_provider_vai.plugin.routes.approvals import DecisionShown
from airflow_provider_vai.plugin.routes.recordings import stored
from airflow_provider_vai.recorder.places import recording_path

if TYPE_CHECKING:
    from airflow.sdk import ObjectStoragePath

router = APIRouter(
    prefix=f"{ROOT}/task/{{dag_id}}/{{run_id}}/{{task_id}}/{{map_index}}",
    include_in_schema=False,
    default_response_class=HTMLResponse,
)


@dataclass(frozen=True)
class TaskKey:
    """The task instance in the address. :param index: its map index, -1 for a task that is not mapped.

    :param last: the last part of the address, as it is.
    """

    dag_id: str
    run_id: str
    task_id: str
    index: int
    last: str


def task_key(dag_id: DagId, run_id: str, task_id: str, map_index: str) -> TaskKey:
    """Return the task instance in the address. Airflow leaves its placeholder where a task is not mapped."""
    index = int(map_index) if map_index.isdecimal() and len(map_index) < 10 else -1
    return TaskKey(dag_id, run_id, task_id, index, quote(map_index, ""))


Key = Annotated[TaskKey, Depends(task_key)]


@router.get("", dependencies=reading(DagAccessEntity.TASK_INSTANCE))
def task_tab(request: Request, user: GetUserDep, ti: Key) -> Response:
    """Show what a task instance is: the tab that Airflow shows on each one, ours or not."""
    sidecar = read_any_state(ti.dag_id).sidecar
    step = next((one for one in sidecar.steps if one.task_id == ti.task_id), None) if sidecar else None
    if sidecar is None or step is None:
        return _recording(request, user, ti, is_ours=sidecar is not None)
    gate = step if step.kind == GATE else _gate_of(sidecar, step)
    may_read = is_allowed(user, "GET", ti.dag_id, DagAccessEntity.HITL_DETAIL)
    return page(
        request,
        "task_step.html",
        dag_id=ti.dag_id,
        task_id=ti.task_id,
        version=sidecar.version,
        shown=shown_step(sidecar.automation, step),
        is_gate=step.kind == GATE,
        gate=gate,
        guarded=guarded_by(sidecar.steps, gate.key) if gate else [],
        decisions=list(_decisions(ti, gate.task_id)) if gate and may_read else [],
        may_read_decisions=may_read,
    )


@router.post("/crystallize", dependencies=[*reading(DagAccessEntity.TASK_INSTANCE), *AUTHOR_NEW])
def crystallize(request: Request, user: GetUserDep, ti: Key, form: Form) -> Response:
    """Store the recording of an agent that ran in this task instance, and open it."""

    def do() -> str:
        try:
            content = _path(ti).read_bytes()
        except FileNotFoundError:
            raise Problem(404, "this task left no recording") from None
        entries, _ = stored(content, None, False, user.get_name())
        return address_of(entries[0])

    return carried_out(request, user, form, do)


def _recording(request: Request, user: Any, ti: TaskKey, *, is_ours: bool) -> Response:
    """Return the page of a task that is no step: with the recording of an agent, or how to record one."""
    return page(
        request,
        "task_recording.html",
        dag_id=ti.dag_id,
        task_id=ti.task_id,
        has_recording=_path(ti).exists(),
        is_ours=is_ours,
        may_author=may_edit_connections(user) and is_allowed(user, "PUT", ti.dag_id),
        key=new_key(),
        here=ti.last,
    )


def _path(ti: TaskKey) -> ObjectStoragePath:
    with create_session(scoped=False) as session:  # Airflow's address does not say which round of a loop it is
        loop_round = newest_round(session, ti.dag_id, ti.run_id, ti.task_id, ti.index)
    return recording_path(ti.dag_id, ti.run_id, ti.task_id, ti.index, loop_round)


def _gate_of(sidecar: Sidecar, step: Step) -> Step | None:
    return next((one for one in sidecar.steps if one.key == step.approval.gate), None)


def _decisions(ti: TaskKey, gate: str) -> Iterator[DecisionShown]:
    """Yield the decisions of a gate in the DAG run, newest first; one gate may guard all instances of a mapped step."""
    for record in approvals_record.read(results.artifacts_root(), ti.dag_id, gate):
        if record.get("run_id") == ti.run_id and record.get("map_index", -1) in (-1, None, ti.index):
            yield DecisionShown.model_validate(record)

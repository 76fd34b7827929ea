"""Answers the question of a gate exactly as Airflow's own endpoint does, for forms that browsers send without script.

Airflow answers ``PATCH /api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/{map_index}/hitlDetails`` with
one plain function, ``update_hitl_detail``. It is the same on Airflow 3.1 and 3.3: it takes the place, the payload, the
user and a session, checks who is assigned and that nobody has answered, and stores the name of the user. What the
endpoint adds by its dependencies is the permission to edit the DAG's questions, which the route here demands with the
same function, and an entry in the audit log, which is written here with the same function from the same payload. So
calling it is sound; if an Airflow has it no longer, the page says so and leads to Airflow's own page.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from inspect import signature
from typing import Any

from airflow.models.dagbag import DBDagBag
from airflow.models.hitl import HITLDetail
from airflow.models.taskinstance import TaskInstance
from airflow.utils.session import create_session
from fastapi import HTTPException, Request
from sqlalchemy import select
from sqlalchemy.orm import Session

from airflow_provider_vai.operators.runtime.instance import region_of
from airflow_provider_vai.plugin.api.open_questions import GATE
from airflow_provider_vai.plugin.api.problems import Problem
from airflow_provider_vai.plugin.api.request_body import check_data
from airflow_provider_vai.plugin.api.task_places import is_task
from airflow_provider_vai.sensors import approval_form
from airflow_provider_vai.sensors.approval_blocks import digest_of
from airflow_provider_vai.sensors.approval_question import APPROVE, REJECT

OPTIONS = {"approve": APPROVE, "reject": REJECT}
"""What a form says, and the option of the question."""

CHANGED = "the question has changed since you opened the page, and nothing was sent"
REFUSED = {403: "only the people whom the question names may answer it", 409: "somebody has answered it already"}
"""Why Airflow refuses an answer, by status."""

READ_AGAIN = "Open the approvals again, read the question, and answer it there."


@dataclass(frozen=True)
class Place:
    """Where a question is: the task instance of its gate."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    loop_round: str | None = None


def answer(user: Any, place: Place, decision: str, *, sha256: str, typed: Mapping[str, str], note: str) -> None:
    """Answer a question in the name of a user who may edit the questions of its DAG.

    :param decision: a key of :data:`OPTIONS`.
    :param sha256: the digest that the user saw; another question is not answered.
    :param typed: the texts of the form's fields by name; only an approval sends them. :param note: the user's note.
    :raises HTTPException: 404 there is no such question, 409 it was answered or has changed, 403 the user is not
        assigned, 422 a field has a value that it does not accept.
    :raises SpecError: the answer contains text that Airflow cannot store.
    """
    with create_session(scoped=False) as session:
        detail = _detail(session, place)
        if digest_of(detail.body or "") != sha256:
            raise Problem(409, CHANGED, remedy=READ_AGAIN)
        given = _edits(dict(detail.params or {}), typed) if decision == "approve" else {}
    noted = {approval_form.NOTE: note} if note else {}
    payload = {"chosen_options": [OPTIONS[decision]], "params_input": {**given, **noted}}
    check_data(payload, where="the answer")
    # Airflow's function needs a session that has loaded nothing: Airflow 3.1 would not see the question in this one.
    with create_session(scoped=False) as session:
        _as_airflow(session, user, place, payload)


def field_of(name: str, shown: Mapping[str, Any]) -> approval_form.Field:
    """Return a field of a question.

    :param shown: the field as the question has it, a serialized Airflow param.
    """
    schema = shown.get("schema")
    return approval_form.Field(name, "", name, schema if isinstance(schema, dict) else {}, shown.get("value"))


def _detail(session: Session, place: Place) -> HITLDetail:
    query = (
        select(HITLDetail)
        .join(TaskInstance, TaskInstance.id == HITLDetail.ti_id)
        .where(
            *is_task(TaskInstance, place.dag_id, place.task_id, place.map_index, place.loop_round),
            TaskInstance.run_id == place.run_id,
            TaskInstance.operator == GATE,
        )
    )
    found = session.scalars(query).first()
    if found is None:
        raise HTTPException(404, "there is no such question")
    return found


def _edits(params: Mapping[str, Any], typed: Mapping[str, str]) -> dict[str, Any]:
    """Return the values that a person changed, by field; what nobody touched is left out."""
    made = {}
    for name, text in typed.items():
        if name not in params or name == approval_form.NOTE:
            raise Problem(422, f"the form has no field {name!r}", where=name)
        field = field_of(name, params[name])
        try:
            value = approval_form.typed(field, text)
        except approval_form.InvalidEdit as error:
            raise Problem(422, str(error), where=name, remedy="Correct the value and send it again.") from None
        if value is not field.value:
            made[name] = value
    return made


def _as_airflow(session: Session, user: Any, place: Place, payload: dict[str, Any]) -> None:
    """Do what Airflow's endpoint does: write the audit log, then store the answer and let the gate go on."""
    try:
        from airflow.api_fastapi.core_api.datamodels.hitl import UpdateHITLDetailPayload
        from airflow.api_fastapi.core_api.routes.public.hitl import update_hitl_detail
        from airflow.api_fastapi.logging.decorators import action_logging
    except ImportError:
        raise Problem(
            409, "this version of Airflow takes answers only on its own page", remedy="Use the link to Airflow's page."
        ) from None
    asyncio.run(action_logging("update_hitl_detail")(_as_request(place, payload), session, user))
    try:
        update_hitl_detail(
            dag_id=place.dag_id,
            dag_run_id=place.run_id,
            task_id=place.task_id,
            update_hitl_detail_payload=UpdateHITLDetailPayload(**payload),
            user=user,
            session=session,
            **_where(update_hitl_detail, place),
        )
    except HTTPException as error:
        raise Problem(error.status_code, REFUSED.get(error.status_code, str(error.detail))) from None


def _where(update: Any, place: Place) -> dict[str, Any]:
    """Return how Airflow's function names the task instance: since 3.4 by the region of a round, with the DAGs."""
    if "dag_bag" not in signature(update).parameters:
        return {"map_index": place.map_index}
    region = region_of(place.loop_round, place.map_index)
    more = {"map_index": -1, "region_id": region[0], "region_index": region[1]} if region else {}
    return {"map_index": place.map_index, "dag_bag": DBDagBag(), **more}


def _as_request(place: Place, payload: dict[str, Any]) -> Request:
    """Return the request that Airflow's own page would send, for the audit log."""
    content = json.dumps(payload).encode("ascii")

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": content, "more_body": False}

    names = {"dag_id": place.dag_id, "dag_run_id": place.run_id, "task_id": place.task_id}
    scope = {
        "type": "http",
        "method": "PATCH",
        "path": "",
        "query_string": b"",
        "headers": [(b"content-type", b"application/json")],
        "path_params": {**names, "map_index": str(place.map_index)},
    }
    return Request(scope, receive)

"""Open questions in the test database: a run whose gate waits, with the question that the gate itself would ask."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock
from urllib.parse import quote
from uuid import UUID, uuid4

from airflow_provider_vai.sensors import approval_form, approval_text
from airflow_provider_vai.sensors.approval_question import Waiting
from airflow_provider_vai.sensors.guarded import guarded
from tests.paths import ROOT

ASKED = datetime(2026, 3, 1, 8, 0, tzinfo=timezone.utc)
REPORT = "monthly_revenue_report"
GATE = "approve_http_request"
RULES = [
    {"match": "generate_query", "kind": "generate_query", "connId": "warehouse"},
    {"match": "create_flashboard", "kind": "create_flashboard"},
    {"match": "http_request", "kind": "http_request", "connId": "reports"},
]
MATCH = {"If-Match": "*"}
RESULTS = {
    "generate_query": {"columns": ["month", "revenue"], "rows": [{"month": "2026-01-01", "revenue": 26528.5}] * 30},
    "create_flashboard": {"path": "/vai/flashboards/x", "title": "Revenue and orders"},
}


SMALL = {
    "dagId": "asks",
    "steps": [
        {"key": "look", "kind": "generate_query", "arguments": {"conn_id": "warehouse", "sql": "SELECT 1 AS a"}},
        {
            "key": "tell", "kind": "http_request", "effect": "write",
            "gate": {"onTimeout": "approve", "onReject": "fail", "responseTimeout": 60, "editable": ["endpoint"]},
            "arguments": {
                "conn_id": "erp", "endpoint": "/x", "method": "POST", "json": {"rows": {"$from": ["look", "rows"]}},
            },
        },
    ],
}  # fmt: skip
"""An automation whose gate waits before a step that reads the result of another one."""


def small(client: Any, read_by_airflow: Any, dag_id: str = "asks") -> str:
    """Make :data:`SMALL`, activate it, and return the id of a new run."""
    answer = client.post("/api/v1/automations", json={**SMALL, "dagId": dag_id})
    assert answer.status_code == 201, answer.text
    return started(client, read_by_airflow, dag_id)


def report(client: Any, read_by_airflow: Any, **gate: Any) -> str:
    """Crystallize the recorded run of the demo, activate it, and return the id of a new run.

    :param gate: settings of its gate, as in a tools file.
    """
    content = (ROOT / "dev/example/run.json").read_bytes()
    stored = client.post("/api/v1/agents/runs", content=content)
    assert stored.status_code == 201, stored.text
    rules = [*RULES[:-1], {**RULES[-1], **({"gate": gate} if gate else {})}]
    recording = quote(stored.json()["items"][0]["runId"], "")
    made = client.post(f"/api/v1/agents/runs/{recording}/crystallize", json={"dagId": REPORT, "tools": rules})
    assert made.status_code == 201, made.text
    return started(client, read_by_airflow, REPORT)


def started(client: Any, read_by_airflow: Any, dag_id: str) -> str:
    """Let Airflow read an automation, activate it, and return the id of a new run."""
    read_by_airflow(dag_id)
    answer = client.post(f"/api/v1/automations/{dag_id}/activate", json={"reviewed": "all"}, headers=MATCH)
    assert answer.status_code == 200, answer.text
    answer = client.post(f"/api/v1/automations/{dag_id}/runs")
    assert answer.status_code == 201, answer.text
    return str(answer.json()["runId"])


def ask(folder: Path, dag_id: str, run_id: str, task_id: str, *, map_index: int = -1, **fields: Any) -> str:
    """Open the question of a gate, as the gate would, and return its text.

    :param fields: ``results`` by task id, ``users``, ``asked_at``, ``deadline``; ``body``, ``subject``, ``params`` to
        write something else into the question.
    """
    from airflow.models.hitl import HITLDetail
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session
    from sqlalchemy import select

    from tests.airflow_names import bag_of

    results: Mapping[str, Any] = fields.get("results", RESULTS)
    gate = bag_of(folder / f"{dag_id}.py", "x").dags[dag_id].get_task(task_id)
    ti = SimpleNamespace(dag_id=dag_id, run_id=run_id, task_id=task_id, map_index=map_index, id="0")
    with mock.patch(
        "airflow_provider_vai.operators.arguments.result_of", lambda task, context: results.get(task, {"rows": []})
    ):
        now = guarded(gate, {"ti": ti, "task": gate, "params": {}, "ds": "2026-03-01"})
        body = gate._body({"ti": ti}, now, None)
        form = approval_form.form(approval_form.fields(gate.text("editable") or {}, now.arguments))
    with create_session() as session:
        place = (TaskInstance.dag_id == dag_id, TaskInstance.run_id == run_id)
        for done, value in results.items():
            _finish(session, place, done, value)
        query = select(TaskInstance).where(*place, TaskInstance.task_id == task_id)
        row = session.scalars(query.where(TaskInstance.map_index == map_index)).first() or _mapped(
            session, session.scalars(query).first(), map_index
        )
        row.state = "awaiting_input" if "awaiting_input" in _states() else "deferred"
        row.next_method = "execute_complete"
        row.next_kwargs = Waiting(now.digests, fields.get("deadline")).kwargs()
        session.add(
            HITLDetail(
                ti_id=row.id,
                options=["Approve", "Reject"],
                subject=fields.get("subject", approval_text.heading(gate.text("subject"))),
                body=fields.get("body", body),
                defaults=None,
                multiple=False,
                params={**form, **fields.get("params", {})},
                assignees=[{"id": user, "name": user} for user in fields.get("users", ())],
                created_at=fields.get("asked_at", ASKED),
            )
        )
    return body


def detail(dag_id: str, run_id: str, task_id: str, map_index: int = -1) -> Any:
    """Return Airflow's own row of a question with the state of its task instance."""
    from airflow.models.hitl import HITLDetail
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        query = select(HITLDetail).join(TaskInstance, TaskInstance.id == HITLDetail.ti_id)
        row = session.scalars(
            query.where(
                TaskInstance.dag_id == dag_id, TaskInstance.run_id == run_id,
                TaskInstance.task_id == task_id, TaskInstance.map_index == map_index,
            )
        ).one()  # fmt: skip
        names = ("responded_by", "responded_at", "chosen_options", "params_input", "subject")
        return SimpleNamespace(state=str(row.task_instance.state), **{name: getattr(row, name) for name in names})


def audit(run_id: str) -> list[Any]:
    """Return Airflow's audit log of answers in a run: who, the place, and the extra."""
    from airflow.models.log import Log
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        rows = session.scalars(select(Log).where(Log.run_id == run_id, Log.event == "update_hitl_detail"))
        return [(row.owner, row.task_id, row.run_id, row.extra) for row in rows]


def in_loop(dag_id: str, run_id: str, task_id: str) -> UUID:
    """Let the task instances of a task be in the rounds of a loop, which Airflow has since 3.4; return its region."""
    from importlib import import_module

    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session
    from sqlalchemy import update

    with create_session() as session:
        regions = import_module("airflow.models.dynamic_region").DynamicRegion
        region: UUID = regions.get_or_create(dag_id=dag_id, run_id=run_id, node_id="loop", session=session).id
        table: Any = TaskInstance.__table__
        here = (table.c.dag_id == dag_id, table.c.run_id == run_id, table.c.task_id == task_id)
        session.execute(update(table).where(*here).values(region_id=region))
    return region


def in_two_rounds(dag_id: str, run_id: str, task_id: str) -> UUID:
    """Let a task have succeeded in two rounds of a loop, see :func:`in_loop`."""
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session
    from sqlalchemy import select, update

    with create_session() as session:
        table: Any = TaskInstance.__table__
        here = (table.c.dag_id == dag_id, table.c.run_id == run_id, table.c.task_id == task_id)
        session.execute(
            update(table).where(*here).values(state="success", start_date=ASKED, end_date=ASKED, region_index=0)
        )
        row = dict(session.execute(select(table).where(*here)).mappings().one())
        then = ASKED + timedelta(seconds=9)
        later = {"id": uuid4(), "region_index": 1, "start_date": then, "end_date": then}
        session.execute(table.insert().values({**row, **later}))
    return in_loop(dag_id, run_id, task_id)


def _finish(session: Any, place: tuple[Any, ...], task_id: str, value: Any) -> None:
    from airflow.models.taskinstance import TaskInstance
    from airflow.models.xcom import XComModel
    from sqlalchemy import select

    row = session.scalars(select(TaskInstance).where(*place, TaskInstance.task_id == task_id)).first()
    if row is None or row.state == "success":
        return
    row.state, row.end_date = "success", ASKED - timedelta(minutes=1)
    XComModel.set(
        key="return_value", value=value, dag_id=row.dag_id, run_id=row.run_id, task_id=task_id, session=session
    )


def _mapped(session: Any, first: Any, map_index: int) -> Any:
    """Return the task instance of an element: the first one becomes one, and the others are copies of it."""
    from airflow.models.taskinstance import TaskInstance, uuid7
    from sqlalchemy import select

    if first.map_index < 0:
        first.map_index = map_index
        return first
    table = TaskInstance.__table__
    values = session.execute(select(table).where(table.c.id == first.id)).mappings().one()
    made = uuid7()
    column = "region_index" if "region_index" in table.c else "map_index"  # since Airflow 3.4
    session.execute(table.insert().values({**values, "id": made, column: map_index}))
    return session.get(TaskInstance, made)


def _states() -> set[str]:
    from airflow.utils.state import TaskInstanceState

    return {str(state.value) for state in TaskInstanceState}

"""The questions of gates that nobody has answered yet, over all DAGs whose questions a user may see."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.models.hitl import HITLDetail
from airflow.models.taskinstance import TaskInstance
from airflow.utils.session import create_session
from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from airflow_provider_vai.languages.identifiers import dag_id_problem
from airflow_provider_vai.languages.storable import text_problem
from airflow_provider_vai.plugin.api import run_facts
from airflow_provider_vai.plugin.api.access import allowed_dags, is_allowed
from airflow_provider_vai.plugin.api.json_response import ListPage, ResponseModel
from airflow_provider_vai.plugin.api.run_facts import EarlierResult
from airflow_provider_vai.plugin.api.task_places import columns_of_place, places
from airflow_provider_vai.sensors.approval_blocks import digest_of

GATE = "ApprovalGateSensor"
WAITING = ("awaiting_input", "deferred")
"""The states in which Airflow passes an answer to the gate; the second one is that of Airflow 3.1 and 3.2."""


class Person(ResponseModel):
    """A user who may answer."""

    id: str
    name: str


class OpenQuestion(ResponseModel):
    """A question that nobody has answered yet.

    ``body`` is Markdown, as Airflow's own page shows it. ``sha256`` is the digest of the arguments that it asks about.
    ``fields`` are the values that the approver may change: name -> ``value``, ``description``, ``schema``.
    ``onTimeout`` and ``onReject`` are known if the run's DAG file is one of the automation's versions: ``version``.
    ``results`` are what earlier steps of the run returned, shortened; the steps that the guarded ones read come first.
    """

    dag_id: str
    run_id: str
    task_id: str
    map_index: int = Field(ge=-1)
    round: str | None = Field(description="The round of a loop of Airflow 3.4; null outside a loop.")
    subject: str
    body: str
    sha256: str
    asked_at: datetime
    deadline: datetime | None
    on_timeout: str | None
    on_reject: str | None
    assigned_users: list[Person]
    may_answer: bool = Field(description="Whether the user who asks may answer it.")
    fields: dict[str, Any]
    version: int | None
    newest_version: int | None
    results: list[EarlierResult]


class OpenQuestionPage(ListPage):
    """A page of open questions. Those of one mapped gate stand together, at the place of the oldest of them."""

    items: list[OpenQuestion]


@dataclass(frozen=True)
class Found:
    """An open question, before it is read: where it is, when it was asked, and who may answer."""

    ti_id: Any
    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    loop_round: str | None
    asked_at: datetime
    assigned: tuple[Person, ...]

    @property
    def gate(self) -> tuple[str, str, str]:
        """The gate: all its questions in one run belong together."""
        return self.dag_id, self.run_id, self.task_id


@dataclass(frozen=True)
class QuestionFilter:
    """Which questions to list.

    :param dag_id: only of this DAG; :param run_id: only of this run; :param task_id: only of this gate.
    :param mine: only those that name the user. :param newest: the newest first.
    """

    dag_id: str | None = None
    run_id: str | None = None
    task_id: str | None = None
    mine: bool = False
    newest: bool = False


def find(user: Any, wanted: QuestionFilter) -> list[list[Found]]:
    """Return the open questions that a user may see, those of one gate together, the oldest gate first."""
    with create_session(scoped=False) as session:
        rows = list(_rows(session, wanted))
    allowed = allowed_dags(user, "GET", (row.dag_id for row in rows), DagAccessEntity.HITL_DETAIL)
    seen = [row for row in rows if row.dag_id in allowed and (not wanted.mine or is_assigned(user, row.assigned))]
    seen.sort(key=lambda row: (row.gate, row.map_index, row.asked_at))
    gates = [list(questions) for _, questions in groupby(seen, key=lambda row: row.gate)]
    return sorted(gates, key=lambda gate: min(row.asked_at for row in gate), reverse=wanted.newest)


def read(user: Any, found: Sequence[Found]) -> list[OpenQuestion]:
    """Return questions with all that is known about them. One that was answered meanwhile is left out.

    :param found: some of what :func:`find` returned.
    """
    with create_session(scoped=False) as session:
        query = (
            select(HITLDetail, TaskInstance.next_kwargs, TaskInstance.dag_version_id)
            .join(TaskInstance, TaskInstance.id == HITLDetail.ti_id)
            .where(HITLDetail.ti_id.in_([one.ti_id for one in found]), HITLDetail.responded_at.is_(None))
        )
        rows = {str(row[0].ti_id): row for row in session.execute(query)}
        facts = run_facts.RunFacts(user, session)
        return [_question(user, one, rows[str(one.ti_id)], facts) for one in found if str(one.ti_id) in rows]


def listed(user: Any, wanted: QuestionFilter, *, limit: int, offset: int) -> OpenQuestionPage:
    """Return a page of the open questions, see :func:`find`."""
    found = [one for gate in find(user, wanted) for one in gate]
    items = read(user, found[offset : offset + limit])
    return OpenQuestionPage(items=items, total=len(found), limit=limit, offset=offset)


def is_assigned(user: Any, people: Sequence[Person]) -> bool:
    """Return whether a question names a user as one who may answer, as Airflow decides it."""
    manager, ids = get_auth_manager(), {one.id for one in people}
    if not hasattr(manager, "is_authorized_hitl_task"):  # Airflow 3.1.0
        return Person(id=user.get_id(), name=user.get_name()) in people
    return bool(ids) and bool(manager.is_authorized_hitl_task(assigned_users=ids, user=user))


def _rows(session: Session, wanted: QuestionFilter) -> Iterator[Found]:
    names = {"dag_id": wanted.dag_id, "run_id": wanted.run_id, "task_id": wanted.task_id}
    chosen = {name: value for name, value in names.items() if value is not None}
    if any(text_problem(value) for value in chosen.values()):
        return
    query = (
        select(
            *(HITLDetail.ti_id, TaskInstance.dag_id, TaskInstance.run_id, HITLDetail.created_at, HITLDetail.assignees),
            *columns_of_place(TaskInstance),
        )
        .join(TaskInstance, TaskInstance.id == HITLDetail.ti_id)
        .where(
            HITLDetail.responded_at.is_(None), TaskInstance.state.in_(WAITING), TaskInstance.operator == GATE,
            *(getattr(TaskInstance, name) == value for name, value in chosen.items()),
        )
    )  # fmt: skip
    rows = session.execute(query).all()
    for row, place in zip(rows, places(session, rows), strict=True):
        if dag_id_problem(row.dag_id) is None:
            people = tuple(Person(id=one["id"], name=one["name"]) for one in row.assignees or ())
            yield Found(row.ti_id, row.dag_id, row.run_id, row.task_id, *place, row.created_at, people)


def _question(user: Any, found: Found, row: Sequence[Any], facts: run_facts.RunFacts) -> OpenQuestion:
    detail, waiting, dag_version_id = row
    ran = facts.automation(found.dag_id, dag_version_id)
    settings = ran.gate(found.task_id)
    may_answer = is_allowed(user, "PUT", found.dag_id, DagAccessEntity.HITL_DETAIL) and (
        not found.assigned or is_assigned(user, found.assigned)
    )
    return OpenQuestion(
        dag_id=found.dag_id,
        run_id=found.run_id,
        task_id=found.task_id,
        map_index=found.map_index,
        round=found.loop_round,
        subject=detail.subject,
        body=detail.body or "",
        sha256=digest_of(detail.body or ""),
        asked_at=found.asked_at,
        deadline=deadline_of(waiting),
        on_timeout=settings.get("on_timeout"),
        on_reject=settings.get("on_reject"),
        assigned_users=list(found.assigned),
        may_answer=may_answer,
        fields=dict(detail.params or {}),
        version=ran.version,
        newest_version=ran.newest_version,
        results=facts.results(found.dag_id, found.run_id, ran.read_by_guarded(found.task_id), found.loop_round),
    )


def deadline_of(waiting: Any) -> datetime | None:
    """Return when a parked gate stops waiting; ``None``: never.

    :param waiting: the arguments that the gate resumes with, as Airflow stores them.
    """
    while isinstance(waiting, Mapping) and "__var" in waiting:  # as Airflow 3.1 stores them
        waiting = waiting["__var"]
    moment = waiting.get("deadline") if isinstance(waiting, Mapping) else None
    try:
        return datetime.fromisoformat(moment) if isinstance(moment, str) else None
    except ValueError:
        return None

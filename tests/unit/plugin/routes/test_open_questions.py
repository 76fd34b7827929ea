"""The questions that wait for an answer are listed over all DAGs, with what the approver needs to know."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.models.hitl import HITLDetail
from airflow.models.taskinstance import TaskInstance
from airflow.utils.session import create_session
from sqlalchemy import select, update

from airflow_provider_vai.plugin.api.open_questions import deadline_of
from airflow_provider_vai.plugin.api.run_facts import in_short
from tests.unit.plugin.questions import ASKED, GATE, REPORT, ask, report, small

URL = "/api/v1/approvals/open"


def test_an_open_question(op: Any, read_by_airflow: Any, folder: Path) -> None:
    """A real gate of a crystallized run: its text, its deadline, and what earlier steps of the run found."""
    run_id = report(op, read_by_airflow, onTimeout="reject", responseTimeout=3600)
    assert op.get(URL).json()["items"] == []
    body = ask(folder, REPORT, run_id, GATE, deadline=ASKED + timedelta(hours=1))

    answer = op.get(URL).json()

    assert (answer["total"], answer["limit"], answer["offset"]) == (1, 50, 0)
    (item,) = answer["items"]
    assert (item["dagId"], item["runId"], item["taskId"], item["mapIndex"]) == (REPORT, run_id, GATE, -1)
    assert item["body"] == body
    assert item["sha256"] in body
    assert item["askedAt"] == "2026-03-01T08:00:00Z"
    assert item["deadline"] == "2026-03-01T09:00:00Z"
    assert (item["onTimeout"], item["onReject"]) == ("reject", "skip")
    assert (item["version"], item["newestVersion"]) == (1, 1)
    assert item["mayAnswer"] is True
    assert list(item["fields"]) == ["note"]
    found = {one["taskId"]: one for one in item["results"]}
    assert set(found) == {"generate_query", "create_flashboard"}
    assert found["generate_query"]["result"]["rows"][-1] == "… 25 more items"
    assert not found["generate_query"]["isRead"]


def test_order_pages_and_filters(op: Any, read_by_airflow: Any, folder: Path) -> None:
    """The oldest gate comes first, with all its questions; a page may end between them."""
    first, second = small(op, read_by_airflow), small(op, read_by_airflow, "later")
    ask(folder, "later", second, "approve_tell", asked_at=ASKED + timedelta(hours=2), users=["op-person"])
    for index in (0, 1, 2):
        ask(folder, "asks", first, "approve_tell", map_index=index, asked_at=ASKED + timedelta(hours=index), results={})

    def places(**asked: Any) -> list[tuple[str, int]]:
        return [(item["dagId"], item["mapIndex"]) for item in op.get(URL, params=asked).json()["items"]]

    mapped = [("asks", 0), ("asks", 1), ("asks", 2)]
    assert places() == [*mapped, ("later", -1)]
    assert places(newest=True) == [("later", -1), *mapped]
    assert places(limit=2, offset=1) == mapped[1:]
    assert places(dag_id="asks") == mapped
    assert places(mine=True) == [("later", -1)]
    assert op.get(URL, params={"limit": 2}).json()["total"] == 4


def test_what_a_user_may_not_see(
    op: Any, as_role: Any, read_by_airflow: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Questions of other people's DAGs, results, and whether one may answer: by Airflow's own permissions."""
    ask(folder, "asks", small(op, read_by_airflow), "approve_tell", results={"look": {"rows": []}})
    (item,) = op.get(URL).json()["items"]
    assert (item["onTimeout"], item["onReject"], item["mayAnswer"]) == ("approve", "fail", True)
    assert [one["isRead"] for one in item["results"]] == [True]
    viewer = as_role("viewer")
    assert [one["mayAnswer"] for one in viewer.get(URL).json()["items"]] == [False]
    assert as_role(None, Accept="application/json").get(URL).status_code == 401
    manager = type(get_auth_manager())
    allowed = manager.is_authorized_dag

    def refuses(entity: DagAccessEntity) -> Any:
        return lambda self, *, method, user, access_entity=None, details=None: (
            not (access_entity is entity and details and details.id == "asks")
            and allowed(self, method=method, user=user, access_entity=access_entity, details=details)
        )

    op = as_role("op")
    monkeypatch.setattr(manager, "is_authorized_dag", refuses(DagAccessEntity.XCOM))
    assert op.get(URL).json()["items"][0]["results"] == []
    monkeypatch.setattr(manager, "is_authorized_dag", refuses(DagAccessEntity.HITL_DETAIL))
    assert op.get(URL).json() == {"items": [], "total": 0, "limit": 50, "offset": 0}
    assert op.get(URL, params={"dag_id": "asks"}).status_code == 403


def test_what_is_not_open(op: Any, read_by_airflow: Any, folder: Path) -> None:
    """A gate that goes on, a question that was answered, and one of another operator wait for nobody here."""
    run_id = small(op, read_by_airflow)
    ask(folder, "asks", run_id, "approve_tell", results={})
    assert op.get(URL).json()["total"] == 1
    for column, value in (("state", "running"), ("operator", "HITLOperator")):
        with create_session() as session:
            before = session.scalars(
                select(getattr(TaskInstance, column)).where(TaskInstance.task_id == "approve_tell")
            ).one()
            session.execute(update(TaskInstance).where(TaskInstance.task_id == "approve_tell").values({column: value}))
        assert op.get(URL).json()["total"] == 0, column
        with create_session() as session:
            session.execute(update(TaskInstance).where(TaskInstance.task_id == "approve_tell").values({column: before}))
    with create_session() as session:
        session.execute(update(HITLDetail).values(responded_at=ASKED))
    assert op.get(URL).json()["total"] == 0


def test_the_version_of_a_run(op: Any, read_by_airflow: Any, folder: Path) -> None:
    """A run keeps its version; what the automation became meanwhile is said beside it."""
    run_id = small(op, read_by_airflow)
    ask(folder, "asks", run_id, "approve_tell", results={})
    changed = {"gate": {"onTimeout": "reject"}}
    answer = op.patch("/api/v1/automations/asks/steps/tell", json=changed, headers={"If-Match": "*"})
    assert answer.status_code == 200, answer.text

    (item,) = op.get(URL).json()["items"]

    assert (item["version"], item["newestVersion"], item["onTimeout"]) == (1, 2, "approve")


@pytest.mark.parametrize(
    ("value", "short"),
    [
        ("x" * 400, "x" * 300 + "…"),
        (list(range(7)), [0, 1, 2, 3, 4, "… 2 more items"]),
        ({str(number): 1 for number in range(22)}, {**{str(number): 1 for number in range(20)}, "…": "2 more keys"}),
        ([[[[[1]]]]], [[[["(1 item)"]]]]),
        ({"artifact": "json", "path": "s3://x", "sha256": "", "bytes": 9, "rows": 4, "columns": ["a"], "preview": None},
         {"rows": 4, "columns": ["a"]}),
    ],
)  # fmt: skip
def test_results_are_shortened(value: Any, short: Any) -> None:
    """A page stays readable whatever a step returned, and shows no file paths."""
    assert in_short(value) == short


@pytest.mark.parametrize("waiting", [None, {}, {"deadline": "soon"}, {"deadline": 5}, {"__var": {"__var": 3}}, [1]])
def test_a_deadline_that_cannot_be_read(waiting: Any) -> None:
    """What another release stored is no reason to hide a question."""
    assert deadline_of(waiting) is None


def test_a_deadline_of_an_older_airflow() -> None:
    """Airflow 3.1 wraps what a parked task resumes with."""
    wrapped = {"__type": "dict", "__var": {"deadline": ASKED.isoformat(), "digests": {}}}

    assert deadline_of(wrapped) == ASKED

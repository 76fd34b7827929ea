"""An answer about an automation is made once for each state of its files, and only for users who may see it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from airflow_provider_vai.plugin.api import json_response
from airflow_provider_vai.plugin.api.kept_answers import Answer, KeptAnswers
from airflow_provider_vai.plugin.routes import automations
from airflow_provider_vai.store import shared_files
from tests.unit.plugin.api_support import made

ONE = "/api/v1/automations/nightly"
ANSWERS = ["", "/steps", "/findings", "/explanation", "/review", "/dag", "/versions/1", "/versions/1/diff"]


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was masked and read since the test began."""
    found: list[str] = []
    masked_json, mask, read = json_response.masked_json, automations.mask, shared_files.read
    monkeypatch.setattr(json_response, "masked_json", lambda *given: found.append("masked") or masked_json(*given))
    monkeypatch.setattr(automations, "mask", lambda text: found.append("masked") or mask(text))
    monkeypatch.setattr(shared_files, "read", lambda path: found.append(path.name) or read(path))
    return found


@pytest.mark.parametrize("path", ANSWERS)
def test_once_for_each_state(op: Any, work: list[str], path: str) -> None:
    """The second request neither reads a file nor masks anything; a change makes the answer anew, with its ETag."""
    made(op)
    first = op.get(ONE + path)
    work.clear()

    second = op.get(ONE + path)

    assert (second.status_code, second.content, work) == (200, first.content, [])
    assert second.headers.get("etag") == first.headers.get("etag")
    assert second.headers["cache-control"] == "no-store"
    changed = op.patch(ONE, json={"arguments": {"look": {"sql": "SELECT 7 AS a"}}}, headers={"If-Match": "*"})
    assert changed.status_code == 200, changed.text
    work.clear()
    third = op.get(ONE + path)
    if path:  # the change has answered with the automation
        assert "masked" in work
    if "etag" in first.headers:
        assert third.headers["etag"] == '"2"'
    assert (third.content == first.content) is (path in ("/findings", "/versions/1"))


@pytest.mark.parametrize("path", ["", "/steps", "/explanation", "/dag", "/versions/1"])
def test_only_for_those_who_may_see_it(
    as_role: Any, op: Any, work: list[str], path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A user who may not see the automation gets nothing of an answer that is kept, and it is not even looked for."""
    from airflow.api_fastapi.app import get_auth_manager

    made(op)
    assert op.get(ONE + path).status_code == 200
    looked: list[Any] = []
    monkeypatch.setattr(KeptAnswers, "find", lambda *given: looked.append(given))
    with monkeypatch.context() as refused:
        refused.setattr(type(get_auth_manager()), "is_authorized_dag", lambda *asked, **details: False)
        answer = as_role("viewer").get(ONE + path)
    assert (answer.status_code, looked) == (403, [])
    assert "SELECT" not in answer.text
    assert as_role(None).get(ONE + path).status_code in (401, 403)
    assert looked == []


def test_edits_by_hand(op: Any, folder: Path) -> None:
    """An edit of the DAG file, a damaged sidecar and a mended one are seen at once."""
    made(op)
    for path in ANSWERS:
        op.get(ONE + path)
    dag, sidecar = folder / "nightly.py", folder / "nightly.vai.json"
    whole = sidecar.read_text()

    dag.write_text(dag.read_text() + "# by hand\n")

    assert op.get(ONE).json()["editedByHand"] is True
    assert op.get(f"{ONE}/dag").text.endswith("# by hand\n")
    assert "VAI" in op.get(f"{ONE}/findings").text
    sidecar.write_text("{")
    assert {op.get(ONE + path).status_code for path in ANSWERS} == {409}
    sidecar.write_text(whole)
    assert {op.get(ONE + path).status_code for path in ANSWERS} == {200}


def test_a_deleted_automation(op: Any) -> None:
    """Nothing is kept of it but its versions."""
    made(op)
    for path in ANSWERS:
        op.get(ONE + path)

    assert op.delete(ONE, headers={"If-Match": "*"}).status_code == 204

    assert [op.get(ONE + path).status_code for path in ANSWERS] == [404] * 6 + [200] * 2


def test_what_is_not_in_the_files(op: Any, read_by_airflow: Any) -> None:
    """Airflow's switch and import errors, and decisions about review items, are seen although no file changed."""
    from airflow.models.dag import DagModel
    from airflow.models.errors import ParseImportError
    from airflow.utils.session import create_session
    from sqlalchemy import update

    made(
        op,
        steps=[
            {"key": "send", "kind": "http_request", "arguments": {"conn_id": "erp", "endpoint": "/x", "method": "POST"}}
        ],
    )
    assert op.get(ONE).json()["isPaused"] is None
    items = op.get(f"{ONE}/review").json()["items"]

    read_by_airflow()

    assert op.get(ONE).json()["isPaused"] is True
    with create_session() as session:
        session.execute(update(DagModel).where(DagModel.dag_id == "nightly").values(is_paused=False))
    assert op.get(ONE).json()["status"] == "active"
    with create_session() as session:
        session.add(ParseImportError(filename="nightly.py", bundle_name="dags-folder", stacktrace="ValueError: no"))
    assert op.get(ONE).json()["error"] == "ValueError: no"
    assert items
    for one in items[:1]:
        decision = {"decisions": [{"number": one["number"], "decision": "accepted"}]}
        assert op.put(f"{ONE}/review", json=decision, headers={"If-Match": "*"}).status_code == 200
        assert op.get(f"{ONE}/review").json()["items"][0]["decision"]["decision"] == "accepted"


def test_a_change_while_an_answer_is_made(op: Any, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """An answer that was made from older files is not kept for those that are there afterwards."""
    made(op)
    path, mask = folder / "nightly.py", automations.mask

    def write_meanwhile(text: str) -> str:
        path.write_text(text + "# by hand\n")
        return mask(text)

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(automations, "mask", write_meanwhile)
        assert "# by hand" not in op.get(f"{ONE}/dag").text

    assert "# by hand" in op.get(f"{ONE}/dag").text


def answer(size: int) -> Answer:
    """Return an answer of so many bytes."""
    return Answer(b"x" * size, 1)


def test_the_bound() -> None:
    """The answers that nobody asked for the longest make room; a very large one is not kept, nor what it replaces."""
    kept = KeptAnswers(40)
    for name in ("a", "b", "c", "d"):
        kept.keep(name, 1, answer(10))
    assert kept.find("a", 1) == answer(10)

    kept.keep("e", 1, answer(10))

    assert [kept.find(name, 1) is not None for name in "abcde"] == [True, False, True, True, True]
    kept.keep("a", 2, answer(4))
    assert (kept.find("a", 1), kept.find("a", 2)) == (None, answer(4))
    kept.keep("f", 1, answer(6))
    assert [kept.find(name, 1) is not None for name in "cdef"] == [True] * 4
    kept.keep("f", 2, answer(11))
    assert (kept.find("f", 1), kept.find("f", 2)) == (None, None)
    kept.keep("g", 1, answer(6))
    assert [kept.find(name, 1) is not None for name in "cdeg"] == [True] * 4

"""Automations are made, listed, shown, changed and deleted over HTTP; every change rests on a state that was read."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_vai.exceptions import SpecError
from airflow_provider_vai.model import notifiers
from airflow_provider_vai.plugin import app
from airflow_provider_vai.plugin.api import airflow_state
from airflow_provider_vai.plugin.api.request_body import RequestBody
from airflow_provider_vai.store import shared_files, state as store_state
from airflow_provider_vai.store.publisher import publish
from airflow_provider_vai.store.sidecar_files import read_sidecar
from tests.unit.plugin.api_support import SPEC, made

URL = "/api/v1/automations"
ONE = f"{URL}/nightly"
PLATFORM = {
    "name": "New order",
    "description": "From the shop",
    "triggerType": "webhook",
    "config": {
        "path": "/shopify/orders",
        "signature": "shopify",
        "action": {"kind": "http_request", "definition": {"endpoint": "/x", "method": "GET", "conn_id": "erp"}},
    },
}


def match(number: int) -> dict[str, str]:
    """Return the header that names a state."""
    return {"If-Match": f'"{number}"'}


def test_make(op: Any, folder: Path) -> None:
    """The short form, spelt as on the wire, becomes a draft with a version of its author's."""
    answer = made(op)

    shown = answer.json()
    assert answer.headers["etag"] == '"1"'
    assert answer.headers["location"] == "/vai/api/v1/automations/nightly"
    assert (shown["dagId"], shown["status"], shown["sourceType"], shown["version"]) == ("nightly", "draft", "MANUAL", 1)
    assert [step["key"] for step in shown["steps"]] == ["look", "look_again"]
    assert (shown["isPaused"], shown["error"], shown["editedByHand"]) == (None, None, False)
    assert shown["toReview"] == shown["review"]
    assert read_sidecar(folder / "nightly.vai.json").history[0].by == "op-person"
    assert op.get(ONE).json() == shown


def test_make_again(op: Any) -> None:
    """The same spec again changes nothing; another under the name is refused."""
    made(op)

    assert op.post(URL, json=SPEC).status_code == 200
    assert op.post(URL, json={**SPEC, "description": "other"}).status_code == 409
    assert op.get(ONE).headers["etag"] == '"1"'


def test_camel_case_everywhere(op: Any) -> None:
    """Names of ours may be spelt as on the wire at every level; arguments' names are their kind's own."""
    step = {
        "key": "send",
        "kind": "http_request",
        "gate": {"onTimeout": "reject", "responseTimeout": 60},
        "retryDelaySeconds": 5,
        "arguments": {"conn_id": "erp", "endpoint": "/x", "method": "POST", "json": {"some_key": {"$param": "p_q"}}},
    }
    trigger = {"type": "webhook", "path": "a/b", "connId": "shop"}
    document = {
        "dagId": "every",
        "maxActiveRuns": 2,
        "timeoutSeconds": 60,
        "params": {"p_q": {"default": "x"}},
        "triggers": [trigger],
        "steps": [step],
    }

    answer = op.post(URL, json=document)

    assert answer.status_code == 201, answer.text
    shown = answer.json()
    gate, send = shown["steps"]
    assert (shown["maxActiveRuns"], shown["timeoutSeconds"], send["retryDelaySeconds"]) == (2, 60, 5)
    assert gate["arguments"]["on_timeout"]["value"] == "reject"
    assert send["arguments"]["json"]["wires"] == [{"at": ["some_key"], "param": "p_q"}]


def test_the_full_form(op: Any) -> None:
    """What the API shows of a version is a spec that it takes again under another name."""
    made(op)
    spec = op.get(f"{ONE}/versions/1").json()["automation"]

    answer = op.post(URL, json={**spec, "dagId": "second"})

    assert answer.status_code == 201, answer.text
    assert [step["key"] for step in answer.json()["steps"]] == ["look", "look_again"]


def test_the_platforms_document(op: Any) -> None:
    """With a connection that holds the secret it is taken as it is."""
    document = {**PLATFORM, "config": {**PLATFORM["config"], "secretConnId": "shop"}}

    shown = op.post(URL, json=document).json()

    assert (shown["dagId"], shown["triggers"][0]["connId"]) == ("new_order", "shop")


def test_the_platforms_document_with_its_state(op: Any) -> None:
    """What the platform says of an automation besides is left out, and noted; ``sourceType`` is a word of ours, too."""
    document = {**PLATFORM, "config": {**PLATFORM["config"], "connId": "shop"}, "sourceType": "MANUAL", "id": "a1"}

    answer = op.post(URL, json=document)

    assert answer.status_code == 201, answer.text
    assert answer.json()["triggers"][0]["connId"] == "shop"
    assert "sourceType" in str(answer.json()["review"])


def test_a_literal_secret(op: Any, folder: Path) -> None:
    """It becomes the password of a new connection, and stands nowhere else."""
    from airflow.models.connection import Connection
    from airflow.utils.session import create_session
    from sqlalchemy import delete, select

    secret = "whsec_5a1f0c9b7e3d4a68"
    document = {**PLATFORM, "config": {**PLATFORM["config"], "secret": secret}}
    try:
        answer = op.post(URL, json=document, headers={"Idempotency-Key": "with-a-secret"})
        assert answer.status_code == 201, answer.text
        assert answer.json()["triggers"][0]["connId"] == "new_order_webhook"
        assert secret not in answer.text
        with create_session() as session:
            query = select(Connection).where(Connection.conn_id == "new_order_webhook")
            assert session.scalars(query).one().password == secret
        everything = [file for file in folder.rglob("*") if file.is_file()]
        assert everything
        assert not [file for file in everything if secret.encode() in file.read_bytes()]
        taken = op.post(URL, json=document)
        assert taken.status_code == 409
        op.delete(f"{URL}/new_order", headers=match(1))
        again = op.post(URL, json=document)  # its connection is still there, and is not overwritten
        assert (again.status_code, again.json()["where"]) == (409, "config.secret")
        assert secret not in taken.text + again.text
    finally:
        with create_session() as session:
            session.execute(delete(Connection).where(Connection.conn_id == "new_order_webhook"))


def test_a_secret_of_a_refused_spec(op: Any) -> None:
    """Where the automation is not made, the connection is not either."""
    from airflow.models.connection import Connection
    from airflow.utils.session import create_session
    from sqlalchemy import select

    config = {**PLATFORM["config"], "secret": "whsec_5a1f0c9b7e3d4a68", "action": {"kind": "nonsense"}}
    answer = op.post(URL, json={**PLATFORM, "config": config})

    assert answer.status_code == 422
    assert "whsec" not in answer.text
    with create_session() as session:
        assert session.scalars(select(Connection).where(Connection.conn_id == "new_order_webhook")).first() is None


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b'{"a": NaN}', 400),
        (b'{"a": 1, "a": 2}', 400),
        (b"\xff", 400),
        (b'{"dagId": "\\ud800"}', 422),
        (b"[" * 150 + b"]" * 150, 422),
        (b"[" * 200_000, 400),
        (b"[]", 422),
        (b"{}", 422),
        (b'"text"', 422),
        (json.dumps({**SPEC, "dagId": "../x"}).encode(), 422),
        (json.dumps({**SPEC, "dagId": "json"}).encode(), 422),
        (json.dumps({**SPEC, "nonsense": 1}).encode(), 422),
        (json.dumps({**SPEC, "steps": [{"kind": "nonsense"}]}).encode(), 422),
        (json.dumps({**SPEC, "description": "ghp_" + "a1B2" * 9}).encode(), 422),
        (b" " * 5_000_001, 413),
    ],
    ids=lambda part: str(part[:40]) if isinstance(part, bytes) else "",
)
def test_specs_that_are_wrong(op: Any, folder: Path, body: bytes, status: int) -> None:
    """They are refused, and nothing is written."""
    answer = op.post(URL, content=body, headers={"Content-Type": "application/json"})

    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert "a1B2" not in answer.text
    assert not folder.exists() or not list(folder.glob("*.py"))


def test_other_content(op: Any) -> None:
    """A form, as another site's page could send it, is no spec."""
    for type_ in ("application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x", ""):
        answer = op.post(URL, content=json.dumps(SPEC), headers={"Content-Type": type_})
        assert answer.status_code == 415, answer.text


def test_list(op: Any) -> None:
    """By DAG id, in pages, narrowed by status and text; a sidecar that cannot be read is told, not hidden."""
    for name in ("c", "a", "b"):
        made(op, dagId=f"auto_{name}", description=f"About {name.upper()}")

    everything = op.get(URL).json()
    assert [item["dagId"] for item in everything["items"]] == ["auto_a", "auto_b", "auto_c"]
    assert everything["total"] == 3
    assert {item["status"] for item in everything["items"]} == {"draft"}
    page = op.get(URL, params={"limit": 1, "offset": 1}).json()
    assert ([item["dagId"] for item in page["items"]], page["total"]) == (["auto_b"], 3)
    assert [item["dagId"] for item in op.get(URL, params={"q": "about B"}).json()["items"]] == ["auto_b"]
    assert op.get(URL, params={"status": "active"}).json()["items"] == []
    for bad in ({"limit": 0}, {"limit": 1001}, {"offset": -1}, {"status": "nonsense"}, {"limit": "x"}):
        assert op.get(URL, params=bad).status_code == 422


def test_a_list_reads_each_sidecar_once(op: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next request reads only what changed, and asks Airflow about the DAGs of its page only."""
    for name in ("a", "b", "c"):
        made(op, dagId=f"auto_{name}")
    op.get(URL)
    reads: list[str] = []
    read = shared_files.read
    monkeypatch.setattr(shared_files, "read", lambda path: reads.append(path.name) or read(path))
    asked: list[list[str]] = []
    known_dags = airflow_state.known_dags
    monkeypatch.setattr(
        airflow_state, "known_dags", lambda session, names: asked.append(list(names)) or known_dags(session, names)
    )

    assert op.get(URL, params={"limit": 2}).json()["total"] == 3

    assert (reads, asked) == ([], [["auto_a", "auto_b"]])
    op.patch(f"{URL}/auto_b", json={"description": "changed"}, headers=match(1))
    reads.clear()
    assert [item["description"] for item in op.get(URL, params={"q": "chang"}).json()["items"]] == ["changed"]
    assert reads == ["auto_b.vai.json"]


def test_a_list_asks_airflow_as_often_for_many(op: Any, queries: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """No DAG costs a query of its own, whether Airflow has read it or not."""
    from airflow.models.dag import DagModel

    for name in ("a", "b"):
        made(op, dagId=f"auto_{name}")
    op.get(URL)
    queries.clear()
    op.get(URL)
    of_two = list(queries)
    for name in ("c", "d", "e", "f"):
        made(op, dagId=f"auto_{name}")
    queries.clear()
    asked: list[str] = []
    monkeypatch.setattr(DagModel, "get_team_name", staticmethod(asked.append))  # Airflow remembers some of its answers

    assert op.get(URL).json()["total"] == 6

    assert (asked, len(queries)) == ([], len(of_two))


def test_a_list_of_what_the_user_may_read(op: Any, read_by_airflow: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The auth manager decides for DAGs that Airflow knows, and for those that it has not read yet."""
    from airflow.api_fastapi.app import get_auth_manager

    for name in ("a", "b", "c", "d"):
        made(op, dagId=f"auto_{name}")
    read_by_airflow("auto_a")
    read_by_airflow("auto_b")
    manager = type(get_auth_manager())
    whole = manager.is_authorized_dag
    hidden = ("auto_b", "auto_d")

    def is_authorized(self: Any, *, details: Any = None, **asked: Any) -> bool:
        return (details is None or details.id not in hidden) and bool(whole(self, details=details, **asked))

    monkeypatch.setattr(manager, "is_authorized_dag", is_authorized)

    assert [item["dagId"] for item in op.get(URL).json()["items"]] == ["auto_a", "auto_c"]


def test_a_page_of_one_status(op: Any, folder: Path) -> None:
    """The status narrows the list before it is cut into pages; a sidecar that cannot be read has the status error."""
    for name in ("a", "b", "c", "d"):
        made(op, dagId=f"auto_{name}")
    (folder / "auto_b.vai.json").write_text("{")

    page = op.get(URL, params={"status": "draft", "limit": 1, "offset": 1}).json()

    assert ([item["dagId"] for item in page["items"]], page["total"]) == (["auto_c"], 3)
    assert [item["dagId"] for item in op.get(URL, params={"status": "error"}).json()["items"]] == ["auto_b"]


def test_more_dags_than_one_query_may_name(
    op: Any, read_by_airflow: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Airflow is asked in batches; an import error is reported for the DAG of its file and for no other."""
    from airflow.models.errors import ParseImportError
    from airflow.utils.session import create_session

    monkeypatch.setattr(airflow_state, "MOST_NAMES", 2)
    for name in ("a", "b", "c", "d", "e"):
        made(op, dagId=f"auto_{name}")
    read_by_airflow("auto_a")
    read_by_airflow("auto_e")
    with create_session() as session:
        session.add(ParseImportError(filename="auto_d.py", bundle_name="dags-folder", stacktrace="ValueError: no"))
        session.add(ParseImportError(filename="other/auto_c.py", bundle_name="dags-folder", stacktrace="ValueError"))

    items = op.get(URL).json()["items"]

    assert [item["isPaused"] for item in items] == [True, None, None, None, True]
    assert [item["error"] for item in items] == [None, None, None, "ValueError: no", None]


def test_a_damaged_sidecar(op: Any, folder: Path) -> None:
    """It is told in the list, and what is asked of it is refused, without the server's folders."""
    made(op)
    (folder / "nightly.vai.json").write_text("{")

    (item,) = op.get(URL).json()["items"]

    assert (item["dagId"], item["status"]) == ("nightly", "error")
    answer = op.get(ONE)
    assert answer.status_code == 409
    assert str(folder) not in answer.text + str(item)


def test_change(op: Any) -> None:
    """Settings and values of steps are changed in one version; what is left out stays."""
    made(op)
    changes = {
        "description": "Changed",
        "tags": ["a_b"],
        "maxActiveRuns": 3,
        "retries": 2,
        "params": {"top_n": {"default": 5}},
        "triggers": [{"type": "schedule", "schedule": "@daily"}],
        "conditions": ["params.top_n > 1"],
        "arguments": {"look": {"sql": "SELECT 9 AS nine", "parameters": [{"$param": "top_n"}]}},
        "summary": "all at once",
    }

    answer = op.patch(ONE, json=changes, headers=match(1))

    assert answer.status_code == 200, answer.text
    shown = answer.json()
    assert (shown["version"], shown["description"], shown["tags"], shown["retries"]) == (2, "Changed", ["a_b"], 2)
    assert shown["params"]["top_n"]["default"] == 5
    assert shown["steps"][0]["arguments"]["sql"]["value"] == "SELECT 9 AS nine"
    assert shown["steps"][0]["arguments"]["parameters"]["wires"] == [{"at": [0], "param": "top_n"}]
    assert shown["history"][-1]["summary"] == "all at once"
    back = op.patch(ONE, json={"retries": None, "conditions": [], "triggers": []}, headers=match(2)).json()
    assert (back.get("retries"), back["conditions"], back["description"]) == (None, [], "Changed")
    assert op.patch(ONE, json={}, headers=match(3)).json()["version"] == 3  # nothing to change, no version


def test_states(op: Any) -> None:
    """Without the state that a change rests on 428, with another one 412; the answer tells the right one."""
    made(op)
    change = {"description": "x"}

    missing = op.patch(ONE, json=change)
    stale = op.patch(ONE, json=change, headers=match(9))

    assert (missing.status_code, stale.status_code) == (428, 412)
    assert missing.headers["etag"] == stale.headers["etag"] == '"1"'
    for bad in ("1", "W/", "*x", '"x"', '""', '"' + "9" * 400 + '"'):
        assert op.patch(ONE, json=change, headers={"If-Match": bad}).status_code in (412, 428), bad
    assert op.patch(ONE, json=change, headers={"If-Match": '"7", "1"'}).status_code == 200
    assert op.patch(ONE, json={"description": "y"}, headers={"If-Match": "*"}).status_code == 200
    assert op.delete(ONE).status_code == 428
    assert op.delete(ONE, headers=match(1)).status_code == 412


@pytest.mark.parametrize(
    "changes",
    [
        {"nonsense": 1},
        {"dagId": "other"},
        {"retries": "many"},
        {"retries": -1},
        {"maxActiveRuns": 0},
        {"triggers": [{"type": "schedule", "schedule": "whenever"}]},
        {"triggers": [{"type": "schedule", "schedule": "0 0 6 * * *"}]},
        {"triggers": [{"type": "schedule", "schedule": "0 0 31 2 *"}]},
        {"triggers": [{"type": "schedule", "schedule": "@continuous"}], "maxActiveRuns": 2},
        {"triggers": [{"type": "event", "uri": "airflow://orders"}]},
        {
            "triggers": [{"type": "schedule", "schedule": "@daily"}],
            "params": {"region": {"schema": {"type": "string"}}},
        },
        {"conditions": ["__import__('os')"]},
        {"conditions": ["params.unknown > 1"]},
        {"arguments": {"look": {"nonsense": 1}}},
        {"arguments": {"nobody": {"sql": "SELECT 1"}}},
        {"arguments": {"look": {"sql": {"$from": ["look_again"]}}}},
        {"arguments": {"look": {"sql": {"$nonsense": 1}}}},
        {"arguments": {"look": {"sql": {"$template": "SELECT {{ inlet_events }}"}}}},
        {"arguments": {"look": {"question": "with ghp_" + "a1B2" * 9}}},
        {"params": {"not a name": {"default": 1}}},
        {"params": {"gone": None}},
        {"notifications": [{"on": "failure", "notifier": "os; import"}]},
        {"notifications": [{"on": "failure", "notifier": "subprocess.getoutput", "arguments": {"cmd": "id"}}]},
        {"description": "a\0b"},
        {"tags": ["t" * 101]},
        {"arguments": {"look": {"sql": "SELECT '\0'"}}},
        {"params": {"p": {"default": {"k\0": 1}}}},
    ],
    ids=str,
)
def test_changes_that_are_wrong(op: Any, changes: dict[str, Any]) -> None:
    """422, with the place; the automation stays as it is."""
    made(op)

    answer = op.patch(ONE, json=changes, headers=match(1))

    assert answer.status_code == 422, answer.text
    assert "a1B2" not in answer.text
    assert op.get(ONE).headers["etag"] == '"1"'


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ('"notifications": [{"on": "failure", "notifier": "subprocess.getoutput", "arguments": {"cmd": "id"}}]',
         "subprocess.getoutput"),
        (r'"description": "a\u0000b"', "U+0000"),
        (r'"tags": ["a\ud800b"]', "half a surrogate pair"),
        (r'"params": {"p": {"default": {"\u0000": 1}}}', "U+0000"),
        ('"timeoutSeconds": 1e15', "timeout_seconds"),
    ],
)  # fmt: skip
def test_what_airflow_would_refuse_is_not_made(op: Any, folder: Path, fields: str, said: str) -> None:
    """422, and nothing is written: neither code that runs when the file is parsed, nor what ends the DAG processor."""
    content = f'{{{fields}, "dagId": "wrong", "steps": {json.dumps(SPEC["steps"])}}}'

    answer = op.post(URL, content=content, headers={"Content-Type": "application/json"})

    assert answer.status_code == 422, answer.text
    assert said in answer.text
    assert not list(folder.glob("*.py"))


def test_airflows_configuration_lists_the_notifiers(op: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The API server reads the option as Airflow does."""
    notice = {"on": "failure", "notifier": "mine.notices.Bell", "arguments": {}}
    assert op.post(URL, json={**SPEC, "notifications": [notice]}).status_code == 422
    monkeypatch.setattr(app, "configuration", lambda: SimpleNamespace(get=lambda *names, fallback: "mine.notices.*"))
    monkeypatch.setattr(notifiers, "_setting", None)  # the command line, in the same process, reads it elsewhere
    app.make_app()
    assert op.post(URL, json={**SPEC, "notifications": [notice]}).status_code == 201


@pytest.mark.parametrize("text", [rb"a\u0000b", rb"a\ud83db"])
def test_a_body_with_text_that_no_database_stores(text: bytes) -> None:
    """It is refused for every route, before anything is done: a run's configuration, for example."""
    for document in (b'{"conf": {"a": ["%s"]}}' % text, b'{"conf": {"%s": 1}}' % text):
        with pytest.raises(SpecError) as caught:
            RequestBody(document, "application/json").json()
        assert caught.value.where.startswith("the body.conf")


@pytest.mark.parametrize("path", ["steps/a%00b", "approvals/a%00b", "versions/a%00b"])
def test_nul_in_a_path_names_nothing(op: Any, path: str) -> None:
    """404 or another refusal, but no error of the database."""
    made(op)

    assert 400 <= op.get(f"{ONE}/{path}").status_code < 500


def test_the_dag_file(op: Any, folder: Path) -> None:
    """The file as it is, as text that no browser takes for a page."""
    made(op)

    answer = op.get(f"{ONE}/dag")

    assert answer.text == (folder / "nightly.py").read_text()
    assert answer.headers["content-type"].startswith("text/x-python")
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_an_edit_by_hand(op: Any, folder: Path) -> None:
    """It is told; what would contradict it is refused, and what does not keeps it."""
    made(op)
    file = folder / "nightly.py"
    file.write_text(file.read_text().replace("SELECT 1 AS a", "SELECT 11 AS a"))

    assert op.get(ONE).json()["editedByHand"] is True
    clash = op.patch(ONE, json={"arguments": {"look": {"sql": "SELECT 12 AS a"}}}, headers=match(1))
    assert clash.status_code == 409, clash.text
    assert str(folder) not in clash.text
    kept = op.patch(ONE, json={"arguments": {"look_again": {"sql": "SELECT 22 AS b"}}}, headers=match(1))
    assert kept.status_code == 200, kept.text
    assert "SELECT 11 AS a" in file.read_text()
    assert op.delete(ONE, headers=match(2)).status_code == 204


def test_delete(op: Any, folder: Path) -> None:
    """The files go, the versions stay, and the name may be used again."""
    made(op)

    assert op.delete(ONE, headers=match(1)).status_code == 204
    assert op.get(ONE).status_code == 404
    assert op.delete(ONE, headers=match(2)).status_code == 404
    assert not list(folder.glob("nightly*"))
    assert [item["change"] for item in op.get(f"{ONE}/versions").json()["items"]] == ["deleted", "version"]
    assert made(op).headers["etag"] == '"3"'


def test_an_automation_from_before_there_was_a_log(op: Any, folder: Path) -> None:
    """Its ETag is of no entry; a change gives it a log and rests on what was read."""
    import shutil

    made(op)
    shutil.rmtree(folder / ".vai")
    tag = op.get(ONE).headers["etag"]

    answer = op.patch(ONE, json={"description": "with a log"}, headers={"If-Match": tag})

    assert answer.status_code == 200, answer.text
    assert [item["version"] for item in op.get(f"{ONE}/versions").json()["items"]] == [2, 1]
    assert op.patch(ONE, json={"description": "late"}, headers={"If-Match": tag}).status_code == 412


def test_editors_at_once(op: Any) -> None:
    """Each of eight editors who change the same state gets in or is told to read again; no change is lost."""
    made(op)

    def edit(number: int) -> int:
        while True:
            state = op.get(ONE)
            tags = [*state.json().get("tags", []), f"t{number}"]
            answer = op.patch(ONE, json={"tags": tags}, headers={"If-Match": state.headers["etag"]})
            if answer.status_code != 412:
                return int(answer.status_code)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(edit, range(8))) == [200] * 8

    shown = op.get(ONE).json()
    assert sorted(shown["tags"]) == [f"t{number}" for number in range(8)]
    assert shown["version"] == 9


def test_a_change_while_the_state_is_read(op: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that are newer than the log as it was read just before are another editor's change, and no edit by hand."""
    made(op)
    read = store_state._read_sidecar
    looks: list[Path] = []

    def read_late(path: Path, *given: Any) -> Any:
        looks.append(path)
        if len(looks) == 1:  # publishing looks, too
            spec = read(path, *given).automation.model_copy(update={"description": "another editor's"})
            publish(spec, folder, by="another editor")
        return read(path, *given)

    monkeypatch.setattr(store_state, "_read_sidecar", read_late)
    answer = op.patch(ONE, json={"description": "mine"}, headers=match(1))

    assert answer.status_code == 412, answer.text
    assert op.get(ONE).json()["description"] == "another editor's"


def test_makers_at_once(op: Any) -> None:
    """Of several who make different automations under one name one does; nobody's is half there."""
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda n: op.post(URL, json={**SPEC, "description": f"of {n}"}), range(6)))

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 5
    winner = next(answer.json() for answer in answers if answer.status_code == 201)
    assert op.get(ONE).json()["description"] == winner["description"]


def test_storage_that_refuses(op: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """503 without a word about the server's folders; the log has them."""
    made(op)
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("AIRFLOW__VAI__AUTOMATIONS_PATH", str(tmp_path / "file"))

    answer = op.post(URL, json=SPEC)

    assert answer.status_code == 503, answer.text
    assert str(tmp_path) not in answer.text

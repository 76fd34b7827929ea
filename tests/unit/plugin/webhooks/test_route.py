"""The webhook route without an Airflow behind it: what it finds, what it refuses, and what it claims."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
import json
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import given, settings, strategies as st

from airflow_provider_vai.model.sidecar import SUFFIX, Sidecar
from airflow_provider_vai.plugin import app as api
from airflow_provider_vai.plugin.api.configured_folders import automations_folder, recordings_folder
from airflow_provider_vai.plugin.api.request_body import read_bytes
from airflow_provider_vai.plugin.webhooks import (
    deliveries as webhook_deliveries,
    route as webhooks,
    runs as webhook_runs,
    triggers as webhook_triggers,
)
from airflow_provider_vai.plugin.webhooks.deliveries import ReplayedDelivery, claim, note_started
from airflow_provider_vai.plugin.webhooks.signatures import Delivery
from airflow_provider_vai.store import shared_files

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=timezone.utc)
SECRET = "whsec_unit"


def sidecar(dag_id: str, *paths: str, status: str = "active") -> str:
    """Return the text of a sidecar with these webhooks."""
    triggers = [{"type": "webhook", "path": path, "conn_id": "sender", "signature": "github"} for path in paths]
    fields = {
        "schema_version": 2,
        "dag_id": dag_id,
        "source_type": "MANUAL",
        "steps": [],
        "triggers": [*triggers, {"type": "manual"}],
        "dag_sha256": "0" * 64,
        "generator": {"name": "by hand", "version": "1", "templates_sha256": "0" * 64},
        "status": status,
        "version": 1,
        "history": [],
    }
    return Sidecar.model_validate(fields).text()


def write_sidecar(folder: Path, dag_id: str, *paths: str, status: str = "active") -> None:
    """Write a sidecar with these webhooks."""
    shared_files.replace(folder / (dag_id + SUFFIX), sidecar(dag_id, *paths, status=status).encode())


@pytest.fixture
def automations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the automations; the sender's connection is there, runs and artifacts go to a folder beside."""
    monkeypatch.setenv("AIRFLOW__VAI__AUTOMATIONS_PATH", str(tmp_path / "automations"))
    monkeypatch.setenv("AIRFLOW__VAI__ARTIFACTS_PATH", f"file://{tmp_path / 'artifacts'}")
    monkeypatch.setenv("AIRFLOW_CONN_SENDER", json.dumps({"conn_type": "generic", "password": SECRET}))
    return tmp_path / "automations"


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What the route asks Airflow to start; `tests/e2e/test_webhooks.py` asks a real one."""
    calls: list[tuple[Any, ...]] = []
    monkeypatch.setattr(webhook_runs, "start", lambda *call: calls.append(call) or True)
    return calls


def send(path: str, body: Any = b"{}", **headers: str) -> Any:
    """Send a delivery that is signed in GitHub's way."""
    content = body if isinstance(body, bytes) else b"".join(body)
    signature = f"sha256={hmac.new(SECRET.encode(), content, hashlib.sha256).hexdigest()}"
    given = {"X-Hub-Signature-256": signature, "Content-Type": "application/json"}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    answer = TestClient(api.app).post(f"/webhooks/{path}", content=body, headers=given)
    assert answer.headers["cache-control"] == "no-store"
    return answer


def test_folders(automations: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folders are those that the configuration names, else ones below the dags folder and the artifacts."""
    assert str(automations_folder()).endswith(str(automations))
    assert str(recordings_folder()).endswith(str(tmp_path / "artifacts/runs"))
    monkeypatch.setenv("AIRFLOW__VAI__AUTOMATIONS_PATH", "")
    monkeypatch.setenv("AIRFLOW__CORE__DAGS_FOLDER", str(tmp_path / "dags"))
    monkeypatch.setenv("AIRFLOW__VAI__RUNS_PATH", str(tmp_path / "elsewhere"))
    assert str(automations_folder()).endswith(str(tmp_path / "dags/vai"))
    assert str(recordings_folder()).endswith(str(tmp_path / "elsewhere"))


def test_a_secret_that_cannot_sign(
    automations: Path,
    started: list[tuple[Any, ...]],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A malformed secret is a mistake on this side: the log says how to correct it, the sender learns less."""
    monkeypatch.setenv("AIRFLOW_CONN_SENDER", json.dumps({"conn_type": "generic", "password": "not base64!"}))
    text = sidecar("nightly", "p").replace('"github"', '"standard"')
    shared_files.replace(automations / f"nightly{SUFFIX}", text.encode())

    answer = send("p", webhook_id="msg_1", webhook_timestamp="1", webhook_signature="v1,x")

    assert answer.status_code == 500
    assert "is not base64" in caplog.text
    assert "base64" not in answer.text
    assert not started


def test_a_delivery_starts_a_run(automations: Path, started: list[tuple[Any, ...]]) -> None:
    """The run's configuration holds the payload and where it came from; the answer names the run."""
    write_sidecar(automations, "d é", "a/b")

    answer = send("a/b", b'{"x": 1}', X_GitHub_Delivery="guid")

    ((dag_id, run_id, conf),) = started
    assert (answer.status_code, answer.json()) == (202, {"dagId": "d é", "runId": run_id})
    assert answer.headers["location"] == f"../../../api/v2/dags/d%20%C3%A9/dagRuns/{run_id}"
    assert dag_id == "d é"
    assert conf["payload"] == {"x": 1}
    assert {**conf["webhook"], "receivedAt": ""} == {"path": "a/b", "deliveryId": "guid", "receivedAt": ""}
    assert datetime.fromisoformat(conf["webhook"]["receivedAt"]).utcoffset() is not None
    assert send("a/b", b'{"x": 1}', X_GitHub_Delivery="guid").json()["duplicate"] is True
    assert len(started) == 1


def test_without_an_id_the_signed_bytes_are_one(automations: Path, started: list[tuple[Any, ...]]) -> None:
    """The digest of what was signed stands where a delivery id would."""
    write_sidecar(automations, "d", "p")

    assert send("p").status_code == 202
    assert started[0][2]["webhook"]["deliveryId"] == hashlib.sha256(b"{}").hexdigest()


@pytest.mark.parametrize("path", ["", "b", "a/", "A", "a%20", "%2e%2e/a", "a/b/c"])
def test_an_unknown_path(automations: Path, path: str) -> None:
    """404, with or without a signature; the folder need not be there."""
    assert send(path).status_code == 404
    write_sidecar(automations, "d", "a")
    assert send(path).status_code == 404
    assert send("a", X_Hub_Signature_256="").status_code == 401


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_other_methods(automations: Path, method: str) -> None:
    """Only a POST delivers."""
    answer = TestClient(api.app).request(method, "/webhooks/a")

    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


def test_drafts_are_for_the_sender_to_know(automations: Path, started: list[tuple[Any, ...]]) -> None:
    """A signed delivery to a draft is refused, a bad one learns nothing; activated, the same delivery is taken."""
    write_sidecar(automations, "d", "a", status="draft")

    assert send("a").status_code == 409
    assert send("a", X_Hub_Signature_256="sha256=" + "0" * 64).status_code == 401
    write_sidecar(automations, "d", "a")
    answer = send("a")
    assert (answer.status_code, len(started)) == (202, 1)
    assert "duplicate" not in answer.json()


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (webhook_runs.Paused("paused", remedy="Unpause it."), 409),
        (webhook_runs.Unfit("does not fit", remedy="Compare it."), 422),
        (webhook_runs.CannotStart("not now", remedy="Try again."), 503),
    ],
)
def test_a_run_that_did_not_start(
    automations: Path, started: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
) -> None:
    """The claim does not keep the sender's next try from starting the run."""
    write_sidecar(automations, "d", "a")
    with monkeypatch.context() as broken:
        broken.setattr(webhook_runs, "start", lambda *call: (_ for _ in ()).throw(error))
        answer = send("a")
        assert (answer.status_code, answer.headers.get("retry-after")) == (status, "60" if status == 503 else None)

    answer = send("a")

    assert (answer.status_code, "duplicate" in answer.json(), len(started)) == (202, False, 1)


def test_a_path_that_moved(automations: Path, started: list[tuple[Any, ...]]) -> None:
    """A late try of what started another automation's run is answered with that run."""
    write_sidecar(automations, "old", "a")
    first = send("a").json()
    write_sidecar(automations, "old", "elsewhere")
    write_sidecar(automations, "new", "a")

    assert send("a").json() == {**first, "duplicate": True}
    assert send("a", b"[]").json()["dagId"] == "new"


def test_two_automations_with_one_path(automations: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The active one counts; two active ones are a mistake that the log names and the answer does not."""
    write_sidecar(automations, "one", "a", status="paused")
    write_sidecar(automations, "two", "a")
    write_sidecar(automations, "zero", "a", status="draft")
    found = webhook_triggers.find("a")
    assert found is not None
    assert (found.dag_id, found.is_active) == ("two", True)

    write_sidecar(automations, "one", "a")
    answer = send("a")

    assert (answer.status_code, "one" in answer.json()["detail"].split()) == (500, False)
    assert "one and two have the same webhook path 'a'" in caplog.text


@pytest.mark.parametrize(
    "content", [b'"webhook"', b'\xff"webhook"', b'{"webhook"', b'{"schema_version": 99, "a": "webhook"}']
)
def test_a_damaged_sidecar_harms_no_other(
    automations: Path, started: list[tuple[Any, ...]], caplog: pytest.LogCaptureFixture, content: bytes
) -> None:
    """It is told once, however often somebody asks, and the others are served."""
    write_sidecar(automations, "d", "a")
    (automations / f"broken{SUFFIX}").write_bytes(content)

    for _ in range(3):
        assert send("a").status_code == 202
    told = [record for record in caplog.records if f"broken{SUFFIX}" in record.getMessage()]
    assert [record.levelno for record in told] == [logging.ERROR]


def test_each_change_is_seen_and_read_once(automations: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking again reads nothing again; a change of one sidecar reads that one, also where its size stays."""
    for number in range(5):
        write_sidecar(automations, f"d{number}", f"p{number}")
    reads: list[str] = []
    read = shared_files.read
    monkeypatch.setattr(shared_files, "read", lambda path: reads.append(path.name) or read(path))

    assert [webhook and webhook.dag_id for webhook in map(webhook_triggers.find, ("p0", "p4", "p5"))] == [
        "d0",
        "d4",
        None,
    ]
    assert len(reads) == 5
    write_sidecar(automations, "d3", "p3", status="paused")
    found = webhook_triggers.find("p3")
    assert found is not None
    assert not found.is_active
    assert reads[5:] == [f"d3{SUFFIX}"]
    (automations / f"d3{SUFFIX}").unlink()
    assert webhook_triggers.find("p3") is None


def test_automations_in_an_object_store(monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder may be a URL; a replaced sidecar is seen there, too."""
    from airflow.sdk.io import attach
    from fsspec.implementations.memory import MemoryFileSystem

    attach("memory", fs=MemoryFileSystem())
    store = shared_files.folder("memory://automations")
    monkeypatch.setenv("AIRFLOW__VAI__AUTOMATIONS_PATH", "memory://automations")
    text = sidecar("far", "far/away")

    for status in ("active", "paused", "active"):
        store.fs.pipe_file((store / f"far{SUFFIX}").path, text.replace('"active"', f'"{status}"').encode())
        found = webhook_triggers.find("far/away")
        assert found is not None
        assert (found.dag_id, found.is_active) == ("far", status == "active")


@pytest.mark.parametrize("connection", [None, {"conn_type": "generic"}, {"conn_type": "generic", "password": ""}])
def test_no_secret(
    automations: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    connection: dict[str, str] | None,
) -> None:
    """Nothing is taken without a secret: not even what is signed with an empty one."""
    write_sidecar(automations, "d", "a")
    monkeypatch.delenv("AIRFLOW_CONN_SENDER")
    monkeypatch.setattr(
        webhook_triggers.Connection, "get_connection_from_secrets", _only_environment(connection), raising=True
    )
    empty = f"sha256={hmac.new(b'', b'{}', hashlib.sha256).hexdigest()}"

    answer = send("a", X_Hub_Signature_256=empty)

    assert (answer.status_code, "sender" in answer.text) == (500, False)
    assert "Make the connection 'sender'" in caplog.text


def _only_environment(fields: dict[str, str] | None) -> Any:
    """Return a lookup without a database, which these tests do not have."""
    from airflow.exceptions import AirflowNotFoundException
    from airflow.models.connection import Connection

    def look(conn_id: str) -> Any:
        if fields is None:
            raise AirflowNotFoundException(f"The conn_id `{conn_id}` isn't defined")
        return Connection(conn_id=conn_id, **fields)

    return look


def test_size(automations: Path, started: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit holds with and without a length; reading stops at the limit."""
    write_sidecar(automations, "d", "a")
    monkeypatch.setenv("AIRFLOW__VAI__WEBHOOK_LIMIT_BYTES", "100")
    fits, over = (json.dumps("x" * size).encode() for size in (98, 99))

    assert [send("a", body).status_code for body in (fits, over)] == [202, 413]
    assert send("a", fits, Content_Length="101").status_code == 413
    read = itertools.count()

    async def chunks() -> Any:
        for _ in range(1000):
            next(read)
            yield b"x" * 10

    class Request:
        headers: dict[str, str] = {}  # noqa: RUF012
        stream = staticmethod(chunks)

    with pytest.raises(webhooks.HTTPException, match="413"):
        asyncio.run(read_bytes(Request(), 100, 0.01))
    assert next(read) == 11


def test_a_slow_body() -> None:
    """A sender that stops in the middle of its body does not hold the server."""

    async def never() -> Any:
        yield b"x"
        await asyncio.Event().wait()

    class Request:
        headers: dict[str, str] = {}  # noqa: RUF012
        stream = staticmethod(never)

    with pytest.raises(webhooks.HTTPException, match="408"):
        asyncio.run(read_bytes(Request(), 100, 0.01))


def test_logs_tell_nothing(automations: Path, started: list[tuple[Any, ...]], caplog: pytest.LogCaptureFixture) -> None:
    """Taken or refused: no log record holds the body or the signature."""
    caplog.set_level(logging.DEBUG, "airflow_provider_vai")
    write_sidecar(automations, "d", "a")
    send("a", b'{"mark": 4711}', X_GitHub_Delivery="x")
    send("a", b'{"mark": 4711}', X_GitHub_Delivery="y")
    send("a", b'{"mark": 4711')

    assert "started the run" in caplog.text
    assert "4711" not in caplog.text
    assert "sha256=" not in caplog.text


def delivery(
    delivery_id: str | None, signed: str, content: str = "c", scheme: str = "github", secret: str = SECRET
) -> Delivery:
    """Return a verified delivery."""
    digest, signature = (hashlib.sha256(text.encode()).hexdigest() for text in (signed, f"{secret} {signed}"))
    return Delivery(scheme, delivery_id, None, digest, content, signature)


def test_claims(automations: Path) -> None:
    """A delivery's claim is the same each time; the same id at another path or in another scheme is another one."""
    first = claim("p", delivery("a", "one"), NOW)
    assert first.started_dag_id is None
    assert claim("p", delivery("a", "two"), NOW) == first
    note_started(first, "d")
    note_started(first, "other")
    assert claim("p", delivery("a", "one"), NOW).started_dag_id == "d"
    for elsewhere in (
        claim("q", delivery("a", "at q"), NOW),
        claim("p", delivery("a", "as vai", scheme="vai"), NOW),
    ):
        assert (elsewhere.started_dag_id, elsewhere.run_id == first.run_id) == (None, False)

    for replay in (delivery("b", "one"), delivery("b", "two"), delivery(None, "one"), delivery("a", "three", "other")):
        with pytest.raises(ReplayedDelivery):
            claim("p", replay, NOW)
    with pytest.raises(ReplayedDelivery):  # while the sender changes its secret, two signatures fit the same bytes
        claim("p", delivery("b", "one", secret="new"), NOW)
    claim("p", delivery("c", "three", "other"), NOW)


def test_a_signature_counts_for_all_paths_and_schemes(automations: Path) -> None:
    """With a shared secret, a delivery to one webhook is refused at another path or under another scheme."""
    claim("p", delivery("a", "one"), NOW)

    for path, replay in (
        ("q", delivery("a", "one")),
        ("q", delivery("b", "one")),
        ("p", delivery("a", "one", scheme="vai")),
        ("q", delivery(None, "one", scheme="shopify")),
    ):
        with pytest.raises(ReplayedDelivery):
            claim(path, replay, NOW)


def test_one_secret_on_two_webhooks(automations: Path, started: list[tuple[Any, ...]]) -> None:
    """A captured delivery starts nothing at the other webhook; another secret makes equal bytes another delivery."""
    write_sidecar(automations, "d", "a", "b")
    assert send("a", b'{"n": 1}').status_code == 202

    assert send("b", b'{"n": 1}').status_code == 409
    assert send("b", b'{"n": 1}', X_GitHub_Delivery="new").status_code == 409
    assert send("b", b'{"n": 2}').status_code == 202
    assert len(started) == 2


def test_one_secret_in_two_schemes(
    automations: Path, started: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bytes that a vai sender signs are also a body of GitHub's scheme; the signature counts once."""
    write_sidecar(automations, "d", "a")
    text = sidecar("e", "b").replace('"github"', '"vai"')
    shared_files.replace(automations / f"e{SUFFIX}", text.encode())
    now = str(int(datetime.now(timezone.utc).timestamp()))
    body = f'{now}.{{"n": 1}}'.encode()
    signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    assert send("a", body, Content_Type="text/plain").status_code == 202

    answer = send("b", b'{"n": 1}', X_Vai_Timestamp=now, X_Vai_Signature=f"v1={signature}")

    assert (answer.status_code, len(started)) == (409, 1)


def test_equal_bytes_with_another_secret(
    automations: Path, started: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Webhooks with secrets of their own do not affect each other, even if their senders send the same bytes."""
    write_sidecar(automations, "d", "a")
    text = sidecar("e", "b").replace('"sender"', '"other"')
    shared_files.replace(automations / f"e{SUFFIX}", text.encode())
    monkeypatch.setenv("AIRFLOW_CONN_OTHER", json.dumps({"conn_type": "generic", "password": "of the other"}))
    assert send("a").status_code == 202
    signature = hmac.new(b"of the other", b"{}", hashlib.sha256).hexdigest()

    assert send("b", X_Hub_Signature_256=f"sha256={signature}").status_code == 202
    assert len(started) == 2


def test_a_replay_leaves_no_file(automations: Path, tmp_path: Path) -> None:
    """Somebody who captured one delivery cannot fill the storage with it."""
    claim("p", delivery("a", "one"), NOW)

    def files() -> list[Path]:
        return sorted(path for path in (tmp_path / "artifacts/runs").rglob("*") if path.is_file())

    before = files()
    assert len(before) == 3
    for number in range(5):
        with pytest.raises(ReplayedDelivery):
            claim("p", delivery(str(number), "one"), NOW)
    assert files() == before


@pytest.mark.parametrize("ids", [["same"], [str(number) for number in range(16)]])
def test_claims_at_once(automations: Path, ids: list[str]) -> None:
    """Of one signature under many ids one is claimed, of one id every try is."""
    start = threading.Barrier(16)

    def attempt(number: int) -> str | None:
        start.wait()
        try:
            return claim("p", delivery(ids[number % len(ids)], "signed"), NOW).run_id
        except ReplayedDelivery:
            return None

    with ThreadPoolExecutor(16) as pool:
        claimed = list(pool.map(attempt, range(16)))

    taken = [run_id for run_id in claimed if run_id]
    assert len(set(taken)) == 1
    assert len(taken) == (16 if len(ids) == 1 else 1)


@pytest.mark.parametrize("content", ["", "{", "7"])
@pytest.mark.parametrize("kind", ["signed", "signatures"])
def test_a_damaged_claim_is_not_taken_for_granted(
    automations: Path,
    tmp_path: Path,
    started: list[tuple[Any, ...]],
    caplog: pytest.LogCaptureFixture,
    content: str,
    kind: str,
) -> None:
    """What a file about the delivery said is not known, so nothing starts; the log names the file."""
    write_sidecar(automations, "d", "a")
    assert send("a").status_code == 202
    (used,) = (tmp_path / "artifacts/runs").rglob(f"{kind}/*/*.json")
    used.write_text(content)

    answer = send("a", X_GitHub_Delivery="other")

    assert (answer.status_code, answer.headers["retry-after"], len(started)) == (503, "60", 1)
    assert str(used) in caplog.text


def test_a_storage_that_refuses(
    automations: Path, tmp_path: Path, started: list[tuple[Any, ...]], caplog: pytest.LogCaptureFixture
) -> None:
    """Without a place for the claim no run is started; the sender is asked to come back."""
    write_sidecar(automations, "d", "a")
    (tmp_path / "artifacts").write_text("a file where a folder should be")

    answer = send("a")

    assert (answer.status_code, answer.headers["retry-after"], started) == (503, "60", [])
    assert str(tmp_path) not in answer.text
    assert str(tmp_path / "artifacts") in caplog.text
    (tmp_path / "artifacts").unlink()
    assert send("a").status_code == 202


IDS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=255)


@settings(max_examples=50, deadline=None)
@given(paths=st.lists(IDS, min_size=2, max_size=2), ids=st.lists(IDS, min_size=2, max_size=2))
def test_run_ids(tmp_path_factory: pytest.TempPathFactory, paths: list[str], ids: list[str]) -> None:
    """Any id and path give a run id that Airflow takes, and different ones give different run ids."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW__VAI__RUNS_PATH", str(tmp_path_factory.mktemp("runs")))
        found = {
            (path, it): claim(path, delivery(it, f"{path} {it}"), NOW).run_id
            for path, it in zip(paths, ids, strict=True)
        }

    assert len(set(found.values())) == len(found)
    for run_id in found.values():
        assert run_id.startswith("webhook__")
        assert run_id.replace("webhook__", "").isalnum()


def test_only_the_signature_opens_the_route() -> None:
    """Every webhook route depends on the signature, and on nothing that could stand in for it."""
    for route in webhooks.router.routes:
        assert [it.call for it in route.dependant.dependencies] == [webhooks.signed_delivery]
        assert route.methods == {"POST"}


def test_every_claim_is_below_the_runs(automations: Path, tmp_path: Path) -> None:
    """Whatever a sender calls its delivery, its files are in the folder of deliveries."""
    claim("../../x", delivery("../../../y", "one"), NOW)

    folder = tmp_path / "artifacts/runs" / webhook_deliveries.FOLDER
    outside = [path for path in tmp_path.rglob("*") if path.is_file() and folder not in path.parents]
    assert outside == []

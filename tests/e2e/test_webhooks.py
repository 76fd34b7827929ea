"""Deliveries that real senders could send, to a real API server: each starts its run once, or is refused."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import itertools
import json
import os
import re
import select
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx
import pytest

from airflow_provider_vai.model.sidecar import SUFFIX, Sidecar
from airflow_provider_vai.plugin.webhooks.signatures import TOLERANCE_SECONDS
from tests.paths import ROOT

pytestmark = pytest.mark.e2e

LIMIT = 50_000
DAG = """
from airflow.sdk import DAG, Param, task

with DAG(
    dag_id={dag_id!r}, schedule=None, is_paused_upon_creation=False, max_active_runs=20,
    params={{"payload": Param(None, **{schema!r})}},
):
    @task(show_return_value_in_logs=False)
    def read(params=None, dag_run=None):
        return {{"payload": params["payload"], "webhook": dag_run.conf["webhook"]}}

    read()
"""
HOOKS = {  # path -> DAG id, signature
    "shop/orders": ("hook_vai", "vai"),
    "billing/invoices": ("hook_standard", "standard"),
    "code/issues": ("hook_github", "github"),
    "pay": ("hook_stripe", "stripe"),
    "store~1": ("hook_shopify", "shopify"),
    "strict": ("hook_strict", "vai"),
    "draft": ("hook_draft", "vai"),
    "paused": ("hook_paused", "vai"),
    "unread": ("hook_unread", "vai"),
    "nobody": ("hook_nobody", "vai"),
    "limits": ("hook_limits", "vai"),
}
MARK = "body-mark-4711"
numbers = itertools.count(1)


def secret(path: str) -> str:
    """Return the secret of a webhook."""
    return f"whsec_{hashlib.sha256(path.encode()).hexdigest()}"


def sidecar(path: str, status: str) -> str:
    """Return the sidecar of a hand-written DAG with a webhook."""
    dag_id, signature = HOOKS[path]
    fields = {
        "schema_version": 2,
        "dag_id": dag_id,
        "source_type": "MANUAL",
        "steps": [],
        "triggers": [{"type": "webhook", "path": path, "conn_id": f"{dag_id}_secret", "signature": signature}],
        "dag_sha256": "0" * 64,
        "generator": {"name": "by hand", "version": "1", "templates_sha256": "0" * 64},
        "status": status,
        "version": 1,
        "history": [],
    }
    return Sidecar.model_validate(fields).text()


@pytest.fixture(scope="module")
def hooks(tmp_path_factory: pytest.TempPathFactory) -> Iterator:
    """A healthy Airflow with a DAG and a sidecar for each webhook; the DAGs are read."""
    from airflow_process import SeparateAirflow
    from dag_run import DagRun

    home = tmp_path_factory.mktemp("hooks")
    folder = home / "dags/vai"
    folder.mkdir(parents=True)
    connections = {}
    for path, (dag_id, _) in HOOKS.items():
        schema = {"type": "object", "required": ["order"]} if path == "strict" else {}
        if path != "unread":
            (folder / f"{dag_id}.py").write_text(DAG.format(dag_id=dag_id, schema=schema), encoding="utf-8")
        (folder / (dag_id + SUFFIX)).write_text(sidecar(path, "draft" if path == "draft" else "active"))
        if path != "nobody":
            connection = {"conn_type": "generic", "password": secret(path)}
            connections[f"AIRFLOW_CONN_{dag_id.upper()}_SECRET"] = json.dumps(connection)
    (folder / f"broken{SUFFIX}").write_text('{"triggers": [{"type": "webhook"')
    del connections["AIRFLOW_CONN_HOOK_SHOPIFY_SECRET"]  # that one is kept in the database
    settings = {
        "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
        "AIRFLOW__VAI__ARTIFACTS_PATH": f"file://{home / 'artifacts'}",
        "AIRFLOW__VAI__WEBHOOK_LIMIT_BYTES": str(LIMIT),
        "PYTHONPATH": str(ROOT),
        **connections,
    }
    python = Path(os.environ.get("VAI_AIRFLOW_PYTHON", sys.executable))
    components = ["api-server", "scheduler", "dag-processor"]
    with SeparateAirflow(home / "airflow", python, settings, {"admin": "admin"}, components=components) as running:
        running.folder, running.artifacts = folder, home / "artifacts"
        running.wait_healthy()
        stored = {"connection_id": "hook_shopify_secret", "conn_type": "generic", "password": secret("store~1")}
        running.client.call("POST", "/connections", stored)
        for path, (dag_id, _) in HOOKS.items():
            if path != "unread":
                DagRun(running, dag_id, print).wait_known()
        running.client.call("PATCH", "/dags/hook_paused", {"is_paused": True})
        yield running


def signed(path: str, body: bytes, delivery_id: str | None = None, at: int | None = None) -> dict[str, str]:
    """Return the headers of a delivery, as its sender makes them."""
    scheme, key, seconds = HOOKS[path][1], secret(path).encode(), str(int(time.time()) if at is None else at)
    message_id = delivery_id or f"msg_{seconds}"
    standard = base64.b64decode(secret(path).removeprefix("whsec_"))
    sealed = hmac.digest(standard, f"{message_id}.{seconds}.".encode() + body, "sha256")
    plain, timed = (hmac.new(key, it, hashlib.sha256) for it in (body, f"{seconds}.".encode() + body))
    headers, name = {
        "vai": ({"X-Vai-Timestamp": seconds, "X-Vai-Signature": f"v1={timed.hexdigest()}"}, "X-Vai-Delivery"),
        "standard": (
            {
                "webhook-id": message_id,
                "webhook-timestamp": seconds,
                "webhook-signature": f"v1,{base64.b64encode(sealed).decode()}",
            },
            "",
        ),
        "github": ({"X-Hub-Signature-256": f"sha256={plain.hexdigest()}"}, "X-GitHub-Delivery"),
        "stripe": ({"Stripe-Signature": f"t={seconds},v1={timed.hexdigest()},v0=1f"}, ""),
        "shopify": (
            {"X-Shopify-Hmac-Sha256": base64.b64encode(plain.digest()).decode()},
            "X-Shopify-Webhook-Id",
        ),
    }[scheme]
    return {"Content-Type": "application/json", **headers, **({name: delivery_id} if delivery_id and name else {})}


def post(airflow, path: str, body: bytes, headers: dict[str, str]) -> httpx.Response:
    """Send a delivery."""
    with httpx.Client(trust_env=False, timeout=120) as client:
        answer = client.post(f"{airflow.url}/vai/webhooks/{path}", content=body, headers=headers)
    assert answer.headers["cache-control"] == "no-store"
    assert secret(path) not in answer.text
    return answer


def new_body(**fields: Any) -> bytes:
    """Return a body that no other delivery has."""
    return json.dumps({"n": next(numbers), "mark": MARK, **fields}).encode()


def runs(airflow, path: str) -> list[str]:
    """Return the ids of the runs that a webhook's DAG has."""
    found = airflow.client.call("GET", f"/dags/{HOOKS[path][0]}/dagRuns?limit=100")["dag_runs"]
    return [run["dag_run_id"] for run in found]


def result(airflow, path: str, run_id: str) -> Any:
    """Wait until the run ends; return what its task read."""
    from dag_run import DagRun

    run = DagRun(airflow, HOOKS[path][0], print)
    run.run_id = run_id
    assert run.follow(240, lambda gate: None) == "success", run.failures()
    return airflow.client.call("GET", f"{run._path()}/taskInstances/read/xcomEntries/return_value")["value"]


@pytest.mark.parametrize("path", ["shop/orders", "billing/invoices", "code/issues", "pay", "store~1"])
def test_a_signed_delivery_starts_a_run(hooks, path):
    """Each sender's own form is taken, the task reads the body, and the address leads to the run."""
    body = json.dumps({"id": "evt_17", "mark": MARK, "deep": [{"text": "{{ 1 }} é \u2028"}, 1.50, None]}).encode()
    before = datetime.now(timezone.utc)

    answer = post(hooks, path, body, signed(path, body, "evt_17"))

    assert answer.status_code == 202, answer.text
    run_id = answer.json()["runId"]
    assert answer.json() == {"dagId": HOOKS[path][0], "runId": run_id}
    address = urljoin(f"{hooks.url}/vai/webhooks/{path}", answer.headers["location"])
    run = hooks.client.call("GET", address.removeprefix(f"{hooks.url}/api/v2"))
    assert (run["dag_run_id"], run["run_type"], run["triggered_by"]) == (run_id, "manual", "rest_api")
    assert run.get("triggering_user_name") is None
    read = result(hooks, path, run_id)
    assert read["payload"] == json.loads(body)
    assert (read["webhook"]["path"], read["webhook"]["deliveryId"]) == (path, "evt_17")
    received = datetime.fromisoformat(read["webhook"]["receivedAt"])
    assert before.timestamp() - 1 <= received.timestamp() <= datetime.now(timezone.utc).timestamp()


def test_twenty_tries_at_once_start_one_run(hooks):
    """One delivery, sent twenty times at the same moment: one run, and every try learns its id."""
    body, before = new_body(), runs(hooks, "code/issues")
    headers = signed("code/issues", body, "guid-at-once")

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: post(hooks, "code/issues", body, headers), range(20)))

    assert Counter(answer.status_code for answer in answers) == {202: 20}, [answer.text for answer in answers]
    assert len({answer.json()["runId"] for answer in answers}) == 1
    assert sum("duplicate" not in answer.json() for answer in answers) == 1
    assert set(runs(hooks, "code/issues")) - set(before) == {answers[0].json()["runId"]}


def test_twenty_replays_at_once_start_one_run(hooks):
    """One signature under twenty delivery ids at the same moment: one is taken, the others are replays."""
    body, before = new_body(), runs(hooks, "shop/orders")
    now = int(time.time())
    tries = [signed("shop/orders", body, f"replay-{number}", at=now) for number in range(20)]

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda headers: post(hooks, "shop/orders", body, headers), tries))

    assert Counter(answer.status_code for answer in answers) == {202: 1, 409: 19}
    assert len(set(runs(hooks, "shop/orders")) - set(before)) == 1


def test_a_later_try_is_a_duplicate(hooks):
    """Signed anew at another second, without an id in the header, and with Stripe's count of tries: one run each."""
    now = int(time.time())
    for path, first, second, given in (
        ("shop/orders", b'{"again": 1}', b'{"again": 1}', "again"),
        ("pay", b'{"id": "evt_again", "tries": 2}', b'{"id": "evt_again", "tries": 1}', None),
    ):
        one = post(hooks, path, first, signed(path, first, given, now - 1))
        two = post(hooks, path, second, signed(path, second, given, now))
        assert (one.status_code, two.status_code) == (202, 202)
        assert two.json() == {**one.json(), "duplicate": True}
    body = new_body()
    headers = signed("shop/orders", body)
    answers = [post(hooks, "shop/orders", body, headers).json() for _ in range(2)]
    assert answers[1] == {**answers[0], "duplicate": True}


@pytest.mark.parametrize("path", ["shop/orders", "code/issues", "store~1"])
def test_a_replay_is_refused(hooks, path):
    """The same signed bytes under another id, or without one; and an id that was used for another body."""
    body, other = new_body(), new_body()
    headers = signed(path, body, "first")
    assert post(hooks, path, body, headers).status_code == 202
    before = runs(hooks, path)
    name = next(name for name in headers if name.endswith(("Delivery", "-Id")))

    without = {key: value for key, value in headers.items() if key != name}
    for changed in ({**headers, name: "second"}, without):
        answer = post(hooks, path, body, changed)
        assert (answer.status_code, answer.json()["title"]) == (409, "Conflict")
    mixed = post(hooks, path, other, {**signed(path, other), name: headers[name]})
    assert mixed.status_code == 409
    assert runs(hooks, path) == before
    late = post(hooks, path, other, signed(path, other, "its-own"))
    assert late.status_code == 202, "a stranger's mix must not use up the real delivery"


def test_what_is_refused_starts_nothing(hooks):
    """Unknown paths, bad signatures, old and future times, other methods: each has its status."""
    before = runs(hooks, "shop/orders")
    body, now = new_body(), int(time.time())
    good = signed("shop/orders", body, "refused")
    other = signed("paused", body)

    for path in ("shop", "shop/orders/", "/shop/orders", "Shop/orders", "shop/orders%00", "..%2f", "x" * 3000):
        assert post(hooks, path, body, good).status_code == 404, path
    for headers in (
        {},
        {**good, "X-Vai-Signature": other["X-Vai-Signature"]},
        {**good, "X-Vai-Signature": "v1=é".encode("latin-1")},
        signed("shop/orders", body, "old", now - TOLERANCE_SECONDS - 5),
        signed("shop/orders", body, "future", now + TOLERANCE_SECONDS + 60),
        signed("code/issues", body, "other-scheme"),
    ):
        answer = post(hooks, "shop/orders", body, headers)
        assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json"), answer.text
        assert good["X-Vai-Signature"].partition("=")[2] not in answer.text
    assert post(hooks, "shop/orders", body + b" ", good).status_code == 401
    for method in ("GET", "HEAD", "PUT", "DELETE", "PATCH"):
        answer = httpx.request(method, f"{hooks.url}/vai/webhooks/shop/orders", trust_env=False)
        assert (answer.status_code, answer.headers["cache-control"]) == (405, "no-store")
    for text, kind in (
        (b"{", "application/json"),
        (b"[" * 70 + b"]" * 70, "application/json"),
        (b"\xff", "text/plain"),
    ):
        headers = {**signed("shop/orders", text, "bad-body"), "Content-Type": kind}
        assert post(hooks, "shop/orders", text, headers).status_code == 400
    assert runs(hooks, "shop/orders") == before


def test_a_form_and_a_text_arrive(hooks):
    """The content type says what the payload is."""
    for body, kind, expected in (
        (b"a=1&a=2&b=%C3%A9", "application/x-www-form-urlencoded", {"a": ["1", "2"], "b": "é"}),
        ("plain é".encode(), "text/plain; charset=utf-8", "plain é"),
    ):
        answer = post(hooks, "limits", body, {**signed("limits", body), "Content-Type": kind})
        assert answer.status_code == 202, answer.text
        assert result(hooks, "limits", answer.json()["runId"])["payload"] == expected


def test_the_largest_numbers_arrive(hooks):
    """What is taken reaches the task unchanged, also at the edge of what is taken."""
    payload = [2**63 - 1, -(2**63), 9e18, -1.5e9, 5e-324, "\ufffd\U0001f600", {"": {"_": []}}]
    body = json.dumps(payload).encode()

    answer = post(hooks, "limits", body, signed("limits", body))

    assert result(hooks, "limits", answer.json()["runId"])["payload"] == payload


def chunked(airflow, path: str, parts: Iterator[bytes], headers: dict[str, str]) -> int:
    """Send a body without saying its length; return the status, as soon as there is one."""
    where = urlsplit(airflow.url)
    connection = http.client.HTTPConnection(where.hostname, where.port, timeout=60)
    connection.putrequest("POST", f"/vai/webhooks/{path}")
    for name, value in {**headers, "Transfer-Encoding": "chunked"}.items():
        connection.putheader(name, value)
    connection.endheaders()
    for part in parts:
        if select.select([connection.sock], [], [], 0)[0]:
            break  # it answered
        connection.send(f"{len(part):x}\r\n".encode() + part + b"\r\n")
    else:
        connection.send(b"0\r\n\r\n")
    status = connection.getresponse().status
    connection.close()
    return status


def test_a_body_over_the_limit(hooks):
    """With or without its length said, and with a wrong one: refused at the limit, and taken one byte below."""
    fits, over = (json.dumps("x" * (size - 2)).encode() for size in (LIMIT, LIMIT + 1))

    assert post(hooks, "limits", over, signed("limits", over)).status_code == 413
    assert chunked(hooks, "limits", iter([over[:7], over[7:]]), signed("limits", over)) == 413
    assert post(hooks, "limits", fits, signed("limits", fits)).status_code == 202
    assert chunked(hooks, "limits", iter([fits[:7], fits[7:]]), signed("limits", fits)) == 202
    where = urlsplit(hooks.url)
    connection = http.client.HTTPConnection(where.hostname, where.port, timeout=60)
    connection.putrequest("POST", "/vai/webhooks/limits")
    connection.putheader("Content-Length", str(10**15))
    connection.endheaders()  # nothing follows: the answer does not wait for it
    assert connection.getresponse().status == 413
    connection.close()


def test_an_endless_body_ends(hooks):
    """The server answers while the sender still sends."""
    sent = itertools.count()

    def forever() -> Iterator[bytes]:
        while next(sent) < 100_000:
            yield b"x" * 1000

    assert chunked(hooks, "limits", forever(), signed("limits", b"")) == 413
    assert next(sent) < 100_000


def test_paused_drafts_and_unread_dags(hooks):
    """Each is refused; once it may run, the same delivery starts its run."""
    bodies = {path: new_body() for path in ("paused", "draft", "unread")}
    tries = {path: signed(path, bodies[path], "patient") for path in bodies}
    expected = {"paused": 409, "draft": 409, "unread": 503}

    for path, status in expected.items():
        answer = post(hooks, path, bodies[path], tries[path])
        assert (path, answer.status_code) == (path, status), answer.text
    assert post(hooks, "paused", bodies["paused"], {}).status_code == 401, "the state is for the sender alone"

    hooks.client.call("PATCH", "/dags/hook_paused", {"is_paused": False})
    (hooks.folder / f"hook_draft{SUFFIX}").write_text(sidecar("draft", "active"))
    for path in ("paused", "draft"):
        answer = post(hooks, path, bodies[path], tries[path])
        assert (answer.status_code, "duplicate" in answer.json()) == (202, False)
        assert runs(hooks, path) == [answer.json()["runId"]]
    hooks.client.call("PATCH", "/dags/hook_paused", {"is_paused": True})
    again = post(hooks, "paused", bodies["paused"], tries["paused"])
    assert (again.status_code, again.json()["duplicate"]) == (202, True), "what was started stays started"


def test_a_payload_that_does_not_fit(hooks):
    """The DAG's own schema decides; the answer does not repeat the payload."""
    body = new_body()
    answer = post(hooks, "strict", body, signed("strict", body, "unfit"))
    assert (answer.status_code, MARK in answer.text) == (422, False)
    assert runs(hooks, "strict") == []

    body = new_body(order=1)
    assert post(hooks, "strict", body, signed("strict", body, "fit")).status_code == 202


def test_a_missing_secret_is_told_to_the_log_alone(hooks):
    """The sender sees that it is this side's fault; the operator reads which connection is missing."""
    answer = post(hooks, "nobody", b"{}", signed("nobody", b"{}"))

    assert (answer.status_code, "hook_nobody_secret" in answer.text) == (500, False)
    hooks.wait("the log", lambda: "'hook_nobody_secret'" in hooks.log.read_text(errors="replace"), 30)


@pytest.mark.parametrize("path", ["shop/orders", "billing/invoices", "code/issues"])
def test_the_lines_of_the_documentation(hooks, path):
    """The page's commands work as they stand."""
    page = (ROOT / "dev/docs/webhooks.md").read_text(encoding="utf-8")
    commands = re.search(rf"<!-- run: {HOOKS[path][1]} -->\n```bash\n(.*?)```", page, re.DOTALL)[1]
    environment = {**os.environ, "AIRFLOW": hooks.url, "SECRET": secret(path), "NO_PROXY": "127.0.0.1"}

    told = subprocess.run(["bash", "-euc", commands], env=environment, check=True, capture_output=True, text=True)

    run_id = json.loads(told.stdout)["runId"]
    assert re.fullmatch("webhook__[0-9a-f]{32}", run_id)
    assert run_id in runs(hooks, path)


def test_a_restart_forgets_nothing(hooks):
    """An API server that was killed and started again knows its deliveries and its replays."""
    body = new_body()
    headers = signed("code/issues", body, "before-restart")
    first = post(hooks, "code/issues", body, headers)
    assert first.status_code == 202
    result(hooks, "code/issues", first.json()["runId"])  # a task needs the API server, and a run that goes on stays

    hooks.kill("api-server")
    hooks.restart("api-server")
    hooks.wait_healthy()

    again = post(hooks, "code/issues", body, headers)
    assert (again.status_code, again.json()) == (202, {**first.json(), "duplicate": True})
    assert post(hooks, "code/issues", body, {**headers, "X-GitHub-Delivery": "after"}).status_code == 409
    hooks.client.call("DELETE", f"/dags/hook_github/dagRuns/{first.json()['runId']}")
    assert post(hooks, "code/issues", body, headers).json()["duplicate"] is True, "a deleted run is not made again"
    assert first.json()["runId"] not in runs(hooks, "code/issues")


def test_nothing_of_a_delivery_is_written_down(hooks):
    """Neither the server's log nor the files about deliveries hold a body, a signature or a secret."""
    log = hooks.log.read_text(errors="replace")
    files = [file for file in hooks.artifacts.rglob("@webhooks/**/*") if file.is_file()]

    assert files
    for text in (log, *(file.read_text() for file in files)):
        assert MARK not in text
        assert "v1=" not in text
        assert not any(secret(path) in text for path in HOOKS)
    assert "not served, because it cannot be read" in log

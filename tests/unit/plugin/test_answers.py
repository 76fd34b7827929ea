"""What every route answers stays what it is: the answers to a fixed set of requests, ``tests/golden/api``.

Every JSON answer is written by the one serializer, and fits the OpenAPI document.

``python tests/golden/regenerate.py`` writes the files anew. Read the difference before you commit it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute

from airflow_provider_vai.analysis import doctor
from airflow_provider_vai.analysis.doctor import Diagnosis
from airflow_provider_vai.model import approvals_record
from airflow_provider_vai.model.automation import Automation
from airflow_provider_vai.plugin.api.json_response import MaskedJson
from airflow_provider_vai.plugin.app import ROUTERS
from airflow_provider_vai.plugin.routes import setup
from airflow_provider_vai.plugin.webhooks import runs as webhook_runs
from airflow_provider_vai.store.publisher import publish
from tests.golden.regenerate import FIXED
from tests.paths import ROOT, TRACES
from tests.unit.plugin.api_support import SPEC, run_id, seed
from tests.unit.plugin.questions import ask as ask_question, small
from tests.unit.plugin.recorded_answers import Recorder, check, recorded

URL = "/api/v1/automations"
RUNS, THREADS = "/api/v1/agents/runs", "/api/v1/chat/threads"
TOKEN = "ghp_" + "a1B2" * 9
RANDOM = "kV9xQ2mZ7LpT4wRc8YbN3sHd6JfG1eAu"
SECRET = "whsec_of_a_sender"
MATCH = {"If-Match": "*"}

RICH: dict[str, Any] = {
    "dagId": "every_part",
    "description": "Everything that a spec can say",
    "tags": ["a_b", "figures"],
    "owner": "ann",
    "maxActiveRuns": 2,
    "maxActiveTasks": 4,
    "timeoutSeconds": 3600,
    "retries": 2,
    "retryDelaySeconds": 30,
    "params": {
        "top_n": {"default": 5, "description": "How many", "schema": {"type": "integer", "some_key": {"a_b": 1}}},
        "region": "EU",
    },
    "conditions": ["params.top_n > 1"],
    "triggers": [
        {"type": "schedule", "schedule": "0 6 * * 1", "timezone": "Europe/Berlin"},
        {"type": "webhook", "path": "shop/orders", "connId": "shop", "signature": "github"},
        {"type": "manual"},
    ],
    "notifications": [
        {"on": "failure", "notifier": "airflow.providers.smtp.notifications.smtp.SmtpNotifier",
         "arguments": {"to": "ops@example.com", "from_email": "x@example.com"}},
    ],
    "steps": [
        {"key": "look", "kind": "generate_query", "retries": 0, "retryDelaySeconds": 5, "timeoutSeconds": 9.5,
         "arguments": {"conn_id": "warehouse", "sql": "SELECT 1 AS a_b", "parameters": [{"$param": "region"}]}},
        {"key": "ask", "kind": "generate_query", "arguments": {"conn_id": "warehouse", "question": "How many?",
                                                               "llm_conn_id": "llm"}},
        {"key": "each_row", "kind": "http_request", "each": ["look", "rows"], "concurrency": 3,
         "triggerRule": "all_done", "dependsOn": ["look"],
         "arguments": {"conn_id": "erp", "endpoint": "/rows", "method": "GET",
                       "query": {"row_id": {"$item": ["a_b"]}}}},
        {"key": "send", "kind": "http_request", "effect": "write",
         "gate": {"onTimeout": "reject", "responseTimeout": 60, "editable": ["json"]},
         "arguments": {"conn_id": "erp", "endpoint": "/x", "method": "POST",
                       "json": {"some_key": {"$param": "top_n"}, "rows": {"$from": ["look", "rows", 0, "a_b"]},
                                "day": {"$template": "{{ ds }}"}, "pin_of": {"$secret": "vault"}, "otherKey": None}}},
        {"key": "tell", "kind": "http_request",
         "arguments": {"conn_id": "erp", "endpoint": "/y", "method": "PUT", "json": {"a": 1}}},
    ],
}  # fmt: skip
EVENTS = [
    {"type": "event", "event": "action.completed", "filters": {"actionKind": "http_request", "automation": "x"}},
    {"type": "event", "uri": "vai://automations/other"},
]
PLATFORM = {
    "name": "New order",
    "description": "From the shop",
    "triggerType": "webhook",
    "config": {
        "path": "/shopify/orders",
        "signature": "shopify",
        "secretConnId": "shop",
        "action": {"kind": "http_request", "definition": {"endpoint": "/x", "method": "GET", "conn_id": "erp"}},
    },
}


@pytest.fixture
def ask(op: Any, monkeypatch: pytest.MonkeyPatch) -> Recorder:
    """A client for somebody who may author; its answers are kept, and versions are of a fixed time."""
    for name, value in FIXED.items():
        monkeypatch.setenv(name, value)
    written: list[bytes] = []
    render = MaskedJson.render

    def noting(self: MaskedJson, content: Any) -> bytes:
        written.append(render(self, content))
        return written[-1]

    monkeypatch.setattr(MaskedJson, "render", noting)
    return Recorder(op, written)


def test_automations(ask: Recorder, folder: Path) -> None:
    """Made in every spelling, listed, shown, changed, restored, deleted; and what is refused."""
    ask("POST", URL, json=RICH)
    ask("POST", URL, json=RICH)
    ask("POST", URL, json={**RICH, "description": "another"})
    ask("POST", URL, json={**SPEC, "dagId": "snake", "trigger": {"type": "webhook", "path": "a", "conn_id": "c"}})
    ask("POST", URL, json={**SPEC, "dagId": "events", "triggers": EVENTS})
    ask("POST", URL, json=PLATFORM)
    ask("GET", f"{URL}/events")
    ask("GET", f"{URL}/new_order")
    ask("GET", f"{URL}/new_order/triggers")
    ask("GET", f"{URL}/events/triggers")
    full = ask("GET", f"{URL}/every_part/versions/1").json()["automation"]
    ask("POST", URL, json={**full, "dagId": "again"})
    ask("POST", URL, json={**SPEC, "nonsense": 1}, headers={"Idempotency-Key": "k"})
    ask("POST", URL, json={**SPEC, "dagId": "once"}, headers={"Idempotency-Key": "k"})
    ask("POST", URL, json={**SPEC, "dagId": "once"}, headers={"Idempotency-Key": "k"})
    ask("POST", URL, content=b"{", headers={"Content-Type": "application/json"})
    ask("POST", URL, content=b"{}", headers={"Content-Type": "text/plain"})
    (folder / "broken.vai.json").write_text("{")
    ask("GET", URL, params={"limit": 3, "offset": 1})
    ask("GET", URL, params={"q": "every"})
    ask("GET", URL, params={"limit": "x"})
    one = f"{URL}/every_part"
    ask("GET", one)
    ask("GET", f"{URL}/broken")
    ask("GET", f"{URL}/not_there")
    ask("GET", f"{one}/dag")
    ask("PATCH", one, json={"description": "x"})
    ask("PATCH", one, json={"description": "x"}, headers={"If-Match": '"9"'})
    ask("PATCH", one, json={"nonsense": 1}, headers=MATCH)
    ask("PATCH", one, json={"triggers": [{"type": "nonsense"}]}, headers=MATCH)
    changes = {"arguments": {"look": {"sql": "SELECT 2 AS a_b"}}, "retries": None, "tags": [], "triggers": EVENTS}
    ask("PATCH", one, json={**changes, "params": {"other_one": {"default": {"a_b": 1}}}}, headers=MATCH)
    ask("GET", f"{one}/versions")
    ask("GET", f"{one}/versions", params={"limit": 1, "offset": 1})
    ask("GET", f"{one}/versions/1/diff")
    ask("GET", f"{one}/versions/9")
    ask("POST", f"{one}/versions/1/restore", headers=MATCH)
    file = folder / "every_part.py"
    file.write_text(file.read_text().replace("SELECT 1 AS a_b", "SELECT 11 AS a_b"))
    ask("GET", one)
    ask("POST", f"{one}/versions")
    ask("POST", f"{one}/versions", headers=MATCH)
    ask("POST", f"{one}/versions", headers=MATCH)
    file.write_text(file.read_text().replace("SELECT 11 AS a_b", "SELECT 12 AS a_b"))
    ask("DELETE", one, headers=MATCH)
    ask("DELETE", f"{URL}/events", headers=MATCH)
    ask("GET", f"{URL}/events/versions")
    check("automations", ask)


def test_steps(ask: Recorder) -> None:
    """Added, changed, replaced, moved and removed."""
    ask("POST", URL, json=SPEC)
    steps = f"{URL}/nightly/steps"
    ask("GET", steps)
    query = {"kind": "generate_query", "arguments": {"conn_id": "warehouse", "sql": "SELECT 3 AS c"}}
    post = {"kind": "http_request", "arguments": {"conn_id": "erp", "endpoint": "/x", "method": "POST", "json": {}}}
    ask("POST", steps, json={**query, "key": "more", "after": "look", "retryDelaySeconds": 3}, headers=MATCH)
    ask("POST", steps, json={**post, "key": "send", "gate": {"onTimeout": "reject"}}, headers=MATCH)
    ask("POST", steps, json={**post, "key": "other", "gate": {"nonsense": 1}}, headers=MATCH)
    ask("POST", steps, json={**query, "nonsense": 1}, headers=MATCH)
    rows = {"arguments": {"json": {"rows": {"$from": ["look", "rows"]}, "some_key": {"otherKey": 1}}}}
    ask("PATCH", f"{steps}/send", json=rows, headers=MATCH)
    ask("PATCH", f"{steps}/more", json={"gate": {"trustFor": 60, "trust_uses": 2}, "key": "peek"}, headers=MATCH)
    ask("PATCH", f"{steps}/nobody", json={}, headers=MATCH)
    ask("POST", f"{steps}/look/move", json={"after": "look_again"}, headers=MATCH)
    ask("DELETE", f"{steps}/look", headers=MATCH)
    ask("DELETE", f"{steps}/look", json={"freeze": {"send.json.rows": [{"a_b": 1}]}}, headers=MATCH)
    ask("GET", steps)
    check("steps", ask)


def test_derivations(ask: Recorder) -> None:
    """Proposed and accepted; a value becomes a param, and a text is written by a model."""
    ask("POST", RUNS, content=(ROOT / "dev/example/run.json").read_bytes())
    stored = ask.client.get(RUNS).json()["items"][0]["runId"]
    rules = [{"match": name, "kind": name, "connId": name} for name in ("generate_query", "http_request")]
    ask("POST", f"{RUNS}/{stored}/crystallize", json={"dagId": "sales", "tools": rules})
    step = f"{URL}/sales/steps/http_request"
    place = {"place": "json.summary", "say": ["total of orders"]}
    ask("GET", f"{step}/derivations", params=place)
    ask("GET", f"{step}/derivations", params={"place": "json.summary", "say": ["banana"]})
    ask("POST", f"{step}/derivations", json={**place, "number": 1}, headers=MATCH)
    ask("POST", f"{step}/derivations", json={**place, "number": 9}, headers=MATCH)
    ask("POST", f"{step}/lift", json={"place": "json.highlights.0", "name": "some_words"}, headers=MATCH)
    ask("POST", f"{step}/model", json={"place": "json.title", "reads": ["generate_query.rows"]}, headers=MATCH)
    check("derivations", ask)


def test_recordings(ask: Recorder) -> None:
    """Runs and threads: handed in, listed, shown, crystallized."""
    thread = (TRACES / "vai_chat_thread.json").read_bytes()
    long = json.loads(seed())
    long["agentRun"]["id"] = "with/a secret"
    long["actionRuns"][0]["definition"]["note"] = f"with {TOKEN}"
    ask("POST", RUNS, content=seed())
    ask("POST", RUNS, content=seed())
    ask("POST", RUNS, json=long)
    ask("POST", RUNS, content=thread)
    ask("POST", RUNS, content=b"{")
    ask("POST", THREADS, content=thread)
    ask("GET", RUNS, params={"limit": 1})
    ask("GET", THREADS)
    ask("GET", f"{RUNS}/{run_id()}")
    ask("GET", f"{RUNS}/with%2Fa%20secret")
    ask("GET", f"{THREADS}/thread-42")
    ask("GET", f"{THREADS}/nobody")
    ask("POST", f"{RUNS}/{run_id()}/preview", json={"dagId": "of_run", "description": "Figures"})
    ask("POST", f"{THREADS}/thread-42/preview")
    ask("POST", f"{RUNS}/{run_id()}/crystallize", json={"dagId": "of_run", "parallel": True, "summary": "first"})
    ask("POST", f"{RUNS}/{run_id()}/crystallize", json={"dagId": "of_run", "parallel": True})
    ask("POST", f"{RUNS}/{run_id()}/crystallize", json={"dagId": "of_run", "freezeAll": True})
    ask("POST", f"{RUNS}/{run_id()}/crystallize", json={"dagId": "../evil"})
    rule = {"match": "delete_rows", "kind": "mcp_tool", "connId": "own_mcp", "gate": {"onTimeout": "reject"}}
    hook = {"type": "webhook", "path": "a/b", "connId": "shop"}
    ask("POST", f"{THREADS}/thread-42/crystallize", json={"dagId": "of_thread", "tools": [rule], "triggers": [hook]})
    ask("POST", f"{THREADS}/thread-42/crystallize", json={"tools": [{**rule, "kind": "nonsense"}]})
    ask("POST", f"{THREADS}/thread-42/preview", json={"dagId": "of_thread", "tools": [rule]})
    ask("GET", f"{URL}/of_run")
    ask("GET", f"{URL}/of_thread")
    check("recordings", ask)


def test_sources(ask: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Traces on the server: listed, and stored."""
    ask("GET", "/api/v1/sources")
    file = tmp_path / "traces" / "run.json"
    file.parent.mkdir()
    file.write_bytes(seed())
    (file.parent / "other.json").write_text("{}")
    monkeypatch.setenv("AIRFLOW__VAI__IMPORT_PATHS", str(file.parent))
    found = ask("GET", "/api/v1/sources").json()["items"]
    (source,) = [one["id"] for one in found if one["calls"] == 3]
    ask("POST", f"/api/v1/sources/{source}")
    ask("POST", f"/api/v1/sources/{source}")
    ask("POST", "/api/v1/sources/none")
    check("sources", ask)


def test_runs(ask: Recorder, read_by_airflow: Any, folder: Path) -> None:
    """Reviewed, activated, run, paused; what it saved and what people decided."""
    pytest.importorskip("pydantic_ai", reason="the recorded findings know no missing extra")
    ask("POST", URL, json={**RICH, "triggers": []})
    one = f"{URL}/every_part"
    ask("POST", f"{one}/runs")
    ask("POST", f"{one}/activate", headers=MATCH)
    ask("POST", f"{one}/activate", json={"reviewed": "all"}, headers=MATCH)
    read_by_airflow("every_part")
    ask("GET", f"{one}/findings")
    ask("GET", f"{one}/explanation")
    ask("PUT", f"{one}/review", json={"decisions": [{"number": 99, "decision": "accepted"}]}, headers=MATCH)
    ask(
        "PUT",
        f"{one}/review",
        json={"decisions": [{"number": 1, "decision": "accepted", "note": "fine"}]},
        headers=MATCH,
    )
    ask("POST", f"{one}/activate", json={"reviewed": "accepted"}, headers=MATCH)
    ask("POST", f"{one}/activate", json={"reviewed": "some"}, headers=MATCH)
    ask("POST", f"{one}/activate", json={"reviewed": "all"}, headers=MATCH)
    ask("POST", f"{one}/runs", json={"conf": {"top_n": "many"}})
    ask("POST", f"{one}/runs", json={"conf": {"top_n": 7}})
    ask("GET", f"{one}/runs")
    ask("GET", f"{one}/savings")
    ask("GET", f"{one}/review")
    ask("GET", f"{one}/dag-versions")
    ask("GET", f"{one}/artifacts")
    ask("POST", f"{one}/pause", headers=MATCH)
    ask("GET", one)
    ask("GET", f"{one}/versions")
    decided = {
        "id": "1f", "at": "2026-03-01T08:00:00+00:00", "decision": "approve", "by": {"id": "7", "name": "ann"},
        "note": "fine", "timed_out": False, "automatic": False, "rests_on": None,
        "answered_at": "2026-03-01T07:59:00+00:00", "dag_id": "every_part", "run_id": "r", "task_id": "approve_send",
        "map_index": -1, "try_number": 1, "subject": "Send it?", "covers": "0" * 64,
        "steps": {"send": {"kind": "http_request", "arguments_sha256": "0" * 64,
                           "edits": {"json.some_key": {"from": {"a_b": 1}, "to": {"a_b": 2}}}}},
    }  # fmt: skip
    for number in range(3):
        approvals_record.write(folder.parent / "artifacts", {**decided, "id": str(number)})
    ask("GET", "/api/v1/approvals", params={"dag_id": "every_part", "limit": 2})
    ask("GET", "/api/v1/approvals", params={"dag_id": "every_part", "after": "1"})
    ask("GET", "/api/v1/approvals", params={"dag_id": "other"})
    ask("GET", "/api/v1/approvals")
    ask("GET", "/api/v1/approvals/open")
    results = {"look": {"rows": [{"a_b": 1}], "columns": ["a_b"]}}
    asking = small(ask.client, read_by_airflow)
    ask_question(folder, "asks", asking, "approve_tell", results=results, users=["op-person"])
    ask("GET", "/api/v1/approvals/open", params={"dag_id": "asks"})
    ask("GET", "/api/v1/approvals/open", params={"mine": "perhaps"})
    check("runs", ask)


def test_setup(ask: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the checks of the installation find."""
    found = [
        Diagnosis("DOC301", "error", "extra dlt", "dlt not installed; needed by nightly", "Run pip install it."),
        Diagnosis("DOC401", "ok", "connection warehouse", f"exists (type {TOKEN}); needed by nightly"),
    ]
    monkeypatch.setattr(doctor, "examine", lambda: found)
    setup.forget()
    ask("GET", "/api/v1/setup")
    setup.forget()
    check("setup", ask)


def test_savings(ask: Recorder, read_by_airflow: Any) -> None:
    """The ledger of a recorded run and of a run of its DAG."""
    ask("POST", RUNS, content=seed())
    ask("POST", f"{RUNS}/{run_id()}/crystallize", json={"dagId": "saves"})
    read_by_airflow("saves")
    ask("POST", f"{URL}/saves/activate", json={"reviewed": "all"}, headers=MATCH)
    ask("POST", f"{URL}/saves/runs")
    run = ask("GET", f"{URL}/saves/runs").json()["items"][0]["runId"]
    ask("GET", f"{URL}/saves/runs/{run}")
    ask("GET", f"{URL}/saves/runs/none")
    ask("GET", f"{URL}/saves/savings")
    ask("GET", "/api/v1/savings")
    check("savings", ask)


def test_credentials(ask: Recorder, folder: Path) -> None:
    """What the files hold by mistake is masked; what only looks like it, because it is an id, is not."""
    argument = {"class": "frozen", "evidence": [f"said with {TOKEN}"]}
    step = {
        "key": "do_it", "task_id": "do_it", "kind": "mcp_tool",
        "operator": "airflow_provider_vai.operators.mcp_tool.McpToolOperator",
        "approval": {"recorded": "not_required", "reason": f"since {TOKEN}"},
        "call_ids": [RANDOM],
        "arguments": {
            "conn_id": {**argument, "value": "mcp"},
            "tool": {**argument, "value": "say"},
            "arguments": {**argument, "value": {
                "password": "hunter2-x", "account_id": RANDOM, "text": f"use {TOKEN}", "note": RANDOM,
                "cookies": {"session": "abcdefghi"}, "headers": [["X-Api-Key", "abcdefghi"]], "pin": 1234,
            }},
        },
    }  # fmt: skip
    query = {
        "key": "look", "task_id": "look", "kind": "generate_query",
        "operator": "airflow_provider_vai.operators.generate_query.GenerateQueryOperator",
        "approval": {"recorded": "not_required", "reason": "it reads"},
        "arguments": {
            "conn_id": {"class": "frozen", "value": "warehouse"},
            "sql": {"class": "frozen", "value": f"SELECT '{TOKEN}'"},
            "model_id": {"class": "frozen", "value": RANDOM},
        },
    }  # fmt: skip
    fields = {
        "dag_id": "leaky", "description": f"calls with {TOKEN}", "source_type": "MANUAL", "steps": [step, query],
        "params": {"account_id": {"default": RANDOM}, "password": {"default": "hunter2-x", "description": TOKEN},
                   "cookies": {"default": {"session": "abcdefghi"}}},
        "review": [f"look at {TOKEN}"], "tags": ["fine"], "owner": "ann",
        "source": {"kind": "agent_run", "id": RANDOM, "format": "made", "trace_sha256": "0" * 64,
                   "captured_at": "2026-01-02T03:04:05+02:00"},
        "not_crystallized": [{"call_id": RANDOM, "tool": "look", "reason": f"with {TOKEN}"}],
        "advice": {"recommendation": "wait", "reasons": [f"of {TOKEN}"]},
        "savings": {"input_tokens": 12, "output_tokens": 3, "cost_usd": 0.5},
    }  # fmt: skip
    made = Automation.model_validate(fields)
    publish(made, folder, by="ann", summary=f"first {TOKEN}")
    changed = made.model_copy(update={"description": f"changed {TOKEN}"})
    publish(changed, folder, by="ann", summary="second", expected=1)
    for path in ("", "/steps", "/versions", "/versions/1", "/versions/1/diff", "/savings", "/dag"):
        ask("GET", f"{URL}/leaky{path}")
    ask("GET", URL)
    check("credentials", ask)


def test_others(ask: Recorder, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Webhooks, pages of flashboards, and the document; of the document only that it is there."""
    monkeypatch.setenv("AIRFLOW_CONN_SHOP", json.dumps({"conn_type": "generic", "password": SECRET}))
    monkeypatch.setattr(webhook_runs, "start", lambda *call: True)
    trigger = {"type": "webhook", "path": "a/b", "connId": "shop", "signature": "github"}
    ask("POST", URL, json={**SPEC, "triggers": [trigger]})
    file = folder / "nightly.vai.json"
    file.write_text(file.read_text().replace('"status": "draft"', '"status": "active"'))
    body = b'{"some_key": 1}'
    headers = {
        "X-Hub-Signature-256": f"sha256={hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()}",
        "Content-Type": "application/json",
        "X-GitHub-Delivery": "one",
    }
    ask("POST", "/webhooks/a/b", content=body, headers=headers)
    ask("POST", "/webhooks/a/b", content=body, headers=headers)
    ask("POST", "/webhooks/a/b", content=b"{}", headers=headers)
    ask("POST", "/webhooks/a", content=body, headers=headers)
    ask("GET", "/flashboards/nightly/look/latest")
    ask("GET", "/flashboards/nightly/run/look")
    ask("GET", "/gates/nightly/run/approve?sha256=0")
    ask("GET", "/artifacts/nightly/run/look")
    ask("GET", "/api/v1/openapi.json")
    ask.kept[-1]["body"] = None
    check("others", ask)


def test_every_route_is_asked() -> None:
    """A route that is added has its answers recorded."""
    routes = {
        f"{method} {route.path}"
        for router in ROUTERS
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in route.methods
    }

    assert {one["route"] for one in recorded()} == routes
    assert {one["route"] for one in recorded() if one["status"] < 400} >= routes - {
        "GET /flashboards/{dag_id}/{task_id}/latest",  # tests/integration has pages
        "GET /flashboards/{dag_id}/{run_id}/{task_id}",
        "GET /gates/{dag_id}/{run_id}/{task_id}",
        "GET /artifacts/{dag_id}/{run_id}/{task_id}",
    }

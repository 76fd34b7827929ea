"""Traces are handed in, read, and crystallized over HTTP."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_vai.plugin.routes.recordings import PLACES
from tests.unit.plugin.api_support import ROOT, run_id, seed

RUNS, THREADS = PLACES["agent_run"], PLACES["chat_thread"]
THREAD = ROOT / "tests/traces/vai_chat_thread.json"


def handed_in(op: Any) -> str:
    """Hand the example's run in, and return its address."""
    assert op.post(RUNS, content=seed()).status_code in (200, 201)
    return f"{RUNS}/{run_id()}"


def test_hand_in(op: Any, folder: Path) -> None:
    """A trace is stored as it is, once; the answer and the list name its run."""
    first, again = op.post(RUNS, content=seed()), op.post(RUNS, content=seed())

    assert (first.status_code, again.status_code) == (201, 200)
    (item,) = first.json()["items"]
    assert again.json() == first.json()
    assert item["runId"] == run_id()
    assert (item["source"], item["format"], item["outcome"], item["calls"]) == ("agent_run", "vai", "success", 3)
    assert item["crystallizeEligible"] is True
    assert item["storedBy"] == "op-person"
    assert op.get(RUNS).json() == {"items": [item], "total": 1, "limit": 100, "offset": 0}
    assert op.get(THREADS).json()["items"] == []
    (stored,) = folder.parent.glob("artifacts/runs/@posted/traces/*")
    assert stored.read_bytes() == seed()


def test_read(op: Any) -> None:
    """The run is shown as facts, spelt for the wire; of another kind, or unknown, it is not there."""
    address = handed_in(op)

    shown = op.get(address).json()

    assert (shown["id"], len(shown["calls"])) == (run_id(), 3)
    assert {"proposedArguments", "startedAt", "parentId"} <= set(shown["calls"][0])
    for other in (f"{THREADS}/{run_id()}", f"{RUNS}/{run_id()[:-1]}", f"{RUNS}/..%2f..%2fx", f"{RUNS}/"):
        assert op.get(other).status_code == 404


def test_ids_of_any_kind(op: Any) -> None:
    """A run may be called anything: slashes, dots, letters of any script."""
    for wanted in ("a/b", "..", "é ü/ñ?", "crystallize", "x/crystallize"):
        document = json.loads(seed())
        document["agentRun"]["id"] = wanted
        assert op.post(RUNS, json=document).json()["items"][0]["runId"] == wanted
    from urllib.parse import quote

    for wanted in ("a/b", "é ü/ñ?", "x/crystallize"):
        assert op.get(f"{RUNS}/{quote(wanted, '')}").json()["id"] == wanted
        made = op.post(f"{RUNS}/{quote(wanted, '')}/crystallize", json={})
        assert made.status_code == 201, made.text
        assert made.json()["source"]["id"] == wanted


def test_a_thread_that_goes_on(op: Any) -> None:
    """Of two exports of one run the later one counts; both stay."""
    handed_in(op)
    longer = json.loads(seed())
    longer["agentRun"]["completedAt"] = "2026-01-05T09:00:00Z"

    answer = op.post(RUNS, json=longer)

    assert answer.status_code == 201
    assert op.get(RUNS).json()["total"] == 1
    assert op.get(f"{RUNS}/{run_id()}").json()["endedAt"] == "2026-01-05T09:00:00Z"


def test_secrets_are_masked(op: Any) -> None:
    """What a run is shown with holds no credential, wherever the trace has it."""
    token = "ghp_" + "a1B2" * 9
    document = json.loads(seed())
    document["actionRuns"][0]["definition"]["note"] = f"with {token}"
    op.post(RUNS, json=document)

    for address in (RUNS, f"{RUNS}/{run_id()}"):
        answer = op.get(address)
        assert answer.status_code == 200
        assert token not in answer.text
    made = op.post(f"{RUNS}/{run_id()}/crystallize", json={})
    assert token not in made.text


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 422),
        (b"{", 422),
        (b"\xff\xfe", 422),
        (b"\x00" * 100, 422),
        (b"[" * 100_000, 422),
        (b'{"no": "trace"}', 422),
        (b"[]", 422),
        (b"PK\x03\x04not a zip", 422),
        (b"\x1f\x8bnot gzip", 422),
    ],
)
def test_what_is_no_trace(op: Any, content: bytes, status: int) -> None:
    """It is refused with what is wrong, without a folder of this server, and nothing is stored."""
    answer = op.post(RUNS, content=content)

    assert answer.status_code == status, answer.text
    assert set(answer.json()) >= {"title", "status", "detail", "problem", "where", "remedy"}
    assert "/tmp" not in answer.text
    assert op.get(RUNS).json()["total"] == 0


def test_a_named_format(op: Any) -> None:
    """The format may be named; an unknown one is refused."""
    assert op.post(f"{RUNS}?format=vai", content=seed()).status_code == 201
    assert op.post(f"{RUNS}?format=nonsense", content=seed()).status_code == 422


def test_too_large(op: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """413, whether its sender says how large it is or not."""
    monkeypatch.setenv("AIRFLOW__VAI__TRACE_LIMIT_BYTES", "1000")

    assert op.post(RUNS, content=seed()).status_code == 413
    assert op.post(RUNS, content=iter([seed()[:600], seed()[600:1400]])).status_code == 413


def test_crystallize(op: Any) -> None:
    """A draft with its provenance; the same again changes nothing; other options are a change and need the ETag."""
    address = handed_in(op)

    made = op.post(f"{address}/crystallize", json={"summary": "first"})
    again = op.post(f"{address}/crystallize")

    assert (made.status_code, again.status_code) == (201, 200)
    shown = made.json()
    assert (shown["sourceType"], shown["status"], shown["version"]) == ("CRYSTALLIZED", "draft", 1)
    assert shown["source"]["id"] == run_id()
    assert shown["history"][0]["by"] == "op-person"
    assert shown["history"][0]["summary"] == "first"
    assert made.headers["etag"] == again.headers["etag"] == '"1"'
    assert made.headers["location"].endswith(f"/vai/api/v1/automations/{shown['dagId']}")
    other = {"freezeAll": True, "schedule": "0 6 * * *"}
    assert op.post(f"{address}/crystallize", json=other).status_code == 428
    assert op.post(f"{address}/crystallize", json=other, headers={"If-Match": '"7"'}).status_code == 412
    changed = op.post(f"{address}/crystallize", json=other, headers={"If-Match": '"1"'})
    assert (changed.status_code, changed.json()["version"]) == (200, 2)
    assert changed.json()["triggers"] == [{"type": "schedule", "schedule": "0 6 * * *", "timezone": None}]


def test_options(op: Any) -> None:
    """Calls may be chosen, tools mapped, triggers set, and the DAG named."""
    address = handed_in(op)
    trigger = {"type": "webhook", "path": "shop/orders", "connId": "shop"}

    made = op.post(
        f"{address}/crystallize",
        json={"dagId": "own_name", "calls": ["1"], "triggers": [trigger], "parallel": True, "gates": "recorded"},
    )

    assert made.status_code == 201, made.text
    assert made.json()["dagId"] == "own_name"
    assert len(made.json()["steps"]) == 1
    assert made.json()["triggers"] == [{**trigger, "signature": "vai"}]


def test_tool_rules(op: Any) -> None:
    """Rules may be spelt as in the file or in camel case; what is wrong in one is told."""
    document = json.loads(seed())
    document["actionRuns"] = document["actionRuns"][:1]
    op.post(RUNS, json=document)
    rule = {"match": "generate_query", "kind": "mcp_tool", "connId": "own_mcp", "gate": {"onTimeout": "reject"}}

    made = op.post(f"{RUNS}/{run_id()}/crystallize", json={"tools": [{**rule, "approval": "required"}]})

    assert made.status_code == 201, made.text
    kinds = [step["kind"] for step in made.json()["steps"]]
    assert kinds == ["approval_gate", "mcp_tool"]
    assert "own_mcp" in made.json()["connections"]
    bad = op.post(f"{RUNS}/{run_id()}/crystallize", json={"tools": [{**rule, "kind": "nonsense"}]})
    assert (bad.status_code, bad.json()["where"]) == (422, "tools")


@pytest.mark.parametrize(
    "body",
    [
        {"dagId": "../evil"},
        {"dagId": "airflow"},
        {"dagId": ""},
        {"dagId": "a\0b"},
        {"dagId": 7},
        {"gates": "none"},
        {"derive": "all"},
        {"schedule": "whenever"},
        {"schedule": "@daily", "triggers": []},
        {"calls": ["99"]},
        {"turns": [99]},
        {"nonsense": 1},
        {"triggers": [{"type": "nonsense"}]},
        {"freezeAll": "yes"},
        [],
        "text",
    ],
    ids=str,
)
def test_options_that_are_wrong(op: Any, folder: Path, body: Any) -> None:
    """422 with what is wrong; nothing is written."""
    answer = op.post(f"{handed_in(op)}/crystallize", json=body)

    assert answer.status_code == 422, answer.text
    assert answer.json()["detail"]
    assert str(folder.parent) not in answer.text
    assert not list(folder.glob("*.py"))


def test_a_name_that_is_taken(op: Any, folder: Path) -> None:
    """Another recording's automation, and a DAG file of the user's own, are left as they are."""
    address = handed_in(op)
    op.post(f"{address}/crystallize", json={"dagId": "taken"})
    other = json.loads(seed())
    other["agentRun"]["id"] = "another"
    op.post(RUNS, json=other)
    (folder / "theirs.py").write_text("# mine")

    for name in ("taken", "theirs", "TAKEN"):
        answer = op.post(f"{RUNS}/another/crystallize", json={"dagId": name}, headers={"If-Match": "*"})
        assert answer.status_code == 409, answer.text
        assert str(folder) not in answer.text
    assert (folder / "theirs.py").read_text() == "# mine"
    derived = op.post(f"{RUNS}/another/crystallize").json()["dagId"]
    assert derived not in ("taken", "theirs")


def test_a_run_that_failed(op: Any) -> None:
    """It is refused, unless the request allows it."""
    document = json.loads(seed())
    document["agentRun"]["status"] = "failed"
    (item,) = op.post(RUNS, json=document).json()["items"]

    assert item["crystallizeEligible"] is False
    assert op.post(f"{RUNS}/{run_id()}/crystallize").status_code == 422
    assert op.post(f"{RUNS}/{run_id()}/crystallize", json={"allowUnsuccessful": True}).status_code == 201


# --- several recordings -----------------------------------------------------------------------------------------------

TOOLS = [{"match": "*", "kind": "mcp_tool", "connId": "shop", "effect": "read"}]


def chat(name: str, order: str, *, result: str = "open") -> dict[str, Any]:
    """Return a recorded chat in which the agent looked an order up."""
    asked = {"id": f"call-of-{name}", "type": "function", "function": {"name": "get_order", "arguments": {"id": order}}}
    return {
        "id": name,
        "title": f"Look up order {order} please",
        "messages": [
            {"role": "user", "content": f"Look up order {order} please"},
            {"role": "assistant", "content": None, "tool_calls": [asked]},
            {"role": "tool", "tool_call_id": asked["id"], "content": result},
            {"role": "assistant", "content": "done"},
        ],
    }


def stored(op: Any, document: dict[str, Any], to: str = THREADS) -> dict[str, Any]:
    """Hand a trace in and return how its recording is listed."""
    answer = op.post(to, json=document)
    assert answer.status_code == 201, answer.text
    (item,) = answer.json()["items"]
    return dict(item)


def test_several_runs_of_one_task(op: Any) -> None:
    """They become one automation with a param for what differs; the answer says what they were taken for."""
    for name, order in (("one", "ORD-1001"), ("two", "ORD-1002"), ("three", "ORD-1003")):
        stored(op, chat(name, order))

    made = op.post(f"{THREADS}/one/crystallize", json={"traces": ["two", {"runId": "three"}], "tools": TOOLS})

    assert made.status_code == 201, made.text
    shown = made.json()
    assert shown["takenFor"] == "treating one, two, three as 3 runs of one task"
    assert shown["params"]["id"]["default"] == "ORD-1003"
    assert shown["steps"][0]["arguments"]["arguments"]["wires"] == [{"at": ["id"], "param": "id"}]
    assert any("made from 3 runs of one task" in item["message"] for item in shown["review"])
    alone = op.post(f"{THREADS}/one/crystallize", json={"dagId": "alone", "tools": TOOLS}).json()
    assert "takenFor" not in alone
    assert alone["params"]["id"]["default"] == "ORD-1001"


def test_several_exports_of_one_run(op: Any) -> None:
    """Two exports with the run's id are told apart by their files' digests, and merged."""
    first = stored(op, chat("one", "ORD-1001", result="open"))
    second = stored(op, {**chat("one", "ORD-1001", result="sent"), "title": "Exported again"})
    named = [f"one@{item['traceSha256'][:8]}" for item in (second, first)]
    body = {"traces": [{"runId": "one", "traceSha256": first["traceSha256"]}], "tools": TOOLS}

    made = op.post(f"{THREADS}/one/crystallize", json=body)

    assert made.status_code == 201, made.text
    shown = made.json()
    assert shown["takenFor"] == f"treating {', '.join(named)} as exports of one run"
    assert len(shown["steps"]) == 1
    assert any(f"result differs between {named[0]} and {named[1]}" in item["message"] for item in shown["review"])


def test_the_recording_of_the_address_counts_once(op: Any) -> None:
    """A client that lists all recordings in the body lists the one of the address, too."""
    stored(op, chat("one", "ORD-1001"))
    stored(op, chat("two", "ORD-1002"))

    made = op.post(f"{THREADS}/one/crystallize", json={"traces": ["one", "two", "two"], "tools": TOOLS})

    assert made.json()["takenFor"] == "treating one, two as 2 runs of one task"
    alone = op.post(f"{THREADS}/one/crystallize", json={"traces": ["one"], "dagId": "alone", "tools": TOOLS})
    assert alone.status_code == 201, alone.text
    assert "takenFor" not in alone.json()


def test_a_recording_of_the_other_kind(op: Any) -> None:
    """It is named with its kind; runs of other tasks are refused, whatever their kind."""
    stored(op, chat("one", "ORD-1001"))
    handed_in(op)
    body = {"tools": TOOLS, "traces": [{"runId": run_id(), "source": "agent_run"}]}

    refused = op.post(f"{THREADS}/one/crystallize", json=body)

    assert refused.status_code == 422, refused.text
    assert "traces[0]" not in refused.text


@pytest.mark.parametrize(
    ("traces", "where"),
    [
        (["nobody"], "traces[0]"),
        (["two", "nobody"], "traces[1]"),
        ([run_id()], "traces[0]"),
        ([{"runId": "two", "source": "agent_run"}], "traces[0]"),
        ([{"runId": "two", "traceSha256": "0" * 64}], "traces[0]"),
        ([{"runId": "two", "nonsense": 1}], "the body"),
        ([{}], "the body"),
        ([7], "the body"),
        ("two", "the body"),
        (["two"] * 51, "the body"),
    ],
    ids=str,
)
def test_recordings_that_are_not_there(op: Any, folder: Path, traces: Any, where: str) -> None:
    """422 with the place in the body; nothing is written."""
    stored(op, chat("one", "ORD-1001"))
    stored(op, chat("two", "ORD-1002"))
    handed_in(op)

    answer = op.post(f"{THREADS}/one/crystallize", json={"traces": traces, "tools": TOOLS})

    assert (answer.status_code, answer.json()["where"]) == (422, where), answer.text
    assert not list(folder.glob("*.py"))


def test_who_may_not_read_recordings_may_not_crystallize_them(as_role: Any) -> None:
    """The answer is the same for recordings that are there and for others."""
    stored(as_role("op"), chat("one", "ORD-1001"))
    for role in ("user", "viewer"):
        person = as_role(role)
        for traces in (["one"], ["nobody"]):
            answer = person.post(f"{THREADS}/one/crystallize", json={"traces": traces})
            assert answer.status_code == 403
            assert "ORD" not in answer.text
        assert person.get(f"{THREADS}/one").status_code == 403


def test_the_document_describes_further_recordings(op: Any) -> None:
    """The body's schema and the answer's further member are in the OpenAPI document."""
    parts = op.get("/api/v1/openapi.json").json()["components"]["schemas"]

    assert parts["Crystallize"]["properties"]["traces"]["items"]["anyOf"] == [
        {"type": "string"},
        {"$ref": "#/components/schemas/FurtherTrace"},
    ]
    assert set(parts["FurtherTrace"]["properties"]) == {"runId", "source", "traceSha256"}
    assert parts["FurtherTrace"]["additionalProperties"] is False
    assert "takenFor" in json.dumps(parts["AutomationShown"])


def files_below(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder."""
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_preview(op: Any, folder: Path) -> None:
    """A preview shows what crystallizing would write, and writes nothing."""
    address = handed_in(op)
    options = {"dagId": "figures", "description": "Figures of the month", "exclude": ["3"]}
    before = files_below(folder.parent)

    shown = op.post(f"{address}/preview", json=options)

    assert files_below(folder.parent) == before
    assert shown.status_code == 200, shown.text
    assert (shown.json()["change"], shown.json()["entry"]) == ("created", 0)
    made = op.post(f"{address}/crystallize", json=options)
    assert made.status_code == 201, made.text
    spec = shown.json()["automation"]
    assert spec["description"] == "Figures of the month"
    assert op.get("/api/v1/automations/figures/versions/1").json()["automation"] == spec
    assert op.get("/api/v1/automations/figures/dag").text == shown.json()["dagFile"]
    again = op.post(f"{address}/preview", json=options).json()
    assert (again["change"], again["entry"]) == ("unchanged", 1)
    assert op.post(f"{address}/preview", json={**options, "exclude": []}).json()["change"] == "updated"


def test_preview_refuses_what_crystallize_refuses(op: Any, as_role: Any, folder: Path) -> None:
    """The same checks: the name, the calls, the right to author."""
    address = handed_in(op)
    folder.mkdir()
    (folder / "taken.py").write_text("own = 1\n")
    for options, status in (
        ({"dagId": "../evil"}, 422),
        ({"dagId": "taken"}, 409),
        ({"calls": ["99"]}, 422),
        ({"description": "with ghp_" + "a1B2" * 9}, 422),
    ):
        answers = [op.post(f"{address}/{name}", json=options) for name in ("preview", "crystallize")]
        assert [answer.status_code for answer in answers] == [status, status], options
        assert answers[0].json() == answers[1].json()
    assert as_role("viewer").post(f"{address}/preview", json={}).status_code == 403

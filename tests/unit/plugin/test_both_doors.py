"""What the command line makes, the HTTP API makes of the same input: every use case through both, file by file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from airflow_provider_vai.cli import main as cli
from airflow_provider_vai.plugin.api import airflow_state

RULES = {"match": "*", "kind": "mcp_tool", "conn_id": "shop", "effect": "read"}
URL = "/api/v1/automations/made"


class Asked(NamedTuple):
    """One request in the words of both doors.

    :param typed: the command line; ``DAG`` is the DAG file, ``OUT`` its folder. :param path: below ``/api/v1``.
    """

    typed: Sequence[str]
    method: str
    path: str
    body: dict[str, Any] | None = None


def chat(name: str, order: str, result: str = "open") -> bytes:
    """Return a recorded chat in which the agent looked an order up, and wrote a note about it."""
    messages: list[dict[str, Any]] = [{"role": "user", "content": f"Look up order {order} please"}]
    calls = (("get_order", {"id": order}, json.dumps({"state": result})), ("note", {"text": f"{order} seen"}, "ok"))
    for number, (tool, arguments, answer) in enumerate(calls):
        asked = {"id": f"{name}-{number}", "type": "function", "function": {"name": tool, "arguments": arguments}}
        messages += [
            {"role": "assistant", "content": None, "tool_calls": [asked]},
            {"role": "tool", "tool_call_id": asked["id"], "content": answer},
        ]
    messages.append({"role": "assistant", "content": "done"})
    return json.dumps({"id": name, "title": f"Look up order {order} please", "messages": messages}).encode()


ONE, TWO, THREE = chat("one", "ORD-1001"), chat("two", "ORD-1002"), chat("three", "ORD-1003")
LATER = chat("one", "ORD-1001", result="sent")
SHA = {content: hashlib.sha256(content).hexdigest() for content in (ONE, LATER)}
TRACES = {
    "one": ONE, "two": TWO, "three": THREE, f"one@{SHA[ONE][:8]}": ONE, f"one@{SHA[LATER][:8]}": LATER,
}  # fmt: skip
SPEC = {
    "params": {"top": {"default": 3, "schema": {"type": "integer"}}},
    "triggers": [{"type": "schedule", "schedule": "@daily", "timezone": "Europe/Berlin"}],
    "steps": [
        {"key": "look", "kind": "generate_query", "arguments": {"conn_id": "warehouse", "sql": "SELECT 1 AS a"}},
        {"key": "other", "kind": "generate_query", "arguments": {"conn_id": "warehouse", "sql": "SELECT 2 AS b"}},
        {
            "key": "tell",
            "kind": "http_request",
            "arguments": {
                "conn_id": "erp", "endpoint": "/x", "method": "POST",
                "json": {"rows": {"$from": ["look", "rows"]}, "top": {"$param": "top"}},
            },
        },
    ],
}  # fmt: skip


def crystallizing(*traces: str, named: str = "one", **options: Any) -> Asked:
    """Return the request to crystallize traces: ``one`` and others, under the DAG id ``made``."""
    typed: list[str] = []
    for name, value in options.items():
        flag = f"--{name.replace('_', '-')}"
        text = ",".join(map(str, value)) if isinstance(value, list) else str(value)
        typed += [flag] if value is True else [flag, text]
    camel = {"freeze_all": "freezeAll"}
    body = {camel.get(name, name): value for name, value in options.items()}
    further = [{"runId": "one", "traceSha256": SHA[TRACES[name]]} if "@" in name else name for name in traces[1:]]
    rule = {"match": "*", "kind": "mcp_tool", "connId": "shop", "effect": "read"}
    return Asked(
        ["crystallize", *traces, "--out", "OUT", "--tools", "rules.toml", "--dag-id", "made", *typed],
        "POST",
        f"/chat/threads/{named}/crystallize",
        {"dagId": "made", "tools": [rule], "traces": further, **body},
    )


def editing(action: str, *typed: str, to: str = "", method: str = "PATCH", **body: Any) -> Asked:
    """Return the request for an edit; the history says the same of both."""
    words = ["edit", "DAG", action, *typed, "--summary", "an edit"]
    return Asked(words, method, f"/automations/made{to}", {**body, "summary": "an edit"})


CRYSTALLIZED = {
    "one run": crystallizing("one"),
    "frozen": crystallizing("one", freeze_all=True),
    "calls and a schedule": crystallizing("one", calls=["1"], schedule="0 6 * * *"),
    "derive": crystallizing("one", "two", derive="none"),
    "turns": crystallizing("one", turns=[0], gates="recorded"),
    "without a tool": crystallizing("one", exclude=["note"]),
    "runs of one task": crystallizing("one", "two", "three"),
    "runs of one task on a schedule": crystallizing("one", "two", schedule="@daily", parallel=True),
    "exports of one run": crystallizing(f"one@{SHA[ONE][:8]}", f"one@{SHA[LATER][:8]}"),
}
HOURLY = {"type": "schedule", "schedule": "@hourly"}
EDITED = {
    "values": editing(
        "set", "tell", "--set", "json.note=7", "--text", "json.text=8", "--wire", "json.first=look.rows.0",
        "--param", "json.limit=top", "--template", "json.day={{ ds }}", "--secret", "json.key=erp",
        to="/steps/tell",
        arguments={
            "json.note": 7, "json.text": "8", "json.first": {"$from": ["look", "rows", 0]},
            "json.limit": {"$param": "top"}, "json.day": {"$template": "{{ ds }}"}, "json.key": {"$secret": "erp"},
        },
    ),
    "data that looks like a reference": editing(
        "set", "tell", "--set", 'json.note={"$from": ["look"]}',
        to="/steps/tell", arguments={"json.note": {"$literal": {"$from": ["look"]}}},
    ),
    "unset": editing("unset", "tell", "json.rows", to="/steps/tell", unset=["json.rows"]),
    "replace": editing(
        "replace", "look", "--kind", "web_search", "--set", "query=x", "--set", "conn_id=web",
        to="/steps/look", kind="web_search", arguments={"query": "x", "conn_id": "web"},
    ),
    "gate": editing(
        "guard", "look", "--gate-option", "on_timeout=reject", to="/steps/look", gate={"onTimeout": "reject"}
    ),
    "step options": editing("step-options", "look", "retries=2", to="/steps/look", retries=2),
    "key": editing("rename", "look", "peek", to="/steps/look", key="peek"),
    "move": editing("move", "other", "--before", "look", to="/steps/other/move", method="POST", before="look"),
    "add": editing(
        "add", "more", "--kind", "http_request", "--after", "look", "--set", "conn_id=erp", "--set", "endpoint=/y",
        "--set", "method=POST", "--wire", "json=look.rows", "--gate-option", "on_timeout=reject",
        to="/steps", method="POST", key="more", kind="http_request", after="look", gate={"onTimeout": "reject"},
        arguments={"conn_id": "erp", "endpoint": "/y", "method": "POST", "json": {"$from": ["look", "rows"]}},
    ),
    "add without a gate": editing(
        "add", "more", "--kind", "http_request", "--ungated", "--set", "conn_id=erp", "--set", "endpoint=/y",
        "--set", "method=POST", "--set", "json={}", "--secret", "headers.x=erp",
        to="/steps", method="POST", key="more", kind="http_request", ungated=True,
        arguments={"conn_id": "erp", "endpoint": "/y", "method": "POST", "json": {}},
    )._replace(
        typed=["edit", "DAG", "add", "more", "--kind", "http_request", "--ungated", "--set", "conn_id=erp",
               "--set", "endpoint=/y", "--set", "method=POST", "--set", "json={}", "--summary", "an edit"],
    ),
    "options": editing("options", "retries=2", "owner=mia", retries=2, owner="mia"),
    "triggers": editing("triggers", json.dumps(HOURLY), triggers=[HOURLY]),
    "conditions": editing("conditions", "params.top > 1", conditions=["params.top > 1"]),
    "params": editing(
        "params", 'more={"default": "x"}', "none=null", params={"more": {"default": "x"}, "none": None}
    )._replace(typed=["edit", "DAG", "params", 'more={"default": "x"}', "--summary", "an edit"],
               body={"params": {"more": {"default": "x"}}, "summary": "an edit"}),
}  # fmt: skip
STATES = {
    "activate": [
        Asked(["activate", "DAG", "--reviewed", "all", "--record-only"], "POST", "/automations/made/activate",
              {"reviewed": "all"}),
    ],
    "pause": [Asked(["pause", "DAG", "--record-only"], "POST", "/automations/made/pause")],
    "restore": [EDITED["options"], Asked(["restore", "DAG", "1"], "POST", "/automations/made/versions/1/restore")],
}  # fmt: skip


@pytest.fixture(autouse=True)
def same_surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One author, one time, one folder of traces; Airflow's own switch is left alone."""
    monkeypatch.setenv("VAI_AUTHOR", "op-person")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767225600")
    monkeypatch.chdir(tmp_path)
    for switch in ("pause", "unpause"):
        monkeypatch.setattr(airflow_state, switch, lambda _: None)
    for name, content in TRACES.items():
        Path(name).write_bytes(content)
    rules = "\n".join(f'{name} = "{value}"' for name, value in RULES.items())
    Path("rules.toml").write_text(f"[[tools]]\n{rules}\n")
    Path("made.json").write_text(json.dumps({"dag_id": "made", **SPEC}))


def by_command(out: Path, asked: Asked) -> None:
    """Ask on the command line."""
    places = {"OUT": str(out), "DAG": str(out / "made.py")}
    assert cli.main([places.get(word, word) for word in asked.typed]) == 0


def by_request(op: Any, asked: Asked) -> Any:
    """Ask over HTTP and return the answer."""
    answer = op.request(asked.method, f"/api/v1{asked.path}", json=asked.body, headers={"If-Match": "*"})
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


def spec_made(op: Any, out: Path) -> None:
    """Make the automation of the spec through both doors."""
    by_command(out, Asked(["render", "made.json", "--out", "OUT"], "", ""))
    by_request(op, Asked([], "POST", "/automations", {"dagId": "made", **SPEC}))


def pair(folder: Path) -> tuple[dict[str, Any], str]:
    """Return the sidecar and the DAG file."""
    return json.loads((folder / "made.vai.json").read_text()), (folder / "made.py").read_text()


@pytest.mark.parametrize("asked", CRYSTALLIZED.values(), ids=CRYSTALLIZED)
def test_crystallize(op: Any, folder: Path, asked: Asked, capsys: pytest.CaptureFixture[str]) -> None:
    """The same draft; of several traces both say what they took them for."""
    for content in (LATER, ONE, TWO, THREE):  # of two exports of a run, the one that is stored last counts
        assert op.post("/api/v1/chat/threads", content=content).status_code == 201

    by_command(Path("out"), asked)
    shown = by_request(op, asked)

    assert pair(Path("out")) == pair(folder)
    said = capsys.readouterr().err.removeprefix("vai: ").strip()
    assert shown.get("takenFor", "") == said


def test_a_spec(op: Any, folder: Path) -> None:
    """The same automation, with its gate, wires and trigger."""
    spec_made(op, Path("out"))

    assert pair(Path("out")) == pair(folder)


@pytest.mark.parametrize("asked", EDITED.values(), ids=EDITED)
def test_edit(op: Any, folder: Path, asked: Asked) -> None:
    """The same second version."""
    spec_made(op, Path("out"))

    by_command(Path("out"), asked)
    by_request(op, asked)

    found = pair(folder)
    assert found[0]["version"] == 2
    assert pair(Path("out")) == found


@pytest.mark.parametrize("requests", STATES.values(), ids=STATES)
def test_states(op: Any, folder: Path, requests: list[Asked]) -> None:
    """The same status, the same reviews, the same versions."""
    spec_made(op, Path("out"))

    for asked in requests:
        by_command(Path("out"), asked)
        by_request(op, asked)

    assert pair(folder)[0]["entry"] > 1
    assert pair(Path("out")) == pair(folder)


@pytest.mark.parametrize(
    ("asked", "where"),
    [
        (crystallizing("one", schedule="every day"), "schedule"),
        (crystallizing("one", calls=["99"]), "run one"),
        (crystallizing("one", exclude=["note", "get_order"]), "run one"),
    ],
    ids=["schedule", "calls", "nothing left"],
)
def test_refusals(op: Any, asked: Asked, where: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The same reason; each door names the place as its users wrote it."""
    op.post("/api/v1/chat/threads", content=ONE)

    assert cli.main([{"OUT": "out"}.get(word, word) for word in asked.typed]) == 1
    answer = op.request(asked.method, f"/api/v1{asked.path}", json=asked.body)

    assert answer.status_code == 422
    assert answer.json()["problem"] in capsys.readouterr().err
    assert answer.json()["where"] == where
    assert not Path("out").exists()

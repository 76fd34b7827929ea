"""Steps are added, changed, moved and removed over HTTP, each time as one version."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.plugin.api_support import made

URL = "/api/v1/automations/nightly/steps"
QUERY = {"kind": "generate_query", "arguments": {"conn_id": "warehouse", "sql": "SELECT 3 AS c"}}
POST = {"kind": "http_request", "arguments": {"conn_id": "erp", "endpoint": "/x", "method": "POST", "json": {}}}


def keys(op: Any) -> list[str]:
    """Return the keys of the steps, in order."""
    return [step["key"] for step in op.get(URL).json()["items"]]


def match(op: Any) -> dict[str, str]:
    """Return the header that names the newest state."""
    return {"If-Match": op.get(URL).headers["etag"]}


def test_add(op: Any) -> None:
    """A step goes where it is to go, with its options and references; one that writes gets a gate."""
    made(op)

    answer = op.post(URL, json={**QUERY, "key": "between", "after": "look", "retries": 3}, headers=match(op))

    assert answer.status_code == 201, answer.text
    assert keys(op) == ["look", "between", "look_again"]
    assert op.get(URL).json()["items"][1]["retries"] == 3
    written = op.post(URL, json={**POST, "key": "send", "gate": {"onTimeout": "reject"}}, headers=match(op))
    assert written.status_code == 201, written.text
    assert keys(op)[-2:] == ["approve_send", "send"]
    gate = op.get(URL).json()["items"][-2]
    assert gate["arguments"]["on_timeout"]["value"] == "reject"
    rows = {"json": {"rows": {"$from": ["look", "rows"]}}}
    wired = op.patch(f"{URL}/send", json={"arguments": rows}, headers=match(op))
    assert wired.status_code == 200, wired.text
    assert wired.json()["steps"][-1]["arguments"]["json"]["wires"] == [
        {"at": ["rows"], "from": {"step": "look", "path": ["rows"]}}
    ]


def test_derive(op: Any) -> None:
    """A value is derived over HTTP: the answer has the tree; a wrong expression is refused with its place."""
    made(op)
    assert op.post(URL, json={**POST, "key": "send", "ungated": True}, headers=match(op)).status_code == 201
    values = {"json": {"count": {"$derive": "count(wired(look, 'rows'))"}, "text": "x"}}

    answer = op.patch(f"{URL}/send", json={"arguments": values}, headers=match(op))

    assert answer.status_code == 200, answer.text
    tree = {"function": "count", "rows": {"function": "wired", "step": "look", "path": ["rows"]}}
    assert answer.json()["steps"][-1]["arguments"]["json"]["wires"] == [{"at": ["count"], "derive": tree}]
    wrong = {"json": {"count": {"$derive": "sum(wired(look, 'rows'))"}}}
    refused = op.patch(f"{URL}/send", json={"arguments": wrong}, headers=match(op))
    assert refused.status_code == 422
    assert "there is no function 'sum'" in refused.text
    place = "send.json.count"
    assert place in op.delete(f"{URL}/look", headers=match(op)).json()["detail"]
    removed = op.request("DELETE", f"{URL}/look", json={"freeze": {place: 1}}, headers=match(op))
    assert removed.status_code == 200, removed.text
    assert removed.json()["steps"][-1]["arguments"]["json"]["value"] == {"count": 1, "text": "x"}


def test_change(op: Any) -> None:
    """Values, options, the gate and the key are changed in one version."""
    made(op)
    changes = {"key": "peek", "arguments": {"sql": "SELECT 5 AS a"}, "gate": {}, "timeoutSeconds": 9}

    answer = op.patch(f"{URL}/look", json=changes, headers=match(op))

    assert answer.status_code == 200, answer.text
    step = next(step for step in answer.json()["steps"] if step["key"] == "peek")
    assert (step["arguments"]["sql"]["value"], step["timeoutSeconds"]) == ("SELECT 5 AS a", 9)
    assert step["approval"]["gate"]
    assert answer.json()["version"] == 2
    cleared = op.patch(f"{URL}/peek", json={"timeoutSeconds": None, "unset": ["question"]}, headers=match(op))
    assert cleared.status_code == 422  # it has no such argument
    cleared = op.patch(f"{URL}/peek", json={"timeoutSeconds": None}, headers=match(op))
    assert "timeoutSeconds" not in next(step for step in cleared.json()["steps"] if step["key"] == "peek")


def test_replace(op: Any) -> None:
    """With a kind, another step takes the place; it stands where the old one stood."""
    made(op)

    answer = op.patch(f"{URL}/look", json={**POST, "ungated": True}, headers=match(op))

    assert answer.status_code == 200, answer.text
    assert [step["kind"] for step in answer.json()["steps"]] == ["http_request", "generate_query"]
    assert keys(op) == ["look", "look_again"]


def test_move_and_remove(op: Any) -> None:
    """Others wait for what a step waited for."""
    made(op)

    assert op.post(f"{URL}/look/move", json={"after": "look_again"}, headers=match(op)).status_code == 200
    assert keys(op) == ["look_again", "look"]
    assert op.delete(f"{URL}/look_again", headers=match(op)).status_code == 200
    assert keys(op) == ["look"]
    assert op.get(URL).json()["items"][0]["dependsOn"] == []


def test_remove_what_others_read(op: Any) -> None:
    """It is refused with the places, unless the request says what to use there instead."""
    made(op)
    parameters = {"arguments": {"parameters": [{"$from": ["look", "rows", 0, "a"]}]}}
    assert op.patch(f"{URL}/look_again", json=parameters, headers=match(op)).status_code == 200

    refused = op.delete(f"{URL}/look", headers=match(op))

    assert refused.status_code == 422
    place = "look_again.parameters.0"
    assert place in refused.json()["detail"]
    freeze = {"freeze": {place: 1}}
    removed = op.request("DELETE", f"{URL}/look", json=freeze, headers=match(op))
    assert removed.status_code == 200, removed.text
    assert removed.json()["steps"][0]["arguments"]["parameters"]["value"] == [1]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "", {}),
        ("POST", "", {**QUERY, "kind": "nonsense"}),
        ("POST", "", {**QUERY, "key": "look"}),
        ("POST", "", {**QUERY, "key": "not a name"}),
        ("POST", "", {**QUERY, "after": "nobody"}),
        ("POST", "", {**QUERY, "nonsense": 1}),
        ("POST", "", {**QUERY, "arguments": {"nonsense": 1}}),
        ("POST", "", {**QUERY, "gate": {"nonsense": 1}}),
        ("POST", "", {**QUERY, "triggerRule": "nonsense"}),
        ("POST", "", {**QUERY, "concurrency": -1}),
        ("PATCH", "/look", {"arguments": {"sql": 7}}),
        ("PATCH", "/look", {"key": "look_again"}),
        ("PATCH", "/look", {"unset": ["sql"]}),
        ("PATCH", "/look", {"each": {"step": "look_again", "path": []}}),
        ("POST", "/look/move", {}),
        ("POST", "/look/move", {"after": "look"}),
        ("POST", "/look/move", {"after": "nobody"}),
    ],
    ids=str,
)
def test_edits_that_are_wrong(op: Any, method: str, path: str, body: dict[str, Any]) -> None:
    """422; nothing changes."""
    made(op)

    answer = op.request(method, f"{URL}{path}", json=body, headers={"If-Match": '"1"'})

    assert answer.status_code == 422, answer.text
    assert op.get(URL).headers["etag"] == '"1"'


def test_steps_that_are_not_there(op: Any) -> None:
    """404."""
    made(op)

    for method, path in (("PATCH", "/nobody"), ("DELETE", "/nobody"), ("POST", "/nobody/move")):
        answer = op.request(method, f"{URL}{path}", json={}, headers=match(op))
        assert answer.status_code == 404, answer.text
    assert op.get("/api/v1/automations/other/steps").status_code == 404


def test_states(op: Any) -> None:
    """Every change of a step needs the state that it rests on."""
    made(op)
    requests = (
        ("POST", "", QUERY), ("PATCH", "/look", {}), ("DELETE", "/look", {}), ("POST", "/look/move", {"after": "x"}),
    )  # fmt: skip

    for method, path, body in requests:
        assert op.request(method, f"{URL}{path}", json=body).status_code == 428
        assert op.request(method, f"{URL}{path}", json=body, headers={"If-Match": '"8"'}).status_code == 412

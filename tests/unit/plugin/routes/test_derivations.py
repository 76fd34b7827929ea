"""Derivations of one argument are proposed over HTTP, and one is accepted as one version."""

from __future__ import annotations

from typing import Any

import pytest

from tests.paths import ROOT
from tests.unit.plugin.routes.test_recordings import RUNS

TRACE = (ROOT / "dev/example/run.json").read_bytes()
TOOLS = [
    {"match": "generate_query", "kind": "generate_query", "conn_id": "warehouse"},
    {"match": "http_request", "kind": "http_request", "conn_id": "reports"},
]
ONE = "/api/v1/automations/sales"
URL = f"{ONE}/steps/http_request/derivations"
PLACE = {"place": "json.summary"}


@pytest.fixture
def sales(op: Any) -> Any:
    """A client, with the automation of the example's recording."""
    (stored,) = op.post(RUNS, content=TRACE).json()["items"]
    answer = op.post(f"{RUNS}/{stored['runId']}/crystallize", json={"dagId": "sales", "tools": TOOLS})
    assert answer.status_code == 201, answer.text
    return op


def test_propose_and_accept(sales: Any) -> None:
    """The answer lists what gives the value; the one that is accepted is one new version."""
    listed = sales.get(URL, params={**PLACE, "say": ["total of orders"]})

    assert listed.status_code == 200, listed.text
    (first,) = listed.json()["proposals"]
    assert (first["number"], first["fitsWords"], first["kept"]) == (1, True, [])
    assert first["tree"][0].startswith("text = ")
    match = {"If-Match": listed.headers["etag"]}
    answer = sales.post(URL, json={**PLACE, "say": ["total of orders"], "number": 1}, headers=match)
    assert answer.status_code == 200, answer.text
    assert answer.json()["version"] == 2
    (wire,) = answer.json()["steps"][-1]["arguments"]["json"]["wires"]
    assert wire == {"at": ["summary"], "derive": first["derive"]}
    assert sales.post(URL, json={**PLACE, "number": 1}, headers=match).status_code == 412


@pytest.mark.parametrize(
    ("query", "status", "problem"),
    [
        ({"place": "json.summary", "say": ["banana"]}, 422, "no word of 'banana' is known"),
        ({"place": "endpoint"}, 422, "decides what runs"),
        ({"place": "json"}, 422, "it holds several values"),
        ({}, 422, "place"),
    ],
)
def test_refusals(sales: Any, query: dict[str, Any], status: int, problem: str) -> None:
    """What is refused says why."""
    answer = sales.get(URL, params=query)
    assert (answer.status_code, problem in answer.text) == (status, True), answer.text


def test_who_may(sales: Any, as_role: Any) -> None:
    """Recorded values are shown only to those who may author; an unknown step is not there."""
    assert sales.get(f"{ONE}/steps/nope/derivations", params=PLACE).status_code == 404
    assert sales.get("/api/v1/automations/nope/steps/a/derivations", params=PLACE).status_code == 404
    for role in ("viewer", "user"):
        assert as_role(role).get(URL, params=PLACE).status_code == 403


def test_the_other_choices(sales: Any) -> None:
    """A value becomes a param, and a text is written by a model, each as one version; a mistake is refused."""
    step = f"{ONE}/steps/http_request"
    lifted = sales.post(f"{step}/lift", json={**PLACE, "name": "words"}, headers={"If-Match": "*"})
    assert lifted.status_code == 200, lifted.text
    assert lifted.json()["params"]["words"]["default"].startswith("Completed orders")
    asked = {"place": "json.title", "reads": ["generate_query.rows"], "connId": "model"}
    written = sales.post(f"{step}/model", json=asked, headers={"If-Match": "*"})
    assert written.status_code == 200, written.text
    kinds = {one["key"]: one["determinism"] for one in written.json()["steps"]}
    assert kinds["write_title"] == "model_at_run_time"
    refused = sales.post(f"{step}/model", json={**asked, "reads": []}, headers={"If-Match": "*"})
    assert refused.status_code == 422
    assert sales.post(f"{step}/lift", json=PLACE).status_code == 428

"""The Steps page: every step with its arguments, the graph, and what lint finds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.plugin.api_support import has_result, made, ran, run_id, seed
from tests.unit.plugin.pages.reader import Element, read_page

PAGE = "/ui/automations/nightly/steps"
HOSTILE = "<script>alert(1)</script>{{ 7*7 }}\u202e\x1b[31m' onload='x"
SHOWN = "<script>alert(1)</script>{{ 7*7 }}⟨U+202E⟩␛[31m' onload='x"
LOOK = {"key": "look", "kind": "generate_query", "arguments": {"conn_id": "warehouse", "sql": "SELECT 1 AS a"}}
SEND: dict[str, Any] = {
    "key": "send", "kind": "http_request", "gate": True,
    "arguments": {"conn_id": "erp", "endpoint": "/x", "method": "POST",
                  "json": {"a": {"$from": ["look", "rows"]}, "b": {"$param": "region"},
                           "c": {"$template": "{{ ds }}"}}},
}  # fmt: skip


def page(client: Any, address: str = PAGE) -> Element:
    """Return a page."""
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    return read_page(answer)


def test_the_recorded_example(op: Any) -> None:
    """Each step is a card with its arguments, and a node that leads to it."""
    op.post("/api/v1/agents/runs", content=seed())
    op.post(f"/api/v1/agents/runs/{run_id()}/crystallize", json={"dagId": "nightly"})
    steps = op.get("/api/v1/automations/nightly/steps").json()["items"]
    shown = page(op)

    cards = shown.find("li", class_="step card")
    assert [card.attributes["id"] for card in cards] == [f"step-{one['key']}" for one in steps]
    nodes = [link.attributes["href"] for link in shown.find("svg")[0].find("a")]
    assert sorted(map(str, nodes)) == sorted(f"#step-{one['key']}" for one in steps)
    for one in steps:
        (card,) = shown.find("li", id=f"step-{one['key']}")
        assert {row.find("code")[0].words for row in card.find("th", scope="row")} == set(one["arguments"])
    assert "model-written" in shown.words
    assert "written by the model" in shown.words


def test_where_values_come_from(op: Any) -> None:
    """Results, params and templates are named in words; a write behind an approval says so."""
    made(op, steps=[LOOK, SEND], params={"region": "EU"})
    shown = page(op)
    (card,) = shown.find("li", id="step-send")

    assert "`a` is the `rows` of `look`'s result" in card.words
    assert "the DAG param `region`" in card.words
    assert "rendered by Airflow" in card.words
    assert "Runs after the approval approve_send" in card.words
    assert "A person approves send" in shown.find("li", id="step-approve_send")[0].words
    assert shown.find("a", class_="node gate")


def test_findings_are_live(op: Any) -> None:
    """What lint finds stands above, with a link to the step; after a correction it is gone."""
    made(op, steps=[{**SEND, "gate": False, "arguments": {**SEND["arguments"], "json": {"a": 1}}}])
    (note,) = page(op).find("details", class_="notice warning")
    assert "the step writes, and no gate guards it" in note.words
    assert note.find("a", href="#step-send")

    op.patch("/api/v1/automations/nightly/steps/send", json={"gate": {}}, headers={"If-Match": "*"})
    assert "no gate guards it" not in page(op).words


def test_who_sees_what(op: Any, as_role: Any) -> None:
    """A viewer sees the steps, and nothing to change them with."""
    made(op)
    assert "Add a step" in page(op).words
    shown = page(as_role("viewer"))
    assert "Add a step" not in shown.words
    assert "Details" in shown.words
    assert as_role(None, Accept="text/html").get(PAGE).status_code == 401


def test_hostile_text_is_text(op: Any) -> None:
    """A value, a title and a path are text wherever they stand."""
    call = {**SEND, "arguments": {**SEND["arguments"], "json": {HOSTILE: HOSTILE, "a": {"$from": ["look", HOSTILE]}}}}
    made(op, steps=[LOOK, call])
    for address in (PAGE, f"{PAGE}/send"):
        shown = page(op, address)
        assert SHOWN in shown.text
        assert not [script for script in shown.find("script") if "src" not in script.attributes]


def test_a_long_value_is_cut(op: Any, as_role: Any) -> None:
    """The list stays small; the step's own page has the whole value, for everybody who may read it."""
    made(op, steps=[{**LOOK, "arguments": {"conn_id": "w", "sql": f"SELECT '{'x' * 9000}' AS the_end"}}])
    assert "the_end" not in page(op).text
    assert "the_end" in page(as_role("viewer"), f"{PAGE}/look").text


def test_many_steps(op: Any) -> None:
    """Their values stand on their own pages, and the graph is drawn part by part."""
    made(op, steps=[{**LOOK, "key": f"s{at}"} for at in range(70)])
    shown = page(op)

    assert len(shown.find("li", class_="step card")) == 70
    assert "Arguments: sql frozen, conn_id frozen" in shown.find("li", id="step-s3")[0].words
    assert "SELECT 1 AS a" not in shown.text
    assert "SELECT 1 AS a" in page(op, f"{PAGE}/s3").text
    assert len(shown.find("svg")[0].find("a")) == 60
    (later,) = shown.find("a", rel="next")
    assert later.attributes["href"] == "steps?at=60#graph"
    assert len(page(op, f"{PAGE}?at=60").find("svg")[0].find("a")) == 10
    assert op.get(f"{PAGE}?at=x").status_code == 422
    (check,) = shown.find("a", href="steps?check=1")
    assert check.words == "Look for problems"
    assert not page(op, f"{PAGE}?check=1").find("a", href="steps?check=1")
    op.patch("/api/v1/automations/nightly/steps/s3", json={"arguments": {"sql": "SELECT"}}, headers={"If-Match": "*"})
    (check,) = page(op, f"{PAGE}/s3").find("a", href="s3?check=1")
    assert check.words == "Look for problems"
    checked = page(op, f"{PAGE}/s3?check=1")
    assert not checked.find("a", href="s3?check=1")


@pytest.mark.parametrize("key", ["gone", "x'y", "%E2%80%AE"])
def test_a_step_that_is_not_there(op: Any, key: str) -> None:
    """It is not found."""
    made(op)
    assert op.get(f"{PAGE}/{key}").status_code == 404


def test_a_folder_without_dag_file(op: Any, folder: Path) -> None:
    """Lint says that the file is gone; the page stays."""
    made(op)
    (folder / "nightly.py").unlink()

    assert "there is no DAG file nightly.py" in page(op).words


def test_the_last_run_beside_the_recording(op: Any, as_role: Any, read_by_airflow: Any) -> None:
    """Each argument has the value of the last run, and those that differ are marked; no credential is shown."""
    token = "ghp_" + "a1B2" * 9
    body = {"count": {"$derive": "count(wired(look, 'rows'))"}}
    calls = {"endpoint": "/x", "method": "POST", "conn_id": "erp"}
    send = {"key": "send", "kind": "http_request", "arguments": {**calls, "query": {"$param": "region"}, "json": body}}
    tell = {"key": "tell", "kind": "http_request", "arguments": {**calls, "data": {"$from": ["look", "note"]}}}
    late = {"key": "late", "kind": "http_request", "arguments": {**calls, "endpoint": {"$template": "/{{ ds }}"}}}
    made(op, steps=[LOOK, send, tell, late], params={"region": "EU"})
    assert "Last run" not in page(op).words
    run = ran(op, read_by_airflow)
    from airflow.models.dagrun import DagRun
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session

    with create_session() as session:
        for task in session.query(TaskInstance).filter_by(dag_id="nightly", run_id=run):
            task.state = "success"
        session.query(DagRun).filter_by(dag_id="nightly", run_id=run).one().conf = {"region": "US"}
    has_result("nightly", run, "look", {"rows": [{"a": 1}] * 7, "note": f"use {token}"})

    shown = page(op)

    def last(step: str, argument: str) -> str:
        (card,) = shown.find("li", id=f"step-{step}")
        (row,) = [row for row in card.find("tr") if row.find("code") and row.find("code")[0].words == argument]
        return row.find("td")[2].words

    assert last("look", "sql") == "as recorded"
    assert last("send", "query") == "differs US recorded: EU"
    assert last("send", "json") == '{ "count": 7 }'
    assert last("tell", "data") == "use ***"
    assert "Airflow renders the template" in last("late", "endpoint")
    assert token not in op.get(PAGE).text
    assert "Last run" in page(op, f"{PAGE}/send").words
    viewer = as_role("viewer")
    assert "Last run" in page(viewer).words

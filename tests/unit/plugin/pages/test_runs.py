"""The pages of runs: the list, one run, and the form that starts one."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from airflow_provider_vai.model import approvals_record
from airflow_provider_vai.model.automation import Param
from airflow_provider_vai.plugin.api.problems import Problem
from airflow_provider_vai.plugin.pages.forms import PageForm
from airflow_provider_vai.plugin.pages.param_fields import conf_of, fields_of
from tests.unit.plugin.api_support import made
from tests.unit.plugin.pages.reader import read_page

URL = "/api/v1/automations"
HOSTILE = "<script>alert(1)</script>{{ 7*7 }}\u202e' onload='x"
SEEN = "<script>alert(1)</script>{{ 7*7 }}⟨U+202E⟩' onload='x"
PARAMS = {
    "top_n": {"default": 5, "description": HOSTILE, "schema": {"type": "integer"}},
    "region": {"default": "EU", "schema": {"type": "string", "enum": ["EU", "US"]}},
    "day": {"schema": {"type": "string", "minLength": 1}},
}
STEPS = [
    {"key": "look", "kind": "generate_query", "arguments": {"conn_id": "w", "sql": "SELECT 1 AS a"}},
    {
        "key": "send",
        "kind": "http_request",
        "effect": "write",
        "gate": {"onTimeout": "reject"},
        "arguments": {"conn_id": "erp", "endpoint": "/x", "method": "POST",
                      "json": {"count": {"$derive": "count(wired(look, 'rows'))"}}},
    },
]  # fmt: skip


def active(client: Any, read_by_airflow: Any, **fields: Any) -> None:
    """Make an automation that can run."""
    made(client, params=PARAMS, **fields)
    read_by_airflow()
    answer = client.post(f"{URL}/nightly/activate", json={"reviewed": "all"}, headers={"If-Match": "*"})
    assert answer.status_code == 200, answer.text


def test_the_form_starts_a_run_once(op: Any, read_by_airflow: Any) -> None:
    """What is typed becomes the configuration; fields that still show the default are left out; twice is once."""
    active(op, read_by_airflow)
    page = read_page(op.get("/ui/automations/nightly/runs"))
    (form,) = page.find("form", method="post")
    assert [label.words.split(" ")[0] for label in form.find("label")] == ["day", "top_n", "region"]
    assert SEEN in form.text
    assert "(required)" in form.find("label")[0].text
    sent = {**form.fields(), "param.day": "2026-01-01", "param.region": '"US"'}

    answers = [op.post("/ui/automations/nightly/runs", data=sent, follow_redirects=False) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0].headers["location"] == answers[1].headers["location"]
    (run,) = op.get(f"{URL}/nightly/runs").json()["items"]
    detail = op.get(f"{URL}/nightly/runs/{run['runId']}").json()
    assert detail["conf"] == {"day": "2026-01-01", "region": "US"}
    shown = read_page(op.get("/ui/automations/nightly/runs/" + quote(run["runId"], "")))
    assert "2026-01-01" in shown.text
    assert [row.find("bdi")[0].words for row in shown.find("tbody")[0].find("tr")] == [
        "look",
        "look_again",
    ]
    (link,) = [one for one in shown.find("a") if one.words == "Open the run in Airflow"]
    assert str(link.attributes["href"]).endswith(f"/dags/nightly/runs/{quote(run['runId'], '')}")
    row = read_page(op.get("/ui/automations/nightly/runs")).find("tbody")[0].find("tr")[0]
    assert row.find("a")[0].attributes["href"] == f"runs/{quote(run['runId'], '')}"
    assert "op-person" in row.text


@pytest.mark.parametrize(
    ("typed", "said"),
    [({}, "a run needs a value"), ({"param.day": "d", "param.top_n": "many"}, "Type a number"),
     ({"param.day": "d", "param.top_n": "1.5"}, "top_n")],
)  # fmt: skip
def test_a_wrong_value(op: Any, read_by_airflow: Any, typed: dict[str, str], said: str) -> None:
    """The page says which param is wrong, and keeps what was typed."""
    active(op, read_by_airflow)

    answer = op.post("/ui/automations/nightly/runs", data={**typed, "param.region": '"US"'})

    assert answer.status_code == 422
    page = read_page(answer)
    assert said in page.text
    assert page.find("textarea", name="param.region")[0].words == '"US"'
    assert op.get(f"{URL}/nightly/runs").json()["total"] == 0


def test_who_may_start(op: Any, as_role: Any, read_by_airflow: Any) -> None:
    """A viewer sees runs, but no form; a user may start."""
    active(op, read_by_airflow)
    viewer = as_role("viewer")
    assert not read_page(viewer.get("/ui/automations/nightly/runs")).find("form")
    assert viewer.post("/ui/automations/nightly/runs", data={"param.day": "d"}).status_code == 403
    user = as_role("user")
    assert read_page(user.get("/ui/automations/nightly/runs")).find("form")
    answer = user.post("/ui/automations/nightly/runs", data={"param.day": "d"}, follow_redirects=False)
    assert answer.status_code == 303


def test_a_draft_cannot_start(op: Any) -> None:
    """The page says what to do first."""
    made(op)
    page = read_page(op.get("/ui/automations/nightly/runs"))
    assert not page.find("form", method="post")
    assert "Review and activate it" in page.text
    assert read_page(op.post("/ui/automations/nightly/runs")).find("h1")[0].words == "Not done"
    assert op.get("/ui/automations/nightly/runs/none").status_code == 404


def test_one_run(op: Any, read_by_airflow: Any, folder: Path) -> None:
    """States, the decision at a gate, derived values, and how a result differs from the recorded one."""
    from airflow.models.dagrun import DagRun
    from airflow.models.taskinstance import TaskInstance
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session

    active(op, read_by_airflow, steps=STEPS)
    op.post("/ui/automations/nightly/runs", data={"param.day": HOSTILE})
    run_id = op.get(f"{URL}/nightly/runs").json()["items"][0]["runId"]
    steps = op.get(f"{URL}/nightly/runs/{run_id}").json()["steps"]
    (gate,) = [step["taskId"] for step in steps if step["kind"] == "approval_gate"]
    with create_session() as session:
        run = session.query(DagRun).filter_by(dag_id="nightly", run_id=run_id).one()
        run.note = HOSTILE
        for task in session.query(TaskInstance).filter_by(dag_id="nightly", run_id=run_id):
            task.state = "success"
        XComModel.set("return_value", {"rows": [{"a": 1}] * 7}, task_id="look", dag_id="nightly", run_id=run_id,
                      session=session)  # fmt: skip
        at = run.run_after.isoformat()
    edits = {"send": {"edits": {"endpoint": {"from": "/x", "to": "/y"}}}}
    fields = {"dag_id": "nightly", "run_id": run_id, "task_id": gate, "steps": edits, "decision": "approve"}
    record = {**fields, "id": "1", "at": at, "by": {"name": HOSTILE}, "note": HOSTILE}
    earlier = {**record, "id": "2", "at": "2020-01-01T00:00:00+00:00", "note": "of another time"}
    approvals_record.write(folder.parent / "artifacts", earlier)
    approvals_record.write(folder.parent / "artifacts", record)

    found = op.get(f"{URL}/nightly/runs/{run_id}").json()
    by_key = {step["key"]: step for step in found["steps"]}
    (decision,) = next(step["decisions"] for step in found["steps"] if step["taskId"] == gate)
    (derived,) = by_key["send"]["derived"]
    assert (decision["decision"], derived["now"], derived["problem"]) == ("approve", 7, None)
    arguments = {one["argument"]: one for one in by_key["send"]["arguments"]}
    assert (arguments["conn_id"]["now"], arguments["conn_id"]["differs"]) == ("erp", False)
    assert (arguments["endpoint"]["recorded"], arguments["endpoint"]["now"]) == ("/x", "/y")
    assert arguments["endpoint"]["differs"] is True
    page = read_page(op.get("/ui/automations/nightly/runs/" + quote(run_id, "")))
    assert f"Approved by {SEEN}" in page.text
    assert page.text.count(SEEN) == 4
    assert "of another time" not in page.text
    assert page.find("tbody")[1].find("td")[2].words == "7"


@pytest.mark.parametrize("state", ["awaiting_input", "deferred"])
def test_a_gate_that_waits(op: Any, read_by_airflow: Any, state: str) -> None:
    """Versions of Airflow have different states for a task that waits for an answer; the page links to the question."""
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session

    active(op, read_by_airflow, steps=STEPS)
    op.post("/ui/automations/nightly/runs", data={"param.day": "d"})
    run_id = op.get(f"{URL}/nightly/runs").json()["items"][0]["runId"]
    with create_session() as session:
        for task in session.query(TaskInstance).filter_by(dag_id="nightly", run_id=run_id):
            task.state = state if task.task_id.startswith("approve") else "success"

    page = read_page(op.get("/ui/automations/nightly/runs/" + quote(run_id, "")))

    assert "1 step waits for a decision" in page.text
    assert [one.words for one in page.find("span", class_="badge awaiting")] == ["waits"]


def test_a_result_that_drifted(op: Any, read_by_airflow: Any) -> None:
    """The page names the fields that differ from the recorded result."""
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session

    from tests.unit.plugin.pages.test_savings import crystallized

    crystallized(op, read_by_airflow)
    run_id = op.post(f"{URL}/saves/runs").json()["runId"]
    with create_session() as session:
        XComModel.set("return_value", {"rows": "none", HOSTILE: 1}, task_id="generate_query", dag_id="saves",
                      run_id=run_id, session=session)  # fmt: skip

    step = op.get(f"{URL}/saves/runs/{run_id}").json()["steps"][0]
    page = read_page(op.get("/ui/automations/saves/runs/" + quote(run_id, "")))

    assert step["result"] == "drifted"
    assert any(line.startswith("rows") for line in step["differences"])
    assert "fields changed" in page.text
    assert SEEN in page.text


def test_fields_by_their_schema() -> None:
    """The kind of a field follows from the schema, or else from the default; credentials are not shown."""
    params = {
        "a": Param(default=True),
        "b": Param(default={"x": 1}),
        "c": Param(default="text"),
        "d": Param(default=None, schema={"type": ["number", "null"]}),
        "e": Param(default=2, schema={"enum": [1, 2]}),
        "password": Param(default="hunter2-x", schema={"type": "string"}),
        "f": Param(default="key AKIAIOSFODNN7EXAMPLE"),
        "lines": Param(default="one\r\ntwo"),
    }
    fields = {one.name: one for one in fields_of(params)}

    kinds = {name: one.kind for name, one in fields.items()}
    assert kinds == {"a": "choice", "b": "json", "c": "text", "d": "number", "e": "choice", "password": "text",
                     "f": "text", "lines": "text"}  # fmt: skip
    assert [name for name, one in fields.items() if one.is_hidden] == ["password", "f"]
    assert not any(one.is_required for one in fields.values())
    form = PageForm(b"", (("param.a", "false"), ("param.b", '{"x": 2}'), ("param.c", ""), ("param.d", ""),
                          ("param.e", "1"), ("param.password", ""), ("param.f", "new"),
                          ("param.lines", "one\ntwo")))  # fmt: skip
    assert conf_of(form, params) == {"a": False, "b": {"x": 2}, "c": "", "e": 1, "f": "new"}
    with pytest.raises(Problem):
        conf_of(PageForm(b"", (("param.b", "{"),)), params)

"""The tab of a task: a step with its values and its gate's decision, or an agent's recording, or how to record one."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from airflow_provider_vai.model import approvals_record
from airflow_provider_vai.operators.runtime import results
from airflow_provider_vai.recorder.places import recording_path
from tests.unit.plugin.api_support import SPEC, made, run_id, seed
from tests.unit.plugin.pages.reader import read_page

RUN = "manual__2026-03-01T08:00:00+00:00"
PLACE = quote(RUN, "")
HOSTILE = "<script>alert(1)</script>{{ 7*7 }}\u202e' onload='x"
SHOWN = "<script>alert(1)</script>{{ 7*7 }}⟨U+202E⟩' onload='x"
SEND = {
    "key": "send",
    "kind": "http_request",
    "gate": {"onTimeout": "reject"},
    "arguments": {"conn_id": "erp", "endpoint": "/x", "method": "POST", "json": {"rows": {"$from": ["look", "rows"]}}},
}


def with_gate(op: Any) -> None:
    """Make an automation with a step that waits for an approval."""
    made(op, steps=[*SPEC["steps"], SEND])


def decide(**fields: Any) -> None:
    """Record a decision of the gate."""
    record = {
        "id": "1f", "at": "2026-03-01T08:00:00+00:00", "decision": "approve", "by": {"id": "7", "name": HOSTILE},
        "note": HOSTILE, "timed_out": False, "automatic": False, "rests_on": None, "answered_at": None,
        "dag_id": "nightly", "run_id": RUN, "task_id": "approve_send", "map_index": -1, "try_number": 1,
        "subject": "Send it?", "covers": "0" * 64,
        "steps": {"send": {"kind": "http_request", "arguments_sha256": "0" * 64,
                           "edits": {"json.rows": {"from": 1, "to": HOSTILE}}}},
    }  # fmt: skip
    approvals_record.write(results.artifacts_root(), {**record, **fields})


def test_a_step(op: Any) -> None:
    """What it does, where its values come from, and the way to its row."""
    with_gate(op)

    page = read_page(op.get(f"/ui/task/nightly/{PLACE}/send/%7BMAP_INDEX%7D"))

    assert page.find("h1")[0].words == "Step send http_request"
    assert "the rows of look's result" in page.words
    assert "Nobody has decided in this run" in page.words
    links = [str(link.attributes["href"]) for link in page.find("a")]
    assert "../../../../../ui/automations/nightly/steps#step-send" in links


def test_a_decision(op: Any, as_role: Any) -> None:
    """Who approved what, with note and edits as text, on the step and on its gate; that of another run is not shown."""
    with_gate(op)
    decide()
    decide(id="2f", run_id="other", note="of another run")
    for task in ("send", "approve_send"):
        page = read_page(op.get(f"/ui/task/nightly/{PLACE}/{task}/-1"))
        assert f"approved by {SHOWN}" in page.words, task
        assert f"Note: {SHOWN}" in page.words
        assert "of another run" not in page.words
    assert as_role("viewer").get(f"/ui/task/nightly/{PLACE}/send/-1").status_code == 200


def test_a_recording(op: Any, as_role: Any) -> None:
    """An agent that was recorded in the task becomes a stored recording by one button."""
    place = f"/ui/task/agents/{PLACE}/ask/2"
    results.write(recording_path("agents", RUN, "ask", 2), seed())
    (form,) = read_page(op.get(place)).find("form", method="post")
    assert form.attributes["action"] == "2/crystallize"

    for _ in range(2):
        answer = op.post(f"{place}/crystallize", data=form.fields(), follow_redirects=False)
        assert answer.headers["location"] == f"../../../../../../ui/recordings/agent_run/{run_id()}"

    assert op.get(f"/ui/recordings/agent_run/{run_id()}").status_code == 200
    viewer = as_role("viewer")
    assert not read_page(viewer.get(place)).find("form", method="post")
    assert viewer.post(f"{place}/crystallize", data=form.fields()).status_code == 403
    assert as_role("op").post(f"/ui/task/agents/{PLACE}/none/-1/crystallize", data={"key": "k"}).status_code == 404


def test_another_task(op: Any) -> None:
    """A task with nothing of ours says how to record an agent; a former step leads to the versions."""
    assert "Recorder()" in read_page(op.get(f"/ui/task/agents/{PLACE}/ask/-1")).text
    made(op)
    page = read_page(op.get(f"/ui/task/nightly/{PLACE}/{quote('<b>{{ 7*7 }}', '')}/-1"))
    assert "The task <b>{{ 7*7 }} is not a step" in page.words

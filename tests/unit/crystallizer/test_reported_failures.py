"""Calls whose results report a failure do not become steps, a repeated write is one step, and the review lists them."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_vai.crystallizer.draft import Policy
from airflow_provider_vai.crystallizer.several.generalise import generalised
from airflow_provider_vai.crystallizer.several.recording import Recording
from airflow_provider_vai.exceptions import NothingToCrystallize
from airflow_provider_vai.model.run import Run
from airflow_provider_vai.model.tools_file import ToolRule
from airflow_provider_vai.traces.formats.shared.reported_failures import reported_failure
from tests.unit.support import call, crystallized, findings, run, tools

WRITES = {"match": "*", "kind": "mcp_tool", "conn_id": "mcp", "effect": "write"}
MESSAGE = {"channel": "stock", "text": "Shelf 4 was counted."}


def failed(tool: str, arguments: Any, result: Any) -> Any:
    """Return a call as an adapter makes it whose result reports a failure."""
    return call(tool, arguments, result, **{"outcome": "failed", **reported_failure(result)})


def repeated(result: Any = "Error: connection timed out") -> Run:
    """Return a run that posts a message again, because the first attempt failed."""
    return run(failed("post", MESSAGE, result), call("post", MESSAGE, {"ok": True}))


def test_a_write_that_was_repeated_after_a_failure_is_one_step() -> None:
    """The first attempt may have had an effect: the reviewer has to look."""
    made = crystallized(repeated(), WRITES, gates="recorded")
    assert [(step.key, step.call_ids) for step in made.steps] == [("post", ["c2"])]
    assert [(entry.call_id, entry.code) for entry in made.not_crystallized] == [("c1", "retried")]
    assert "write_after_failure" in findings(made, "post")


def test_the_same_write_twice_is_two_steps_and_is_told() -> None:
    """Both succeeded, so both are steps; the second may have been a retry, which the reviewer decides."""
    answers = ("The request timed out after 30 seconds.", {"ok": True})
    made = crystallized(run(*(call("post", MESSAGE, answer) for answer in answers)), WRITES, gates="recorded")
    assert [step.key for step in made.steps] == ["post", "post_2"]
    assert "write_repeated" not in findings(made, "post")
    assert "write_repeated" in findings(made, "post_2")
    (item,) = [item for item in made.review if item.code == "write_repeated"]
    assert "as post" in item.message


def test_reads_and_different_writes_are_not_repeated() -> None:
    """Only a write with the same arguments counts."""
    other = MESSAGE | {"text": "Shelf 5 was counted."}
    writes = crystallized(run(call("post", MESSAGE, "ok"), call("post", other, "ok")), WRITES, gates="recorded")
    reads = crystallized(run(call("look", {}, 1), call("look", {}, 1)), WRITES | {"effect": "read"}, gates="recorded")
    assert not [item for made in (writes, reads) for item in made.review if item.code == "write_repeated"]


def test_a_failure_that_only_the_result_reports_is_left_out_and_listed() -> None:
    """It is no step; the review counts such calls."""
    recorded = run(failed("book", {"amount": 255}, "Error: the total is 305"), call("look", {}, {"total": 305}))
    made = crystallized(recorded, WRITES, gates="recorded")
    assert [step.key for step in made.steps] == ["look"]
    assert [(entry.code, entry.call_id) for entry in made.not_crystallized] == [("failed_by_result", "c1")]
    (item,) = [item for item in made.review if item.code == "results_report_failure"]
    assert item.evidence == ["book (c1)"]


@pytest.mark.parametrize("name", ["c1", "1"])
def test_the_user_may_overrule_it(name: str) -> None:
    """A call that ``--calls`` names is a step, with the remark that its result reads like a failure."""
    recorded = run(failed("look", {"id": "r-11"}, {"error": "gone"}))
    with pytest.raises(NothingToCrystallize, match="its result reports a failure: gone"):
        crystallized(recorded, WRITES, gates="recorded")
    made = crystallized(recorded, WRITES, gates="recorded", calls=(name,))
    assert [step.key for step in made.steps] == ["look"]
    assert "success_reports_failure" in findings(made, "look")


def test_a_failure_that_the_trace_marks_is_not_overruled() -> None:
    """Naming the call does not help: it failed."""
    recorded = run(call("look", {}, None, outcome="failed", error="boom"), call("see", {}, "fine"))
    with pytest.raises(NothingToCrystallize, match="failed: boom"):
        crystallized(recorded, WRITES, gates="recorded", calls=("c1",))


def test_several_runs_keep_a_call_that_the_user_named() -> None:
    """The step of the named call is part of the automation of all runs, as it is of one."""
    runs = [
        run(
            failed("look", {"id": f"r-{name}1"}, {"error": "gone"}),
            call("note", {"text": f"shelf {name} was empty"}),
            id=name,
        )
        for name in ("a", "b")
    ]
    policy = Policy(gates="recorded", calls=("1", "2"))
    recordings = [Recording(one.id, one, "0" * 64) for one in runs]
    made = generalised(recordings, tools(ToolRule(**WRITES)), policy)
    steps = [step for step in made.steps if step.kind != "approval_gate"]
    assert [(step.key, len(step.call_ids)) for step in steps] == [("look", 2), ("note", 2)]

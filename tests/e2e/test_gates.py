"""What a gate does in a running Airflow: asked on a page, answered by people, waited for through kills, recorded."""

from __future__ import annotations

import json
import logging
import re
from collections import Counter
from typing import Any

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1500)]

AMOUNT = "'json.amount': {'type': 'integer', 'minimum': 0, 'maximum': 100}"
EDITABLE = f"editable={{{AMOUNT}, 'json.memo': {{'type': ['null', 'string']}}}}"
GATES = {
    "edited": f"{EDITABLE}, reason='Pay only what is due.', recorded={{'state': 'approved', 'by': 'carol'}}",
    "rejected": "on_reject='skip'",
    "asked_again": EDITABLE,
    "for_alice": "assigned_users=['alice']",
    "late_fail": "response_timeout=15, on_timeout='fail'",
    "late_approve": "response_timeout=15, on_timeout='approve'",
    "late_reject": "response_timeout=15, on_timeout='reject'",
    "killed": "",
    "cleared": EDITABLE,
    "raced": EDITABLE,
    "marked": "",
    "stale": "",
    "waking": "wake_every=10, allow_unattributed=True",
    "poke": "deferrable=False, allow_unattributed=True, mode='poke', poke_interval=2, response_timeout=600",
    "reschedule": "deferrable=False, allow_unattributed=True, mode='reschedule', poke_interval=30",
}
HEAD = """
from airflow.sdk import DAG
from airflow_provider_vai.operators.arguments import template
from airflow_provider_vai.operators.http_request import HttpRequestOperator
from airflow_provider_vai.sensors.approval import ApprovalGateSensor
"""
DAG = """
with DAG({dag_id!r}, schedule=None, max_active_runs=50):
    gate = ApprovalGateSensor(task_id="gate", subject="Pay Ada?", {gate})
    pay = HttpRequestOperator(
        task_id="pay",
        conn_id="bank",
        endpoint="pay",
        method="POST",
        json={{"run": template("{{{{ run_id }}}}"), "to": {to}, "amount": 5, "memo": None}},
        gate=gate,
    )
    gate >> pay
"""
DIGEST = r"exactly these arguments: sha256 `([0-9a-f]{64})`"
RACES = 20


@pytest.fixture(scope="module")
def airflow(start_gates):
    """An Airflow with one DAG for each way to set up a gate."""
    to = {"stale": "template(\"{{ var.value.get('payee', 'Ada') }}\")"}
    dags = [DAG.format(dag_id=dag_id, gate=gate, to=to.get(dag_id, "'Ada'")) for dag_id, gate in GATES.items()]
    return start_gates(HEAD + "".join(dags))


@pytest.fixture
def records(airflow, capsys):
    """Return a function that lists a DAG's decisions, newest first, as `vai approvals` prints them."""
    from airflow_provider_vai.cli.main import main

    def listed(dag_id: str, run: Any = None) -> list[dict[str, Any]]:
        capsys.readouterr()
        assert main(["approvals", dag_id, "--artifacts", str(airflow.artifacts), "--json"]) == 0
        found = json.loads(capsys.readouterr().out)
        return [record for record in found if run is None or record["run_id"] == run.run_id]

    return listed


def paid(run: Any) -> list[Any]:
    """Return what the bank got from a run: payee and amount."""
    posts = run.airflow.bank.posts()
    return [(post["to"], post["amount"]) for post in posts if post["run"] == run.run_id]


def open_question(page: Any, run: Any) -> None:
    """Open the page with the gate's question."""
    page.goto(f"{run.page}/tasks/gate/required_actions")
    button(page, "Approve").wait_for()


def button(page: Any, option: str) -> Any:
    """Return the button with which a question is answered."""
    return page.get_by_role("button", name=option, exact=True)


# --- in the browser ---------------------------------------------------------------------------------------------------


def test_an_edited_value_is_what_is_sent(start, browse, records, picture):
    """Alice sees the badge, reads the arguments and their digest, edits a field and approves: that value is sent."""
    run = start("edited").settled()
    page = browse("alice")
    page.goto(f"{run.airflow.url}/dags/edited")
    page.get_by_text(re.compile("Required Action|^1$")).first.wait_for()  # Airflow 3.4 shows the number alone

    open_question(page, run)
    shown = page.locator("body").inner_text()
    assert '"amount": 5' in shown
    assert re.search(r"\b[0-9a-f]{64}\b", shown)
    assert "Pay only what is due." in shown
    field = page.locator('input[name="element_json.amount"]')
    field.fill("3")
    field.press("Tab")
    picture(page, "gate_edit")
    button(page, "Approve").click()

    assert run.end() == "success"
    assert paid(run) == [("Ada", 3)]
    record = run.result()
    assert record["by"] == {"id": "alice", "name": "alice"}
    assert record["edits"] == {"pay": {"json.amount": {"from": 5, "to": 3}}}
    (kept,) = records("edited", run)
    assert (kept["decision"], kept["by"]) == ("approve", record["by"])
    assert kept["steps"]["pay"]["edits"] == record["edits"]["pay"]
    page.goto(f"{run.page}/tasks/gate/required_actions")
    page.get_by_text("Pay Ada?").first.wait_for()
    picture(page, "gate_record")


def test_an_untouched_form_changes_nothing(start, browse):
    """Approving without touching a field sends what was shown, and counts as no edit."""
    run = start("edited").settled()
    page = browse("bob")
    open_question(page, run)
    button(page, "Approve").click()

    assert run.end() == "success"
    assert paid(run) == [("Ada", 5)]
    assert run.result()["edits"] == {}


def test_a_rejection_with_a_note_sends_nothing(start, browse, records):
    """The reason that alice wrote stands in the gate's log and in the record; the step is skipped."""
    run = start("rejected").settled()
    page = browse("alice")
    open_question(page, run)
    note = page.locator("#element_note")
    note.fill("Ada has been paid")
    note.press("Tab")
    button(page, "Reject").click()

    run.end()
    assert run.states["pay"] == "skipped"
    assert paid(run) == []
    assert "Ada has been paid" in run.log()
    (kept,) = records("rejected", run)
    assert (kept["decision"], kept["by"]["id"], kept["note"]) == ("reject", "alice", "Ada has been paid")


def test_only_the_assigned_may_answer(start, browse, refused, records):
    """Neither bob, who is not assigned, nor victor, who may only look, can answer, by REST or by a click."""
    run = start("for_alice").settled()
    assert refused(run.answer, "bob", "Approve") == 403
    assert refused(run.answer, "victor", "Approve") == 403
    for user in ("bob", "victor"):
        page = browse(user)
        open_question(page, run)
        if button(page, "Approve").is_enabled():
            with page.expect_response(lambda got: got.request.method == "PATCH") as told:
                button(page, "Approve").click()
            assert told.value.status == 403
    assert run.question()["response_received"] is False

    run.answer("alice", "Approve")
    assert run.end() == "success"
    assert paid(run) == [("Ada", 5)]
    assert [record["by"]["id"] for record in records("for_alice", run)] == ["alice"]


# --- by REST ----------------------------------------------------------------------------------------------------------


def test_a_bad_edit_is_asked_again(start, records):
    """A value that the schema refuses opens the question again and spends no retry; a second answer is refused."""
    run = start("asked_again").settled()
    run.answer("alice", "Approve", **{"json.amount": 1000})
    run.airflow.wait("the question to be open again", lambda: not run.question()["response_received"], 120)
    assert records("asked_again", run) == []
    run.settled().answer("bob", "Approve", **{"json.amount": 7})

    assert run.end() == "success"
    assert run.instance("gate")["try_number"] == 1
    assert paid(run) == [("Ada", 7)]
    assert [record["by"]["id"] for record in records("asked_again", run)] == ["bob"]


def test_an_answer_is_final(start, refused):
    """Who comes second is told so, and changes nothing."""
    run = start("rejected").settled()
    run.answer("alice", "Reject")
    assert refused(run.answer, "bob", "Approve") in (404, 409)
    run.end()
    assert paid(run) == []


def test_silence_does_what_the_gate_says(start, records):
    """Nobody answers: the gate fails, approves without a name, or rejects, as it was set up."""
    runs = {dag_id: start(dag_id) for dag_id in ("late_fail", "late_approve", "late_reject")}
    for run in runs.values():
        run.end()

    assert {dag_id: (run.states["gate"], run.states["pay"]) for dag_id, run in runs.items()} == {
        "late_fail": ("failed", "upstream_failed"),
        "late_approve": ("success", "success"),
        "late_reject": ("success", "skipped"),
    }
    assert {dag_id: paid(run) for dag_id, run in runs.items()} == {
        "late_fail": [],
        "late_approve": [("Ada", 5)],
        "late_reject": [],
    }
    told = {dag_id: [(kept["decision"], kept["by"], kept["timed_out"]) for kept in records(dag_id)] for dag_id in runs}
    assert told == {"late_fail": [], "late_approve": [("approve", None, True)], "late_reject": [("reject", None, True)]}


def test_a_cleared_gate_asks_again_and_keeps_its_earlier_answer(start, records):
    """After a clear nobody is taken for having approved; both answers stay readable."""
    run = start("cleared").settled()
    run.answer("alice", "Approve", note="first", **{"json.amount": 4})
    assert run.end() == "success"

    body = {"dry_run": False, "only_failed": False, "task_ids": ["gate"], "include_downstream": True}
    run.client.call("POST", "/dags/cleared/clearTaskInstances", body | {"dag_run_id": run.run_id})
    run.settled().answer("bob", "Reject", note="second")
    run.end()

    assert run.states["pay"] == "skipped"
    assert paid(run) == [("Ada", 4)]
    told = [(kept["decision"], kept["by"]["id"], kept["note"]) for kept in records("cleared", run)]
    assert told == [("reject", "bob", "second"), ("approve", "alice", "first")]
    if run.airflow.version >= (3, 3):
        earlier = run.client.call("GET", f"{run.question_path()}/tries/1")
        assert earlier["responded_by_user"]["id"] == "alice"
        assert earlier["params_input"]["json.amount"] == 4


# --- when things break ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("component", ["scheduler", "api-server", "dag-processor", "triggerer"])
def test_a_killed_component_loses_nothing(component, airflow, start, records):
    """A gate that waits while a component is killed and started again is answered, meanwhile where that is possible."""
    if component not in airflow.components:
        pytest.skip("this Airflow's gates need no triggerer")
    run = start("killed").settled()
    airflow.kill(component)
    if component != "api-server":
        run.answer("alice", "Approve")
    airflow.restart(component)
    airflow.wait_healthy()
    if component == "api-server":
        run.answer("alice", "Approve")

    assert run.end() == "success"
    assert paid(run) == [("Ada", 5)]
    assert [(kept["decision"], kept["by"]["id"]) for kept in records("killed", run)] == [("approve", "alice")]


def test_an_answer_within_a_second_is_never_another_one(airflow, start, records):
    """The scheduler may take a gate that is answered at once for a lost one; no answer changes or is made up by that.

    Each run's answer is its own, given again where the gate asks again.
    """
    started = [start("raced") for _ in range(RACES)]
    runs = {run.run_id: (run, number) for number, run in enumerate(started)}
    asked: Counter[str] = Counter()

    def ended() -> bool:
        state = "awaiting_input" if airflow.version >= (3, 3) else "deferred"
        parked = airflow.client.call("GET", f"/dags/raced/dagRuns/~/taskInstances?limit=100&state={state}")
        for gate in parked["task_instances"]:
            run, number = runs[gate["dag_run_id"]]
            if not run.question()["response_received"]:
                asked[run.run_id] += 1
                run.answer("alice", *_answer(number)[0], **_answer(number)[1])
        found = airflow.client.call("GET", "/dags/raced/dagRuns?limit=100")["dag_runs"]
        return all(run["state"] in ("success", "failed") for run in found)

    airflow.wait("the races to end", ended, 900)
    lost = 0
    for run, number in runs.values():
        ((option,), form) = _answer(number)
        kept = records("raced", run)
        sent = paid(run)
        assert all((record["decision"], record["by"]["id"]) == (option.lower(), "alice") for record in kept)
        assert sent in ([], [("Ada", form["json.amount"])] if form else [])
        assert not sent or kept
        lost += not (sent if form else kept)
    told = "%s races: %s answers, %s runs ended without the effect of theirs"
    logging.getLogger(__name__).info(told, RACES, sum(asked.values()), lost)


def _answer(number: int) -> tuple[tuple[str], dict[str, int]]:
    """Return what the race's run of this number is answered: option and form."""
    return (("Reject",), {}) if number % 2 else (("Approve",), {"json.amount": number})


def test_a_gate_marked_as_success_does_not_open(start):
    """The step finds no approval, and sends nothing."""
    run = start("marked").settled()
    run.client.call("PATCH", f"/dags/marked/dagRuns/{run.run_id}/taskInstances/gate", {"new_state": "success"})

    assert run.end() == "failed"
    assert "has no approval" in run.failures()["pay"]
    assert paid(run) == []


def test_an_approval_of_other_arguments_does_not_open(start):
    """The step is cleared alone after its arguments changed: the approval that is still there is not about them."""
    run = start("stale").settled()
    run.answer("alice", "Approve")
    assert run.end() == "success"

    run.client.call("POST", "/variables", {"key": "payee", "value": "Eve"})
    body = {"dry_run": False, "only_failed": False, "task_ids": ["pay"], "dag_run_id": run.run_id}
    run.client.call("POST", "/dags/stale/clearTaskInstances", body)

    assert run.end() == "failed"
    assert "approved other arguments" in run.failures()["pay"]
    assert paid(run) == [("Ada", 5)]


@pytest.mark.parametrize("mode", ["waking", "poke", "reschedule"])
def test_an_out_of_band_answer(mode, airflow, start, records, refused):
    """A gate that looks by itself drops an answer about other arguments, takes one about these once, knows no name."""
    if airflow.version < (3, 3):
        pytest.skip("this Airflow has no task state store")
    run = start(mode)
    run.wait_state("gate", "running", "up_for_reschedule", "awaiting_input")
    digest = airflow.wait("the question", lambda: re.findall(DIGEST, _question(run, mode)), 120)[-1]
    key = f"/dags/{mode}/dagRuns/{run.run_id}/taskInstances/gate/state-store/vai_decision"
    run.client.call("PUT", key, {"value": {"decision": "approve", "sha256": "0" * 64}})
    airflow.wait("the wrong answer to be dropped", lambda: "An answer was ignored" in run.log(), 180)
    run.client.call("PUT", key, {"value": {"decision": "approve", "sha256": digest, "note": "by phone"}})

    assert run.end() == "success"
    assert paid(run) == [("Ada", 5)]
    assert [(kept["by"], kept["note"]) for kept in records(mode, run)] == [(None, "by phone")]
    assert refused(run.client.call, "GET", key) == 404


@pytest.mark.parametrize("mode", ["waking", "poke", "reschedule"])
@pytest.mark.parametrize("killed", [False, True], ids=["at once", "while the scheduler is dead"])
def test_an_early_out_of_band_answer_counts_once(mode, killed, airflow, start, records):
    """An answer that is there as soon as the question is, or while the scheduler is killed, is found and taken."""
    if airflow.version < (3, 3):
        pytest.skip("this Airflow has no task state store")
    run = start(mode)
    run.wait_state("gate", *(["awaiting_input"] if mode == "waking" else ["running", "up_for_reschedule"]))
    digest = airflow.wait("the question", lambda: re.findall(DIGEST, _question(run, mode, settle=False)), 120)[-1]
    key = f"/dags/{mode}/dagRuns/{run.run_id}/taskInstances/gate/state-store/vai_decision"
    if killed:
        airflow.kill("scheduler")
    run.client.call("PUT", key, {"value": {"decision": "approve", "sha256": digest, "note": "early"}})
    if killed:
        airflow.restart("scheduler")
        airflow.wait_healthy()

    assert run.end(600) == "success"
    assert paid(run) == [("Ada", 5)]
    assert [(kept["by"], kept["note"]) for kept in records(mode, run)] == [(None, "early")]


def _question(run: Any, mode: str, *, settle: bool = True) -> str:
    """Return the text of the question: a gate that parks has it on its page, another one in its log."""
    if mode != "waking":
        return run.log()
    return (run.settled() if settle else run).question()["body"]


def test_a_gate_that_no_page_can_answer_needs_the_state_store(airflow, start):
    """Where there is none, the gate says so and fails at once."""
    if airflow.version >= (3, 3):
        pytest.skip("this Airflow has a task state store")
    run = start("poke")

    assert run.end() == "failed"
    assert "needs Airflow 3.3" in run.log()
    assert paid(run) == []

"""An answer covers what the gate showed, and has the same effect by whichever path it arrives."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from airflow.sdk import DAG, BaseNotifier
from airflow.sdk.timezone import utcnow

from airflow_provider_vai.model import approvals_record
from airflow_provider_vai.operators.runtime import results
from airflow_provider_vai.operators.runtime.compat import AirflowFailException
from airflow_provider_vai.operators.runtime.errors import (
    ApprovalImpossible,
    ApprovalMissing,
    ApprovalRejected,
    ApprovalTimeout,
)
from airflow_provider_vai.sensors import approval_notice, approval_text
from airflow_provider_vai.sensors.approval import ApprovalGateSensor
from airflow_provider_vai.sensors.approval_answers import RequiredActionLink
from airflow_provider_vai.sensors.guarded import guarded
from tests.outputs import check_output
from tests.unit.sensors.support import APPROVED, REJECTED, asked, context, gate_and_step

TIMEOUT = {"error": "late", "error_type": "timeout"}


@pytest.fixture(autouse=True)
def artifacts(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Iterator[None]:
    """Give the test its own artifacts folder."""
    monkeypatch.setenv("AIRFLOW__VAI__ARTIFACTS_PATH", f"file://{tmp_path}/artifacts")
    return


def records() -> list[dict[str, Any]]:
    """Return the approvals record, newest first; each decision in it has the published shape."""
    found = list(approvals_record.read(results.artifacts_root(), "d"))
    check_output("approvals", json.dumps(found))
    return found


class Parked(Exception):
    """The gate released its worker slot; ``kwargs`` is what it resumes with."""

    def __init__(self, kwargs: dict[str, Any], wait: timedelta | None) -> None:
        self.kwargs, self.wait = kwargs, wait


class Comms:
    """Stand-in for the supervisor: keeps the first question, like Airflow before 3.4."""

    def __init__(self) -> None:
        self.held: Any = None
        self.sent: list[Any] = []

    def send(self, msg: Any) -> Any:
        """Keep the first question and return it."""
        self.sent.append(msg)
        self.held = self.held or msg
        return self.held


@pytest.fixture
def comms(monkeypatch: pytest.MonkeyPatch) -> Comms:
    """A supervisor for the gate."""
    from airflow.sdk.execution_time import task_runner

    stand_in = Comms()
    monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", stand_in, raising=False)
    return stand_in


PATHS = ("answered", "woken", "poked")


def answered(path: str, decision: str, arguments: Any, *, timed_out: bool = False, **settings: Any) -> Any:
    """Let an answer reach a gate by one of its paths; return the end state and the record in XCom.

    ``answered``: on Airflow's pages. ``woken``: out of band, found when the parked gate wakes up. ``poked``: out of
    band, found by a poking gate. With ``timed_out``, nobody answers before the deadline.
    """
    out_of_band = path != "answered"
    settings |= {"response_timeout": timedelta(hours=1)} if timed_out else {}
    settings |= {"allow_unattributed": True} if out_of_band else {}
    settings |= {"wake_every": timedelta(minutes=1)} if path == "woken" else {}
    settings |= {"deferrable": False} if path == "poked" else {}
    sensor, _ = gate_and_step(arguments, **settings)
    now = asked(sensor)
    kept = {} if timed_out else {"vai_decision": {"decision": decision, "sha256": now.sha256, "note": "seen"}}
    store = SimpleNamespace(get=kept.get, delete=kept.pop)
    around = context(sensor, task_state_store=store)
    around["ti"].start_date = utcnow() - timedelta(hours=2)
    late = (utcnow() - timedelta(seconds=1)).isoformat()
    event = TIMEOUT if timed_out or out_of_band else {**(APPROVED if decision == "approve" else REJECTED)}
    if path == "answered" and not timed_out:
        event["params_input"] = {"note": "seen"}
    try:
        if path == "poked":
            found = sensor.poke(around)
            returned = found.xcom_value if found else None
        else:
            returned = sensor.execute_complete(around, event, digests=now.digests, deadline=late if timed_out else None)
    except Exception as error:  # skipping and failing raise
        return type(error).__name__, around["pushed"].get("return_value")
    return "success", returned


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("decision", "settings", "end"),
    [
        ("approve", {}, "success"),
        ("reject", {}, "DownstreamTasksSkipped"),
        ("reject", {"on_reject": "fail"}, "ApprovalRejected"),
    ],
    ids=["approve", "reject-skip", "reject-fail"],
)
def test_an_answer_means_the_same_by_every_path(path: str, decision: str, settings: dict[str, Any], end: str) -> None:
    """An answer ends the gate in the same way by every path; only the identity in the record differs."""
    state, record = answered(path, decision, {"n": 1}, **settings)

    assert state == end
    assert record["decision"] == decision
    assert record["note"] == "seen"
    assert record["by"] == ({"id": "u", "name": "U"} if path == "answered" else None)
    assert (record["timed_out"], record["automatic"], record["edits"]) == (False, False, {})
    (kept,) = records()
    assert (kept["decision"], kept["by"], kept["note"]) == (decision, record["by"], "seen")
    assert record["record"].endswith(f"-{kept['id']}.json")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("settings", "end", "decision"),
    [
        ({}, "ApprovalTimeout", None),
        ({"on_timeout": "approve"}, "success", "approve"),
        ({"on_timeout": "reject"}, "DownstreamTasksSkipped", "reject"),
        ({"on_timeout": "reject", "on_reject": "fail"}, "ApprovalRejected", "reject"),
    ],
    ids=["fail", "approve", "reject-skip", "reject-fail"],
)
def test_silence_means_the_same_by_every_path(
    path: str, settings: dict[str, Any], end: str, decision: str | None
) -> None:
    """If nobody answers in time, every path ends as the gate's settings say."""
    state, record = answered(path, "", {"n": 1}, timed_out=True, **settings)

    assert state == end
    assert (record and record["decision"]) == decision
    assert [kept["timed_out"] for kept in records()] == ([True] if decision else [])


def test_silence_approves_what_was_shown_only() -> None:
    """A timeout approves exactly what the question showed, or nothing."""
    sensor, _ = gate_and_step({"n": 1}, on_timeout="approve", response_timeout=timedelta(hours=1))

    with pytest.raises(ApprovalTimeout, match="have changed since the question"):
        sensor.execute_complete(context(sensor), TIMEOUT, digests={"a": "other"}, deadline="2020-01-01T00:00:00+00:00")


def test_gate_without_a_step_is_refused() -> None:
    """A gate that guards no step fails with a message."""
    with DAG("d", schedule=None):
        sensor = ApprovalGateSensor(task_id="gate", subject="Go?")

    with pytest.raises(ApprovalImpossible, match="no step names the gate"):
        guarded(sensor, context(sensor))


@pytest.mark.parametrize(
    ("setting", "named"),
    [
        ({"on_timeout": "x"}, "on_timeout"),
        ({"on_reject": "approve"}, "on_reject"),
        ({"trust_for": timedelta(days=1)}, "trust_uses"),
        ({"trust_uses": 3}, "trust_for"),
        ({"remind_before": timedelta(hours=1)}, "response_timeout"),
        ({"deferrable": False}, "allow_unattributed"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_settings_are_checked(setting: dict[str, Any], named: str) -> None:
    """A wrong setting is reported when the DAG file is parsed."""
    with pytest.raises(ValueError, match=named):
        ApprovalGateSensor(task_id="gate", subject="Go?", **setting)


def test_a_lost_try_is_made_again_soon() -> None:
    """If the scheduler considers a parked task as lost, the gate asks again within seconds, a few times."""
    sensor, _ = gate_and_step({"n": 1})

    assert (sensor.retries, sensor.retry_delay) == (3, timedelta(seconds=10))


def test_link(monkeypatch: pytest.MonkeyPatch) -> None:
    """The link leads to the question, also that of a mapped gate, below the server's path prefix."""
    key = SimpleNamespace(dag_id="d/1", run_id="manual__2026+00:00", task_id="g", map_index=-1)
    assert RequiredActionLink().get_link(None, ti_key=key) == (
        "/dags/d%2F1/runs/manual__2026%2B00%3A00/tasks/g/required_actions"
    )
    key.map_index = 3
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example.com/team/")
    assert RequiredActionLink().get_link(None, ti_key=key).startswith("/team/dags/")
    sensor, _ = gate_and_step({})
    assert approval_notice.link(sensor, {"ti": key}).startswith("https://airflow.example.com/team/dags/d%2F1/")
    assert RequiredActionLink().get_link(None, ti_key=key).endswith("/tasks/g/mapped/3/required_actions")


# --- the question -----------------------------------------------------------------------------------------------------


def parked(sensor: ApprovalGateSensor, around: Any = None) -> Any:
    """Let the gate ask, and return the exception with which it parks."""
    from airflow.sdk import exceptions

    if not hasattr(exceptions, "TaskAwaitingInput"):
        pytest.skip("this Airflow defers instead")
    with pytest.raises(exceptions.TaskAwaitingInput) as raised:
        sensor.execute(around or context(sensor))
    return raised.value


def parked_again(sensor: ApprovalGateSensor, event: Any, earlier: Any, around: Any = None) -> Any:
    """Let the gate read an answer, or a timeout, upon which it asks once more; return the exception that parks it."""
    from airflow.sdk.exceptions import TaskAwaitingInput

    with pytest.raises(TaskAwaitingInput) as raised:
        sensor.execute_complete(around or context(sensor), event, **earlier.kwargs)
    return raised.value


def test_a_long_question_has_a_page_of_its_own(comms: Comms, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every argument is reachable from the question, which names the page by its digest and the server's path."""
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example.com/team/")
    sensor, _ = gate_and_step({"text": "x" * 200_000 + "<b>the end</b>"})
    around = context(sensor)
    parked(sensor, around)

    page = results.artifact_path(around, "html").read_bytes()
    address = f"/team/vai/gates/d/r1/gate?sha256={hashlib.sha256(page).hexdigest()}"
    assert f"[all arguments]({address})" in comms.held.body
    assert len(comms.held.body.encode()) <= approval_text.LONGEST_BODY
    assert "x&lt;b&gt;the end&lt;/b&gt;" in page.decode()
    assert asked(sensor).sha256 in page.decode()


def test_what_cannot_be_shown_is_not_asked(comms: Comms, tmp_path: Any) -> None:
    """If the page cannot be written, nobody can read all arguments, so nobody is asked."""
    (tmp_path / "artifacts").write_text("in the way")
    sensor, _ = gate_and_step({"text": "x" * 200_000})

    with pytest.raises(ApprovalImpossible, match="could not be written"):
        sensor.execute(context(sensor))
    assert comms.sent == []


def test_gate_parks_with_the_digests_that_it_showed(comms: Comms) -> None:
    """The digests that the question showed are kept with the parked task."""
    sensor, _ = gate_and_step({"n": 1}, response_timeout=timedelta(minutes=5), assigned_users=["alice"])

    waiting = parked(sensor)

    assert waiting.kwargs["digests"] == asked(sensor).digests
    assert asked(sensor).sha256 in comms.held.body
    assert timedelta(minutes=4) < waiting.timeout <= timedelta(minutes=5)
    assert comms.held.assigned_users[0].id == "alice"
    assert list(comms.held.params) == ["note"]


def test_gate_defers_where_tasks_cannot_park(comms: Comms, monkeypatch: pytest.MonkeyPatch) -> None:
    """In Airflow 3.1 and 3.2, the gate waits in a trigger, and it can ask again as well."""
    from airflow.sdk import exceptions

    monkeypatch.delattr(exceptions, "TaskAwaitingInput", raising=False)
    try:
        from airflow.sdk.exceptions import TaskDeferred
    except ImportError:  # Airflow 3.1
        from airflow.exceptions import TaskDeferred

    sensor, _ = gate_and_step({"n": 1}, on_timeout="reject", response_timeout=timedelta(minutes=5))
    with pytest.raises(TaskDeferred) as deferred:
        sensor.execute(context(sensor))

    assert deferred.value.trigger.timeout_datetime > utcnow()
    assert deferred.value.method_name == "execute_complete"
    comms.held = None  # as if Airflow had replaced the question
    with pytest.raises(TaskDeferred) as again:
        sensor.execute_complete(context(sensor), APPROVED, **{**deferred.value.kwargs, "digests": {"a": "other"}})
    assert again.value.kwargs == deferred.value.kwargs


def test_stale_question_is_not_answerable(comms: Comms) -> None:
    """If Airflow keeps showing an earlier question, nobody can answer it."""
    comms.held = SimpleNamespace(body="An approval covers exactly these arguments: sha256 `old`")
    sensor, _ = gate_and_step({"n": 1})

    with pytest.raises(ApprovalImpossible, match="Nobody can approve arguments that are not shown"):
        sensor.execute(context(sensor))


@pytest.mark.parametrize(
    "event", [{"chosen_options": []}, {"chosen_options": ["approve"]}, {"chosen_options": ["Approve", "Reject"]}]
)
def test_only_the_one_word_approves(event: dict[str, Any]) -> None:
    """Any other choice is a rejection."""
    sensor, _ = gate_and_step({"n": 1}, on_reject="fail")

    with pytest.raises(ApprovalRejected):
        sensor.execute_complete(context(sensor), event, digests=asked(sensor).digests)


def test_the_whole_deadline_is_kept(comms: Comms) -> None:
    """Asking again does not restart the deadline."""
    sensor, _ = gate_and_step({"n": 1}, response_timeout=timedelta(hours=1), wake_every=timedelta(minutes=1))
    first = parked(sensor)

    again = parked_again(sensor, TIMEOUT, first)

    assert first.timeout <= timedelta(minutes=1)
    assert again.kwargs["deadline"] == first.kwargs["deadline"]


# --- edits ------------------------------------------------------------------------------------------------------------

AMOUNT = {"arguments.amount": {"type": "number", "minimum": 0}}


def test_an_edit_is_what_runs(comms: Comms) -> None:
    """The record contains the change and the digest of the changed arguments."""
    sensor, step = gate_and_step({"to": "Ada", "amount": 5}, editable=AMOUNT)
    shown = parked(sensor)
    assert comms.held.params["arguments.amount"]["value"] == 5

    record = sensor.execute_complete(
        context(sensor), {**APPROVED, "params_input": {"arguments.amount": 7, "note": "less"}}, **shown.kwargs
    )

    assert record["edits"] == {"a": {"arguments.amount": {"from": 5, "to": 7}}}
    expected = {**step.resolved_arguments(context(sensor)), "arguments": {"to": "Ada", "amount": 7}}
    from airflow_provider_vai.languages.json_text import digest

    assert record["arguments_sha256"] == {"a": digest(expected)}
    assert record["arguments_sha256"] != shown.kwargs["digests"]
    (kept,) = records()
    assert kept["steps"]["a"]["edits"] == record["edits"]["a"]


@pytest.mark.parametrize("form", [{"arguments.amount": -1}, {"arguments.amount": "x"}, {"arguments.to": "Eve"}])
def test_a_bad_edit_asks_again(comms: Comms, form: dict[str, Any]) -> None:
    """A value that the schema refuses, or a field that is not editable, reopens the question; nothing is recorded."""
    sensor, _ = gate_and_step({"to": "Ada", "amount": 5}, editable=AMOUNT, response_timeout=timedelta(hours=1))
    shown = parked(sensor)

    again = parked_again(sensor, {**APPROVED, "params_input": form}, shown)

    assert again.kwargs == shown.kwargs
    assert comms.sent[-1].body.startswith("**Asked again:**")
    assert records() == []


@pytest.mark.parametrize("editable", [{"arguments.gone": {}}, {"b:arguments.amount": {}}])
def test_a_field_that_does_not_exist_is_reported(comms: Comms, editable: dict[str, Any]) -> None:
    """A gate cannot offer a field for an argument that its step does not have."""
    sensor, _ = gate_and_step({"amount": 5}, editable=editable)

    with pytest.raises(ApprovalImpossible):
        sensor.execute(context(sensor))


# --- denied calls -----------------------------------------------------------------------------------------------------

DENIED = [{"arguments": {"to": "Eve", "amount": 5}}]


def test_a_denied_call_passes_no_gate(comms: Comms) -> None:
    """Arguments that a person denied in the recorded run are not even asked about."""
    sensor, _ = gate_and_step({"amount": 5, "to": "Eve"}, denied=DENIED)

    with pytest.raises(ApprovalImpossible, match="denied in the recorded run"):
        sensor.execute(context(sensor))


@pytest.mark.parametrize(
    "spelling", [{"amount": 5.0, "to": "Eve"}, {"amount": "5", "to": "eve ", "memo": None}], ids=str
)
def test_another_spelling_of_a_denied_call_passes_no_gate(comms: Comms, spelling: dict[str, Any]) -> None:
    """Arguments are compared by meaning."""
    sensor, _ = gate_and_step(spelling, denied=DENIED)

    with pytest.raises(ApprovalImpossible, match="denied in the recorded run"):
        sensor.execute(context(sensor))


def test_a_changed_amount_to_a_denied_recipient_is_asked_about(comms: Comms) -> None:
    """The approver sees the denied call; trust in an earlier approval does not answer for them."""
    approved_once({"amount": 4, "to": "Eve"}, **TRUST)
    sensor, _ = gate_and_step({"amount": 4, "to": "Eve"}, denied=DENIED, **TRUST)
    parked(sensor)

    assert "A person denied a call like `a` in the recorded run" in comms.held.body
    assert '"amount": 5' in comms.held.body


def test_no_edit_leads_to_a_denied_call(comms: Comms) -> None:
    """An edit that would repeat a denied call is refused like an invalid value."""
    sensor, _ = gate_and_step({"to": "Eve", "amount": 4}, denied=DENIED, editable=AMOUNT)
    shown = parked(sensor)

    parked_again(sensor, {**APPROVED, "params_input": {"arguments.amount": 5}}, shown)


# --- trust ------------------------------------------------------------------------------------------------------------

TRUST = {"trust_for": timedelta(days=30), "trust_uses": 2}


def approved_once(arguments: Any, **settings: Any) -> None:
    """Let a person approve these arguments in an earlier run."""
    sensor, _ = gate_and_step(arguments, **settings)
    sensor.execute_complete(context(sensor, "earlier"), APPROVED, digests=asked(sensor).digests)


def test_trust_repeats_an_approval_within_its_limits(comms: Comms) -> None:
    """The same call passes automatically, twice; each pass is recorded with the approval that it repeats."""
    approved_once({"n": 1}, **TRUST)
    sensor, _ = gate_and_step({"n": 1}, **TRUST)
    original = records()[0]["id"]

    for number in (1, 2):
        record = sensor.execute(context(sensor, f"run {number}"))
        assert (record["decision"], record["automatic"], record["rests_on"]) == ("approve", True, original)

    assert [kept["automatic"] for kept in records()] == [True, True, False]
    assert parked(sensor).kwargs["digests"] == asked(sensor).digests


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ({"n": 1}, {"n": 2}),
        ({"n": 1}, {"n": 1, "m": None}),
        ({"n": 1}, {"n": 1.0}),
    ],
)
def test_trust_ends_with_any_change_of_the_arguments(comms: Comms, before: Any, now: Any) -> None:
    """The gate asks about changed arguments."""
    approved_once(before, **TRUST)
    parked(gate_and_step(now, **TRUST)[0])


def test_trust_ends_with_other_approvers(comms: Comms) -> None:
    """An approval by one group does not count for another."""
    approved_once({"n": 1}, **TRUST, assigned_users=["u"])
    parked(gate_and_step({"n": 1}, **TRUST, assigned_users=["v"])[0])


def test_trust_ends_with_another_function(comms: Comms, monkeypatch: pytest.MonkeyPatch) -> None:
    """The gate asks again if the function's code has changed."""
    import airflow_provider_vai.languages.python_function as source

    approved_once({"n": 1}, **TRUST)
    monkeypatch.setattr(source, "source_sha256", lambda *_: "changed")
    parked(gate_and_step({"n": 1}, **TRUST)[0])


def test_trust_ends_with_its_age(comms: Comms) -> None:
    """An approval older than ``trust_for`` is not repeated."""
    approved_once({"n": 1}, **TRUST)
    parked(gate_and_step({"n": 1}, trust_for=timedelta(0), trust_uses=2)[0])


def test_trust_in_an_approval_of_a_clock_that_was_ahead(comms: Comms, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its age is not known, so a person is asked again. Some minutes do not matter: clocks differ."""
    from airflow.sdk.timezone import utcnow

    from airflow_provider_vai.sensors import approval_decision

    approved_once({"n": 1}, **TRUST)
    sensor, _ = gate_and_step({"n": 1}, **TRUST)
    monkeypatch.setattr(approval_decision, "utcnow", lambda: utcnow() - timedelta(minutes=2))
    assert sensor.execute(context(sensor, "run 1"))["automatic"] is True
    monkeypatch.setattr(approval_decision, "utcnow", lambda: utcnow() - timedelta(days=365))
    parked(sensor)


def test_trust_ends_with_a_rejection(comms: Comms) -> None:
    """A rejection ends the trust in an earlier approval."""
    approved_once({"n": 1}, **TRUST)
    sensor, _ = gate_and_step({"n": 1}, **TRUST, on_reject="fail")
    with pytest.raises(ApprovalRejected):
        sensor.execute_complete(context(sensor), REJECTED, digests=asked(sensor).digests)
    parked(sensor)


def test_trust_needs_a_person(comms: Comms) -> None:
    """A timeout or an answer without identity is never repeated, and by default no approval is."""
    answered("answered", "", {"n": 1}, timed_out=True, on_timeout="approve")
    answered("poked", "approve", {"n": 1})
    parked(gate_and_step({"n": 1}, **TRUST)[0])
    approved_once({"n": 1})
    parked(gate_and_step({"n": 1})[0])


def test_a_broken_record_ends_the_trust(comms: Comms, tmp_path: Any) -> None:
    """A file that cannot be read ends the trust, because it might be a rejection."""
    approved_once({"n": 1}, **TRUST)
    (tmp_path / "artifacts/@approvals/d/gate/9999-broken.json").write_text("{")
    parked(gate_and_step({"n": 1}, **TRUST)[0])


# --- notices ----------------------------------------------------------------------------------------------------------


class Notifier(BaseNotifier):
    """Keeps the messages that it is called with."""

    template_fields = ("message",)

    def __init__(self, sent: list[str]) -> None:
        super().__init__()
        self.sent, self.message = sent, "{{ approval_subject }} {{ required_action_url }} {{ approval_reminder }}"

    def notify(self, context: Any) -> None:
        """Keep the message."""
        self.sent.append(self.message)


def broken(_: Any) -> None:
    """Fail, as a notifier without its connection does."""
    raise OSError("no mail today")


def test_people_are_notified_at_the_opening_and_before_the_deadline(comms: Comms) -> None:
    """The notifier gets the question and its address, once at the opening and once as a reminder."""
    sent: list[str] = []
    settings = {"response_timeout": timedelta(hours=2), "remind_before": timedelta(hours=1)}
    sensor, _ = gate_and_step({"n": 1}, notifiers=[broken, Notifier(sent)], **settings)
    around = context(sensor)
    waiting = parked(sensor, around)
    assert timedelta(minutes=50) < waiting.timeout <= timedelta(hours=1)
    waiting.kwargs["remind_at"] = utcnow().isoformat()

    again = parked_again(sensor, TIMEOUT, waiting, around)

    assert [line.rpartition(" ")[2] for line in sent] == ["False", "True"]
    assert "/dags/d/runs/r1/tasks/gate/required_actions" in sent[0]
    assert again.kwargs["remind_at"] is None
    assert again.timeout > timedelta(hours=1)


# --- out of band ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", ["approve", {"decision": "yes"}, {"decision": "approve"}, [], 1, {}])
@pytest.mark.parametrize("allowed", [True, False])
def test_unclear_out_of_band_answers_are_dropped(answer: Any, allowed: bool) -> None:
    """A value that does not name the arguments is deleted and decides nothing."""
    from airflow_provider_vai.sensors.approval_decision import taken

    sensor, _ = gate_and_step({"n": 1}, allow_unattributed=allowed)
    kept = {"vai_decision": answer}
    store = SimpleNamespace(get=kept.get, delete=kept.pop)

    assert taken(sensor, context(sensor, task_state_store=store), asked(sensor)) is None
    assert kept == {}


@pytest.mark.parametrize("path", ["woken", "poked"])
def test_an_answer_without_identity_knows_no_assignment(path: str) -> None:
    """An out-of-band answer counts although it cannot be checked against the assigned users; its record has no name."""
    state, record = answered(path, "approve", {"n": 1}, assigned_users=["alice"])

    assert (state, record["by"]) == ("success", None)


@pytest.mark.parametrize("decision", ["approve", "reject"])
def test_answers_without_identity_need_leave(decision: str) -> None:
    """By default a well-formed answer from the state store is dropped, too: nobody knows whose it is."""
    from airflow_provider_vai.sensors.approval_decision import taken

    sensor, _ = gate_and_step({"n": 1}, wake_every=timedelta(minutes=1))
    kept = {"vai_decision": {"decision": decision, "sha256": asked(sensor).sha256, "by": {"id": "boss"}}}
    store = SimpleNamespace(get=kept.get, delete=kept.pop)

    assert taken(sensor, context(sensor, task_state_store=store), asked(sensor)) is None
    assert kept == {}


def test_a_decision_that_cannot_be_recorded_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a record nothing is approved."""
    monkeypatch.setenv("AIRFLOW__VAI__ARTIFACTS_PATH", "file:///proc/nowhere")
    sensor, _ = gate_and_step({"n": 1})

    with pytest.raises(AirflowFailException, match="could not be written to the approvals record"):
        sensor.execute_complete(context(sensor), APPROVED, digests=asked(sensor).digests)


def in_round(number: int, region: int = 7) -> dict[str, Any]:
    """Return where Airflow 3.4 puts the tasks of one round of a loop that are not mapped."""
    return {"region_id": UUID(int=region), "region_index": number}


@pytest.mark.parametrize(
    ("gate", "step", "is_approved"),
    [
        (in_round(0), in_round(0), True),
        (in_round(0), in_round(1), False),
        (in_round(0, region=6), in_round(0), False),
        ({}, in_round(0), False),
        (in_round(0), {"map_index": 0, **in_round(0, region=8)}, True),
        ({}, {"map_index": 0, **in_round(0, region=8)}, False),
    ],
    ids=["same round", "next round", "other loop", "before the loop", "mapped in the loop", "mapped, gate before it"],
)
def test_each_round_of_a_loop_needs_its_own_approval(gate: Any, step: Any, is_approved: bool) -> None:
    """The gate's result of one round, or of a gate before the loop, does not let the step of another round write."""
    sensor, guarded_step = gate_and_step({"n": 1})
    around = context(sensor)
    vars(around["ti"]).update(gate)
    record = sensor.execute_complete(around, APPROVED, digests=asked(sensor).digests)

    guarded_step.task_group = SimpleNamespace(max_iterations=3)
    later = context(sensor)
    vars(later["ti"]).update(task_id="a", task=guarded_step, **step)
    later["task"] = guarded_step
    guarded_step.item = None if "map_index" in step else guarded_step.item
    name = "a[0]" if "map_index" in step else "a"
    kept = Path(record["record"].removeprefix("file://"))
    kept.write_text(kept.read_text().replace('"a": {', f'"{name}": {{'))
    approval = {**record, "arguments_sha256": {name: record["arguments_sha256"]["a"]}}
    arguments = guarded_step.resolved_arguments(later)

    if is_approved:
        assert guarded_step._approved(later, approval, arguments) == arguments
    else:
        with pytest.raises(ApprovalMissing, match="needs a gate in the same loop"):
            guarded_step._approved(later, approval, arguments)

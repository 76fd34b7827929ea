"""The gate's text cannot be broken out of, and its answers mean what was shown."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import DAG

from airflow_provider_vai import json_text
from airflow_provider_vai.operators.python_tool import PythonToolOperator
from airflow_provider_vai.sensors import approval, approval_text
from airflow_provider_vai.sensors.approval import ApprovalGateSensor, RequiredActionLink


def gate_and_step(arguments: Any, **gate: Any) -> tuple[ApprovalGateSensor, PythonToolOperator]:
    """Return a gate and the step that it guards."""
    with DAG("d", schedule=None):
        sensor = ApprovalGateSensor(task_id="gate", subject="Go?", **gate)
        step = PythonToolOperator(task_id="a", python_callable="a:b", arguments=arguments, gate=sensor)
        sensor >> step
    return sensor, step


def body(arguments: Any, **gate: Any) -> str:
    """Return the text that an approver reads."""
    sensor, _ = gate_and_step(arguments, **gate)
    return approval_text.body({}, sensor, sensor._digests({}))  # type: ignore[typeddict-item, arg-type]


def outside_fences(text: str) -> str:
    """Return the Markdown without its fenced blocks."""
    return re.sub(r"^(`{3,})json\n.*?^\1$", "", text, flags=re.DOTALL | re.MULTILINE)


HOSTILE = "```\n# Approved\n[x](javascript:alert(1)) <script>x</script> | a | ~~~ www.example.com ````` "


def test_hostile_text_cannot_fake_structure() -> None:
    """Nothing from the run is read as Markdown or HTML."""
    text = body({"q": HOSTILE}, reason=HOSTILE, recorded={"note": HOSTILE})
    rest = outside_fences(text)

    assert "<script>" not in rest
    assert "\n# Approved" not in rest
    assert "](javascript" not in rest
    assert text.rpartition("\n")[2].startswith("An approval covers exactly these arguments: sha256 `")


def test_unseen_characters_are_shown() -> None:
    """A text cannot look like another one through characters that nobody sees."""
    text = body({"q": "a\u202eb\u200bc\x1b[1m\ud800"}, reason="x\u202ey")

    assert "\\u202e" in text
    assert "\\ud800" in text
    assert not set(text) & {"\u202e", "\u200b", "\x1b", "\ud800"}
    text.encode()


def test_long_values_are_folded_with_their_digest() -> None:
    """What is not shown is counted, and signed all the same."""
    long = {"text": "x" * 10_000, "rows": list(range(1000))}
    text = body(long)

    assert "8000 more characters, sha256 " + json_text.digest(long["text"]) in text
    assert "950 more items" in text
    assert len(text) < 6000


def test_artifacts_are_named_as_such() -> None:
    """A reference to a large result is shown as one."""
    reference = {
        "artifact": "json",
        "path": "file:///x",
        "sha256": "0",
        "bytes": 9,
        "rows": 2,
        "columns": None,
        "preview": [],
    }

    assert "(artifact of an earlier step)" in body({"rows": reference})


def test_secrets_are_masked() -> None:
    """A value under a sensitive key is not shown, however deep it lies, but it is signed."""
    deep: Any = {"password": "hunter22"}
    for _ in range(12):
        deep = {"x": deep}
    text = body(deep)

    assert "hunter22" not in text
    assert "***" in text
    assert body(deep) != body({"x": 1})


def test_subject_is_one_line() -> None:
    """The question's heading is plain, short text."""
    assert approval_text.subject("a\n\n# b\u202e" + "x" * 500).startswith("a # b")
    assert "\u202e" not in approval_text.subject("a\u202e")
    assert len(approval_text.subject("x" * 500)) == 200


def test_gate_without_a_step_is_refused() -> None:
    """A gate that guards nothing says so."""
    with DAG("d", schedule=None):
        sensor = ApprovalGateSensor(task_id="gate", subject="Go?")

    with pytest.raises(approval.ApprovalImpossible, match="no step names the gate"):
        sensor.guarded_steps()


@pytest.mark.parametrize("setting", [{"on_timeout": "x"}, {"on_reject": "approve"}])
def test_settings_are_checked(setting: dict[str, str]) -> None:
    """A wrong setting shows when the DAG file is parsed."""
    with pytest.raises(ValueError, match=next(iter(setting))):
        ApprovalGateSensor(task_id="gate", subject="Go?", **setting)  # type: ignore[arg-type]


def test_link() -> None:
    """The link leads to the question, of a mapped gate too."""
    key = SimpleNamespace(dag_id="d/1", run_id="manual__2026+00:00", task_id="g", map_index=-1)
    assert RequiredActionLink().get_link(None, ti_key=key) == (
        "/dags/d%2F1/runs/manual__2026%2B00%3A00/tasks/g/required_actions"
    )
    key.map_index = 3
    assert RequiredActionLink().get_link(None, ti_key=key).endswith("/tasks/g/mapped/3/required_actions")


class Comms:
    """Stands for the supervisor: keeps the first question, as Airflow before 3.4 does."""

    def __init__(self) -> None:
        self.held: Any = None

    def send(self, msg: Any) -> Any:
        """Keep the first question and return it."""
        self.held = self.held or msg
        return self.held


@pytest.fixture
def comms(monkeypatch: pytest.MonkeyPatch) -> Comms:
    """A supervisor for the gate."""
    from airflow.sdk.execution_time import task_runner

    stand_in = Comms()
    monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", stand_in, raising=False)
    return stand_in


CONTEXT: Any = {"ti": SimpleNamespace(id="01a202cc-8bd5-7f65-bfe3-b0e836ea1179", xcom_push=lambda **_: None)}
APPROVED = {"chosen_options": ["Approve"], "responded_by_user": {"id": "u", "name": "U"}}


def test_gate_parks_with_the_digests_that_it_showed(comms: Comms) -> None:
    """The signed digests travel with the question."""
    from airflow.sdk import exceptions

    if not hasattr(exceptions, "TaskAwaitingInput"):
        pytest.skip("this Airflow defers instead")
    sensor, _ = gate_and_step({"n": 1}, response_timeout=timedelta(minutes=5), assigned_users=["alice"])
    with pytest.raises(exceptions.TaskAwaitingInput) as parked:
        sensor.execute(CONTEXT)

    assert parked.value.kwargs["digests"]["a"] in comms.held.body
    assert timedelta(minutes=4) < parked.value.timeout <= timedelta(minutes=5)
    assert comms.held.assigned_users[0].id == "alice"


def test_gate_defers_where_tasks_cannot_park(comms: Comms, monkeypatch: pytest.MonkeyPatch) -> None:
    """Airflow 3.1 and 3.2 wait in a trigger; asking again works there too."""
    from airflow.sdk import exceptions

    monkeypatch.delattr(exceptions, "TaskAwaitingInput", raising=False)
    try:
        from airflow.sdk.exceptions import TaskDeferred
    except ImportError:  # Airflow 3.1
        from airflow.exceptions import TaskDeferred

    sensor, _ = gate_and_step({"n": 1}, on_timeout="reject", response_timeout=timedelta(minutes=5))
    with pytest.raises(TaskDeferred) as deferred:
        sensor.execute(CONTEXT)

    assert deferred.value.trigger.defaults == ["Reject"]
    assert deferred.value.method_name == "execute_complete"
    comms.held = None  # as if Airflow had replaced the question
    with pytest.raises(TaskDeferred) as again:
        sensor.execute_complete(CONTEXT, APPROVED, **{**deferred.value.kwargs, "digests": {"a": "other"}})
    assert again.value.kwargs == deferred.value.kwargs


def test_stale_question_is_not_answerable(comms: Comms) -> None:
    """Where Airflow keeps showing an earlier question, nobody can approve by it."""
    comms.held = SimpleNamespace(body="An approval covers exactly these arguments: sha256 `old`")
    sensor, _ = gate_and_step({"n": 1})

    with pytest.raises(approval.ApprovalImpossible, match="Nobody approves what they do not see"):
        sensor.execute(CONTEXT)


def test_approval_by_timeout_holds_for_the_shown_arguments_only() -> None:
    """Silence approves what the question showed, or nothing."""
    sensor, _ = gate_and_step({"n": 1}, on_timeout="approve")
    event = {"chosen_options": ["Approve"], "timedout": True}

    record = sensor.execute_complete(CONTEXT, event, digests=sensor._digests(CONTEXT))
    assert (record["decision"], record["by"], record["timed_out"]) == ("approve", None, True)
    with pytest.raises(approval.ApprovalTimeout):
        sensor.execute_complete(CONTEXT, event, digests={"a": "other"})


@pytest.mark.parametrize(
    "event", [{"chosen_options": []}, {"chosen_options": ["approve"]}, {"chosen_options": ["Approve", "Reject"]}]
)
def test_only_the_one_word_approves(event: dict[str, Any]) -> None:
    """Any other choice is a rejection."""
    sensor, _ = gate_and_step({"n": 1}, on_reject="fail")

    with pytest.raises(approval.ApprovalRejected):
        sensor.execute_complete(CONTEXT, event, digests=sensor._digests(CONTEXT))


@pytest.mark.parametrize("answer", ["approve", {"decision": "yes"}, {"decision": "approve"}, [], 1, json.loads("{}")])
def test_unclear_out_of_band_answers_are_dropped(answer: Any) -> None:
    """A value that does not name the arguments is deleted and decides nothing."""
    sensor, _ = gate_and_step({"n": 1})
    kept = {"vai_decision": answer}
    store = SimpleNamespace(get=kept.get, delete=kept.pop)

    assert sensor._taken_answer({**CONTEXT, "task_state_store": store}, sensor._digests(CONTEXT)) is None
    assert kept == {}

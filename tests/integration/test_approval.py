"""The gate in a real DAG run, answered while it waits."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_vai.languages import json_text
from tests.integration.answers import answering, meanwhile

pytestmark = pytest.mark.integration

HERE = Path(__file__).parent
Run = Callable[..., Any]
TOOL = "PythonToolOperator(task_id={0!r}, python_callable='vai_gate_tools:echo', arguments={{'value': {1}}}{2})"


@pytest.fixture(autouse=True)
def tools(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Put the tools on the path, and return a file that a test may change while the gate waits."""
    (tmp_path / "vai_gate_tools.py").write_text((HERE / "tools.py").read_text())
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def guarded(gate: str = "", value: str = "'pay {{ ds }}'") -> str:
    """Return the source of a gate and the step that it guards."""
    return (
        f"gate = ApprovalGateSensor(task_id='gate', subject='Pay `now`?', reason='**big** <b>sum</b>'{gate})\n"
        f"a = {TOOL.format('a', value, ', gate=gate')}\n"
        "gate >> a\n"
    )


def test_approved_arguments_run(run_dag: Run) -> None:
    """The approver sees the arguments and their digest, the step runs, and the record names the approver."""
    with answering("Approve") as shown:
        ran = run_dag(guarded())

    assert ran.states == {"gate": "success", "a": "success"}
    record = ran.results["gate"]
    assert json.loads(Path(record["record"].removeprefix("file://")).read_text())["by"] == record["by"]
    assert record["decision"] == "approve"
    assert record["by"] == {"id": "alice", "name": "Alice"}
    assert record["timed_out"] is False
    assert "Approved by {'id': 'alice', 'name': 'Alice'}" in ran.log
    subject, body = shown[0]
    assert subject == "Pay `now`?"
    assert '"value": "pay {{ ds }}"' in body
    assert r"\*\*big\*\* \<b\>sum\<\/b\>" in body
    assert json_text.digest(record["arguments_sha256"]) in body


@pytest.mark.parametrize(
    ("on_reject", "states"), [("skip", ("success", "skipped")), ("fail", ("failed", "upstream_failed"))]
)
def test_rejected_arguments_do_not_run(on_reject: str, states: tuple[str, str], run_dag: Run) -> None:
    """A rejection skips or fails the step, is recorded, and is not retried."""
    with answering("Reject"):
        ran = run_dag(guarded(f", on_reject={on_reject!r}"))

    assert (ran.states["gate"], ran.states["a"]) == states
    assert ran.results["gate"]["decision"] == "reject"


def test_arguments_that_change_after_the_question_are_not_approved(run_dag: Run, tools: Path) -> None:
    """If the arguments differ when the approver answers, that answer approves nothing."""
    state = tools / "state"
    state.write_text("1")
    source = (
        f"dag.user_defined_macros = {{'state': lambda: open({str(state)!r}).read()}}\n"
        "gate = ApprovalGateSensor(task_id='gate', subject='Go?')\n"
        + "a = "
        + TOOL.format("a", "template('{{ state() }}')", ", gate=gate")
        + "\n"
        + "gate >> a\n"
    )
    with answering("Approve", "Reject", before=lambda: state.write_text("2")) as shown:
        ran = run_dag(source)

    assert '"value": "1"' in shown[0][1]
    assert ran.states["a"] != "success"
    if len(shown) == 1:
        assert "Nobody can approve arguments that are not shown" in ran.log
    else:  # Airflow 3.4: the gate asks again, and shows what would run now
        assert '"value": "2"' in shown[1][1]
        assert ran.results["gate"]["decision"] == "reject"


@pytest.mark.parametrize(
    ("on_timeout", "states"),
    [("fail", ("failed", "upstream_failed")), ("approve", ("success", "success")), ("reject", ("success", "skipped"))],
)
def test_waking_gate_keeps_its_deadline(on_timeout: str, states: tuple[str, str], run_dag: Run) -> None:
    """A gate that wakes up to look for answers still ends at its configured deadline."""
    with sweeping():
        ran = run_dag(
            guarded(
                f", on_timeout={on_timeout!r}, response_timeout=timedelta(seconds=3), wake_every=timedelta(seconds=1)"
            )
        )

    assert (ran.states["gate"], ran.states["a"]) == states
    if on_timeout != "fail":
        assert ran.results["gate"]["timed_out"] is True


@contextmanager
def sweeping() -> Iterator[None]:
    """Time out waiting tasks, as the scheduler does for gates without defaults."""
    from airflow.models.taskinstance import TaskInstance
    from airflow.models.trigger import handle_event_submit
    from airflow.sdk import timezone
    from airflow.triggers.base import TriggerEvent
    from sqlalchemy import select

    def sweep(session: Any) -> None:
        for ti in session.scalars(select(TaskInstance).where(TaskInstance.state == "awaiting_input")).all():
            if ti.trigger_timeout is not None and ti.trigger_timeout < timezone.utcnow():
                event = TriggerEvent({"error": "timed out", "error_type": "timeout"})
                handle_event_submit(event, task_instance=ti, session=session)

    with meanwhile(sweep):
        yield


def test_gate_that_guards_nothing_fails(run_dag: Run) -> None:
    """A gate that guards no step fails at once."""
    ran = run_dag("ApprovalGateSensor(task_id='gate', subject='Go?')")

    assert ran.states == {"gate": "failed"}
    assert "no step names the gate 'gate'" in ran.log


def test_out_of_band_answers(run_dag: Run) -> None:
    """A poking gate drops an answer about other arguments, accepts one about these, and attributes it to nobody."""
    pytest.importorskip("airflow.state.metastore", reason="Airflow before 3.3 has no task state store")
    from airflow_provider_vai.languages.json_text import digest

    arguments = {
        "python_callable": "vai_gate_tools:echo",
        "arguments": {"value": "x"},
        "source_sha256": None,
        "on_change": "warn",
    }
    good = {"decision": "approve", "sha256": digest({"a": digest(arguments)}), "note": "by phone"}
    answers = [{"decision": "approve"}, {"decision": "approve", "sha256": "0" * 64}, good]

    def put(answer: dict[str, object]) -> bool:
        """Write an answer as soon as the gate runs and has read the previous one."""
        from airflow._shared.state import TaskScope
        from airflow.models.taskinstance import TaskInstance
        from airflow.state.metastore import MetastoreBackend
        from airflow.utils.session import create_session
        from sqlalchemy import select

        with create_session() as session:
            ti = session.scalars(select(TaskInstance).where(TaskInstance.state == "running")).one_or_none()
            if ti is None:
                return False
            scope = TaskScope(dag_id=ti.dag_id, run_id=ti.run_id, task_id=ti.task_id, map_index=-1)
            if MetastoreBackend().get(scope, "vai_decision", session=session) is not None:
                return False
            MetastoreBackend().set(scope, "vai_decision", json.dumps(answer), session=session)
            return True

    def write() -> None:
        for answer in answers:
            while not put(answer):
                time.sleep(0.1)

    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    ran = run_dag(
        guarded(
            ", deferrable=False, allow_unattributed=True, poke_interval=0.5, response_timeout=timedelta(seconds=60)",
            "'x'",
        )
    )
    thread.join(10)

    assert ran.states == {"gate": "success", "a": "success"}
    assert ran.results["gate"]["by"] is None
    assert ran.results["gate"]["note"] == "by phone"
    assert ran.log.count("An answer was ignored") == 2


def test_an_edited_argument_is_what_runs(run_dag: Run) -> None:
    """The step runs with the approver's value, and the record shows each changed field."""
    with answering("Approve", form={"arguments.value": "pay less", "note": "too much"}):
        ran = run_dag(guarded(", editable={'arguments.value': {'type': 'string'}}"))

    assert ran.states == {"gate": "success", "a": "success"}
    assert ran.results["a"] == "pay less"
    assert ran.results["gate"]["edits"] == {"a": {"arguments.value": {"from": "pay {{ ds }}", "to": "pay less"}}}
    assert ran.results["gate"]["note"] == "too much"
    assert "The approver edited arguments.value" in ran.log


def test_a_bad_edit_is_asked_again(run_dag: Run) -> None:
    """A value that does not match the field's schema uses up no retry: the same request is pending again."""
    with answering("Approve", "Reject", form={"arguments.value": 7}) as shown:
        ran = run_dag(guarded(", editable={'arguments.value': {'type': 'integer', 'maximum': 5}}", "3"))

    assert len(shown) == 2
    assert ran.states == {"gate": "success", "a": "skipped"}
    assert "The edit was refused, asking again" in ran.log


def test_an_approval_is_trusted_while_nothing_changes(run_dag: Run) -> None:
    """The second gate for the same call passes automatically and names the earlier approval; a third one asks."""
    trust = ", trust_for=timedelta(days=1), trust_uses=1"
    with answering("Approve", "Approve") as shown:
        ran = run_dag(guarded(trust), runs=3)

    assert len(shown) == 2
    assert set(ran.states.values()) == {"success"}


def test_a_denied_call_is_not_asked_about(run_dag: Run) -> None:
    """The gate fails without asking, and no step runs."""
    with answering("Approve") as shown:
        ran = run_dag(guarded(", denied=[{'arguments': {'value': 'pay {{ ds }}'}}]"))

    assert shown == []
    assert ran.states == {"gate": "failed", "a": "upstream_failed"}
    assert "denied in the recorded run" in ran.log


def test_gates_of_a_mapped_group(run_dag: Run) -> None:
    """Each iteration has its own approval request, and its step runs with its own arguments."""
    source = f"""
        from airflow.sdk import task_group

        @task_group
        def pay(value):
            gate = ApprovalGateSensor(task_id="gate", subject="Pay?")
            first = {TOOL.format("first", "value", ', effect="read"')}
            step = {TOOL.format("a", "wired(first)", ", gate=gate")}
            first >> gate >> step

        pay.expand(value=[1, 2, 3])
    """
    with answering("Approve", "Approve", "Approve") as shown:
        ran = run_dag(source)

    assert {json.loads(body.split("```json")[1].split("```")[0])["arguments"]["value"] for _, body in shown} == {
        1,
        2,
        3,
    }
    assert set(ran.states.values()) == {"success"}
    assert sorted(ran.all_results["pay.a"]) == [1, 2, 3]

"""Whether a write is sent, depending on the marker in the store and on what happened to the task since then."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow import sdk
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

from airflow_provider_vai.languages import json_text
from airflow_provider_vai.model.approvals_record import write
from airflow_provider_vai.operators.arguments import argument
from airflow_provider_vai.operators.base import VaiOperator
from airflow_provider_vai.operators.runtime import effects, results
from airflow_provider_vai.operators.runtime.compat import AirflowException, AirflowFailException
from airflow_provider_vai.operators.runtime.errors import ApprovalMissing, MissingExtra

_TRIES = (("retried", 0), ("cleared", 2))


class Store(dict[str, Any]):
    """A task state store; its values never expire."""

    def set(self, key: str, value: Any, *, retention: timedelta) -> None:
        """Store a value."""
        assert value is not None
        assert retention == timedelta.max
        self[key] = value

    def delete(self, key: str) -> None:
        """Delete a value."""
        self.pop(key, None)


class Write(VaiOperator):
    """A step that counts its writes; ``then`` determines its result or error."""

    template_fields: Sequence[str] = ("to",)
    effect = "write"

    def __init__(self, *, to: Any = "a", then: Callable[[], Any] = lambda: "sent", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.to = argument(to)
        self.then = then
        self.sent = 0

    def perform(self, context: Any) -> Any:
        """Do the write."""
        self.sent += 1
        return self.then()


@pytest.fixture(autouse=True)
def never_expire(monkeypatch: pytest.MonkeyPatch) -> None:
    """Airflow before 3.3 has no store, and so no name for a value that never expires."""
    if not hasattr(sdk, "NEVER_EXPIRE"):
        monkeypatch.setattr(sdk, "NEVER_EXPIRE", timedelta.max, raising=False)


class Killed(BaseException):
    """The process was killed here."""


def _raise(error: BaseException) -> Callable[[], Any]:
    def raising() -> Any:
        raise error

    return raising


@pytest.fixture
def store() -> Store:
    """The task instance's store, which all its tries share."""
    return Store()


@pytest.fixture
def attempt(store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Any]:
    """Return a function that runs a step as the next try; ``clear`` is the increase of ``max_tries`` by a clear."""
    monkeypatch.setenv("AIRFLOW__VAI__ARTIFACTS_PATH", f"file://{tmp_path}")
    tries, numbers = {"max": 2}, itertools.count(1)

    def run(step: Write, *, clear: int = 0, answer: Any = None, state: Store | None = store) -> Any:
        tries["max"] += clear
        ti = SimpleNamespace(
            dag_id="d",
            run_id="manual/1",
            task_id=step.task_id,
            task=step,
            map_index=3,
            try_number=next(numbers),
            max_tries=tries["max"],
            xcom_pull=lambda task_ids, **_: answer,
        )
        with DAG("d", schedule=None) as dag:
            EmptyOperator(task_id="g")
        dag.add_task(step)
        return step.execute({"ti": ti, "task": step, "task_state_store": state})

    return run


def test_marker_stands_while_the_effect_takes_place(store: Store, attempt: Callable[..., Any]) -> None:
    """The marker is ``started`` before the write, and ``done`` with the result after it."""
    step = Write(task_id="t", then=lambda: store[effects.KEY]["state"])

    assert attempt(step) == "started"
    assert store[effects.KEY]["state"] == "done"
    assert store[effects.KEY]["result"] == "started"


def test_a_write_costs_two_changes_of_the_store(store: Store, attempt: Callable[..., Any]) -> None:
    """One says that the write began, the other that it is done, with the result."""
    states: list[tuple[str, bool]] = []
    change = store.set
    store.set = lambda key, value, **more: (
        states.append((value["state"], "result" in value))
        or change(  # type: ignore
            key, value, **more
        )
    )

    attempt(Write(task_id="t"))

    assert states == [("started", False), ("done", True)]


def test_a_result_that_is_written_to_a_file_is_noted_before(
    store: Store, attempt: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The write is known to be done while a large result is stored, so a process that is killed then loses nothing."""
    seen: list[str] = []

    def killed(*_: Any) -> None:
        seen.append(store[effects.KEY]["state"])
        raise Killed

    monkeypatch.setattr(results, "write", killed)

    with pytest.raises(Killed):
        attempt(Write(task_id="t", then=lambda: "x" * 100_000))
    assert seen == ["done"]


def test_a_result_that_is_no_json_is_noted(store: Store, attempt: Callable[..., Any]) -> None:
    """The write took place, whatever became of its result."""
    with pytest.raises(TypeError):
        attempt(Write(task_id="t", then=object))

    assert store[effects.KEY]["state"] == "done"


@pytest.mark.parametrize("error", [Killed(), AirflowException("503"), AirflowFailException("400"), OSError("reset")])
@pytest.mark.parametrize(("how", "clear"), _TRIES)
def test_unknown_outcome_is_not_repeated(error: BaseException, how: str, clear: int, attempt: Any) -> None:
    """After any error during the write, a retry or a clear fails for good until the key is deleted."""
    with pytest.raises(type(error)):
        attempt(Write(task_id="t", then=_raise(error)))
    again = Write(task_id="t")

    with pytest.raises(effects.UnknownOutcome) as raised:
        attempt(again, clear=clear)
    assert again.sent == 0
    assert "try 1" in str(raised.value)
    assert "/dags/d/dagRuns/manual%2F1/taskInstances/t/state-store/vai_effect?map_index=3" in str(raised.value)
    assert isinstance(raised.value, AirflowFailException)


def test_deleted_key_sends_again(store: Store, attempt: Callable[..., Any]) -> None:
    """The remedy in the message works."""
    with pytest.raises(Killed):
        attempt(Write(task_id="t", then=_raise(Killed())))
    store.delete(effects.KEY)

    assert attempt(Write(task_id="t"), clear=1) == "sent"


@pytest.mark.parametrize("error", [effects.NothingSent("x"), effects.NothingSentYet("x"), MissingExtra("x")])
def test_nothing_sent_leaves_no_marker(error: Exception, store: Store, attempt: Callable[..., Any]) -> None:
    """A step that failed before the write may run again."""
    with pytest.raises(type(error)):
        attempt(Write(task_id="t", then=_raise(error)))

    assert store == {}
    assert attempt(Write(task_id="t")) == "sent"


def test_nothing_sent_keeps_the_earlier_marker(store: Store, attempt: Callable[..., Any]) -> None:
    """If a try sent nothing, the outcome of an earlier try stays unknown."""
    with pytest.raises(Killed):
        attempt(Write(task_id="t", then=_raise(Killed())))
    with pytest.raises(effects.NothingSent):
        attempt(Write(task_id="t", to="b", then=_raise(effects.NothingSent("x"))), clear=1)

    with pytest.raises(effects.UnknownOutcome):
        attempt(Write(task_id="t"), clear=1)


def test_other_arguments(attempt: Callable[..., Any]) -> None:
    """If arguments change by themselves, a retry stays refused. If the task is cleared, it is a different write."""
    with pytest.raises(Killed):
        attempt(Write(task_id="t", then=_raise(Killed())))
    with pytest.raises(effects.UnknownOutcome):
        attempt(Write(task_id="t", to="b"))

    assert attempt(Write(task_id="t", to="b"), clear=1) == "sent"


def test_idempotent_target_is_sent_again(attempt: Callable[..., Any]) -> None:
    """An idempotent write is sent again with the same arguments, but not with others."""
    with pytest.raises(Killed):
        attempt(Write(task_id="t", then=_raise(Killed())))
    same, other = Write(task_id="t"), Write(task_id="t", to="b")
    same.idempotent = other.idempotent = True

    with pytest.raises(effects.UnknownOutcome):
        attempt(other)
    assert attempt(same) == "sent"


def test_done_write_is_repeated_by_a_person_only(attempt: Callable[..., Any]) -> None:
    """After the write, a retry returns its result, and a clear sends it again."""
    attempt(Write(task_id="t"))
    retried, cleared = Write(task_id="t"), Write(task_id="t", then=lambda: "again")

    assert attempt(retried) == "sent"
    assert retried.sent == 0
    assert attempt(cleared, clear=1) == "again"


def test_lost_result_is_told(attempt: Callable[..., Any]) -> None:
    """A write took place even if its result cannot be stored."""
    with pytest.raises(TypeError):
        attempt(Write(task_id="t", then=object))

    with pytest.raises(effects.UnknownOutcome, match="finished it, but its result was lost"):
        attempt(Write(task_id="t"))


@pytest.fixture
def decided(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Return a function that records a decision about the step ``t`` and returns the gate's result."""

    def decide(at: str, decision: str = "approve") -> dict[str, Any]:
        digests = {"t": json_text.digest({"to": "a"})}
        of_run = {"dag_id": "d", "run_id": "manual/1", "task_id": "g", "map_index": 3}
        steps = {"t": {"arguments_sha256": digests["t"]}}
        record = write(tmp_path, {"id": at, "at": at, "decision": decision, "steps": steps, **of_run})
        return {"decision": decision, "at": at, "arguments_sha256": digests, "record": record}

    return decide


def guarded(**more: Any) -> Write:
    """Return a write with a gate."""
    return Write(task_id="t", gate="g", **more)


def test_one_approval_is_one_write(attempt: Any, decided: Any, store: Store) -> None:
    """Repeating a finished guarded write needs a new approval; a retry returns the stored result."""
    answer = decided("1")
    assert attempt(guarded(), answer=answer) == "sent"
    assert attempt(guarded(), answer=answer) == "sent"

    with pytest.raises(ApprovalMissing, match="clear the task 'g'"):
        attempt(guarded(), clear=1, answer=answer)
    assert attempt(guarded(), clear=1, answer=decided("2")) == "sent"


@pytest.mark.parametrize("end", [lambda: "sent", _raise(Killed()), _raise(OSError("reset"))])
@pytest.mark.parametrize("patch", [{}, {"at": "9"}, {"by": {"id": "eve"}}, {"edits": {}}])
def test_a_used_approval_opens_nothing_again(
    end: Callable[[], Any], patch: dict[str, Any], attempt: Any, decided: Any, store: Store
) -> None:
    """Deleting the task's state, patching the gate's result and clearing the step does not send the write again."""
    answer, again = decided("1"), guarded()
    with contextlib.suppress(Killed, OSError):
        attempt(guarded(then=end), answer=answer)
    store.clear()

    with pytest.raises(ApprovalMissing, match="used by try 1"):
        attempt(again, clear=1, answer={**answer, **patch})
    assert again.sent == 0


def test_an_earlier_approval_does_not_outlive_a_rejection(attempt: Any, decided: Any) -> None:
    """An unused approval is invalid once its gate is answered again, even if the gate's result is patched."""
    answer, step = decided("1"), guarded()
    decided("2", "reject")

    with pytest.raises(ApprovalMissing, match="has no approval of these arguments"):
        attempt(step, answer=answer)
    assert step.sent == 0


@pytest.mark.parametrize("error", [effects.NothingSent("x"), effects.NothingSentYet("x")])
def test_what_sent_nothing_uses_no_approval(error: Exception, attempt: Any, decided: Any) -> None:
    """A step that failed before it sent anything can use the same approval again."""
    answer = decided("1")
    with pytest.raises(type(error)):
        attempt(guarded(then=_raise(error)), answer=answer)

    assert attempt(guarded(), answer=answer) == "sent"


def test_an_idempotent_write_may_be_sent_again(attempt: Any, decided: Any) -> None:
    """An idempotent write can be sent again with the same approval."""
    answer, again = decided("1"), guarded()
    again.idempotent = True
    with pytest.raises(Killed):
        attempt(guarded(then=_raise(Killed())), answer=answer)

    assert attempt(again, answer=answer) == "sent"


def test_an_approval_is_used_once_without_a_store_too(attempt: Any, decided: Any) -> None:
    """Airflow 3.1 and 3.2 have no task state store, but the approvals record shows that the approval was used."""
    answer = decided("1")
    assert attempt(guarded(), answer=answer, state=None) == "sent"

    with pytest.raises(ApprovalMissing, match="used by try 1"):
        attempt(guarded(), answer=answer, state=None)


def test_a_use_that_cannot_be_noted_sends_nothing(attempt: Any, decided: Any, tmp_path: Path) -> None:
    """Otherwise the approval could be used twice."""
    answer, step = decided("1"), guarded()
    (tmp_path / "@spent").write_text("in the way")

    with pytest.raises(effects.NothingSentYet, match="could not be recorded"):
        attempt(step, answer=answer)
    assert step.sent == 0


def test_foreign_marker_is_not_believed(store: Store, attempt: Callable[..., Any]) -> None:
    """A marker that somebody else stored under the key is an error."""
    store[effects.KEY] = {"state": "done", "result": 1}

    with pytest.raises(effects.UnknownOutcome, match="not written by this step"):
        attempt(Write(task_id="t"))


def test_reads_leave_no_marker(store: Store, attempt: Callable[..., Any]) -> None:
    """A step that only reads can be repeated without a marker."""
    assert attempt(Write(task_id="t", effect="read")) == "sent"
    assert store == {}


def test_without_a_store_the_write_runs(attempt: Any) -> None:
    """Before Airflow 3.3 there is no store for the marker."""
    assert attempt(Write(task_id="t"), state=None) == "sent"

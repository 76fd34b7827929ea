"""A gate in a DAG test asks on the terminal, and never waits for an answer that cannot come."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_vai.model import approvals_record
from airflow_provider_vai.operators.runtime import results
from airflow_provider_vai.operators.runtime.errors import ApprovalImpossible
from airflow_provider_vai.sensors import approval_terminal
from tests.unit.sensors.support import context, gate_and_step

TEST_RUN = SimpleNamespace(triggering_user_name="dag_test")


@pytest.fixture(autouse=True)
def artifacts(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """Give the test its own artifacts folder."""
    monkeypatch.setenv("AIRFLOW__VAI__ARTIFACTS_PATH", f"file://{tmp_path}/artifacts")


class Screen(io.StringIO):
    """A terminal's output, which calls ``typed`` at each prompt."""

    def __init__(self, typed: Any) -> None:
        super().__init__()
        self.typed = typed

    def isatty(self) -> bool:
        """Return that this is a terminal."""
        return True

    def write(self, text: str) -> int:
        """Keep the text; the person types when asked."""
        if text == approval_terminal.PROMPT:
            self.typed()
        return super().write(text)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Return a function that opens a terminal at which a person types these lines, and returns its screen."""
    ours, theirs = os.openpty()
    stdin = os.fdopen(theirs, "r", closefd=False)

    def open_(*lines: str, ahead: str = "") -> Screen:
        left = list(lines)
        screen = Screen(lambda: left and os.write(ours, f"{left.pop(0)}\n".encode()))
        os.write(ours, ahead.encode())
        monkeypatch.setattr("sys.stdin", stdin)
        monkeypatch.setattr("sys.stdout", screen)
        return screen

    yield open_
    os.close(ours)
    os.close(theirs)


def end(gate: dict[str, Any] | None = None) -> tuple[str, Any]:
    """Run a gate in a DAG test; return how it ended, and its record."""
    sensor, _ = gate_and_step({"n": 1}, **(gate or {}))
    around = context(sensor, dag_run=TEST_RUN)
    try:
        return "success", sensor.execute(around)
    except Exception as error:  # skipping and failing raise
        return type(error).__name__, around["pushed"].get("return_value")


@pytest.mark.parametrize(
    ("lines", "gate", "ended"),
    [
        (["Approve"], {}, "success"),
        (["  approve "], {}, "success"),
        (["y", "a", "", "Approve"], {}, "success"),
        (["Reject"], {}, "DownstreamTasksSkipped"),
        (["Reject"], {"on_reject": "fail"}, "ApprovalRejected"),
        ([], {"response_timeout": 0.1}, "ApprovalTimeout"),
        (["maybe"], {"response_timeout": 0.1, "on_timeout": "approve"}, "success"),
        (["\x04"], {}, "ApprovalImpossible"),
        (["Approve"], {"assigned_users": ["alice"]}, "ApprovalImpossible"),
        (["Approve"], {"deferrable": False, "allow_unattributed": True}, "success"),
        (["Approve"], {"denied": [{"arguments": {"n": 1}}]}, "ApprovalImpossible"),
    ],
)
def test_only_the_whole_word_answers(terminal: Any, lines: list[str], gate: dict[str, Any], ended: str) -> None:
    """A slip asks again; silence, the end of the terminal and the gate's settings mean what they always mean."""
    terminal(*lines)

    assert end(gate)[0] == ended


def test_an_answer_typed_before_the_question_does_not_count(terminal: Any) -> None:
    """Nobody can approve arguments that were not shown yet."""
    terminal(ahead="Approve\n")

    assert end({"response_timeout": 0.1})[0] == "ApprovalTimeout"


def test_the_terminal_shows_the_whole_question(terminal: Any) -> None:
    """However long the arguments are, nothing is cut, and no control character reaches the terminal."""
    screen = terminal("Approve")
    sensor, _ = gate_and_step({"text": "\x1b[2J" + "x" * 100_000 + "the end"}, reason="why\x07")
    sensor.execute(context(sensor, dag_run=TEST_RUN))

    assert "the end" in screen.getvalue()
    assert "\x1b[2J" not in screen.getvalue()  # Airflow 3.1.0 writes its log here, in colour
    assert "\x07" not in screen.getvalue()


def test_the_record_has_no_verified_name(terminal: Any) -> None:
    """So no later run trusts the answer as a person's approval."""
    terminal("Approve")
    _, record = end()
    (kept,) = approvals_record.read(results.artifacts_root(), "d")

    assert record["by"] is None
    assert kept["by"] is None
    assert kept["note"].startswith("answered on the terminal of a DAG test by ")


def test_without_a_terminal_the_message_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """The gate fails without a retry instead of waiting for ever."""
    monkeypatch.setattr("sys.stdin", io.StringIO("Approve\n"))
    sensor, _ = gate_and_step({"n": 1})
    with pytest.raises(ApprovalImpossible, match=r"'gate' needs an answer.*airflow dags test.*DAG_TEST_WAITS=True"):
        sensor.execute(context(sensor, dag_run=TEST_RUN))


@pytest.mark.parametrize(("setting", "run", "here"), [("False", TEST_RUN, True), ("True", TEST_RUN, False)])
def test_a_test_may_wait_for_the_pages(monkeypatch: pytest.MonkeyPatch, setting: str, run: Any, here: bool) -> None:
    """The option decides."""
    monkeypatch.setenv("AIRFLOW__VAI__DAG_TEST_WAITS", setting)
    assert approval_terminal.answers_here({"dag_run": run}) is here  # type: ignore[typeddict-item]


def test_ordinary_runs_are_not_tests() -> None:
    """A run that a person or a schedule starts parks its gates."""
    for user in (None, "alice"):
        run = SimpleNamespace(triggering_user_name=user)
        assert approval_terminal.answers_here({"dag_run": run}) is False  # type: ignore[typeddict-item]

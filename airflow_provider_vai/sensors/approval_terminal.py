"""The gate in a DAG test (``airflow dags test``, ``airflow tasks test``, ``dag.test()``), where nobody serves its page.

A person at the terminal answers. Without a terminal the gate fails at once, because nobody would ever answer. The
option ``[vai] dag_test_waits`` makes the gate wait for an answer on the pages of an API server with the same database.
"""

from __future__ import annotations

import getpass
import select
import sys
from contextlib import suppress
from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING, Any

from airflow_provider_vai.operators.runtime.compat import configuration
from airflow_provider_vai.operators.runtime.errors import ApprovalImpossible
from airflow_provider_vai.sensors.approval_question import APPROVE, REJECT

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_vai.sensors.approval_decision import GateAnswer

TEST_USER = "dag_test"  # who starts the runs of dag.test(), according to Airflow

PROMPT = f"{APPROVE} or {REJECT}? "
NO_FORM = "Nothing can be edited here: values of the form are used as shown."

REMEDY = (
    "To be asked on the terminal, run `airflow dags test` in one. To answer on Airflow's pages, start"
    " `airflow api-server` with the same database and set AIRFLOW__VAI__DAG_TEST_WAITS=True. `vai verify` replays"
    " the DAG without asking and without writing"
)


def answers_here(context: Context) -> bool:
    """Return whether the gate runs in a DAG test that must not wait for an answer on Airflow's pages."""
    if configuration().getboolean("vai", "dag_test_waits", fallback=False):
        return False
    user = getattr(context.get("dag_run"), "triggering_user_name", None)
    return user == TEST_USER or _is_in_process()  # the first is for tests that use an executor


def ask(gate: Any, question: str, *, subject: str, longest: timedelta | None, has_form: bool) -> GateAnswer | None:
    """Show the question on the terminal and return the answer; ``None`` if there is none within ``longest``.

    The answer has no verified identity: its note names the user of the operating system.

    :param gate: The gate.
    :param question: The text with all arguments, in which every control character is escaped.
    :param subject: The question in one line.
    :param longest: How long to wait; ``None``: forever.
    :param has_form: Whether the gate has editable arguments, which cannot be edited here.
    :raises ApprovalImpossible: there is no terminal, the terminal was closed, or only certain users may answer.
    """
    from airflow_provider_vai.sensors.approval_decision import GateAnswer

    screen = _screen()
    if screen is None:
        raise ApprovalImpossible(
            f"the gate {gate.task_id!r} needs an answer, and this DAG test has no terminal to ask on. {REMEDY}"
        )
    if gate.assigned_users:
        raise ApprovalImpossible(
            f"the gate {gate.task_id!r} may only be answered by its assigned_users, and a terminal does not show who"
            f" you are. {REMEDY}"
        )
    _forget_typed_ahead()
    parts = [f"=== {subject}", question, *([NO_FORM] if has_form else [])]
    screen.write("\n" + "\n\n".join(parts) + "\n\n")
    option = _option(gate, screen, longest)
    if option is None:
        return None
    return GateAnswer(
        "approve" if option == APPROVE else "reject", note=f"answered on the terminal of a DAG test by {_user()}"
    )


def _option(gate: Any, screen: Any, longest: timedelta | None) -> str | None:
    """Ask until the person types one of the two words; return it, or ``None`` when the time is over."""
    end = None if longest is None else monotonic() + longest.total_seconds()
    while True:
        screen.write(PROMPT)
        screen.flush()
        left = None if end is None else max(end - monotonic(), 0)
        if not select.select([sys.stdin], [], [], left)[0]:
            return None
        line = sys.stdin.readline()
        if not line:
            raise ApprovalImpossible(f"the terminal was closed before the gate {gate.task_id!r} was answered. {REMEDY}")
        for option in (APPROVE, REJECT):
            if line.strip().casefold() == option.casefold():
                return option


def _is_in_process() -> bool:
    """Return whether the task runs in the process of a DAG test, without a worker."""
    from airflow.sdk.execution_time import supervisor, task_runner

    in_process = getattr(supervisor, "InProcessSupervisorComms", ())
    return isinstance(getattr(task_runner, "SUPERVISOR_COMMS", None), in_process)


def _screen() -> Any:
    """Return the stream that a person at the terminal reads; ``None`` if nobody can be asked."""
    if not _is_terminal(sys.stdin):
        return None
    return next((stream for stream in (sys.stdout, sys.stderr) if _is_terminal(stream)), None)


def _is_terminal(stream: Any) -> bool:
    try:
        return bool(stream.isatty())
    except (AttributeError, ValueError):  # there is no stream, or it is closed
        return False


def _forget_typed_ahead() -> None:
    """Drop what was typed before the question was shown: it cannot be an answer to it."""
    with suppress(ImportError, OSError, ValueError):
        import termios

        termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)


def _user() -> str:
    try:
        return getpass.getuser()
    except (ImportError, KeyError, OSError):  # the user id has no name
        return "an unknown user"

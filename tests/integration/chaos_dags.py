"""The DAG file of the chaos test: a task for each cell, and tasks that people approve and clear."""

from __future__ import annotations

import os
import shlex
import signal
import sys
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from airflow.sdk import DAG

from airflow_provider_vai.operators.call_agent import CallAgentOperator
from airflow_provider_vai.operators.call_automation import CallAutomationOperator
from airflow_provider_vai.operators.http_request import HttpRequestOperator
from airflow_provider_vai.operators.mcp_tool import McpToolOperator
from airflow_provider_vai.operators.python_tool import PythonToolOperator
from airflow_provider_vai.operators.shell_command import ShellCommandOperator
from airflow_provider_vai.sensors.approval import ApprovalGateSensor
from tests.integration import chaos

URL, PIDS = os.environ["CHAOS_URL"], Path(os.environ["CHAOS_PIDS"])
SEND = "tests.integration.chaos_tool:send"
RETRY: dict[str, Any] = {"retries": 2, "retry_delay": timedelta(seconds=1)}
# moment -> the messages to the supervisor at which call_automation dies, and whether they are still sent
DEADLY_MESSAGES = {
    "before": ({"TriggerDagRun"}, False),
    "effect": ({"TriggerDagRun"}, True),
    "answer": ({"trigger_run_id"}, False),
    "recorded": ({"SucceedTask", "DeferTask"}, False),
}


def die() -> None:
    """End this process as the kernel does when memory runs out."""
    os.kill(os.getpid(), signal.SIGKILL)


class Mortal:
    """Tells the target which process to kill, or kills itself at a moment that the target cannot see."""

    task_id: str

    def perform(self, context: Any) -> Any:
        """Do the work."""
        (PIDS / self.task_id).write_text(str(os.getpid()))
        result = super().perform(context)  # type: ignore[misc]
        self.die_at("answer", context)
        return result

    def post_execute(self, context: Any, result: Any = None) -> None:
        """Die after the work, if this is the cell's moment."""
        self.die_at("recorded", context)

    def die_at(self, moment: str, context: Any) -> None:
        """Die in the first try if this is the cell's moment."""
        if self.task_id.endswith(f"_{moment}") and context["ti"].try_number == 1:
            die()


class Http(Mortal, HttpRequestOperator):
    """An HTTP request."""


class Tool(Mortal, PythonToolOperator):
    """A call of a Python function."""


class Mcp(Mortal, McpToolOperator):
    """A call of an MCP server's tool."""


class Agent(Mortal, CallAgentOperator):
    """An agent that uses an MCP server's tool."""


class Shell(Mortal, ShellCommandOperator):
    """A command line."""


class Automation(CallAutomationOperator):
    """A run of another DAG. The supervisor starts it, so the task dies at one of its messages to the supervisor."""

    def perform(self, context: Any) -> Any:
        """Start the DAG run; the first try may die at a message."""
        from airflow.sdk.execution_time import task_runner

        if context["ti"].try_number == 1:
            fatal, is_sent = DEADLY_MESSAGES[self.task_id.rpartition("_")[2]]
            task_runner.SUPERVISOR_COMMS = Messages(task_runner.SUPERVISOR_COMMS, fatal, is_sent)
        return super().perform(context)


class Messages:
    """The channel to the supervisor. It ends at a message of one of these types, or that sets one of these keys."""

    def __init__(self, way: Any, fatal: set[str], is_sent: bool) -> None:
        self.way, self.fatal, self.is_sent = way, fatal, is_sent

    def __getattr__(self, name: str) -> Any:
        return getattr(self.way, name)

    def send(self, msg: Any) -> Any:
        """Send a message, or die at it."""
        is_fatal = not self.fatal.isdisjoint((type(msg).__name__, getattr(msg, "key", None)))
        if is_fatal and not self.is_sent:
            die()
        answer = self.way.send(msg)
        if is_fatal:
            die()
        return answer


def http(name: str) -> Any:
    """Return a task that sends an HTTP request."""
    return Http(task_id=name, conn_id="far", endpoint=f"/{name}", method="POST", json={"number": 1}, **RETRY)


def tool(name: str, **more: Any) -> Any:
    """Return a task that calls the function."""
    return Tool(task_id=name, python_callable=SEND, arguments={"url": URL, "cell": name}, **RETRY, **more)


def mcp(name: str, conn_id: str = "mcp") -> Any:
    """Return a task that calls the MCP server's tool."""
    return Mcp(task_id=name, conn_id=conn_id, tool="send", arguments={"cell": name}, **RETRY)


def agent(name: str) -> Any:
    """Return a task that asks an agent with that tool."""
    return Agent(task_id=name, conn_id="llm", question=name, tools=["mcp:mcp/send"], **RETRY)


def shell(name: str) -> Any:
    """Return a task that calls the function in a process of its own."""
    code = f"from tests.integration.chaos_tool import send; send({URL!r}, {name!r})"
    command = f"{shlex.quote(sys.executable)} -c {shlex.quote(code)}"
    return Shell(task_id=name, command=command, environment={"PYTHONPATH": os.environ["PYTHONPATH"]}, **RETRY)


def automation(name: str, **more: Any) -> Any:
    """Return a task that calls the other DAG."""
    return Automation(task_id=name, trigger_dag_id="called", conf={"cell": name}, **RETRY, **more)


TASKS: dict[str, Callable[[str], Any]] = {
    "http_request": http,
    "python_tool": tool,
    "mcp_tool": mcp,
    "mcp_tool-stdio": partial(mcp, conn_id="mcp_stdio"),
    "call_agent": agent,
    "shell_command": shell,
    "call_automation": automation,
    "call_automation-waiting": partial(automation, wait=True),
}

with DAG("chaos", schedule=None, max_active_tasks=4):
    for row, moment in chaos.CELLS:
        TASKS[row](chaos.cell_id(row, moment))

with DAG("called", schedule=None, is_paused_upon_creation=False):
    PythonToolOperator(task_id="done", python_callable="copy:copy", arguments={"x": 1})

with DAG("gated", schedule=None):
    gate = ApprovalGateSensor(task_id="gate", subject="Send?")
    gate >> tool("guarded", gate=gate)

with DAG("held", schedule=None):
    tool("slow")

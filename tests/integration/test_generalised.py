"""An automation from several runs, rendered, and run in Airflow with the params of each of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_vai.crystallizer.draft import Policy
from airflow_provider_vai.crystallizer.several.generalise import generalised
from airflow_provider_vai.crystallizer.several.recording import Recording
from airflow_provider_vai.model.automation import Automation
from airflow_provider_vai.model.run import Run, ToolCall, Turn
from airflow_provider_vai.model.tools_file import ToolsFile
from airflow_provider_vai.renderer.render import render

pytestmark = pytest.mark.integration

TOOLS = """
ORDERS = {
    "ORD-1001": {"customer": {"email": "ann@x.org"}, "total": 80, "state": "open"},
    "ORD-1002": {"customer": {"email": "bob@x.org"}, "total": 150, "state": "sent"},
    "ORD-1003": {"customer": {"email": "cyd@x.org"}, "total": 120, "state": "sent"},
    "ORD-1004": {"customer": {"email": "dan@x.org"}, "total": 40, "state": "open"},
    "ORD-2000": {"customer": {"email": "eve@x.org"}, "total": 900, "state": "sent"},
}
CALLED = []

def get_order(order_id):
    CALLED.append(["get_order", {"order_id": order_id}])
    return ORDERS[order_id]

def tell_manager(order_id, total):
    CALLED.append(["tell_manager", {"order_id": order_id, "total": total}])
    return {"ok": True}

def cancel(order_id):
    CALLED.append(["cancel", {"order_id": order_id}])
    return {"cancelled": order_id}

def send_back(order_id):
    CALLED.append(["send_back", {"order_id": order_id}])
    return {"label": order_id}

def mail(to, subject):
    CALLED.append(["mail", {"to": to, "subject": subject}])
    return {"ok": True}
"""
ORDERS = {"ORD-1001": 80, "ORD-1002": 150, "ORD-1003": 120, "ORD-1004": 40}


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Any]:
    """The tools as importable functions; returns the recorded calls."""
    (tmp_path / "vai_generalised_tools.py").write_text(TOOLS)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(__import__("sys").modules, "vai_generalised_tools", raising=False)
    made: list[Any] = __import__("vai_generalised_tools").CALLED
    return made


def recorded(number: int, order: str, agent: Callable[[str, Callable[..., Any]], None]) -> Run:
    """Return the run of an agent that really called the tools for an order."""
    module = __import__("vai_generalised_tools")
    calls: list[ToolCall] = []

    def use(tool: str, **arguments: Any) -> Any:
        result = getattr(module, tool)(**arguments)
        entry = ToolCall(
            id=f"call_{number}_{len(calls)}",
            tool=tool,
            batch=len(calls),
            proposed_arguments=arguments,
            arguments=arguments,
            result=result,
            outcome="success",
        )
        calls.append(entry)
        return result

    agent(order, use)
    return Run(
        id=f"run-{number}",
        source="agent_run",
        format="made",
        outcome="success",
        started_at=datetime(2026, 1, number, tzinfo=timezone.utc),
        turns=[Turn(index=0, user_text=f"Please handle the order {order}")],
        calls=calls,
    )


def with_manager(order: str, use: Callable[..., Any]) -> None:
    """Inform a manager about large orders."""
    found = use("get_order", order_id=order)
    if found["total"] > 100:
        use("tell_manager", order_id=order, total=found["total"])
    use("mail", to=found["customer"]["email"], subject=f"About {order}")


def one_of_two(order: str, use: Callable[..., Any]) -> None:
    """Cancel an order that was not sent yet, otherwise send it back."""
    found = use("get_order", order_id=order)
    use("cancel" if found["state"] == "open" else "send_back", order_id=order)
    use("mail", to=found["customer"]["email"], subject=f"About {order}")


def manager_last(order: str, use: Callable[..., Any]) -> None:
    """Inform a manager about large orders, after everything else."""
    found = use("get_order", order_id=order)
    use("mail", to=found["customer"]["email"], subject=f"About {order}")
    if found["total"] > 100:
        use("tell_manager", order_id=order, total=found["total"])


def automation_of(runs: list[Run]) -> Automation:
    """Return the automation of the runs; its tools are functions with the effect ``read``."""
    rule = {"match": "*", "kind": "python_tool", "callable": "vai_generalised_tools:*", "effect": "read"}
    tools = ToolsFile.model_validate({"tools": [rule]})
    return generalised([Recording(it.id, it, "0" * 64) for it in runs], tools, Policy(), dag_id=None)


@pytest.mark.parametrize("agent", [with_manager, one_of_two, manager_last])
def test_each_run_is_repeated_by_the_one_dag(agent: Any, called: list[Any], run_file: Callable[..., Any]) -> None:
    """With a recorded order as the param, the calls are the recorded ones; with a new order, the agent's."""
    runs = [recorded(number, order, agent) for number, order in enumerate(ORDERS, 1)]
    automation = automation_of(runs).model_copy(update={"dag_id": f"generalised_{agent.__name__}"})
    assert list(automation.params) == ["order_id"]
    text = render(automation)

    for order, wanted in [*zip(ORDERS, ([_as_called(it) for it in run.calls] for run in runs), strict=True)]:
        called.clear()
        ran = run_file(automation.dag_id, text, run_conf={"order_id": order})
        assert called == wanted
        assert "failed" not in ran.states.values()

    called.clear()
    new = [_as_called(it) for it in recorded(9, "ORD-2000", agent).calls]
    called.clear()
    run_file(automation.dag_id, text, run_conf={"order_id": "ORD-2000"})
    assert called == new


def _as_called(entry: ToolCall) -> list[Any]:
    return [entry.tool, entry.arguments]

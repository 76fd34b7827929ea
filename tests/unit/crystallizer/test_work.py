"""The work grows linearly with the run. It is counted, not timed, to detect quadratic code reliably."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType, FrameType
from typing import Any

import pytest

import airflow_provider_vai
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.model.automation import Automation
from airflow_provider_vai.model.run import Run, ToolCall, Turn
from airflow_provider_vai.renderer.render import render
from tests.unit.support import call, crystallized, run

PACKAGE = airflow_provider_vai.__path__[0]
FEW, MANY = 12, 48
GROWTH = 5
SLACK = 200
"""Lines of a function that is called for a few values only: how many they are is chance."""

READS = {"match": "get_*", "kind": "mcp_tool", "conn_id": "crm", "effect": "read"}
RULES = (
    {**READS, "match": "get_mail", "trust": "untrusted"},
    READS,
    {"match": "*", "kind": "mcp_tool", "conn_id": "crm", "effect": "write"},
)


def chain(orders: range) -> Run:
    """Return a run of five calls for each order.

    Each call takes an id that an earlier one returned; some write prose, some take what outsiders wrote, some fail, and
    one is always denied.
    """
    made: list[ToolCall] = []
    for one in orders:
        order, invoice = f"ord-{one:04}", f"inv-{one:04}"
        note = f"Booked for the customer with the order {order} as usual"
        said = f"Please send the invoice {invoice} to mia{one:04}@example.com today"
        made += [
            call("get_order", {"invoice": f"inv-{one - 1:04}", "page": 1}, {"order": order, "currency": "EUR"}),
            call("get_mail", {"order": order}, {"text": said, "currency": "USD"}),
            call("book", {"order": order}, outcome="failed", error="try again"),
            call("book", {"order": order, "note": note, "to": f"mia{one:04}@example.com"}, {"invoice": invoice}),
            call("book", {"order": "all"}, outcome="denied"),
        ]
    words = f"Book the orders of inv-{orders[0]:04} in EUR, for mia{orders[3]:04}@example.com"
    return run(*made, turns=[Turn(index=0, user_text=words)], system_text="You book orders.")


@contextmanager
def lines_counted() -> Iterator[Counter[CodeType]]:
    """Count the lines of the package that are executed in the block, by function; each turn of a loop counts anew."""
    counts: Counter[CodeType] = Counter()

    def inside(frame: FrameType, event: str, argument: Any) -> Any:
        if event == "line":
            counts[frame.f_code] += 1
        return inside

    def outside(frame: FrameType, event: str, argument: Any) -> Any:
        return inside if frame.f_code.co_filename.startswith(PACKAGE) else None

    before = sys.gettrace()
    sys.settrace(outside)
    try:
        yield counts
    finally:
        sys.settrace(before)


@pytest.mark.parametrize("policy", [{}, {"parallel": True}, {"loops": True}, {"freeze_all": True}], ids=str)
def test_four_times_the_calls_are_four_times_the_work(policy: dict[str, Any]) -> None:
    """In no function of the crystallizer or the renderer does the work grow faster than the run."""
    rendered(range(1000, 1000 + FEW), policy)  # what is made once in a process is made
    with lines_counted() as few:
        rendered(range(2000, 2000 + FEW), policy)  # other orders: what is remembered of texts is no help
    with lines_counted() as many:
        automation = rendered(range(3000, 3000 + MANY), policy)
    faster = {f"{code.co_filename}:{code.co_firstlineno} {code.co_name}": (few[code], count)
              for code, count in many.items() if count > GROWTH * few[code] + SLACK}  # fmt: skip
    assert faster == {}
    assert sum(step.kind != "approval_gate" for step in automation.steps) == 3 * MANY
    assert any(step.approval.untrusted for step in automation.steps)
    assert any(step.model_words for step in automation.steps)


def rendered(orders: range, policy: dict[str, Any]) -> Automation:
    """Return the automation of a chain, once it is rendered and written as JSON."""
    automation = crystallized(chain(orders), *RULES, **policy)
    render(automation)
    json_text.pretty(automation.spec())
    return automation

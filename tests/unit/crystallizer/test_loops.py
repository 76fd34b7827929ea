"""Calls that go through an earlier list become one mapped step, where every one of them is explained by it."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_vai.model.argument import Output
from airflow_provider_vai.model.automation import Automation, Step
from airflow_provider_vai.model.run import Run, ToolCall, Turn
from airflow_provider_vai.model.tools_file import ToolRule
from airflow_provider_vai.renderer.render import render
from tests.unit.support import call, crystallized, run

ORDERS = [{"id": "A-1001", "sum": 3}, {"id": "A-1002", "sum": 4}, {"id": "A-1003", "sum": 3}]
RULES = (
    ToolRule(match="list_*", kind="mcp_tool", conn_id="shop", effect="read"),
    ToolRule(match="*", kind="mcp_tool", conn_id="shop"),
)


def listed(result: Any = None) -> ToolCall:
    """Return the call that gives the list."""
    return call("list_orders", {}, {"orders": ORDERS} if result is None else result)


def sent(*arguments: dict[str, Any], **facts: Any) -> list[ToolCall]:
    """Return a call for each of these arguments."""
    return [call("send", one, {"sent": True, "number": index}, **facts) for index, one in enumerate(arguments)]


def made(recorded: Run, **policy: Any) -> Automation:
    """Return the automation with loops."""
    return crystallized(recorded, *RULES, loops=True, **policy)


def steps(automation: Automation) -> dict[str, Step]:
    """Return the steps without gates."""
    return {step.key: step for step in automation.steps if step.kind != "approval_gate"}


def test_calls_through_a_list_are_one_step() -> None:
    """The step is mapped over the list; equal values stay frozen, and others come from the element."""
    arguments = [{"order": {"ref": one["id"]}, "note": "thanks", "total": one["sum"]} for one in ORDERS]
    automation = made(run(listed(), *sent(*arguments)), gates="recorded")

    found = steps(automation)
    assert list(found) == ["list_orders", "send"]
    send = found["send"]
    assert send.each == Output(step="list_orders", path=["orders"])
    wires = {tuple(wire.at): wire.from_ for wire in send.arguments["arguments"].wires}
    assert wires == {("order", "ref"): Output(path=["id"]), ("total",): Output(path=["sum"])}
    assert send.arguments["arguments"].value == {"order": {"ref": None}, "note": "thanks", "total": None}
    assert send.call_ids == ["c2", "c3", "c4"]
    assert ".expand(item=each_send.output)" in render(automation)


def test_without_the_option_each_call_is_a_step() -> None:
    """A loop is asked for."""
    recorded = run(listed(), *sent(*({"ref": one["id"]} for one in ORDERS)))
    assert len(steps(crystallized(recorded, *RULES))) == 4
    assert len(steps(made(recorded, freeze_all=True))) == 4


def test_one_gate_asks_for_all_of_them() -> None:
    """A call that somebody approved makes the whole loop need an approval."""
    calls = sent(*({"ref": one["id"]} for one in ORDERS))
    calls[1] = calls[1].model_copy(update={"approval": calls[1].approval.model_copy(update={"state": "approved"})})
    automation = made(run(listed(), *calls), gates="recorded")

    gates = [step for step in automation.steps if step.kind == "approval_gate"]
    assert len(gates) == 1
    assert steps(automation)["send"].approval.gate == gates[0].key
    assert "arguments" not in gates[0].arguments["recorded"].value


@pytest.mark.parametrize(
    "arguments",
    [
        [{"ref": "A-1001"}, {"ref": "A-1003"}, {"ref": "A-1002"}],
        [{"ref": "A-1001"}, {"ref": "A-1002"}],
        [{"ref": "A-1001"}, {"ref": "A-1002"}, {"ref": "A-1003"}, {"ref": "A-1001"}],
        [{"ref": "A-1001"}, {"ref": "A-1002"}, {"ref": "B-7"}],
        [{"ref": "A-1001"}, {"ref": "A-1002"}, {"ref": "A-1003", "more": 1}],
        [{"ref": "A-1001", "n": 1}, {"ref": "A-1002", "n": 2}, {"ref": "A-1003", "n": 3}],
        [{"ref": "A-1001"}, {"ref": "A-1001"}, {"ref": "A-1001"}],
    ],
    ids=["another order", "too few", "too many", "not of the list", "another shape", "unexplained", "all the same"],
)
def test_what_is_not_wholly_explained_is_no_loop(arguments: list[dict[str, Any]]) -> None:
    """Each call stays a step of its own."""
    found = steps(made(run(listed(), *sent(*arguments))))
    assert len(found) == 1 + len(arguments)
    assert all(step.each is None for step in found.values())


def test_what_the_user_named_is_no_loop() -> None:
    """No loop if the user named the values: they do not come from the list."""
    words = "Send A-1001, then A-1002 and A-1003."
    recorded = run(listed(), *sent(*({"ref": one["id"]} for one in ORDERS)), turns=[Turn(index=0, user_text=words)])
    assert len(steps(made(recorded))) == 4


def test_counting_up_proves_nothing() -> None:
    """Small numbers make a loop only if the names match: pages 1 to 3 are not the orders' numbers."""
    pages = {"orders": [{"id": 1}, {"id": 2}, {"id": 3}]}
    assert len(steps(made(run(listed(pages), *sent({"page": 1}, {"page": 2}, {"page": 3}))))) == 4
    assert len(steps(made(run(listed(pages), *sent({"order_id": 1}, {"order_id": 2}, {"order_id": 3}))))) == 2


def test_a_plain_list_of_texts() -> None:
    """The element itself is the argument's place."""
    names = ["Hotel Ada", "Hotel Bob", "Inn at 7"]
    found = steps(made(run(listed(names), *sent(*({"name": name} for name in names)))))
    assert found["send"].each == Output(step="list_orders")
    (wire,) = found["send"].arguments["arguments"].wires
    assert wire.from_ == Output()


def test_the_results_of_a_loop_are_a_list() -> None:
    """A later step takes its part of one of them; the recorded shape is that of a list."""
    calls = [call("send", {"ref": one["id"]}, {"receipt": f"R-{one['id']}-x9"}) for one in ORDERS]
    later = call("list_mails", {"receipt": "R-A-1002-x9"}, {})
    found = steps(made(run(listed(), *calls, later)))
    assert found["send"].recorded is not None
    assert found["send"].recorded.result_schema["type"] == "array"
    argument = found["list_mails"].arguments["arguments"]
    for wire in argument.wires:
        assert wire.from_ is not None
        assert wire.from_.step == "send"
        assert wire.from_.path[:2] == [1, "receipt"]


CARTS = {
    "crt-501": {
        "cart_id": "crt-501",
        "items": [{"name": "Oak lamp", "sku": "sku-7101"}],
        "payments": [{"pay": "pay-900"}],
    },
    "crt-502": {
        "cart_id": "crt-502",
        "items": [{"name": "Red vase", "sku": "sku-7102"}],
        "payments": [{"pay": "pay-900"}],
    },
}


def test_a_record_of_a_loop_is_known_by_what_the_user_named_in_it() -> None:
    """Its id, though each call was given it, its parts, and a value that others have, too: all from one record."""
    wanted = {"cart_id": "crt-502", "sku": "sku-7102", "pay": "pay-900"}
    calls = [call("list_items", {"cart_id": name}, cart) for name, cart in CARTS.items()]
    turns = [Turn(index=0, user_text="Send the red vase back.")]
    found = steps(made(run(listed({"orders": list(CARTS)}), *calls, call("send", wanted), turns=turns)))
    assert found["list_items"].each == Output(step="list_orders", path=["orders"])
    wires = {wire.at[0]: wire.from_.path for wire in found["send"].arguments["arguments"].wires if wire.from_}
    assert {name: path[0] for name, path in wires.items()} == dict.fromkeys(wanted, "[items.name=Red vase]")
    assert wires["pay"] == ["[items.name=Red vase]", "payments", "[only]", "pay", "is:text"]

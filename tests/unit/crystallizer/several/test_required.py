"""What a write got differently in each run, for no reason that the runs show, is asked for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_vai.cli.main import main
from airflow_provider_vai.crystallizer.draft import Policy
from airflow_provider_vai.exceptions import RenderError
from airflow_provider_vai.model.automation import Automation
from airflow_provider_vai.model.param_default import is_required
from airflow_provider_vai.model.run import ToolCall
from airflow_provider_vai.model.tools_file import ToolRule
from airflow_provider_vai.model.triggers import EventTrigger, ScheduleTrigger, Trigger, WebhookTrigger
from airflow_provider_vai.renderer.render import render
from tests.unit.crystallizer.several.test_generalise import RULES, made_of, step, told, wires
from tests.unit.support import MCP, call, review_lines


def of_values(*values: Any, tool: str = "pay", key: str = "amount", **options: Any) -> Automation:
    """Return the automation of runs that say the same, of which each gives a tool another value."""
    first: ToolCall = call("get_user", {}, {"ok": True})
    runs = [
        told(number, first, call(tool, {key: value, "to": "ann"}, 1), **options.get("facts", {}))
        for number, value in enumerate(values, 1)
    ]
    return made_of(*runs, rules=options.get("rules", RULES), policy=options.get("policy"))


def test_a_write_asks_for_what_nothing_explains() -> None:
    """The param is named after step and argument, has no default, and shows what was recorded."""
    automation = of_values(80, 25)

    assert wires(automation, "pay") == {("amount",): "pay_amount"}
    param = automation.params["pay_amount"]
    assert is_required(param.default, param.schema_)
    assert param.schema_ == {"type": "integer"}
    assert param.description is not None
    assert "('25' in r2; '80' in r1)" in param.description
    assert step(automation, "pay").arguments["arguments"].value["to"] == "ann"
    (item,) = (item for item in automation.review if item.code == "param_required")
    assert (item.step, item.place) == ("pay", ["arguments", "amount"])
    assert "Param(None" in render(automation).replace("\n", "").replace(" ", "")


@pytest.mark.parametrize(
    ("values", "schema"),
    [
        ((80, 25.5), {"type": "number"}),
        (("2026-01-02", "2026-01-03"), {"type": "string", "format": "date"}),
        (("Please hurry", "Thank you"), {"type": "string"}),
        ((True, False), {"type": "boolean"}),
        ((None, "late"), {"type": "string"}),
        ((["a"], ["b", "c"]), {"type": "array", "items": {"type": "string"}}),
        (("a", 1), {"type": ["integer", "string"]}),
    ],
    ids=str,
)
def test_the_type_is_that_of_the_recorded_values(values: tuple[Any, ...], schema: dict[str, Any]) -> None:
    """Null is not among them: it would mean that no value is needed."""
    (param,) = of_values(*values).params.values()

    assert param.schema_ == schema
    assert is_required(param.default, param.schema_)


def test_different_words_of_the_user_explain_nothing_in_a_write() -> None:
    """A value that the model may have worked out from them has no default, as the next request will differ, too."""
    runs = [
        told(number, call("pay", {"amount": amount}, 1), says=f"Pay the invoice of {month}")
        for number, amount, month in ((1, 80, "May"), (2, 25, "June"))
    ]

    assert {name: it.default for name, it in made_of(*runs).params.items()} == {"pay_amount": None}


@pytest.mark.parametrize("approval", ["never", "recorded"])
def test_a_write_without_a_gate_gets_one(approval: Any) -> None:
    """Whoever starts a run sets the value, so somebody else sees it before it is used."""
    free = ToolRule(match="pay", kind="mcp_tool", conn_id="mcp", approval=approval)
    automation = of_values(80, 25, rules=(RULES[0], free, MCP))

    assert [it.key for it in automation.steps] == ["get_user", "approve_pay", "pay"]
    assert step(automation, "pay").approval.gate == "approve_pay"
    assert step(automation, "pay").depends_on == ["approve_pay"]
    assert "do not explain" in step(automation, "pay").approval.reason
    assert not any("without a gate" in line for line in review_lines(automation))


def test_a_read_keeps_the_newest_runs_value() -> None:
    """It changes nothing; the review lists the others."""
    automation = of_values(80, 25, tool="get_rows")

    assert automation.params == {}
    assert any("amount: differs between the runs" in line for line in review_lines(automation))


@pytest.mark.parametrize("key", ["sql", "endpoint", "method", "table"])
def test_what_decides_what_runs_is_never_asked_for(key: str) -> None:
    """A statement or an address of an API is no form field."""
    assert of_values("one thing", "another thing", key=key).params == {}


def test_credentials_are_never_asked_for() -> None:
    """A value that looks like one becomes a connection; no param and no description has it."""
    one, other = "sk-proj-4f9aQ2mX7vT1bL8cR3eW6yU5", "sk-proj-9zK3nB6mV2cX8lJ4hG7fD1sA"
    automation = of_values(one, other, key="api_key")

    assert automation.params == {}
    assert one not in automation.model_dump_json()
    assert other not in automation.model_dump_json()


def test_freeze_all_asks_for_nothing() -> None:
    """`--freeze-all` makes no params."""
    assert of_values(80, 25, policy=Policy(freeze_all=True)).params == {}


def test_the_same_values_in_two_steps_are_asked_for_once() -> None:
    """One question for one value."""
    runs = [
        told(number, call("pay", {"note": note}, 1), call("mail", {"note": note}, 1))
        for number, note in ((1, "ref 1177-a"), (2, "ref 2288-b"))
    ]
    automation = made_of(*runs)

    assert list(automation.params) == ["pay_note"]
    assert wires(automation, "mail") == wires(automation, "pay") == {("note",): "pay_note"}


NAMES = ("Oak plank", "Steel hinge", "Brass screw", "Felt pad")


def test_a_list_that_differs_is_asked_for_as_a_whole() -> None:
    """Not one element of it, as the newest run alone would have it."""
    runs = [
        told(
            number,
            call(
                "get_parts", {}, {"parts": [{"id": f"P-{number}{place}71", "name": NAMES[place]} for place in range(4)]}
            ),
            call("order", {"ids": [f"P-{number}{place}71" for place in chosen]}, 1),
            says="Order some, among them the Steel hinge",
        )
        for number, chosen in ((1, (0, 1, 3)), (2, (1, 3)))
    ]
    automation = made_of(*runs)

    assert wires(automation, "order") == {("ids",): "order_ids"}


TRIGGERS: list[Trigger] = [
    ScheduleTrigger(type="schedule", schedule="@daily"),
    EventTrigger(type="event", uri="s3://bucket/key"),
    WebhookTrigger(type="webhook", path="orders", conn_id="shop"),
]


@pytest.mark.parametrize("trigger", TRIGGERS, ids=lambda trigger: trigger.type)
def test_no_trigger_starts_a_run_without_the_value(trigger: Trigger) -> None:
    """The message names the param, and what can be done."""
    automation = of_values(80, 25).model_copy(update={"triggers": [trigger]})
    with pytest.raises(RenderError) as refusal:
        render(automation)

    assert refusal.value.where == "params.pay_amount"
    for option in ("default", "derive", "remove the trigger"):
        assert option in (refusal.value.remedy or "")


def chat(path: Path, number: int, amount: int) -> Path:
    """Write a chat in OpenAI's format in which the agent pays an amount, and return its path."""
    called = {"name": "pay", "arguments": json.dumps({"amount": amount, "to": "ann"})}
    messages = [
        {"role": "user", "content": "Pay what is due"},
        {"role": "assistant", "tool_calls": [{"id": f"c{number}", "type": "function", "function": called}]},
        {"role": "tool", "tool_call_id": f"c{number}", "content": '{"ok": true}'},
        {"role": "assistant", "content": "Done."},
    ]
    path.write_text(json.dumps({"id": f"chat-{number}", "messages": messages}), encoding="utf-8")
    return path


def test_a_schedule_is_refused_before_anything_is_written(tmp_path: Path, capsys: Any) -> None:
    """Given on the command line, with the runs."""
    traces = [str(chat(tmp_path / f"{number}.json", number, amount)) for number, amount in ((1, 80), (2, 25))]
    tools = tmp_path / "vai-tools.toml"
    tools.write_text('[[tools]]\nmatch = "*"\nkind = "mcp_tool"\nconn_id = "bank"\n')
    asked = ["crystallize", *traces, "--tools", str(tools), "--out", str(tmp_path / "out"), "--dag-id", "paying"]

    assert main([*asked, "--schedule", "@daily"]) == 1
    said = capsys.readouterr().err
    assert "pay_amount" in said
    assert "Give it a default" in said
    assert not list(tmp_path.glob("out/*"))
    assert main(asked) == 0

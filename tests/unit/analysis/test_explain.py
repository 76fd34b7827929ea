"""explain: every argument of a step, with its source, its origin and its evidence."""

from __future__ import annotations

import json

import pytest

from airflow_provider_vai.analysis.explain import explain, lines
from airflow_provider_vai.exceptions import SpecError
from airflow_provider_vai.model.argument import Argument, Output, Secret
from airflow_provider_vai.model.automation import Automation, Param, Step
from airflow_provider_vai.model.step_approval import StepApproval
from airflow_provider_vai.model.triggers import WebhookTrigger
from tests.unit.support import call, crystallized, run


def made() -> Automation:
    """Return an automation with an argument of each class."""
    arguments = {
        "conn_id": Argument(class_="frozen", value="mcp", origin="constant"),
        "arguments": Argument.model_validate(
            {
                "class": "wired",
                "value": {"id": None, "when": None, "who": None, "token": None},
                "wires": [
                    {"at": ["id"], "from": {"step": "look", "path": ["[name=x]", "id", "is:text"]}},
                    {"at": ["when"], "template": "{{ ds }}"},
                    {"at": ["who"], "param": "name", "path": ["first"]},
                ],
                "secrets": [{"at": ["token"], "connection": "send_token"}],
                "evidence": ["id: from look (call c1)"],
                "undecided": [{"at": ["a"], "code": "several_sources", "evidence": ["b", "c"]}],
            }
        ),
        "whole": Argument(class_="wired", from_=Output(step="look")),
        "piece": Argument(class_="wired", from_=Output(path=["id"])),
        "day": Argument(class_="template", value="{{ ds }}"),
        "name": Argument(class_="parameter", param="name", origin="user"),
        "hidden": Argument(class_="frozen", secrets=[Secret(at=[], connection="send_hidden")], origin="secret"),
        "long": Argument(class_="frozen", value="wörd " * 100, origin="model"),
    }
    common = {"kind": "mcp_tool", "operator": "x.Y", "approval": StepApproval(recorded="unknown", reason="r")}
    look = Step(key="look", task_id="look", call_ids=["c1"], **common)
    send = Step(
        key="send",
        task_id="send",
        depends_on=["look"],
        effect="write",
        each=Output(step="look"),
        arguments=arguments,
        **common,
    )
    return Automation(dag_id="d", source_type="MANUAL", steps=[look, send], params={"name": Param(default="x")})


def test_a_step_that_emits_its_asset() -> None:
    """The heading of a step says that it emits its asset."""
    automation = made()
    automation.steps[0] = automation.steps[0].model_copy(update={"asset": True})

    assert "look (mcp_tool, read, call c1, emits its asset)" in lines(automation)
    assert [line for line in lines(made()) if "asset" in line] == []


def test_each_class() -> None:
    """Each argument has a phrase for its source, its origin, its evidence, and what is left to decide."""
    found = {entry["argument"]: entry for entry in explain(made(), "send")}
    assert {name: entry["source"] for name, entry in found.items() if name not in ("arguments", "long")} == {
        "whole": "the result of `look`",
        "piece": "the `id` of the list element",
        "day": 'rendered by Airflow from "{{ ds }}"',
        "name": "the DAG param `name`",
        "hidden": "the value is the password of the connection `send_hidden`",
        "conn_id": 'always "mcp"',
    }
    assert found["arguments"]["source"] == (
        "`id` is the `[name=x][id][is:text]` of `look`'s result; "
        '`when` is rendered by Airflow from "{{ ds }}"; `who` is the DAG param `name[first]`; '
        "`token` is the password of the connection `send_token`"
    )
    open_ = "a equals several earlier results, so it stays frozen (b; c)"
    assert found["arguments"]["candidates"] == [open_]
    assert found["arguments"]["evidence"] == ["id: from look (call c1)", open_]
    assert (found["name"]["origin"], found["piece"]["origin"]) == ("user", None)
    assert json.loads(json.dumps(list(found.values()))) == list(found.values())


def test_lines_for_people() -> None:
    """Evidence follows its argument, what is left to decide has a question mark, and constants come last."""
    shown = lines(made(), "send")
    assert shown[0] == "send (mcp_tool, write)"
    assert "  name: parameter, the DAG param `name`; from the user's words" in shown
    assert "    - id: from look (call c1)" in shown
    assert "    ? a equals several earlier results, so it stays frozen (b; c)" in shown
    assert shown[-1] == '  conn_id: frozen, always "mcp"; set by the action kind or the tools file'
    assert max(map(len, shown)) <= 120


def test_all_steps() -> None:
    """Without a step, all steps are explained in their order, separated by empty lines."""
    shown = lines(made())
    assert [line for line in shown if line and not line.startswith(" ")] == [
        "look (mcp_tool, read, call c1)",
        "send (mcp_tool, write)",
    ]
    assert shown.count("") == 1
    assert [entry["step"] for entry in explain(made())] == ["send"] * 8


def test_unknown_step() -> None:
    """The message lists the existing steps."""
    with pytest.raises(SpecError) as caught:
        explain(made(), "sned")
    assert (caught.value.problem, caught.value.where, caught.value.remedy) == (
        "there is no step 'sned'",
        "d",
        "Its steps are look, send.",
    )


def test_a_crystallized_run() -> None:
    """The explanation of a wire contains its evidence."""
    automation = crystallized(
        run(call("look", result={"id": "record 4711"}), call("send", {"x": "record 4711", "y": 1})), gates="recorded"
    )
    assert "    - x: from look[id] (call c1); no other result has it" in lines(automation, "send")


def test_what_a_webhook_brings_and_what_a_person_set() -> None:
    """Neither is from the user's words: the run's starter, or an editor, said it."""
    common = {"kind": "mcp_tool", "operator": "x.Y", "approval": StepApproval(recorded="unknown", reason="r")}
    edited = {"origin": "user", "evidence": ["edited by ada"]}
    part = {"at": ["id"], "param": "payload", "path": ["id"]}
    arguments = {
        "body": Argument(class_="parameter", param="payload", **edited),
        "part": Argument.model_validate({"class": "wired", "value": {"id": None}, "wires": [part], **edited}),
        "set": Argument(class_="frozen", value=5, **edited),
        "said": Argument(class_="frozen", value=5, origin="user", evidence=["given by the user in turn 0"]),
        "region": Argument(class_="parameter", param="region", origin="user"),
    }
    step = Step(key="send", task_id="send", call_ids=["c1"], arguments=arguments, **common)
    params = {"region": Param(default="EU"), "payload": Param(default=None)}
    hook = WebhookTrigger(type="webhook", path="orders", conn_id="hook")
    started = Automation(dag_id="d", source_type="MANUAL", steps=[step], params=params, triggers=[hook])

    words = {row["argument"]: row["origin_words"] for row in explain(started)}

    assert words == {
        "body": "from the body of the webhook's delivery",
        "part": "from the body of the webhook's delivery, the rest set by an edit",
        "set": "set by an edit",
        "said": "from the user's words",
        "region": "from the user's words",
    }
    assert not any("payload`; from the user's words" in line for line in lines(started))
    by_hand = started.model_copy(update={"triggers": []})
    assert {row["argument"]: row["origin_words"] for row in explain(by_hand)}["body"] == "set by an edit"

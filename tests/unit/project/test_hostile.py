"""Every text field with hostile texts, through the whole chain: the file parses, its literals are equal, nothing runs.

`dev/bench hostile` runs the same with 100,000 cases; here it is a part of them.
"""

from __future__ import annotations

import ast
import collections
import copy
import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_vai.authoring.editing.edit_requests import ChangeAutomation, ChangeStep
from airflow_provider_vai.authoring.specs.file import from_document
from airflow_provider_vai.exceptions import CrystallizeError, VaiError
from airflow_provider_vai.languages.storable import unstorable
from airflow_provider_vai.model.automation import Automation
from airflow_provider_vai.model.run import Approval, Run, Turn
from airflow_provider_vai.renderer.render import render
from tests.hostile_cases import CANARY, Case, cases, together
from tests.unit.support import call, crystallized, executed, run, tasks

COUNT = int(os.environ.get("VAI_HOSTILE_CASES", "3000"))
SEED = int(os.environ.get("VAI_HOSTILE_SEED", "7"))

CALLED = {
    *("DAG", "McpToolOperator", "ConditionsOperator", "ApprovalGateSensor", "Param", "asset", "connection_secret"),
    *("wired", "chain", "timedelta", "template", "param", "derived", "text", "gate_settings", "datetime"),
}
"""What a DAG file of these cases may call."""

RUN_FIELDS = (
    *("title", "turn", "tool", "server", "key", "value", "nested", "item", "result", "result key", "by", "note"),
    *("agent", "model", "run id", "call id", "error", "system"),
)
SPEC_FIELDS = (
    *("dag_id", "title", "description", "tag", "owner", "key", "value", "object key", "param", "default"),
    *("param description", "condition", "path", "question", "conn_id"),
)
EDIT_FIELDS = ("value", "place", "new_key", "description", "tag", "owner", "param", "default", "condition", "question")


def of_run(texts: Mapping[str, str]) -> tuple[Automation, dict[str, Any] | None]:
    """Return the automation of a recorded run with the text in a field, and the arguments that its file must have."""

    def here(field: str, other: Any) -> Any:
        return texts.get(field, other)

    arguments = {
        here("key", "q"): here("value", "orders of May"),
        "inner": {"a": here("nested", "b")},
        "list": [1, here("item", "c"), None],
    }
    found = {here("result key", "id"): here("result", "4711-x")}
    sent = call(
        here("tool", "send"),
        arguments,
        found,
        server=here("server", None),
        id=here("call id", "c2"),
        approval=Approval(state="approved", by=here("by", "mia"), note=here("note", "fine")),
    )
    failed = call("look", {"q": "x"}, None, outcome="failed", error=here("error", "away"), id="c0")
    recorded = run(
        failed,
        call("look", {"q": 1}, {"text": here("result", "y")}, id="c1"),
        sent,
        id=here("run id", "run-1"),
        title=here("title", "Orders"),
        agent=here("agent", "scout"),
        model=here("model", "m-1"),
        system_text=here("system", "You help."),
        turns=[Turn(index=0, user_text=here("turn", "Send it"))],
    )
    automation = crystallized(Run.model_validate(recorded.model_dump()), dag_id="report", freeze_all=True)
    if unstorable(arguments):  # this call is left out, which counts as a refusal
        (reason,) = (left.reason for left in automation.not_crystallized if left.call_id == sent.id)
        raise CrystallizeError(reason, where=sent.id, remedy="Remove the character.")
    return automation, arguments


def of_spec(texts: Mapping[str, str]) -> tuple[Automation, dict[str, Any] | None]:
    """Return the automation of a spec with the text in a field, and the values that its file must have."""

    def here(field: str, other: Any) -> Any:
        return texts.get(field, other)

    body = {"a": here("value", "x"), here("object key", "b"): [here("value", "y")]}
    document = {
        "dag_id": here("dag_id", "report"),
        "title": here("title", "Orders"),
        "description": here("description", "Of May"),
        "tags": [here("tag", "sales")],
        "owner": here("owner", "mia"),
        "params": {
            here("param", "region"): {
                "default": here("default", "EU"),
                "schema": {"type": "string"},
                "description": here("param description", "Which"),
            }
        },
        "triggers": [{"type": "webhook", "path": here("path", "orders"), "conn_id": "hook"}],
        "steps": [
            {
                "key": here("key", "send"),
                "kind": "mcp_tool",
                "arguments": {"conn_id": here("conn_id", "crm"), "tool": "send", "arguments": body},
                "gate": {"subject": here("question", "Send it?")},
            },
        ],
    }
    if "condition" in texts:
        document["conditions"] = [texts["condition"]]
    return from_document(json.loads(json.dumps(document)), Path("report.vai.yaml")), copy.deepcopy(body)


def of_edit(texts: Mapping[str, str]) -> tuple[Automation, dict[str, Any] | None]:
    """Return an automation that was edited with the text in a field, and the values that its file must have."""
    automation, _ = of_run({})
    key, values = automation.steps[-1].key, None
    ((field, text),) = texts.items()
    edits: dict[str, Any] = {
        "value": lambda: ChangeStep(key, values=[("arguments.inner.a", text)]),
        "place": lambda: ChangeStep(key, values=[(f"arguments.{text}", "x")]),
        "new_key": lambda: ChangeStep(key, new_key=text),
        "question": lambda: ChangeStep(key, gate={"subject": text}),
        "description": lambda: ChangeAutomation(options={"description": text}),
        "tag": lambda: ChangeAutomation(options={"tags": [text]}),
        "owner": lambda: ChangeAutomation(options={"owner": text}),
        "param": lambda: ChangeAutomation(params={text: {"default": 1, "schema": {"type": "integer"}}}),
        "default": lambda: ChangeAutomation(params={"p": {"default": text, "schema": {"type": "string"}}}),
        "condition": lambda: ChangeAutomation(conditions=[text]),
    }
    if field == "value":
        values = {"q": "orders of May", "inner": {"a": text}, "list": [1, "c", None]}
    return edits[field]().apply(automation, "mia"), values


Made = tuple[Automation, "dict[str, Any] | None"]


@dataclass(frozen=True)
class Door:
    """A way in: its text fields, what makes an automation of texts in them, and its share of all cases.

    :param alone: The fields whose texts are often refused, so each is tried in a document of its own.
    """

    fields: tuple[str, ...]
    make: Callable[[Mapping[str, str]], Made]
    share: float
    alone: tuple[str, ...]


DOORS = {
    "run": Door(RUN_FIELDS, of_run, 0.6, ("tool", "server", "call id", "by", "note")),
    "spec": Door(SPEC_FIELDS, of_spec, 0.3, ("dag_id", "key", "param", "condition", "path", "conn_id", "tag", "owner")),
    "edit": Door(EDIT_FIELDS, of_edit, 0.1, EDIT_FIELDS),
}


def check(automation: Automation, values: dict[str, Any] | None) -> None:
    """Check the DAG file of an automation: it parses, calls nothing unknown, and has exactly these values."""
    text = render(automation)
    body = ast.parse(text).body
    assert [type(node) for node in body if not isinstance(node, ast.ImportFrom)] == [ast.Expr, ast.With]
    assert all(line.isprintable() for line in text.split("\n"))
    made = executed(text)
    assert {one.name for one in made} <= CALLED, {one.name for one in made} - CALLED
    if values is not None and not automation.steps[-1].arguments["arguments"].secrets:  # a key like `password`
        sent = list(tasks(text).values())[-1]
        assert repr(sent.keywords["arguments"]) == repr(values)


def tried(door: Door, group: list[Case], counted: collections.Counter[str]) -> Iterator[str]:
    """Try cases in one document, or each in its own if one is refused, and yield what went wrong."""
    try:
        check(*door.make({case.field: case.text for case in group}))
    except VaiError as refusal:
        if len(group) == 1:
            counted["refused"] += 1
            if not refusal.problem or not refusal.remedy or len(str(refusal)) > 20_000:
                yield f"{group[0].field} {group[0].text!r}: refused without a reason: {refusal}"
            return
    except Exception as error:
        if len(group) == 1:
            yield f"{group[0].field} {group[0].text[:300]!r}: {type(error).__name__}: {str(error)[:300]}"
            return
    else:
        counted["kept"] += len(group)
        return
    for case in group:
        yield from tried(door, [case], counted)


@pytest.mark.parametrize("name", DOORS)
def test_through_the_chain(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a text is, it comes out as the same data, or is refused with a message; nothing runs or is rendered."""
    monkeypatch.chdir(tmp_path)
    door, counted, faults = DOORS[name], collections.Counter[str](), list[str]()
    number = int(COUNT * door.share)
    for group in together(cases(door.fields, number, SEED), door.alone):
        faults += tried(door, group, counted)
    report(name, number, counted, faults)
    assert not list(tmp_path.rglob(f"*{CANARY}*")), "a text was executed"
    assert not faults, "\n".join([f"{len(faults)} faults", *faults[:20]])
    assert counted.total() == number
    assert counted["kept"] > counted["refused"] / 4


def report(name: str, number: int, counted: collections.Counter[str], faults: list[str]) -> None:
    """Append the figures to the file that `dev/bench hostile` reads."""
    if place := os.environ.get("VAI_HOSTILE_REPORT"):
        row = {"door": name, "cases": number, "kept": counted["kept"], "refused": counted["refused"], "faults": faults}
        with Path(place).open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")

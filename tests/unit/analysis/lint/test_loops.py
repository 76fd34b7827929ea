"""Automations that start each other without an end are found, by events and by calls."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_vai.analysis.lint import lint

STEP = {
    "key": "echo",
    "kind": "python_tool",
    "effect": "read",
    "arguments": {"python_callable": "json:dumps", "arguments": {"obj": 1}},
}


def write(folder: Path, dag_id: str, *triggers: dict[str, Any], calls: str | None = None) -> None:
    """Write a spec with these triggers, which calls another automation if one is named."""
    steps: list[dict[str, Any]] = [STEP]
    if calls:
        steps.append({"key": "call", "kind": "call_automation", "arguments": {"dag_id": calls}})
    document = {"dag_id": dag_id, "triggers": list(triggers), "steps": steps}
    (folder / f"{dag_id}.vai-spec.json").write_text(json.dumps(document))


def found(folder: Path) -> list[tuple[str, str]]:
    """Return the file and the place of each circle."""
    return [(Path(one.file).name.split(".")[0], one.field) for one in lint([folder]) if one.code == "VAI704"]


def uri(text: str) -> dict[str, Any]:
    """Return a trigger by an asset."""
    return {"type": "event", "uri": text}


def of_automation(dag_id: str, event: str = "automation.completed") -> dict[str, Any]:
    """Return a trigger by an event of an automation."""
    return {"type": "event", "event": event, "filters": {"automation": dag_id}}


@pytest.mark.parametrize(
    "trigger",
    [
        uri("vai://automations/a"),
        uri("vai://actions/python_tool/a/echo"),
        of_automation("a"),
        {
            "type": "event",
            "event": "action.completed",
            "filters": {"automation": "a", "action_kind": "python_tool", "step": "echo"},
        },
    ],
)
def test_an_automation_that_starts_itself(tmp_path: Path, trigger: dict[str, Any]) -> None:
    """Its own success, or that of one of its steps, starts its next run."""
    write(tmp_path, "a", trigger)
    assert found(tmp_path) == [("a", "triggers[0]")]


def test_an_automation_that_calls_itself(tmp_path: Path) -> None:
    """A step that starts the automation it belongs to is found."""
    write(tmp_path, "a", calls="a")
    assert found(tmp_path) == [("a", "steps.call.arguments.trigger_dag_id")]


def test_a_circle_of_calls_and_events(tmp_path: Path) -> None:
    """Each start of the circle is reported, with the way around it; what only leads into the circle is not."""
    write(tmp_path, "a", uri("vai://automations/c"))
    write(tmp_path, "b", of_automation("a"), calls="c")
    write(tmp_path, "c")
    write(tmp_path, "d", calls="a")
    assert sorted(found(tmp_path)) == [
        ("a", "triggers[0]"),
        ("b", "steps.call.arguments.trigger_dag_id"),
        ("b", "triggers[0]"),
    ]
    first = next(one for one in lint([tmp_path]) if one.code == "VAI704" and "a.vai" in one.file)
    assert "'c' -> 'a' -> 'b' -> 'c'" in first.problem.replace('"', "'")


@pytest.mark.parametrize(
    "trigger",
    [
        uri("vai://automations/other"),
        uri("s3://automations/a"),
        uri("vai://automations"),
        of_automation("a", "automation.failed"),
        {"type": "event", "event": "automation.completed"},
        {"type": "schedule", "schedule": "@daily"},
    ],
)
def test_no_circle(tmp_path: Path, trigger: dict[str, Any]) -> None:
    """Other assets start no circle, nor do events that the plugin emits after a run, which stop at what started it."""
    write(tmp_path, "a", trigger, calls="b")
    write(tmp_path, "b")
    assert found(tmp_path) == []

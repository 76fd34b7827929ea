"""Steps that another automation in the folder waits for emit their asset themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from airflow_provider_vai.model.argument import Argument
from airflow_provider_vai.model.automation import Automation, Step
from airflow_provider_vai.model.kinds import by_name
from airflow_provider_vai.model.step_approval import StepApproval
from airflow_provider_vai.store.publisher import publish
from airflow_provider_vai.store.sidecar_files import read_sidecar

LOADED = "vai://actions/explain_schema/source/load"
FILTERS = {"action_kind": "explain_schema", "automation": "source", "step": "load"}


def automation(dag_id: str, *task_ids: str, **trigger: Any) -> Automation:
    """Return an automation of steps that read, with a trigger if one is given."""
    steps = [
        Step(
            key=task_id,
            task_id=task_id,
            kind="explain_schema",
            operator=by_name()["explain_schema"].operator,
            approval=StepApproval(recorded="not_required", reason="reads"),
            arguments={"conn_id": Argument.frozen("warehouse")},
        )
        for task_id in task_ids or ("only",)
    ]
    return Automation(dag_id=dag_id, source_type="MANUAL", steps=steps, triggers=[trigger] if trigger else [])


def assets(folder: Path) -> list[str]:
    """Publish the source, and return its steps whose asset is an outlet, as its sidecar and DAG file agree."""
    publish(automation("source", "load", "other"), folder)
    emitting = [step.key for step in read_sidecar(folder / "source.vai.json").steps if step.asset]
    text = (folder / "source.py").read_text()
    assert text.count("vai://actions/") == len(emitting)
    assert all(f'asset("vai://actions/explain_schema/source/{key}")' in text for key in emitting)
    return emitting


def test_nobody_waits(tmp_path: Path) -> None:
    """Without a listener, no step has an asset of its own."""
    assert assets(tmp_path) == []


@pytest.mark.parametrize(
    "trigger",
    [
        {"type": "event", "uri": LOADED},
        {"type": "event", "event": "action.completed", "filters": FILTERS},
        {"type": "event", "event": "action.completed", "filters": {**FILTERS, "action_kind": "silver_schema_discover"}},
    ],
)
def test_an_automation_waits_for_a_step(tmp_path: Path, trigger: dict[str, Any]) -> None:
    """The step that a trigger names emits its asset when the source is published after the listener, or again."""
    assert assets(tmp_path) == []
    publish(automation("listener", **trigger), tmp_path)

    assert assets(tmp_path) == ["load"]
    assert publish(automation("source", "load", "other"), tmp_path).change == "unchanged"


@pytest.mark.parametrize(
    "trigger",
    [
        {"type": "event", "event": "action.completed", "filters": {"automation": "source"}},
        {"type": "event", "uri": LOADED.replace("load", "another")},
        {"type": "event", "uri": "vai://automations/source"},
    ],
)
def test_other_triggers_change_nothing(tmp_path: Path, trigger: dict[str, Any]) -> None:
    """Wider events and other assets are not a step's own."""
    publish(automation("listener", **trigger), tmp_path)

    assert assets(tmp_path) == []


def test_a_broken_sidecar_is_passed_over(tmp_path: Path) -> None:
    """A sidecar that cannot be read does not keep others from being published."""
    (tmp_path / "broken.vai.json").write_text('{"triggers": ["vai://actions/"')

    assert assets(tmp_path) == []

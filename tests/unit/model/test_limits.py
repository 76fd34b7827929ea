"""Limits of an automation and its steps are numbers; a switch is no number."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from airflow_provider_vai.authoring.specs.file import from_document
from airflow_provider_vai.exceptions import SpecError

STEP = {
    "key": "echo",
    "kind": "python_tool",
    "effect": "read",
    "arguments": {"python_callable": "json:dumps", "arguments": {"obj": 1}},
}
LIMITS = ["max_active_runs", "max_active_tasks", "timeout_seconds", "retries", "retry_delay_seconds"]
OF_STEPS = ["timeout_seconds", "retries", "retry_delay_seconds"]


def spec(step: dict[str, Any], **settings: Any) -> dict[str, Any]:
    """Return a spec of one step."""
    return {"dag_id": "limits", "steps": [STEP | step], **settings}


@pytest.mark.parametrize("value", [True, False])
@pytest.mark.parametrize("name", LIMITS)
def test_a_switch_is_no_limit(name: str, value: bool) -> None:
    """``max_active_runs: yes`` is refused at its place; Python would take it for 1."""
    with pytest.raises(SpecError, match=r"number|integer") as refused:
        from_document(spec({}, **{name: value}), Path("limits.vai.yaml"))
    assert refused.value.where == name


@pytest.mark.parametrize("value", [True, False])
@pytest.mark.parametrize("name", OF_STEPS)
def test_a_switch_is_no_limit_of_a_step(name: str, value: bool) -> None:
    """The same limits of a step are checked in the same way."""
    with pytest.raises(SpecError, match=r"number|integer") as refused:
        from_document(spec({name: value}), Path("limits.vai.yaml"))
    assert refused.value.where == f"steps[0].{name}"


def test_a_switch_is_no_number_of_task_instances() -> None:
    """``concurrency: yes`` is refused."""
    document = spec({"each": ["echo"], "concurrency": True})
    document["steps"] = [STEP, document["steps"][0] | {"key": "again"}]
    with pytest.raises(SpecError) as refused:
        from_document(document, Path("limits.vai.yaml"))
    assert refused.value.where == "steps[1].concurrency"


@pytest.mark.parametrize("name", LIMITS)
def test_a_number_is_a_limit(name: str) -> None:
    """Numbers are accepted as before."""
    assert getattr(from_document(spec({}, **{name: 2}), Path("limits.vai.yaml")), name) == 2

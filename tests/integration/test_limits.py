"""Airflow loads what is at the limits of a spec; lint, edits and the renderer all refuse what is beyond them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_vai.analysis.lint import lint
from airflow_provider_vai.authoring import editing
from airflow_provider_vai.authoring.specs.file import read_spec
from airflow_provider_vai.exceptions import RenderError, SpecError
from airflow_provider_vai.model.automation import Automation
from airflow_provider_vai.model.refusals import MAX_SECONDS
from airflow_provider_vai.renderer.render import render

pytestmark = pytest.mark.integration

SPEC: dict[str, Any] = {
    "dag_id": "limits",
    "steps": [
        {
            "key": "look",
            "kind": "python_tool",
            "effect": "write",
            "gate": {"response_timeout": 60, "remind_before": 30},
            "arguments": {"python_callable": "json:loads", "arguments": {"s": "1"}},
        }
    ],
}
SMTP = "airflow.providers.smtp.notifications.smtp.SmtpNotifier"
GATE, LOOK = 0, 1


def automation(tmp_path: Path) -> Automation:
    """Return the automation of the spec."""
    path = tmp_path / "limits.vai-spec.json"
    path.write_text(json.dumps(SPEC))
    return read_spec(path)


def step(index: int, **fields: Any) -> Any:
    """Return a change of one step."""

    def change(document: dict[str, Any]) -> None:
        arguments = fields.pop("arguments", {})
        for name, value in arguments.items():
            document["steps"][index]["arguments"][name] = {"class": "frozen", "value": value}
        document["steps"][index].update(fields)

    return change


def whole(**fields: Any) -> Any:
    """Return a change of the automation."""
    return lambda document: document.update(fields)


def notice(notifier: str, **arguments: Any) -> Any:
    """Return a change: a notification."""
    return whole(notifications=[{"on": "failure", "notifier": notifier, "arguments": arguments}])


AT_THE_LIMIT = {
    "dag id": whole(dag_id="d" * 200),
    "dag id with every character": whole(dag_id="9a.b-C_d"),
    "task id": step(LOOK, task_id="t" * 250),
    "tag": whole(tags=["t" * 100]),
    "owner": whole(owner="o" * 2000),
    "timeout": whole(timeout_seconds=float(MAX_SECONDS)),
    "shortest timeout": whole(timeout_seconds=1e-9),
    "retry delay": whole(retries=100, retry_delay_seconds=float(MAX_SECONDS)),
    "timeout of a step": step(LOOK, timeout_seconds=float(MAX_SECONDS)),
    "retry delay of a step": step(LOOK, retries=1, retry_delay_seconds=float(MAX_SECONDS)),
    "active runs": whole(max_active_runs=2**31 - 1, max_active_tasks=2**31 - 1),
    "response timeout": step(GATE, arguments={"response_timeout": MAX_SECONDS, "remind_before": MAX_SECONDS - 1}),
    "notifier": notice(SMTP, to="ops@example.com", from_email="vai@example.com"),
    "title": whole(title="Größe " * 300),
    "control characters": whole(description="".join(map(chr, range(1, 32)))),
}
BEYOND = {
    "dag id": whole(dag_id="d" * 201),
    "dag id with another character": whole(dag_id="a b"),
    "dag id with a newline": whole(dag_id="a\n"),
    "task id": step(LOOK, task_id="t" * 251),
    "task id with another character": step(LOOK, task_id="a/b"),
    "empty task id": step(LOOK, task_id=""),
    "same task id": step(LOOK, task_id="approve_look"),
    "tag": whole(tags=["t" * 101]),
    "empty tag": whole(tags=[""]),
    "owner": whole(owner="o" * 2001),
    "timeout": whole(timeout_seconds=1e15),
    "retry delay": whole(retry_delay_seconds=1e15),
    "timeout of a step": step(LOOK, timeout_seconds=1e15),
    "retry delay of a step": step(LOOK, retry_delay_seconds=1e15),
    "active runs": whole(max_active_runs=2**31),
    "response timeout": step(GATE, arguments={"response_timeout": 10**15}),
    "notifier": notice("subprocess.getoutput", cmd="id"),
    "NUL in a value": step(LOOK, arguments={"arguments": {"s": "a\0b"}}),
    "NUL in a key": step(LOOK, arguments={"arguments": {"a\0b": 1}}),
    "NUL in a tag": whole(tags=["a\0b"]),
    "NUL in the description": whole(description="a\0b"),
    "NUL in a param": whole(params={"p": {"default": "a\0b"}}),
    "NUL in a notification": notice(SMTP, subject="a\0b"),
    "half a pair in a value": step(LOOK, arguments={"arguments": {"s": "\ud83d"}}),
    "half a pair in a tag": whole(tags=["\ud83d"]),
}


@pytest.mark.parametrize("change", AT_THE_LIMIT.values(), ids=AT_THE_LIMIT)
def test_airflow_loads_what_is_at_the_limit(tmp_path: Path, change: Any) -> None:
    """The file has no import error, and its DAG can be serialized and stored as the scheduler does."""
    from tests.airflow_names import DagBag, DagSerialization

    document = automation(tmp_path).model_dump(mode="json")
    change(document)
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags/limits.py").write_text(render(Automation.model_validate(document)))

    bag = DagBag(str(tmp_path / "dags"), bundle_name="limits")

    assert bag.import_errors == {}
    assert list(bag.dags) == [document["dag_id"]]
    (dag,) = bag.dags.values()
    assert DagSerialization.from_dict(json.loads(json.dumps(DagSerialization.to_dict(dag)))).dag_id == dag.dag_id


@pytest.mark.parametrize("change", BEYOND.values(), ids=BEYOND)
def test_what_is_beyond_is_refused_everywhere(tmp_path: Path, change: Any) -> None:
    """By lint, by whatever edit is made, by the spec reader and by the renderer."""
    document = automation(tmp_path).model_dump(mode="json")
    change(document)
    wrong = Automation.model_validate(document)
    path = tmp_path / "wrong.vai-spec.json"
    path.write_text(json.dumps(document))

    assert [finding for finding in lint([path]) if finding.level == "error"]
    with pytest.raises(RenderError):
        render(wrong)
    with pytest.raises(SpecError):
        editing.set_options(wrong, max_active_tasks=3)
    with pytest.raises(SpecError):
        editing.set_conditions(wrong, [])
    with pytest.raises(SpecError):
        read_spec(path)

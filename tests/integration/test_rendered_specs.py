"""Features of a spec beyond recorded calls, in real runs of the rendered file."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_vai.authoring.specs.file import read_spec
from airflow_provider_vai.model.argument import Argument, Output, Wire
from airflow_provider_vai.model.automation import Automation, Param, Step
from airflow_provider_vai.model.kinds import by_name
from airflow_provider_vai.model.step_approval import StepApproval
from airflow_provider_vai.renderer.frame import framed
from airflow_provider_vai.renderer.render import render
from airflow_provider_vai.store.publisher import publish
from airflow_provider_vai.store.sidecar_files import read_sidecar
from tests.integration.answers import answering

pytestmark = pytest.mark.integration

HERE = Path(__file__).parent
Run = Callable[..., Any]
_numbers = itertools.count(1)


@pytest.fixture(autouse=True)
def tools(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Put the tools on the path."""
    (tmp_path / "vai_spec_tools.py").write_text((HERE / "tools.py").read_text())
    monkeypatch.syspath_prepend(str(tmp_path))


def step(key: str, kind: str, *waits: str, gate: str | None = None, **fields: Any) -> Step:
    """Return a step."""
    return Step(
        key=key,
        task_id=key,
        kind=kind,
        operator=by_name()[kind].operator,
        depends_on=list(waits),
        approval=StepApproval(recorded="not_required", gate=gate, reason="a test"),
        **fields,
    )


def echo(key: str, value: Any, *waits: str, effect: str = "read", **fields: Any) -> Step:
    """Return a step that returns its argument; a value may be an ``Argument``."""
    argument = value if isinstance(value, Argument) else Argument.frozen({"value": value})
    arguments = {
        "python_callable": Argument.frozen("vai_spec_tools:echo"),
        "arguments": argument,
        "effect": Argument.frozen(effect),
    }
    return step(key, "python_tool", *waits, effect=effect, arguments=arguments, **fields)


def wire(at: list[str | int], shape: Any, **source: Any) -> Argument:
    """Return an argument with one wire."""
    return Argument(class_="wired", value=shape, wires=[Wire(at=at, **source)])


@pytest.fixture
def run_spec(run_file: Run) -> Run:
    """Return a function that renders an automation with these steps and runs its file."""

    def run(*steps: Step, conf: dict[str, Any] | None = None, **fields: Any) -> Any:
        dag_id = f"spec_{next(_numbers)}"
        automation = Automation(dag_id=dag_id, source_type="MANUAL", steps=list(steps), **fields)
        return run_file(dag_id, render(automation), run_conf=conf)

    return run


WEBHOOK = [{"type": "webhook", "path": "shop/orders", "conn_id": "shop"}]


def test_a_payload_reaches_steps_and_conditions(run_spec: Run) -> None:
    """Parts of the webhook's body are arguments with their own type, and conditions can use them."""
    argument = wire(["value"], {"value": None}, param="payload", path=["order", "lines", 0, "id"])
    ran = run_spec(
        echo("look", argument),
        triggers=WEBHOOK,
        conditions=["order.total > 100", 'payload.order.region in ["US", "CA"]'],
        conf={"payload": {"order": {"total": 150, "region": "US", "lines": [{"id": 7}]}}},
    )

    assert ran.states == {"conditions": "success", "look": "success"}
    assert ran.results["look"] == 7
    assert ran.results["conditions"]["run"] is True


def test_a_condition_that_does_not_hold_skips_everything_and_says_why(run_spec: Run) -> None:
    """Tasks with any trigger rule are skipped, including the end task that emits the automation's asset."""
    ran = run_spec(
        echo("a", 1),
        echo("b", 2, trigger_rule="all_done"),
        params={"region": Param(default="EU")},
        conditions=['params.region = "EU"', "params.total > 3"],
    )

    assert ran.states == {"conditions": "success", "a": "skipped", "b": "skipped", "completed": "skipped"}
    first, second = ran.results["conditions"]["conditions"]
    assert (first["holds"], second["holds"]) == (True, False)
    assert "no value at params.total" in second["why"]


def test_a_missing_place_of_the_payload_fails_with_the_place(run_spec: Run) -> None:
    """The message shows the keys that exist."""
    argument = wire(["value"], {"value": None}, param="payload", path=["order", "id"])
    ran = run_spec(echo("look", argument), triggers=WEBHOOK, conf={"payload": {"customer": 1}})

    assert ran.states == {"look": "failed"}
    expected = "no value at ['order'] of the param 'payload': the whole value is an object with the keys ['customer']"
    assert expected in ran.log


@pytest.mark.parametrize(("total", "way"), [(150, "big"), (50, "small")])
def test_branches_come_together(total: int, way: str, run_spec: Run) -> None:
    """Only one branch and the steps after both branches run."""
    branch = step(
        "branch",
        "conditional_branch",
        arguments={
            "condition": Argument.frozen("params.total > 100"),
            "if_true": Argument.frozen(["big"]),
            "if_false": Argument.frozen(["small"]),
        },
    )
    ran = run_spec(
        branch,
        echo("big", "big", "branch"),
        echo("small", "small", "branch"),
        echo("after", "after", "big", "small"),
        echo("last", "last", "after"),
        params={"total": Param(default=1, schema={"type": "integer"})},
        conf={"total": total},
    )

    other = "small" if way == "big" else "big"
    assert ran.states == {"branch": "success", way: "success", other: "skipped", "after": "success", "last": "success"}


def test_a_step_runs_for_each_element(run_spec: Run) -> None:
    """Each instance gets its element or a part of it, and the next step gets all results."""
    argument = Argument(
        class_="wired",
        value={"value": {"id": None, "whole": None, "kept": "{{ ds }}"}},
        wires=[Wire(at=["value", "id"], from_=Output(path=["id"])), Wire(at=["value", "whole"], from_=Output())],
    )
    ran = run_spec(
        echo("look", [{"id": 1}, {"id": "two"}, {"id": None}]),
        echo("send", argument, "look", each=Output(step="look")),
        echo("after", wire(["value"], {"value": None}, from_=Output(step="send", path=[1, "id"])), "send"),
    )

    assert [one["id"] for one in ran.all_results["send"]] == [1, "two", None]
    assert [one["whole"] for one in ran.all_results["send"]] == [{"id": 1}, {"id": "two"}, {"id": None}]
    assert {one["kept"] for one in ran.all_results["send"]} == {"{{ ds }}"}
    assert ran.results["after"] == "two"


def test_an_empty_list_does_not_stop_what_follows(run_spec: Run) -> None:
    """Airflow skips a step that is mapped over an empty list, but the next step runs."""
    ran = run_spec(
        echo("look", []),
        echo("send", wire(["value"], {"value": None}, from_=Output()), "look", each=Output(step="look")),
        echo("after", "done", "send"),
    )

    assert ran.states["send"] == "skipped"
    assert ran.results["after"] == "done"


def test_no_list_is_refused(run_spec: Run) -> None:
    """The message has the type of the value."""
    ran = run_spec(
        echo("look", {"id": 1}),
        echo("send", wire(["value"], {"value": None}, from_=Output()), "look", each=Output(step="look")),
    )

    assert ran.states["each_send"] == "failed"
    assert "items must be a list, because a step is mapped over it, but is a dict" in ran.log


def test_one_gate_guards_a_step_for_each_element(run_spec: Run) -> None:
    """The approval request shows all calls; one approval lets exactly these run."""
    gate = step("gate", "approval_gate", "look", arguments={"subject": Argument.frozen("Send them?")})
    send = echo(
        "send",
        wire(["value"], {"value": None}, from_=Output(path=["id"])),
        "gate",
        effect="write",
        gate="gate",
        each=Output(step="look"),
    )
    with answering("Approve") as shown:
        ran = run_spec(echo("look", [{"id": number} for number in range(12)]), gate, send)

    ((_, body),) = shown
    asked = [json.loads(part.split("```")[0])["arguments"]["value"] for part in body.split("```json")[1:]]
    assert asked == list(range(12))
    assert ran.all_results["send"] == list(range(12))


def test_a_rejection_of_a_step_for_each_element_skips_all_of_them(run_spec: Run) -> None:
    """No instance runs."""
    gate = step("gate", "approval_gate", "look", arguments={"subject": Argument.frozen("Send them?")})
    argument = wire(["value"], {"value": None}, from_=Output())
    send = echo("send", argument, "gate", effect="write", gate="gate", each=Output(step="look"))
    with answering("Reject"):
        ran = run_spec(echo("look", [1, 2]), gate, send)

    assert ran.states["send"] == "skipped"
    assert "send" not in ran.all_results


@pytest.mark.parametrize(("mark", "name"), [("spec", "nightly.vai.yaml"), ("platform", "sync.json")])
def test_a_spec_by_hand_becomes_the_same_graph(mark: str, name: str, database: Path, tmp_path: Path) -> None:
    """The example in the docs becomes a file that Airflow loads with the same tasks and edges."""
    from tests.airflow_names import DagBag

    page = (HERE.parents[1] / "dev/docs/spec.md").read_text(encoding="utf-8")
    (tmp_path / name).write_text(re.search(rf"<!-- {mark} -->\n```\w+\n(.*?)```\n", page, re.DOTALL)[1])
    automation = read_spec(tmp_path / name)
    files = publish(automation, tmp_path / "dags")
    bag = DagBag(dag_folder=str(files.dag))

    assert bag.import_errors == {}
    dag = bag.dags[automation.dag_id]
    steps = framed(automation).steps
    lists = framed(automation).lists
    assert set(dag.task_ids) == {step.task_id for step in steps}
    for step in steps:
        mapped_over = {lists[step.key]} if step.key in lists else set()
        assert dag.get_task(step.task_id).upstream_task_ids == {*step.depends_on, *mapped_over}
    assert "manual" in dag.tags
    assert read_sidecar(files.sidecar).automation == automation

"""Two rounds of a loop of Airflow 3.4 share nothing that a step keeps under its own name."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from airflow.sdk import DAG, task_group

from airflow_provider_vai.operators.call_automation import called_run_id
from airflow_provider_vai.operators.files import storage
from airflow_provider_vai.operators.flashboard.link import FlashboardLink
from airflow_provider_vai.operators.http_request import HttpRequestOperator
from airflow_provider_vai.operators.python_tool import PythonToolOperator
from airflow_provider_vai.operators.runtime import effects, instance, results
from airflow_provider_vai.recorder.places import recording_path
from airflow_provider_vai.sensors.approval import ApprovalGateSensor
from airflow_provider_vai.sensors.approval_answers import RequiredActionLink

LOOP, FIRST, SECOND = (UUID(int=number) for number in (7, 8, 9))
OUTSIDE = UUID(int=0)
IN_LOOP = SimpleNamespace(task_group=SimpleNamespace(parent_group=SimpleNamespace(max_iterations=3)))
ALONE = SimpleNamespace(task_group=SimpleNamespace(parent_group=None))


def ti(region: Any = OUTSIDE, region_index: Any = -1, *, map_index: int | None = -1, task: Any = ALONE) -> Any:
    """Return a task instance as Airflow 3.4 describes it; outside a loop, its region has no id."""
    place = {"region_id": region, "region_index": region_index, "map_index": map_index, "task": task}
    return SimpleNamespace(dag_id="d", run_id="r", task_id="t", **place)


ROUNDS = (
    (ti(LOOP, 0, task=IN_LOOP), ti(LOOP, 1, task=IN_LOOP)),
    (ti(FIRST, 0, map_index=0, task=IN_LOOP), ti(SECOND, 0, map_index=0, task=IN_LOOP)),
)
"""The same task in two rounds: alone, and mapped over a list. Airflow gives the second a new region in each round."""


@pytest.mark.parametrize(("first", "second"), ROUNDS, ids=["alone", "mapped"])
def test_rounds_have_keys_of_their_own(first: Any, second: Any, monkeypatch: Any, tmp_path: Any) -> None:
    """A later round neither overwrites a result, nor finds the run, the copy or the request of an earlier one."""
    monkeypatch.setenv("AIRFLOW__VAI__ARTIFACTS_PATH", f"file://{tmp_path}/artifacts")
    request = HttpRequestOperator(task_id="t", conn_id="c", endpoint="/x", method="POST", effect="write")

    for made in (
        instance.key,
        called_run_id,
        lambda one: storage.run_token({"ti": one}),
        lambda one: str(results.artifact_path({"ti": one}, "json")),
        lambda one: request._headers({"ti": one})["Idempotency-Key"],
    ):
        assert made(first) == made(first)
        assert made(first) != made(second), made


@pytest.mark.parametrize("one", [ti(), ti(map_index=None), ti(None, None), ti(FIRST, 2, map_index=2)])
def test_outside_a_loop_the_map_index_is_enough(one: Any) -> None:
    """The keys of automations without loops are those of every earlier version: an upgrade repeats nothing."""
    index = -1 if one.map_index is None else one.map_index

    assert instance.round_of(one) is None
    assert instance.key(one) == ["d", "r", "t", index]
    older = SimpleNamespace(dag_id="d", run_id="r", task_id="t", map_index=one.map_index)
    assert called_run_id(one) == called_run_id(older)


@pytest.mark.parametrize(("first", "second"), ROUNDS, ids=["alone", "mapped"])
def test_addresses_name_the_round(first: Any, second: Any, monkeypatch: Any, tmp_path: Any) -> None:
    """A link and a remedy lead to what belongs to this round, and a recording replaces none of another round."""
    monkeypatch.setenv("AIRFLOW__VAI__RUNS_PATH", f"file://{tmp_path}/runs")
    for one in (first, second):
        one.state = "success"
        region = f"region_id={one.region_id}&region_index={one.region_index}"
        assert f"/state-store/vai_effect?{region})" in effects._remedy({"ti": one})
        assert RequiredActionLink().get_link(None, ti_key=one).endswith(f"/required_actions?{region}")
        assert FlashboardLink().get_link(None, ti_key=one).endswith(f"loop_round={instance.round_of(one)}")
        assert instance.region_of(instance.round_of(one), one.map_index) == (one.region_id, one.region_index)

    recorder = pytest.importorskip("airflow_provider_vai.recorder.recorder")
    assert recorder.path_of(first) != recorder.path_of(second)
    assert recorder.path_of(first) == recording_path("d", "r", "t", first.map_index, instance.round_of(first))


def test_addresses_outside_a_loop() -> None:
    """They are as they were."""
    alone, mapped = ti(), ti(FIRST, 2, map_index=2)
    alone.state = mapped.state = "success"

    assert "/taskInstances/t/state-store/vai_effect)" in effects._remedy({"ti": alone})
    assert "/taskInstances/t/state-store/vai_effect?map_index=2)" in effects._remedy({"ti": mapped})
    assert FlashboardLink().get_link(None, ti_key=alone).endswith("/vai/flashboards/d/r/t")
    assert FlashboardLink().get_link(None, ti_key=mapped).endswith("/vai/flashboards/d/r/t?map_index=2")
    assert RequiredActionLink().get_link(None, ti_key=mapped).endswith("/tasks/t/mapped/2/required_actions")


@pytest.mark.skipif(not hasattr(task_group(lambda: None), "loop"), reason="loops are new in Airflow 3.4")
def test_airflow_says_which_tasks_are_in_a_loop() -> None:
    """A gate and its steps in a loop of Airflow are in it, a mapped one too; a task after the loop is not."""
    tool = {"python_callable": "os:getcwd", "effect": "write"}

    @task_group
    def body() -> None:
        gate = ApprovalGateSensor(task_id="gate", subject="Go?")
        step = PythonToolOperator(task_id="step", gate=gate, **tool)
        each = PythonToolOperator.partial(task_id="each", gate=gate, **tool).expand(item=[1, 2])
        gate >> step >> each

    with DAG("d", schedule=None) as dag:
        loop = body.loop(max_iterations=2)
        loop >> PythonToolOperator(task_id="after", **tool)

    found = {task.task_id: instance.is_in_loop(task) for task in dag.tasks if "loop_gate" not in task.task_id}
    assert found == {"body.gate": True, "body.step": True, "body.each": True, "after": False}
    assert instance.is_in_loop(dag.get_task("body.each").unmap({"item": 1}))

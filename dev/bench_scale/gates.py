"""Many runs that wait at their gates, and their end after all were answered."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from airflow_process import SeparateAirflow
from figures import FLAT, PATIENCE, Figure, begin, busy, memory, say

WARM_RUNS = 8
"""Runs before anything is measured: enough for the executor to have all its workers."""

WINDOW, WINDOWS = 30.0, 3
"""Seconds for which the scheduler is watched, and how often: the least busy time counts."""

GATES = """
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import DAG
from airflow_provider_vai.operators.python_tool import PythonToolOperator
from airflow_provider_vai.sensors.approval import ApprovalGateSensor
options = {{"max_active_runs": {count}, "max_active_tasks": {count}, "is_paused_upon_creation": False}}
with DAG("gates", schedule=None, default_args={{"action_asset": False}}, **options):
    gate = ApprovalGateSensor(task_id="gate", subject="Go?")
    gate >> PythonToolOperator(task_id="step", python_callable="os:getcwd", gate=gate)
with DAG("stock", schedule=None, **options):
    ApprovalOperator(task_id="gate", subject="Go?") >> EmptyOperator(task_id="step")
"""


@dataclass
class Waiting:
    """What an Airflow takes while nothing happens: the scheduler's share of a processor, and bytes of memory."""

    loop: float
    memory: dict[str, int]
    slots: int


def of_gates(airflow: SeparateAirflow, count: int) -> Iterator[Figure]:
    """Yield the figures of so many gates that wait, and of the runs after all were answered in any order.

    The scheduler looks at every run that has not ended, whatever it waits for. So the base of its time is the same
    number of runs that wait at a stock gate. They are deleted before ours begin: both find the database alike.
    """
    for dag_id in ("stock", "gates"):
        begin(airflow, dag_id, [f"warm_{number}" for number in range(WARM_RUNS)])
        answer(airflow, dag_id)
    none = measured(airflow)
    runs = [f"run_{number:04}" for number in range(count)]
    stock = waiting(airflow, "stock", runs)
    airflow.client.call("DELETE", "/dags/stock")
    ours = waiting(airflow, "gates", runs)
    yield Figure(f"{count:,} gates, worker slots", ours.slots, 0, "")
    detail = f"{ours.loop:.3f} / {stock.loop:.3f} of a CPU; nothing waits: {none.loop:.3f}"
    yield Figure(f"{count:,} gates, scheduler's CPU against stock gates", ours.loop / stock.loop, FLAT, detail)
    for name, before in none.memory.items():
        detail = f"{ours.memory[name] / 2**20:.0f} / {before / 2**20:.0f} MiB"
        yield Figure(f"{count:,} gates, memory of the {name}", ours.memory[name] / before, FLAT, detail)
    started = time.perf_counter()
    failed = answer(airflow, "gates")
    detail = f"{time.perf_counter() - started:.0f} s from the first answer to the last run's end"
    yield Figure(f"{count:,} gates, runs that did not succeed", len(failed), 0, detail)
    for run_id in failed:
        explain(airflow.client, run_id)


def waiting(airflow: SeparateAirflow, dag_id: str, runs: list[str]) -> Waiting:
    """Start runs, wait until all of them wait at their gate, and measure."""
    client = airflow.client
    begin(airflow, dag_id, runs)
    airflow.wait(f"the gates of {dag_id}", lambda: len(questions(client, dag_id)) == len(runs), PATIENCE, say)
    airflow.wait("the workers to end", lambda: slots(client) == 0, PATIENCE)
    return measured(airflow)


def measured(airflow: SeparateAirflow) -> Waiting:
    """Measure while nothing happens."""
    time.sleep(10)
    loop = min(busy(airflow, "scheduler", WINDOW) for _ in range(WINDOWS))
    return Waiting(loop, {name: memory(airflow, name) for name in ("scheduler", "triggerer")}, slots(airflow.client))


def questions(client: Any, dag_id: str) -> list[Any]:
    """Return the open questions of a DAG."""
    found: list[Any] = []
    while True:
        path = f"/dags/{dag_id}/dagRuns/~/hitlDetails?response_received=false&state=awaiting_input&offset={len(found)}"
        page = client.call("GET", f"{path}&limit=100")["hitl_details"]
        found += page
        if len(page) < 100:
            return found


def slots(client: Any) -> int:
    """Return how many worker slots are taken."""
    pool = client.call("GET", "/pools/default_pool")
    return int(pool["running_slots"]) + int(pool["queued_slots"])


def answer(airflow: SeparateAirflow, dag_id: str) -> list[str]:
    """Approve every open question of a DAG, in random order, until all runs ended; return the runs that failed."""
    client, order = airflow.client, random.Random(7)

    def is_done() -> bool:
        open_ones = questions(client, dag_id)
        order.shuffle(open_ones)
        for one in open_ones:
            ti = one["task_instance"]
            path = f"/dags/{dag_id}/dagRuns/{ti['dag_run_id']}/taskInstances/gate/-1/hitlDetails"
            client.call("PATCH", path, {"chosen_options": ["Approve"], "params_input": {}})
        return not runs("running") and not runs("queued")

    def runs(state: str) -> list[str]:
        page = client.call("GET", f"/dags/{dag_id}/dagRuns?state={state}&limit=100")
        return [run["dag_run_id"] for run in page["dag_runs"]]

    airflow.wait(f"the runs of {dag_id} to end", is_done, PATIENCE, say)
    return runs("failed")


def explain(client: Any, run_id: str) -> None:
    """Print how the tasks of a failed run ended, and the end of their logs."""
    tasks = f"/dags/gates/dagRuns/{run_id}/taskInstances"
    for one in client.call("GET", tasks)["task_instances"]:
        say(f"{run_id}: {one['task_id']} {one['state']} after try {one['try_number']}")
        log = client.call("GET", f"{tasks}/{one['task_id']}/logs/{one['try_number']}?full_content=true")["content"]
        for line in log[-20:]:
            say(f"    {line}")

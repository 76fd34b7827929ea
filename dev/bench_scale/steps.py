"""A DAG of many steps: crystallized, parsed, run and shown, against one of few and against the same written by hand."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

from airflow_process import SeparateAirflow
from figures import FLAT, PATIENCE, Figure, begin, ids, say

FEW_STEPS = 20
LINEAR = 1.5
"""The bound of what grows with the number of steps: how much more than that."""

PARSED = 1.4
"""The bound of parsing against the file by hand. A step of ours fills one template field more."""

PAGE = 3.0
"""The bound of our API against Airflow's own graph of the same DAG."""


HAND = """
from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk import DAG, chain
from scale_tools import look
with DAG("hand", schedule=None):
    chain(*[PythonOperator(task_id=f"t{{k}}", python_callable=look, op_kwargs={{"number": k}}) for k in range({steps})])
"""


def crystallized(folder: Path, dag_id: str, steps: int) -> float:
    """Crystallize a run of so many reads; return the seconds of CPU time."""
    from airflow_provider_vai.cli.main import main as vai

    calls = [
        {"id": f"c{k}", "status": "completed", "kind": "look", "definition": {"number": k}, "result": {"n": k}}
        for k in range(steps)
    ]
    run = {"id": dag_id, "status": "completed", "input": {"prompt": f"look {steps} times"}}
    (folder / "run.json").write_text(json.dumps({"agentRun": run, "actionRuns": calls}))
    tools = '[[tools]]\nmatch = "look"\nkind = "python_tool"\ncallable = "scale_tools:*"\neffect = "read"\n'
    (folder / "vai-tools.toml").write_text(tools)
    command = ["crystallize", str(folder / "run.json"), "--out", str(folder / "dags/vai"), "--dag-id", dag_id]
    said, started = StringIO(), time.process_time()
    with redirect_stdout(said):
        code = vai([*command, "--tools", str(folder / "vai-tools.toml")])
    if code:
        raise SystemExit(f"dev/bench scale: vai crystallize failed: {said.getvalue()}")
    return time.process_time() - started


def of_steps(airflow: SeparateAirflow, folder: Path, steps: int, until: int) -> Iterator[Figure]:
    """Yield the figures of a DAG of many steps against one of few: made, parsed, shown and run."""
    crystallized(folder, "few", FEW_STEPS)  # imports everything
    few, many = crystallized(folder, "few", FEW_STEPS), crystallized(folder, "many", steps)
    (folder / "dags/hand.py").write_text(HAND.format(steps=steps))
    more = steps / FEW_STEPS
    yield Figure(
        f"{steps:,} steps, crystallized, for each step", many / few / more, LINEAR, f"{many:.1f} / {few:.2f} s"
    )
    client, names = airflow.client, {"few", "many", "hand"}
    airflow.wait("the DAGs to be parsed", lambda: names <= ids(client.call("GET", "/dags")), PATIENCE, say)
    parsed = {one["dag_id"]: one["last_parse_duration"] for one in client.call("GET", "/dags")["dags"]}
    detail = f"{parsed['many']:.2f} / {parsed['hand']:.2f} s; {FEW_STEPS} steps: {parsed['few']:.2f} s"
    yield Figure(f"{steps:,} steps, parsed, against by hand", parsed["many"] / parsed["hand"], PARSED, detail)
    for dag_id in names:
        client.call("PATCH", f"/dags/{dag_id}", {"is_paused": False})
    goals = {"few": FEW_STEPS, "hand": until or steps, "many": until or steps}
    seconds = {dag_id: ran(airflow, dag_id, goal) for dag_id, goal in goals.items()}
    detail = f"{seconds['many']:.2f} / {seconds['hand']:.2f} s a step; in a DAG of {FEW_STEPS}: {seconds['few']:.2f} s"
    name = f"{until or steps:,} of {steps:,} steps, run, against by hand"
    yield Figure(name, seconds["many"] / seconds["hand"], FLAT, detail)
    yield from shown(airflow, steps)


def ran(airflow: SeparateAirflow, dag_id: str, goal: int) -> float:
    """Run a DAG until so many steps succeeded; return the seconds that one took."""
    client, started = airflow.client, time.perf_counter()
    begin(airflow, dag_id, ["run"])
    path = f"/dags/{dag_id}/dagRuns/run/taskInstances?limit=1&state="

    def is_done() -> bool:
        if client.call("GET", f"{path}failed")["total_entries"]:
            raise SystemExit(f"dev/bench scale: a step of {dag_id} failed")
        return int(client.call("GET", f"{path}success")["total_entries"]) >= goal

    airflow.wait(f"{goal:,} steps of {dag_id}", is_done, PATIENCE, say)
    seconds = (time.perf_counter() - started) / goal
    client.call("PATCH", f"/dags/{dag_id}", {"is_paused": True})
    return seconds


def shown(airflow: SeparateAirflow, steps: int) -> Iterator[Figure]:
    """Yield how long our API takes to show the large DAG, against Airflow's graph of it; and Airflow's grid."""
    _, graph = fetched(airflow, "/ui/structure/structure_data?dag_id=many")
    yield Figure(f"{steps:,} steps, Airflow's graph", 1, None, f"{graph:.2f} s")
    grid = sum(fetched(airflow, f"/ui/grid/{path}")[1] for path in ("structure/many", "ti_summaries/many?run_ids=run"))
    yield Figure(f"{steps:,} steps, Airflow's grid", grid / graph, None, f"{grid:.2f} s")
    for name, path in (("automation", ""), ("steps", "/steps"), ("findings", "/findings"), ("review", "/review")):
        first, seconds = fetched(airflow, f"/vai/api/v1/automations/many{path}")
        yield Figure(f"{steps:,} steps, our API: {name}", seconds / graph, PAGE, f"{seconds:.2f} s")
        yield Figure(f"{steps:,} steps, the same, first request", first / graph, None, f"{first:.2f} s")


def fetched(airflow: SeparateAirflow, path: str) -> tuple[float, float]:
    """Return the seconds of a first request, and the least of three further ones; the address is below the server's."""
    client = airflow.client
    client.call("GET", "/version")
    call: Callable[[], Any] = lambda: client._send("GET", path)  # noqa: E731
    found = []
    for _ in range(4):
        started = time.perf_counter()
        call()
        found.append(time.perf_counter() - started)
    return found[0], min(found[1:])

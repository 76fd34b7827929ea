"""Writes the DAG files that are compared: the same chain of tasks by hand, crystallized, and with empty operators."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

HEAD = """\
from datetime import datetime, timezone

{imports}
from airflow.sdk import DAG

with DAG(
    dag_id={dag_id!r},
    description="bench",
    schedule=None,
    start_date=datetime(2025, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
    tags=["bench"],
):
"""
BASH = "from airflow.providers.standard.operators.bash import BashOperator"
HITL = "from airflow.providers.standard.operators.hitl import ApprovalOperator"
SQL = "from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator"
HTTP = "from airflow.providers.http.operators.http import HttpOperator"
READ = '[[tools]]\nmatch = "look"\nkind = "python_tool"\ncallable = "bench.tools:*"\neffect = "read"\n'
WRITE = '[[tools]]\nmatch = "post"\nkind = "python_tool"\ncallable = "bench.tools:*"\neffect = "write"\n'


@dataclass(frozen=True)
class Mix:
    """One sort of steps, and the stock operators that a person would write for them.

    :param imports: the imports of the hand-written file. :param task: the source of its task number ``k``.
    :param call: the recorded call number ``k``. :param tools: the tools file. :param gated: how many of the last steps
        have a gate.
    """

    imports: str
    task: Callable[[int], str]
    call: Callable[[int], dict[str, object]]
    tools: str = ""
    gated: int = 0


def _look(k: int) -> dict[str, object]:
    return {"kind": "look", "definition": {"text": f"echo {k}"}, "result": {"n": k}}


def _query(k: int) -> dict[str, object]:
    statement = {"conn_id": "shop", "sql": f"SELECT {k} AS n FROM orders"}
    return {"kind": "generate_query", "definition": statement, "result": {"rows": [[k]]}}


def _get(k: int) -> dict[str, object]:
    request = {"conn_id": "shop", "method": "GET", "path": f"/orders/{k}"}
    return {"kind": "http_request", "definition": request, "result": {"n": k}}


def _bash(k: int) -> str:
    return f'BashOperator(task_id="t{k}", bash_command="echo {k}")'


def _sql(k: int) -> str:
    return f'SQLExecuteQueryOperator(task_id="t{k}", conn_id="shop", sql="SELECT {k} AS n FROM orders")'


def _http(k: int) -> str:
    return f'HttpOperator(task_id="t{k}", http_conn_id="shop", endpoint="/orders/{k}", method="GET")'


MIXES = {
    "bash": Mix(BASH, _bash, _look, READ),
    "sql": Mix(SQL, _sql, _query),
    "http": Mix(HTTP, _http, _get),
    "gates": Mix(f"{BASH}\n{HITL}", _bash, _look, READ + WRITE, gated=2),
}


def write(folder: Path, name: str, dags: int, steps: int) -> None:
    """Write ``hand/``, ``ours/`` and ``floor/`` below a folder.

    :param folder: where. :param name: a key of :data:`MIXES`. :param dags: how many DAGs, one a file.
    :param steps: how many steps each of them has.
    """
    mix = MIXES[name]
    (folder / "hand").mkdir(parents=True)
    (folder / "floor").mkdir()
    for number in range(dags):
        (folder / f"hand/hand_{number}.py").write_text(hand_written(mix, f"hand_{number}", steps))
        _crystallize(mix, folder, number, steps)
        ours = (folder / f"ours/ours_{number}.py").read_text()
        (folder / f"floor/floor_{number}.py").write_text(of_floor(ours))


def hand_written(mix: Mix, dag_id: str, steps: int) -> str:
    """Return the file that a person would write.

    :param mix: the sort of its steps. :param dag_id: its DAG id. :param steps: how many steps it has.
    """
    lines, names = [HEAD.format(imports=mix.imports, dag_id=dag_id)], []
    for k in range(steps):
        if k >= steps - mix.gated:
            lines.append(f'    g{k} = ApprovalOperator(task_id="g{k}", subject="May it run?", body="echo {k}")\n')
            names.append(f"g{k}")
        lines.append(f"    t{k} = {mix.task(k)}\n")
        names.append(f"t{k}")
    return "".join([*lines, f"    {' >> '.join(names)}\n"])


def of_floor(ours: str) -> str:
    """Return a crystallized file with empty operators in place of ours.

    :param ours: its text.
    """
    text = re.sub(r"from airflow_provider_vai\S+ import asset\n", "from floor_operators import asset\n", ours)
    return re.sub(r"from airflow_provider_vai\S+ import (\w+)\n", r"from floor_operators import Step as \1\n", text)


def _crystallize(mix: Mix, folder: Path, number: int, steps: int) -> None:
    from airflow_provider_vai.cli.main import main as vai

    calls = [{"id": f"c{k}", "status": "completed", **mix.call(k)} for k in range(steps)]
    for call in calls[steps - mix.gated :] if mix.gated else []:
        call["kind"] = "post"
    run = {"id": f"bench{number}", "status": "completed", "input": {"prompt": f"bench {number}"}}
    (folder / "run.json").write_text(json.dumps({"agentRun": run, "actionRuns": calls}))
    (folder / "vai-tools.toml").write_text(mix.tools)
    command = ["crystallize", str(folder / "run.json"), "--out", str(folder / "ours"), "--dag-id", f"ours_{number}"]
    gates = "auto" if mix.gated else "recorded"
    said = StringIO()
    with redirect_stdout(said), redirect_stderr(said):
        code = vai([*command, "--tools", str(folder / "vai-tools.toml"), "--gates", gates])
    if code:
        sys.exit(f"dev/bench parse: vai crystallize failed\n{said.getvalue()}")

"""A write takes place once, in a real Airflow whose task processes are killed at the worst moments.

``chaos`` has the table of cells, ``chaos_dags`` their tasks.
"""

from __future__ import annotations

import collections
import importlib
import json
import os
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from airflow_provider_vai.model.kinds import KINDS
from tests.integration import chaos
from tests.integration.chaos import UNKNOWN, FarEnd, cell_id
from tests.paths import ROOT

pytestmark = pytest.mark.integration
e2e = pytest.mark.e2e

TOOL = str(ROOT / "tests/integration/chaos_tool.py")
PERSONS_CELL = cell_id("http_request", "effect")


@dataclass(frozen=True)
class End:
    """How a cell ended: the number of writes, the task's state and tries, and the end of its log if it failed."""

    effects: int
    state: str
    tries: int
    log: str


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the DAG file and the files with the tasks' process ids."""
    home = tmp_path_factory.mktemp("chaos")
    for folder in ("dags", "pids"):
        (home / folder).mkdir()
    shutil.copy(Path(__file__).with_name("chaos_dags.py"), home / "dags")
    return home


@pytest.fixture(scope="module")
def far_end(home: Path) -> Iterator[FarEnd]:
    """The target server that counts the writes."""
    far_end = FarEnd(home / "pids")
    yield far_end
    far_end.slow.set()


@pytest.fixture(scope="module")
def connections(far_end: FarEnd) -> Iterator[dict[str, str]]:
    """The environment: the target's URL, and connections to it by HTTP, by MCP and by a model that uses MCP."""
    sys.path[:0] = [str(ROOT / "dev"), str(ROOT / "dev/example")]
    import services
    from airflow_process import free_port

    port = free_port()
    with (
        services.serving(far_end.answer) as far,
        services.serving(services.model(lambda question: ("send", {"cell": question}))) as model,
        services.listening([sys.executable, TOOL, far.url, str(port)], port),
    ):
        stdio = {"transport": "stdio", "command": sys.executable, "args": [TOOL, far.url], "timeout": 60}
        made = {
            "FAR": {"conn_type": "http", "host": "127.0.0.1", "port": far.server_port},
            "MCP": {"conn_type": "mcp", "host": f"http://127.0.0.1:{port}/mcp"},
            "MCP_STDIO": {"conn_type": "mcp", "extra": stdio},
            "LLM": {
                "conn_type": "pydanticai",
                "host": f"{model.url}/v1",
                "password": "none",
                "extra": {"model": "openai-chat:scripted"},
            },
        }
        yield {"CHAOS_URL": far.url, **{f"AIRFLOW_CONN_{name}": json.dumps(value) for name, value in made.items()}}


@pytest.fixture(scope="module")
def airflow(home: Path, connections: dict[str, str]) -> Iterator[Any]:
    """A healthy Airflow that has parsed the DAGs."""
    from airflow_process import Airflow

    settings = {
        **connections,
        "CHAOS_PIDS": str(home / "pids"),
        "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "tests"))),
        "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
        "AIRFLOW__VAI__ARTIFACTS_PATH": f"file://{home / 'artifacts'}",
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "60",
    }
    with Airflow(home / "airflow", Path(sys.executable), settings) as running:
        running.wait_healthy()
        yield running


@pytest.fixture(scope="module")
def chaos_run(airflow: Any) -> Any:
    """The finished DAG run of the cells."""
    return _run(airflow, "chaos", limit=600)


@pytest.fixture(scope="module")
def ends(chaos_run: Any, far_end: FarEnd) -> dict[str, End]:
    """How each cell ended."""
    logs = chaos_run.failures(100)
    called = chaos_run.client.call("GET", "/dags/called/dagRuns?limit=100")["dag_runs"]
    effects = far_end.effects + collections.Counter(run["conf"]["cell"] for run in called)
    return {
        (name := instance["task_id"]): End(effects[name], instance["state"], instance["try_number"], logs.get(name, ""))
        for instance in chaos_run._instances()
    }


def _start(airflow: Any, dag_id: str) -> Any:
    from dag_run import DagRun

    run = DagRun(airflow, dag_id, print)
    run.wait_known()
    run.start()
    return run


def _run(airflow: Any, dag_id: str, limit: float = 300, **follow: Any) -> Any:
    run = _start(airflow, dag_id)
    run.follow(limit, lambda gate: None, **follow)
    return run


def _clear(run: Any, *tasks: str, **follow: Any) -> None:
    """Clear tasks as a person does, and wait until the DAG run has ended again."""
    _ask_to_clear(run, *tasks)
    run.follow(300, lambda gate: None, **follow)


def _ask_to_clear(run: Any, *tasks: str) -> None:
    body = {"dry_run": False, "dag_run_id": run.run_id, "task_ids": list(tasks), "only_failed": False}
    run.client.call("POST", f"/dags/{run.dag_id}/clearTaskInstances", {**body, "reset_dag_runs": True})


def _instance(run: Any, task: str) -> Any:
    return next(instance for instance in run._instances() if instance["task_id"] == task)


def _store(run: Any, task: str) -> str:
    return f"{run._path()}/taskInstances/{quote(task)}/state-store/vai_effect"


def test_retry_after_an_error_is_refused(run_dag: Callable[..., Any], tmp_path: Path) -> None:
    """The outcome of a write that failed with an error is unknown, as if it had been killed; a read is retried."""
    tool = "python_callable='os:mkdir', arguments={'path': PATH}, retries=1, retry_delay=timedelta(0)"
    ran = run_dag(
        f"PATH = {str(tmp_path)!r}\n"
        f"PythonToolOperator(task_id='a', {tool})\n"
        f"PythonToolOperator(task_id='b', {tool}, effect='read')\n"
    )

    assert ran.states == {"a": "failed", "b": "failed"}
    assert ran.log.count(UNKNOWN) >= 1
    assert ran.log.count("FileExistsError: ") >= 2
    assert "state-store/vai_effect" in ran.log


def test_server_that_is_down_is_asked_again(run_dag: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """A write is retried if its MCP server could not be reached, because nothing was sent."""
    pytest.importorskip("fastmcp")
    with closing(socket.create_server(("127.0.0.1", 0))) as closed:
        host = f"http://127.0.0.1:{closed.getsockname()[1]}/mcp"
    monkeypatch.setenv("AIRFLOW_CONN_MCP", json.dumps({"conn_type": "mcp", "host": host}))
    ran = run_dag(
        "McpToolOperator(task_id='a', conn_id='mcp', tool='send', arguments={}, retries=1, retry_delay=timedelta(0))"
    )

    assert ran.states == {"a": "failed"}
    assert "cannot reach the server of 'mcp'" in ran.log
    assert UNKNOWN not in ran.log
    assert ran.log.count("NothingSentYet: ") == 2


@pytest.mark.parametrize("task", ["McpToolOperator(tool='send',", "CallAgentOperator(question='?',"])
def test_missing_connection_is_no_unknown_outcome(task: str, run_dag: Callable[..., Any]) -> None:
    """The step says that nothing was sent; after the connection is created, clearing it is enough."""
    pytest.importorskip("fastmcp")
    ran = run_dag(
        "from airflow_provider_vai.operators.call_agent import CallAgentOperator\n"
        f"{task} task_id='a', conn_id='nowhere')"
    )

    assert ran.states == {"a": "failed"}
    assert "NothingSent: the connection 'nowhere' cannot be used" in ran.log


def test_every_kind_that_writes_has_a_row() -> None:
    """Each kind that writes must be in this test; an unmapped tool never sends anything, and copies can be repeated.

    An edit of a file replaces it as a whole, and sends nothing.
    """
    repeatable = {"dlt_extract", "duckdb_transform", "file_sync", "write_file"}
    writing = {kind.name for kind in KINDS if kind.effect == "write"} - {"unmapped_tool", "edit_file", *repeatable}
    operators = (kind.operator.rpartition(".") for kind in KINDS if kind.name in repeatable)
    assert all(getattr(importlib.import_module(module), name).idempotent for module, _, name in operators)

    assert {row.partition("-")[0] for row in chaos.WRITES} == writing


@e2e
@pytest.mark.parametrize(("row", "moment"), chaos.CELLS, ids=[cell_id(*cell) for cell in chaos.CELLS])
def test_killed_write_has_one_effect(row: str, moment: str, ends: dict[str, End]) -> None:
    """No write takes place twice: the retry does not repeat it, and says so if the outcome is unknown."""
    effects, outcome = chaos.WRITES[row][moment]
    end = ends[cell_id(row, moment)]

    assert end.tries == 2  # the first try was killed; a try that ends in an unknown outcome is not retried
    assert end.effects == effects
    assert end.state == ("failed" if outcome == UNKNOWN else outcome)
    assert (UNKNOWN in end.log) == (outcome == UNKNOWN)


@e2e
def test_write_that_was_done_keeps_its_result(chaos_run: Any) -> None:
    """If a process is killed after the write and before the task's success, the retry returns the stored result."""
    name = cell_id("python_tool", "recorded")
    path = f"{chaos_run._path()}/taskInstances/{name}/xcomEntries/return_value?deserialize=true"

    assert chaos_run.client.call("GET", path)["value"] == {"effect": name}


@e2e
def test_person_decides(chaos_run: Any, ends: dict[str, End], far_end: FarEnd) -> None:
    """While the outcome is unknown, clearing alone sends nothing. Deleting the key first, or a done write, sends."""
    assert UNKNOWN in ends[PERSONS_CELL].log  # read before anything was cleared
    before = _instance(chaos_run, PERSONS_CELL)
    _clear(chaos_run, PERSONS_CELL)
    assert far_end.effects[PERSONS_CELL] == 1
    assert UNKNOWN in chaos_run.failures(100)[PERSONS_CELL]
    assert _instance(chaos_run, PERSONS_CELL)["max_tries"] > before["max_tries"]

    chaos_run.client.call("DELETE", _store(chaos_run, PERSONS_CELL))
    _clear(chaos_run, PERSONS_CELL)
    assert _instance(chaos_run, PERSONS_CELL)["state"] == "success"
    assert far_end.effects[PERSONS_CELL] == 2

    _clear(chaos_run, PERSONS_CELL)
    assert _instance(chaos_run, PERSONS_CELL)["state"] == "success"
    assert far_end.effects[PERSONS_CELL] == 3
    assert chaos_run.client.call("GET", _store(chaos_run, PERSONS_CELL))["value"]["state"] == "done"


@e2e
def test_one_approval_is_one_write(airflow: Any, far_end: FarEnd) -> None:
    """A finished guarded write that is cleared alone asks for its gate. Cleared with its gate, it is sent again."""
    run = _run(airflow, "gated", answer="Approve")
    assert far_end.effects["guarded"] == 1

    _clear(run, "guarded")
    assert far_end.effects["guarded"] == 1
    assert "clear the task 'gate'" in run.failures(100)["guarded"]

    _clear(run, "gate", "guarded", answer="Approve")
    assert _instance(run, "guarded")["state"] == "success"
    assert far_end.effects["guarded"] == 2


@e2e
def test_clear_of_a_running_write(airflow: Any, far_end: FarEnd) -> None:
    """A write that is cleared while it runs is stopped, and not sent a second time."""
    run = _start(airflow, "held")
    airflow.wait("the effect", lambda: far_end.effects["slow"], 180)
    airflow.wait("the task to run", lambda: _instance(run, "slow")["state"] == "running", 60)
    _ask_to_clear(run, "slow")

    assert run.follow(300, lambda gate: None) == "failed"
    assert far_end.effects["slow"] == 1
    assert UNKNOWN in run.failures(100)["slow"]

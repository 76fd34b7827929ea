"""A write takes place once, in a real Airflow whose task processes are killed at the worst moment.

The far end counts what reaches it. It kills the task's process right after it counted and before it answers, so that
only the far end knows that the effect took place.
"""

from __future__ import annotations

import collections
import contextlib
import http.server
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
import pytest

pytestmark = pytest.mark.integration
e2e = pytest.mark.e2e

ROOT = Path(__file__).parents[2]
UNKNOWN = "unknown outcome"

TOOL = '''
import json, urllib.request

def send(url, number):
    """Have the effect at the far end."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(urllib.request.Request(url, json.dumps(number).encode()), timeout=60) as answer:
        return json.loads(answer.read())
'''
DAG_FILE = """
from __future__ import annotations
import os, signal
from datetime import timedelta
from airflow.sdk import DAG
from airflow_provider_vai.operators.http_request import HttpRequestOperator
from airflow_provider_vai.operators.python_tool import PythonToolOperator
from airflow_provider_vai.sensors.approval import ApprovalGateSensor

RETRY = {"retries": 2, "retry_delay": timedelta(seconds=1)}


def die_in_the_first_try(context, result):
    if context["ti"].try_number == 1:
        os.kill(os.getpid(), signal.SIGKILL)


def tool(task_id, **more):
    arguments = {"url": "URL/" + task_id, "number": 1}
    return PythonToolOperator(
        task_id=task_id, python_callable="chaos_tool:send", arguments=arguments, **RETRY, **more
    )


with DAG("chaos", schedule=None) as dag:
    HttpRequestOperator(task_id="http", conn_id="far", endpoint="/http", method="POST", json={"number": 1}, **RETRY)
    tool("tool")
    tool("late", post_execute=die_in_the_first_try)

with DAG("gated", schedule=None) as gated:
    gate = ApprovalGateSensor(task_id="gate", subject="Send?")
    gate >> tool("guarded", gate=gate)

with DAG("held", schedule=None) as held:
    tool("slow")
"""


class FarEnd(http.server.ThreadingHTTPServer):
    """Counts the effects by path; ``deadly``: paths whose first request costs the sender its life.

    ``/slow`` is answered once ``slow`` is set.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.effects: collections.Counter[str] = collections.Counter()
        self.deadly = {"http", "tool"}
        self.slow = threading.Event()
        self.killed: list[str] = []
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        """The server's address."""
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(http.server.BaseHTTPRequestHandler):
    server: FarEnd

    def do_POST(self) -> None:
        """Count; then kill, or answer."""
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        name = self.path.strip("/")
        with self.server.lock:
            self.server.effects[name] += 1
            kill = name in self.server.deadly
            self.server.deadly.discard(name)
        if kill:
            os.kill(_owner(self.client_address[1]), signal.SIGKILL)
            self.server.killed.append(name)
            self.close_connection = True
            return
        if name == "slow":
            self.server.slow.wait(300)
        content = json.dumps({"effect": name}).encode()
        with contextlib.suppress(OSError):  # whoever asked was stopped meanwhile
            self.send_response(201)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Stay quiet."""


def _owner(port: int) -> int:
    """Return the process that holds the connection from this port: the task's own, not its supervisor."""
    (pid,) = {
        connection.pid
        for connection in psutil.net_connections("tcp")
        if connection.laddr and connection.laddr.port == port and connection.pid not in (None, os.getpid())
    }
    return int(pid)


@pytest.fixture(scope="module")
def far_end() -> Iterator[FarEnd]:
    """The server that has the effects."""
    server = FarEnd()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.slow.set()
    server.shutdown()


@pytest.fixture(scope="module")
def airflow(far_end: FarEnd, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A healthy Airflow that knows the DAGs."""
    sys.path.insert(0, str(ROOT / "dev"))
    from airflow_process import Airflow

    home = tmp_path_factory.mktemp("chaos")
    for folder, name, text in (
        ("dags", "chaos.py", DAG_FILE.replace("URL", far_end.url)),
        ("lib", "chaos_tool.py", TOOL),
    ):
        (home / folder).mkdir()
        (home / folder / name).write_text(text)
    settings = {
        "PYTHONPATH": os.pathsep.join((str(ROOT), str(home / "lib"))),
        "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
        "AIRFLOW__VAI__ARTIFACTS_PATH": f"file://{home / 'artifacts'}",
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "60",
        "AIRFLOW_CONN_FAR": json.dumps({"conn_type": "http", "host": "127.0.0.1", "port": far_end.server_port}),
    }
    with Airflow(home / "airflow", Path(sys.executable), settings) as running:
        running.wait_healthy()
        yield running


@pytest.fixture(scope="module")
def ended(airflow: Any) -> Any:
    """The run of the DAG whose task processes were killed, at its end."""
    return _run(airflow, "chaos")


def _start(airflow: Any, dag_id: str) -> Any:
    from dag_run import DagRun

    run = DagRun(airflow, dag_id, print)
    run.wait_known()
    run.start()
    return run


def _run(airflow: Any, dag_id: str, **follow: Any) -> Any:
    run = _start(airflow, dag_id)
    run.follow(300, lambda gate: None, **follow)
    return run


def _clear(run: Any, *tasks: str, **follow: Any) -> None:
    """Clear tasks as a person does, and wait for the run's new end."""
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
    """A write that broke off with an error is as unknown as a killed one; a read is retried."""
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


@e2e
@pytest.mark.parametrize("task", ["http", "tool"])
def test_killed_write_has_one_effect(task: str, ended: Any, far_end: FarEnd) -> None:
    """The far end counted one; the retry failed with the reason and was not retried itself."""
    assert task in far_end.killed
    assert far_end.effects[task] == 1
    assert _instance(ended, task)["state"] == "failed"
    assert _instance(ended, task)["try_number"] == 2
    assert UNKNOWN in ended.failures(100)[task]


@e2e
def test_write_that_was_done_is_not_repeated(ended: Any, far_end: FarEnd) -> None:
    """A process killed after the effect and before its success: the retry succeeds with the kept result."""
    assert far_end.effects["late"] == 1
    assert (_instance(ended, "late")["state"], _instance(ended, "late")["try_number"]) == ("success", 2)
    entry = ended.client.call("GET", f"{ended._path()}/taskInstances/late/xcomEntries/return_value?deserialize=true")
    assert entry["value"] == {"effect": "late"}


@e2e
def test_person_decides(ended: Any, far_end: FarEnd) -> None:
    """Clearing alone sends nothing while the outcome is unknown; without the key, or once done, it does."""
    before = _instance(ended, "http")
    _clear(ended, "http")
    assert far_end.effects["http"] == 1
    assert UNKNOWN in ended.failures(100)["http"]
    assert _instance(ended, "http")["max_tries"] > before["max_tries"]

    ended.client.call("DELETE", _store(ended, "http"))
    _clear(ended, "http")
    assert _instance(ended, "http")["state"] == "success"
    assert far_end.effects["http"] == 2

    _clear(ended, "http")
    assert _instance(ended, "http")["state"] == "success"
    assert far_end.effects["http"] == 3
    assert ended.client.call("GET", _store(ended, "http"))["value"]["state"] == "done"


@e2e
def test_one_approval_is_one_write(airflow: Any, far_end: FarEnd) -> None:
    """A finished guarded write that is cleared alone asks for its gate; cleared with it, it is sent again."""
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
    """A write that is cleared in its middle is stopped, and not sent a second time."""
    run = _start(airflow, "held")
    airflow.wait("the effect", lambda: far_end.effects["slow"], 180)
    airflow.wait("the task to run", lambda: _instance(run, "slow")["state"] == "running", 60)
    _ask_to_clear(run, "slow")

    assert run.follow(300, lambda gate: None) == "failed"
    assert far_end.effects["slow"] == 1
    assert UNKNOWN in run.failures(100)["slow"]

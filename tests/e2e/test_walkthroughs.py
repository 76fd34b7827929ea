"""The pages that teach: every command of them works the first time, and prints what the page shows."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import httpx
import pytest
from dag_run import SETTLE, WAITING
from moto.server import ThreadedMotoServer

from tests.e2e import claude_session, mail_server, scripted_models
from tests.e2e.walkthrough import LIMIT, Walkthrough, plain_environment
from tests.paths import ROOT

pytestmark = [pytest.mark.e2e, pytest.mark.docs, pytest.mark.timeout(2400)]

STATES = """\
import sys
from airflow.models.dagrun import DagRun
from airflow.utils.session import create_session
from sqlalchemy import select
with create_session() as session:
    print(*session.scalars(select(DagRun.state).where(DagRun.dag_id == sys.argv[1])))
"""


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _approve(walk: Walkthrough, dag_id: str, parked: dict[str, float]) -> None:
    """Approve what waits for an answer in a DAG's runs, as a person would on Airflow's page.

    A gate is answered once it was seen waiting for some seconds: the scheduler may take an earlier answer for a lost
    task. ``parked`` keeps when each gate was first seen so.
    """
    (file,) = Path(walk.value("AIRFLOW_HOME")).glob("simple_auth_manager_passwords*")
    ((name, password),) = json.loads(file.read_text()).items()
    with httpx.Client(base_url=walk.value("AIRFLOW"), timeout=60, trust_env=False) as client:
        token = client.post("/auth/token", json={"username": name, "password": password}).raise_for_status().json()
        client.headers["Authorization"] = f"Bearer {token['access_token']}"
        found = client.get(f"/api/v2/dags/{dag_id}/dagRuns/~/hitlDetails?response_received=false").raise_for_status()
        waiting = [one["task_instance"] for one in found.json()["hitl_details"]]
        waiting = [task for task in waiting if task["state"] in WAITING]
        for gone in parked.keys() - {task["id"] for task in waiting}:
            del parked[gone]
        for task in waiting:
            if time.monotonic() - parked.setdefault(task["id"], time.monotonic()) > SETTLE:
                run = f"/api/v2/dags/{dag_id}/dagRuns/{task['dag_run_id']}"
                answer = {"chosen_options": ["Approve"], "params_input": {}}
                path = f"{run}/taskInstances/{task['task_id']}/-1/hitlDetails"
                client.patch(path, json=answer).raise_for_status()


@pytest.fixture
def follow(tmp_path: Path) -> Iterator[Callable[..., None]]:
    """Return a function that follows a page as a new user, on a fresh clone with an empty home."""
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(tmp_path / "vai")], check=True)
    (tmp_path / "home").mkdir()
    started: list[Walkthrough] = []

    def end_of_run(dag_id: str, approve: bool = False) -> None:
        walk = started[-1]
        end = time.monotonic() + LIMIT
        parked: dict[str, float] = {}
        while True:
            if approve:
                _approve(walk, dag_id, parked)
            output, _ = walk._output(f"python -c '{STATES}' {dag_id} 2>/dev/null | tail -n 1")
            states = output.split()
            assert "failed" not in states
            if states and set(states) == {"success"}:
                return
            assert time.monotonic() < end, f"{dag_id}: {states}"
            time.sleep(2)

    waiting = {"wait": end_of_run, "approve": lambda dag_id: end_of_run(dag_id, approve=True)}

    def one(page: str, **variables: str) -> None:
        environment = plain_environment(tmp_path / "home", Path(sys.executable))
        port = str(_free_port())
        environment |= {
            "PYTHONPATH": str(tmp_path / "vai"),
            "AIRFLOW__API__PORT": port,
            "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}",
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW": f"http://127.0.0.1:{port}",
            "AIRFLOW__CORE__PARALLELISM": "4",
            "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "60",
            "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(_free_port()),
            "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(_free_port()),
            "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_SERVER_PORT": str(_free_port()),
            **dict.fromkeys(("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"), "Ada"),
            **dict.fromkeys(("GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"), "ada@example.com"),
            "REPORTS_PORT": str(_free_port()),
            **variables,
        }
        walk = Walkthrough(tmp_path / "vai", environment, waiting)
        started.append(walk)
        assert walk.follow(ROOT / "dev/docs" / page) > 0

    yield one
    for walk in started:
        walk.end()


@pytest.mark.parametrize(
    "page",
    [
        "tutorial/command-line.md",
        "howto/webhook.md",
        "howto/edit-step.md",
        "howto/several-runs.md",
        "howto/verify-in-ci.md",
        "howto/git.md",
        "howto/path-prefix.md",
        "howto/move.md",
        "howto/upgrade.md",
        "howto/remove.md",
    ],
)
def test_a_page_can_be_followed(follow: Callable[..., None], page: str) -> None:
    """A new user who types what the page says gets what it shows."""
    follow(page)


def test_a_bucket_holds_the_automations(follow: Callable[..., None]) -> None:
    """What is crystallized into a bucket is a DAG of Airflow; the object storage is a server of the test."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    place = {"endpoint_url": f"http://{host}:{port}", "region_name": "us-east-1"}
    boto3.client("s3", **place, aws_access_key_id="k", aws_secret_access_key="s").create_bucket(Bucket="my-bucket")
    connection = {"conn_type": "aws", "login": "k", "password": "s", "extra": place}
    try:
        follow("howto/object-storage.md", AIRFLOW_CONN_AWS_DEFAULT=json.dumps(connection))
    finally:
        server.stop()


def test_notifiers_send_mails(follow: Callable[..., None], tmp_path: Path) -> None:
    """One when a gate waits, one when the run succeeds; the mail server is one of the test."""
    with mail_server.serving(tmp_path / "home/mails.txt") as port:
        extra = {"disable_ssl": True, "disable_tls": True}
        connection = {"conn_type": "smtp", "host": "127.0.0.1", "port": port, "extra": extra}
        follow("howto/notify-approvals.md", AIRFLOW_CONN_SMTP_DEFAULT=json.dumps(connection))


@pytest.mark.parametrize(
    ("page", "write"),
    [("howto/claude-code.md", claude_session.write), ("howto/mcp-tools.md", claude_session.write_with_mcp)],
)
def test_a_session_becomes_a_dag(
    follow: Callable[..., None], tmp_path: Path, page: str, write: Callable[[Path], None]
) -> None:
    """From the session of a coding agent to the DAG's success, with an approval."""
    write(tmp_path / "home")
    follow(page)


@pytest.mark.parametrize(
    ("page", "script"),
    [
        ("howto/langgraph.md", scripted_models.dashboard),
        ("howto/openai-agents.md", scripted_models.dashboard),
        ("howto/own-functions.md", scripted_models.order),
        ("howto/pydantic-ai.md", scripted_models.dashboard),
        ("howto/opentelemetry.md", scripted_models.dashboard),
    ],
)
def test_an_agent_becomes_a_dag(follow: Callable[..., None], page: str, script: scripted_models.Script) -> None:
    """From the script that records an agent to the DAG's success; the model is a server of the test."""
    with scripted_models.serving(script) as url:
        follow(page, OPENAI_BASE_URL=url, OPENAI_API_KEY="no-key-is-needed")

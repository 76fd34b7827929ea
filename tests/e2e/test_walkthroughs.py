"""The pages that teach: every command of them works the first time, and prints what the page shows."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e import scripted_models
from tests.e2e.walkthrough import Walkthrough, plain_environment
from tests.paths import ROOT

pytestmark = pytest.mark.e2e


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture
def follow(tmp_path: Path) -> Iterator[Callable[..., None]]:
    """Return a function that follows a page as a new user, on a fresh clone with an empty home."""
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(tmp_path / "vai")], check=True)
    (tmp_path / "home").mkdir()
    started: list[Walkthrough] = []

    def end_of_run(dag_id: str) -> None:
        script = (
            "import sys; from airflow.models.dagrun import DagRun; from airflow.utils.session import create_session;"
            "from sqlalchemy import select\n"
            "with create_session() as s: print(*s.scalars(select(DagRun.state).where(DagRun.dag_id == sys.argv[1])))"
        )
        end = time.monotonic() + 420
        while True:
            output, _ = started[-1]._output(f"python -c '{script}' {dag_id} 2>/dev/null | tail -n 1")
            states = output.split()
            assert "failed" not in states
            if states and set(states) == {"success"}:
                return
            assert time.monotonic() < end, f"{dag_id}: {states}"
            time.sleep(2)

    def one(page: str, **variables: str) -> None:
        environment = plain_environment(tmp_path / "home", Path(sys.executable))
        port = str(_free_port())
        environment |= {
            "PYTHONPATH": str(tmp_path / "vai"),
            "AIRFLOW__API__PORT": port,
            "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}",
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(_free_port()),
            "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(_free_port()),
            "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_SERVER_PORT": str(_free_port()),
            **variables,
        }
        walk = Walkthrough(tmp_path / "vai", environment, {"wait": end_of_run})
        started.append(walk)
        assert walk.follow(ROOT / "dev/docs" / page) > 0

    yield one
    for walk in started:
        walk.end()


@pytest.mark.parametrize("page", ["tutorial/command-line.md", "howto/webhook.md", "howto/claude-code.md"])
def test_a_page_can_be_followed(follow: Callable[..., None], page: str) -> None:
    """A new user who types what the page says gets what it shows."""
    follow(page)


@pytest.mark.parametrize(
    ("page", "script"),
    [
        ("howto/langgraph.md", scripted_models.dashboard),
        ("howto/openai-agents.md", scripted_models.dashboard),
        ("howto/own-functions.md", scripted_models.order),
    ],
)
def test_an_agent_becomes_a_dag(follow: Callable[..., None], page: str, script: scripted_models.Script) -> None:
    """From the script that records an agent to the DAG's success; the model is a server of the test."""
    with scripted_models.serving(script) as url:
        follow(page, OPENAI_BASE_URL=url, OPENAI_API_KEY="no-key-is-needed")

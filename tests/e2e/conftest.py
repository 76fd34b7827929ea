"""One real Airflow with the example's two DAGs, another one for gates, and one real browser."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.person import Person
from tests.paths import ROOT

sys.path[:0] = [str(ROOT / "dev"), str(ROOT / "dev/example")]

from airflow_process import AirflowError, SeparateAirflow  # noqa: E402
from dag_run import SETTLE, WAITING, DagRun  # noqa: E402

PLAIN_CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of this session's Airflow, DAG files, warehouse and artifacts."""
    return tmp_path_factory.mktemp("vai")


@pytest.fixture(scope="session")
def reports(home):
    """The service that the example posts its summary to."""
    import receiver

    service = receiver.start(home / "received.jsonl")
    yield service
    service.shutdown()


@pytest.fixture(scope="session")
def airflow(home, reports) -> Iterator:
    """A healthy Airflow that knows the two crystallized example DAGs."""
    import warehouse
    from airflow_process import Airflow

    from airflow_provider_vai.cli.main import main

    warehouse.build(home / "warehouse.duckdb")
    for trace, dag_id in (("seed.json", "monthly_revenue_dashboard"), ("run.json", "monthly_revenue_report")):
        command = ["crystallize", str(ROOT / "dev/example" / trace), "--out", str(home / "dags"), "--dag-id", dag_id]
        assert main(command) == 0
    settings = {
        "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
        "AIRFLOW__VAI__ARTIFACTS_PATH": f"file://{home / 'artifacts'}",
        "AIRFLOW_CONN_WAREHOUSE": json.dumps({"conn_type": "duckdb", "host": str(home / "warehouse.duckdb")}),
        "AIRFLOW_CONN_REPORTS": json.dumps({"conn_type": "http", "host": "127.0.0.1", "port": reports.server_port}),
    }
    users = {"admin": "admin", "alice": "op", "victor": "viewer"}
    with Airflow(home / "airflow", Path(sys.executable), settings, users) as running:
        running.wait_healthy()
        yield running


@pytest.fixture(scope="module")
def received(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The service that the automation posts its summary to."""
    import receiver

    service = receiver.start(tmp_path_factory.mktemp("service") / "received.jsonl")
    yield service
    service.shutdown()


@pytest.fixture
def chromium_arguments() -> list[str]:
    """What the browser of one module gets in addition."""
    return []


@pytest.fixture
def browse(airflow, tmp_path, chromium_arguments):
    """Return a function that logs a user in and returns the browser's page."""
    from playwright.sync_api import sync_playwright

    executable = os.environ.get("VAI_CHROMIUM", "/usr/bin/chromium")
    with sync_playwright() as playwright:
        contexts = []

        def log_in(user: str):
            context = playwright.chromium.launch_persistent_context(
                tmp_path / user,
                executable_path=executable,
                headless=True,
                args=[*PLAIN_CHROMIUM, *chromium_arguments],
                viewport={"width": 1440, "height": 900},
                device_scale_factor=1.5,
            )
            contexts.append(context)
            context.set_default_timeout(60_000)
            page = context.pages[0]
            page.goto(f"{airflow.seen_at}/auth/login")
            page.fill('input[name="username"]', user)
            page.fill('input[name="password"]', airflow.passwords[user])
            page.click('button[type="submit"]')
            page.wait_for_url(lambda url: "/auth/login" not in url)
            return page

        yield log_in
        for context in contexts:
            context.close()


@pytest.fixture
def person(airflow: Any, browse: Callable[[str], Any]) -> Iterator[Callable[[str], Person]]:
    """Return a function that logs a user in; after the test, nobody's browser may have complained."""
    people: list[Person] = []

    def one(user: str) -> Person:
        people.append(Person(browse(user), airflow.seen_at))
        return people[-1]

    yield one
    assert [complaint for who in people for complaint in who.complaints] == []


class GateRun(DagRun):
    """A run whose gates a test answers."""

    def begin(self) -> GateRun:
        """Wait until the DAG is known, and start the run."""
        self.wait_known()
        self.start()
        return self

    def wait_state(self, task: str, *states: str, limit: float = 180) -> str:
        """Wait until a task is in one of these states; return it."""

        def there() -> str | None:
            self._look(lambda gate: None, None)
            return self.states.get(task) if self.states.get(task) in states else None

        return str(self.airflow.wait(f"{task} of {self.run_id} to be {' or '.join(states)}", there, limit))

    def settled(self, task: str = "gate") -> GateRun:
        """Wait until a gate is parked, and as long again as the scheduler's race with a quick answer needs."""
        since: list[float] = []

        def there() -> bool:
            self._look(lambda gate: None, None)
            if self.states.get(task) not in WAITING:
                since.clear()
                return False
            since.append(time.monotonic())
            return since[-1] - since[0] > SETTLE

        self.airflow.wait(f"{task} of {self.run_id} to wait for its answer", there, 180)
        return self

    def answer(self, user: str, option: str, task: str = "gate", map_index: int = -1, **form: Any) -> None:
        """Answer a gate by REST as a user; ``form`` is what they wrote into its fields."""
        body = {"chosen_options": [option], "params_input": form}
        self.airflow.client_of(user).call("PATCH", self.question_path(task, map_index), body)

    def question(self, task: str = "gate", map_index: int = -1) -> dict[str, Any]:
        """Return a gate's question as it stands, with the answer if there is one."""
        return self.client.call("GET", self.question_path(task, map_index))

    def question_path(self, task: str = "gate", map_index: int = -1) -> str:
        """Return the question's address in the REST API."""
        return f"{self._path()}/taskInstances/{task}/{map_index}/hitlDetails"

    def end(self, limit: float = 300) -> str:
        """Wait until the run ends; return its state."""
        return self.follow(limit, lambda gate: None)

    def result(self, task: str = "gate") -> Any:
        """Return what a task left in XCom."""
        path = f"{self._path()}/taskInstances/{task}/xcomEntries/return_value?deserialize=true"
        return self.client.call("GET", path)["value"]

    def instance(self, task: str) -> dict[str, Any]:
        """Return a task of the run as Airflow sees it."""
        return self.client.call("GET", f"{self._path()}/taskInstances/{task}")

    def log(self, task: str = "gate", lines: int = 400) -> str:
        """Return the end of the log of a task's latest try."""
        return self._log(self.instance(task), lines)


@pytest.fixture(scope="session")
def start_gates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., SeparateAirflow]]:
    """Return a function that starts an Airflow with a DAG file about gates.

    It has the version that `dev/e2e` names, the users alice and bob (op) and victor (viewer), and a bank that keeps
    what is posted to it, ``airflow.bank``; ``airflow.version`` is a tuple, ``airflow.artifacts`` a folder.
    """
    import receiver

    python = Path(os.environ.get("VAI_AIRFLOW_PYTHON", sys.executable))
    asked = [str(python), "-c", "from importlib.metadata import version; print(version('apache-airflow'))"]
    version = tuple(map(int, subprocess.check_output(asked, text=True).split(".")[:2]))
    running: list[SeparateAirflow] = []

    def start(source: str, **settings: str) -> SeparateAirflow:
        home = tmp_path_factory.mktemp("gates")
        (home / "dags").mkdir()
        (home / "dags/gates.py").write_text(source, encoding="utf-8")
        bank = receiver.start(home / "received.jsonl")
        settings = {
            "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
            "AIRFLOW__VAI__ARTIFACTS_PATH": f"file://{home / 'artifacts'}",
            "AIRFLOW__SCHEDULER__TRIGGER_TIMEOUT_CHECK_INTERVAL": "5",
            "AIRFLOW_CONN_BANK": json.dumps({"conn_type": "http", "host": "127.0.0.1", "port": bank.server_port}),
            **settings,
        }
        users = {"admin": "admin", "alice": "op", "bob": "op", "victor": "viewer"}
        components = ["api-server", "scheduler", "dag-processor", *(["triggerer"] if version < (3, 3) else [])]
        airflow = SeparateAirflow(home / "airflow", python, settings, users, components=components)
        running.append(airflow)
        airflow.bank, airflow.version, airflow.artifacts = bank, version, home / "artifacts"
        airflow.start()
        airflow.wait_healthy()
        return airflow

    yield start
    for airflow in running:
        airflow.stop()
        airflow.bank.shutdown()


@pytest.fixture
def start(airflow) -> Callable[[str], GateRun]:
    """Return a function that starts a run of a DAG."""
    return lambda dag_id: GateRun(airflow, dag_id, print).begin()


@pytest.fixture
def refused() -> Callable[..., int]:
    """Return a function that calls another one and returns the status with which Airflow refuses it."""

    def status(call: Callable[..., Any], *args: Any, **kwargs: Any) -> int:
        with pytest.raises(AirflowError, match=r"answered \d+") as told:
            call(*args, **kwargs)
        return int(str(told.value).partition(" answered ")[2][:3])

    return status


@pytest.fixture
def picture():
    """Return a function that keeps a screenshot for the documentation, where `dev/e2e --screenshots` asks for it."""

    def keep(page, name: str) -> None:
        folder = os.environ.get("VAI_SCREENSHOTS")
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            page.screenshot(path=Path(folder) / f"{name}.png")

    return keep

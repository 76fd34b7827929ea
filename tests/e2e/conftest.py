"""One real Airflow with the example's two DAGs, and one real browser, for all tests that a person's clicks need."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "dev"), str(ROOT / "dev/example")]

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

    from airflow_provider_vai.cli import main

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


@pytest.fixture
def browse(airflow, tmp_path):
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
                args=PLAIN_CHROMIUM,
                viewport={"width": 1440, "height": 900},
                device_scale_factor=1.5,
            )
            contexts.append(context)
            context.set_default_timeout(60_000)
            page = context.pages[0]
            page.goto(f"{airflow.url}/auth/login")
            page.fill('input[name="username"]', user)
            page.fill('input[name="password"]', airflow.passwords[user])
            page.click('button[type="submit"]')
            page.wait_for_url(lambda url: "/auth/login" not in url)
            return page

        yield log_in
        for context in contexts:
            context.close()


@pytest.fixture
def picture():
    """Return a function that keeps a screenshot for the documentation, where `dev/e2e --screenshots` asks for it."""

    def keep(page, name: str) -> None:
        folder = os.environ.get("VAI_SCREENSHOTS")
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            page.screenshot(path=Path(folder) / f"{name}.png")

    return keep

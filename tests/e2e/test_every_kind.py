"""A DAG with every action kind, crystallized from a recording, in a real Airflow with real services around it."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.paths import ROOT

pytestmark = pytest.mark.e2e

EXAMPLE, CASE = ROOT / "dev/example", ROOT / "tests/golden/every_kind"
OPTIONS = ("--dag-id", "every_kind", "--parallel", "--gates", "recorded")
REVENUE = [{"region": "North", "revenue": 180}, {"region": "South", "revenue": 80}]


@dataclass(frozen=True)
class Finished:
    """The finished run, and what the services have kept."""

    run: Any
    state: str
    home: Path
    posts: list[Any]

    def result(self, task: str) -> Any:
        """Return what a task left in XCom."""
        path = f"{self.run._path()}/taskInstances/{task}/xcomEntries/return_value?deserialize=true"
        return self.run.client.call("GET", path)["value"]

    def rows(self, sql: str) -> Any:
        """Return what the warehouse holds."""
        import duckdb

        with duckdb.connect(str(self.home / "warehouse.duckdb"), read_only=True) as warehouse:
            return warehouse.execute(sql).fetchall()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the DAG files, the partner's file, the warehouse, the notes and the artifacts."""
    home = tmp_path_factory.mktemp("every_kind")
    (home / "data/partner").mkdir(parents=True)
    (home / "data/partner/targets.csv").write_text("region,target\nNorth,150\n", encoding="utf-8")
    shutil.copytree(EXAMPLE / "dags", home / "dags", ignore=shutil.ignore_patterns("__pycache__"))
    return home


@pytest.fixture(scope="module")
def finished(home: Path) -> Iterator[Finished]:
    """The crystallized DAG's run, which Mia approved, at its end."""
    import receiver
    import services
    from airflow_process import Airflow, free_port
    from dag_run import DagRun

    port = free_port()
    notes = [sys.executable, str(EXAMPLE / "services.py"), str(port), str(home / "notes.txt")]
    reports = receiver.start(home / "reports.jsonl")
    with (
        services.serving(services.shop) as shop,
        services.serving(services.model(lambda question: ("add_note", {"text": "North leads."}))) as model,
        services.listening(notes, port),
    ):
        _crystallize(home, shop.url)
        settings = {
            "PYTHONPATH": str(ROOT),
            "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
            "AIRFLOW__VAI__ARTIFACTS_PATH": f"file://{home / 'artifacts'}",
            **_connections(home, shop.server_port, reports.server_port, model.url, port),
        }
        with Airflow(home / "airflow", Path(sys.executable), settings, {"mia": "admin"}) as airflow:
            airflow.wait_healthy()
            run = DagRun(airflow, "every_kind", print)
            run.wait_known()
            run.start()
            state = run.follow(600, lambda gate: None, answer="Approve")
            yield Finished(run, state, home, reports.posts())
    reports.shutdown()


def _crystallize(home: Path, shop: str) -> None:
    """Crystallize the golden case's recording, with this test's addresses in place of the recorded ones."""
    from airflow_provider_vai.cli.main import main

    trace = (CASE / "trace.json").read_text(encoding="utf-8")
    trace = trace.replace("file:///data", f"file://{home}/data").replace("https://news.example", f"{shop}/news")
    (home / "trace.json").write_text(trace, encoding="utf-8")
    tools = ("--tools", str(CASE / "vai-tools.toml"))
    assert main(["crystallize", str(home / "trace.json"), "--out", str(home / "dags"), *tools, *OPTIONS]) == 0


def _connections(home: Path, shop: int, reports: int, model: str, notes: int) -> dict[str, str]:
    here = {"conn_type": "http", "host": "127.0.0.1"}
    made = {
        "SHOP_API": {**here, "port": shop},
        "WEB_SEARCH": {**here, "port": shop},
        "NEWS_SITE": {**here, "extra": {"allow_private": True}},
        "REPORTS": {**here, "port": reports},
        "WAREHOUSE": {"conn_type": "duckdb", "host": str(home / "warehouse.duckdb")},
        "TEAM_NOTES": {"conn_type": "mcp", "host": f"http://127.0.0.1:{notes}/mcp"},
        "ANALYST_MODEL": {
            "conn_type": "pydanticai",
            "host": f"{model}/v1",
            "password": "none",
            "extra": {"model": "openai-chat:scripted"},
        },
    }
    return {f"AIRFLOW_CONN_{name}": json.dumps(value) for name, value in made.items()}


def test_the_case_has_every_kind() -> None:
    """The recording becomes each kind of the table, but the one that always fails."""
    from airflow_provider_vai.model.kinds import KINDS

    sidecar = json.loads((CASE / "expected/every_kind.vai.json").read_text(encoding="utf-8"))

    assert {step["kind"] for step in sidecar["steps"]} == {kind.name for kind in KINDS} - {"unmapped_tool"}


def test_the_run_succeeds(finished: Finished) -> None:
    """Every task succeeds but the branch that was not taken, which is skipped."""
    assert finished.state == "success", finished.run.failures()
    assert {task: state for task, state in finished.run.states.items() if state != "success"} == {
        "plan_discount": "skipped"
    }


def test_data_kinds(finished: Finished) -> None:
    """The warehouse holds the loaded and the transformed table, and the archive the partner's file."""
    assert finished.rows("SELECT order_id, region, amount FROM shop.orders ORDER BY 1") == [
        (1, "North", 120),
        (2, "South", 80),
        (3, "North", 60),
    ]
    assert finished.rows("SELECT * FROM region_revenue ORDER BY region") == [("North", 180), ("South", 80)]
    copied = finished.home / "data/archive/2025-03/targets.csv"
    assert copied.read_text(encoding="utf-8") == "region,target\nNorth,150\n"


def test_reading_kinds(finished: Finished) -> None:
    """The schema, the query, the search and the page are what the services hold."""
    (table,) = finished.result("explain_schema")["tables"]
    assert {"order_id", "region", "amount"} <= {column["name"] for column in table["columns"]}
    assert finished.result("generate_query")["rows"] == REVENUE
    (found,) = finished.result("web_search")["results"]
    assert found["title"] == "Coffee prices in March"
    page = finished.result("fetch_page")
    assert page["title"] == "Coffee prices in March"
    assert "Arabica rose by four percent" in page["text"]


def test_python_tool_and_flashboard(finished: Finished) -> None:
    """The tool computes from the query's rows, and the page shows both."""
    forecast = [{"region": "North", "revenue": 198}, {"region": "South", "revenue": 88}]
    assert finished.result("forecast") == forecast
    board = finished.result("create_flashboard")
    assert board["rows"] == {"revenue": 2, "forecast": 2}
    page = Path(board["path"].removeprefix("file://")).read_text(encoding="utf-8")
    assert "<h1>March by region</h1>" in page
    assert "Forecast for April" in page


def test_agent_and_mcp_tool(finished: Finished) -> None:
    """The agent's note stands before the one of the step that the branch chose."""
    notes = (finished.home / "notes.txt").read_text(encoding="utf-8").splitlines()
    assert notes == ["North leads.", "A good March: no discount is needed."]
    assert json.loads(finished.result("call_agent")["answer"]) == {"notes": 1}
    assert finished.result("add_note") == {"notes": 2}


def test_files_and_command(finished: Finished) -> None:
    """The file was written, edited and sorted in the working folder of the run."""
    assert finished.result("shell_command") == {"exit_code": 0, "output": "North 180\nSouth 80", "truncated": False}
    (sorted_file,) = finished.home.glob("airflow/vai/work/every_kind/*/report/sorted.txt")
    assert sorted_file.read_text(encoding="utf-8") == "North 180\nSouth 80\n"


def test_approval_and_request(finished: Finished) -> None:
    """The report is posted once, with what Mia approved."""
    assert finished.posts == [{"month": "2025-03", "regions": REVENUE}]
    approval = finished.result("approve_http_request")
    assert (approval["decision"], approval["by"]["name"]) == ("approve", "mia")


def test_call_automation(finished: Finished) -> None:
    """The other automation ran once, with the recorded params."""
    (called,) = finished.run.client.call("GET", "/dags/publish_report/dagRuns")["dag_runs"]
    assert (called["state"], called["conf"]) == ("success", {"month": "2025-03"})
    expected = {"dag_id": "publish_report", "run_id": called["dag_run_id"], "state": "success"}
    assert finished.result("call_automation") == expected
    path = f"/dags/publish_report/dagRuns/{quote(called['dag_run_id'])}/taskInstances/publish/xcomEntries/return_value"
    published = finished.run.client.call("GET", f"{path}?deserialize=true")
    assert published["value"] == {"published": "2025-03"}


def test_conditional_branch(finished: Finished) -> None:
    """The condition held: the note was taken, the discount was not."""
    branch = finished.result("conditional_branch")
    assert (branch["value"], branch["chosen"]) == (True, ["add_note"])

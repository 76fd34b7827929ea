"""Two recordings of one task become one DAG, and each of its runs posts the figures of that run's data."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.paths import ROOT

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

DAG_ID = "yearly_report"
EXAMPLE = ROOT / "dev/example"


@pytest.fixture(scope="module")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """An Airflow with the DAG of the two recordings, a reports service, and a warehouse that a test replaces."""
    import receiver
    from airflow_process import Airflow

    from airflow_provider_vai.cli.main import main

    home = tmp_path_factory.mktemp("report")
    recordings = [str(EXAMPLE / "run.json"), str(EXAMPLE / "run_2024.json")]
    assert main(["crystallize", *recordings, "--out", str(home / "dags"), "--dag-id", DAG_ID]) == 0
    service = receiver.start(home / "received.jsonl")
    settings = {
        "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
        "AIRFLOW__VAI__ARTIFACTS_PATH": f"file://{home / 'artifacts'}",
        "AIRFLOW_CONN_WAREHOUSE": json.dumps({"conn_type": "duckdb", "host": str(home / "warehouse.duckdb")}),
        "AIRFLOW_CONN_REPORTS": json.dumps({"conn_type": "http", "host": "127.0.0.1", "port": service.server_port}),
        "PYTHONPATH": str(ROOT),
    }
    with Airflow(home / "airflow", Path(sys.executable), settings) as running:
        running.service, running.warehouse = service, home / "warehouse.duckdb"
        running.wait_healthy()
        yield running
    service.shutdown()


def expected(warehouse: Path) -> dict[str, Any]:
    """Return the sentences about a warehouse, from SQL alone."""
    with duckdb.connect(str(warehouse), read_only=True) as database:

        def one(sql: str) -> tuple[Any, ...]:
            found = database.execute(sql).fetchone()
            assert found is not None
            return found

        database.execute(
            """CREATE TEMP VIEW months AS
               SELECT date_trunc('month', ordered_at) AS month, sum(quantity * unit_price) AS revenue
               FROM orders JOIN order_lines USING (order_id) WHERE status = 'completed' GROUP BY 1;
               CREATE TEMP VIEW per_region AS
               SELECT name, count(*) AS orders
               FROM orders JOIN customers USING (customer_id) JOIN regions USING (region_id) GROUP BY 1"""
        )
        start, end, revenue = one("SELECT min(month), max(month), sum(revenue) FROM months")
        best, most = one("SELECT month, revenue FROM months ORDER BY revenue DESC LIMIT 1")
        (growth,) = one(
            "SELECT (SELECT revenue FROM months ORDER BY month DESC LIMIT 1)"
            " / (SELECT revenue FROM months ORDER BY month LIMIT 1) - 1"
        )
        orders, regions = one("SELECT sum(orders), count(*) FROM per_region")
        name, top = one("SELECT name, orders FROM per_region ORDER BY orders DESC LIMIT 1")
    return {
        "title": f"Revenue and orders, {start:%B %Y} to {end:%B %Y}",
        "summary": f"Completed orders brought EUR {revenue:,.0f}; {orders:,} orders from {regions} regions.",
        "highlights": [
            f"{best:%B %Y} was the strongest month with EUR {most:,.0f}.",
            f"The last month was {float(growth):+.0%} against the first.",
            f"{name} placed the most orders: {top:,}, {top / orders:.0%} of all.",
        ],
    }


def test_each_run_posts_the_figures_of_its_data(airflow: Any) -> None:
    """Four warehouses, two of which no recording has seen: every sentence is what SQL says about that one."""
    import warehouse
    from dag_run import DagRun

    for year in (2023, 2025, 2026, 2024):
        warehouse.build(airflow.warehouse, year)
        run = DagRun(airflow, DAG_ID, print)
        run.wait_known()
        run.start()

        assert run.follow(300, lambda gate: None, answer="Approve") == "success", run.failures()
        assert airflow.service.posts()[-1] == expected(airflow.warehouse), year
    assert len({json.dumps(post) for post in airflow.service.posts()}) == 4

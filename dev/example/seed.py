"""Write ``seed.json``: the platform's own three-step example, in the form in which it exports an agent run.

The platform's guide crystallizes an agent run of two ``generate_query`` calls and a ``create_flashboard``. The envelope
and the ids are made up; the rows are what the SQL returns on the example's warehouse. Run it with
``python dev/example/seed.py``.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import duckdb
import warehouse

FILE = Path(__file__).with_name("seed.json")
REVENUE_SQL = """\
SELECT strftime(o.ordered_at, '%Y-%m') AS month,
       round(sum(l.quantity * l.unit_price))::INTEGER AS revenue
FROM orders AS o JOIN order_lines AS l USING (order_id)
WHERE o.status = 'completed'
GROUP BY month
ORDER BY month"""
PRODUCTS_SQL = """\
SELECT p.name AS product, sum(l.quantity)::INTEGER AS units
FROM order_lines AS l JOIN products AS p USING (product_id)
GROUP BY product
ORDER BY units DESC
LIMIT 5"""


def main() -> None:
    """Run the queries and write the export."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "warehouse.duckdb"
        warehouse.build(file)
        with duckdb.connect(str(file), read_only=True) as connection:
            revenue, products = _result(connection, REVENUE_SQL), _result(connection, PRODUCTS_SQL)
    board = {
        "title": "Monthly revenue dashboard",
        "datasets": {"revenue": revenue["rows"], "products": products["rows"]},
        "charts": [
            _bars("Revenue by month", "revenue", "month", "revenue"),
            _bars("Best sellers", "products", "product", "units"),
        ],
    }
    calls = [
        _call(1, "generate_query", {"question": "What is our revenue by month?", "sql": REVENUE_SQL}, revenue),
        _call(2, "generate_query", {"question": "Which five products sell best?", "sql": PRODUCTS_SQL}, products),
        _call(
            3, "create_flashboard", board, {"flashboardId": "c0ffee00-0000-4000-8000-0000000000f1", "versionCount": 1}
        ),
    ]
    FILE.write_text(json.dumps({**_run(), "actionRuns": calls}, indent=2) + "\n", encoding="utf-8")
    print(f"wrote {FILE.name}")


def _result(connection: duckdb.DuckDBPyConnection, sql: str) -> dict[str, Any]:
    cursor = connection.execute(sql)
    columns = [column[0] for column in cursor.description or ()]
    return {"columns": columns, "rows": [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]}


def _bars(title: str, dataset: str, category: str, value: str) -> dict[str, Any]:
    return {
        "title": title,
        "data": {"name": dataset},
        "mark": "bar",
        "encoding": {
            "x": {"field": category, "type": "nominal", "sort": None},
            "y": {"field": value, "type": "quantitative"},
        },
    }


def _run() -> dict[str, Any]:
    return {
        "agentRun": {
            "id": "c0ffee00-0000-4000-8000-000000000001",
            "agentSpecId": "c0ffee00-0000-4000-8000-0000000000a1",
            "status": "completed",
            "input": {"prompt": "Build me a dashboard of revenue by month and our best sellers."},
            "result": {"answer": "The dashboard is ready."},
            "error": None,
            "startedAt": "2026-01-05T08:00:00Z",
            "completedAt": "2026-01-05T08:00:41Z",
        },
        "agentSpec": {
            "id": "c0ffee00-0000-4000-8000-0000000000a1",
            "slug": "data-analyst",
            "name": "Monthly revenue dashboard",
            "frontmatter": {
                "model": "orchestrator",
                "tools": ["generate_query", "explain_schema", "create_flashboard"],
            },
        },
    }


def _call(number: int, kind: str, definition: dict[str, Any], result: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": f"c0ffee00-0000-4000-8000-00000000000{number + 1}",
        "kind": kind,
        "status": "completed",
        "definition": definition,
        "result": result,
        "error": None,
        "startedAt": f"2026-01-05T08:00:{number * 10:02}Z",
        "completedAt": f"2026-01-05T08:00:{number * 10 + 4:02}Z",
    }


if __name__ == "__main__":
    main()

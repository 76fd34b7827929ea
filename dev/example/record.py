"""Record the example runs: an agent queries the warehouse, draws a flashboard and posts a summary.

Run ``python dev/example/record.py`` in the project's environment; it writes ``run.json`` beside this file, and
``run_2024.json``, the same task on the warehouse of another year. The tools
really run: SQL on the example's warehouse, the flashboard's page, and a POST to a receiver on this machine, which waits
until it is approved. Only the model is scripted (``scripted_model.py``), so that recording needs no account.
"""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import receiver
import scripted_model
import warehouse
from pydantic_ai import Agent, DeferredToolRequests, DeferredToolResults, ModelRetry, RunContext
from pydantic_ai.messages import ModelMessagesTypeAdapter

from airflow_provider_vai.operators.flashboard.page import page

RECORDINGS = {"run.json": warehouse.YEAR, "run_2024.json": 2024}
SYSTEM = """You are the reporting analyst of an online coffee shop. Answer from the DuckDB warehouse only.
Tables: regions (region_id, name); customers (customer_id, region_id, segment, signed_up_on);
products (product_id, name, category, list_price); orders (order_id, customer_id, ordered_at, status);
order_lines (order_id, line_no, product_id, quantity, unit_price).
Revenue counts completed orders only. Put charts on a flashboard.
Posting to a service needs a person's approval."""
USER = (
    "Give me revenue by month and order counts by region, put both on a flashboard and post a short summary "
    "to the reports service."
)


@dataclass
class Desk:
    """The resources that the agent's tools use."""

    warehouse: Path
    pages: Path
    reports_url: str


def generate_query(context: RunContext[Desk], question: str, sql: str) -> dict[str, Any]:
    """Answer a question from the warehouse with one read-only SQL query.

    Args:
        question: the question in plain words.
        sql: a DuckDB SELECT that answers it.
    """
    with duckdb.connect(str(context.deps.warehouse), read_only=True) as connection:
        try:
            cursor = connection.execute(sql)
        except duckdb.Error as error:
            raise ModelRetry(str(error)) from None
        columns = [column[0] for column in cursor.description or ()]
        rows = [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
    return {"sql": sql, "columns": columns, "rows": rows, "row_count": len(rows)}


def create_flashboard(
    context: RunContext[Desk],
    title: str,
    description: str,
    datasets: dict[str, list[dict[str, Any]]],
    charts: list[dict[str, Any]],
) -> dict[str, Any]:
    """Draw charts on one page.

    Args:
        title: the page's heading.
        description: a sentence below it.
        datasets: rows by name.
        charts: Vega-Lite specs; each names its rows with ``"data": {"name": ...}``.
    """
    made = page(title=title, description=description, charts=charts, datasets=datasets)
    if made.broken:
        raise ModelRetry("; ".join(made.broken))
    content = made.text.encode()
    name = "".join(c if c.isalnum() else "-" for c in title.lower()).strip("-") + ".html"
    (context.deps.pages / name).write_bytes(content)
    return {
        "title": title,
        "charts": len(charts),
        "file": name,
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }


def http_request(context: RunContext[Desk], method: str, endpoint: str, json: dict[str, Any]) -> dict[str, Any]:
    """Send a JSON document to the reports service.

    Args:
        method: the HTTP method.
        endpoint: the path below the service's address.
        json: the document.
    """
    request = urllib.request.Request(
        context.deps.reports_url + endpoint,
        data=_encoded(json),
        headers={"Content-Type": "application/json"},
        method=method,
    )
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(request, timeout=10) as answer:
        return {"status": answer.status, "body": _decoded(answer.read())}


def _encoded(document: dict[str, Any]) -> bytes:
    return json.dumps(document).encode()


def _decoded(content: bytes) -> Any:
    return json.loads(content)


def record(desk: Desk) -> bytes:
    """Run the agent, approve its one request, and return every message as JSON."""
    agent = Agent(
        scripted_model.model(),
        name="reporting_analyst",
        deps_type=Desk,
        output_type=[str, DeferredToolRequests],
        system_prompt=SYSTEM,
        retries=2,
    )
    agent.tool(generate_query)
    agent.tool(create_flashboard)
    agent.tool(requires_approval=True)(http_request)
    asked = agent.run_sync(USER, deps=desk)
    if not isinstance(asked.output, DeferredToolRequests):
        raise SystemExit(f"the run ended without asking for an approval: {asked.output}")
    approvals = {call.tool_call_id: True for call in asked.output.approvals}
    ended = agent.run_sync(
        message_history=asked.all_messages(),
        deferred_tool_results=DeferredToolResults(approvals=dict(approvals)),
        deps=desk,
    )
    print(ended.output)
    return ModelMessagesTypeAdapter.dump_json(ended.all_messages(), indent=2) + b"\n"


def main() -> int:
    """Record each run of :data:`RECORDINGS`, or those that are named."""
    for name in sys.argv[1:] or RECORDINGS:
        messages = _recorded(RECORDINGS[name])
        Path(__file__).with_name(name).write_bytes(messages)
        print(f"{name}: {len(messages)} bytes")
    return 0


def _recorded(year: int) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(Path(folder) / "warehouse.duckdb", Path(folder), "")
        warehouse.build(desk.warehouse, year)
        service = receiver.start(Path(folder) / "received.jsonl")
        desk.reports_url = f"http://127.0.0.1:{service.server_port}"
        messages = record(desk)
        posts = service.posts()
        service.shutdown()
    if len(posts) != 1:
        raise SystemExit(f"the reports service got {len(posts)} posts instead of one")
    return messages


if __name__ == "__main__":
    sys.exit(main())

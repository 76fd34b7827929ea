"""Book invoice 7 and archive the rest.

Crystallized from the agent run run-2 (pydantic_ai, model model-sample), recorded on 2025-05-01.
Each task repeats one successful tool call of that recording with the arguments that were executed
then.

Review before you activate it:
1. archive: an MCP server answers, and its answer may change
2. [4].parts[0]: call 'b2' waited between two runs, so its arguments may have been edited
3. [4].parts[2]: call 'a1' waited between two runs, so its arguments may have been edited

Provenance, and the calls that did not become tasks: vai_book_invoice_7_and_archive_the_rest.vai.json
"""

from datetime import datetime, timezone

from airflow.sdk import DAG
from airflow_provider_vai.operators.assets import asset
from airflow_provider_vai.operators.mcp_tool import McpToolOperator
from airflow_provider_vai.operators.python_tool import PythonToolOperator
from airflow_provider_vai.sensors.approval import ApprovalGateSensor

with DAG(
    dag_id="vai_book_invoice_7_and_archive_the_rest",
    description="Book invoice 7 and archive the rest.",
    schedule="0 6 * * 1",
    start_date=datetime(2025, 5, 1, tzinfo=timezone.utc),
    catchup=False,
    is_paused_upon_creation=True,
    max_active_runs=1,
    default_args={"action_asset": False},
    doc_md="The record of this automation is `vai_book_invoice_7_and_archive_the_rest.vai.json`.",
    tags=["vai", "crystallized"],
):
    approve_book = ApprovalGateSensor(
        task_id="approve_book",
        subject="Run book?",
        reason="It has external side effects, and the trace does not record whether anyone approved them.",
        authors={"book": {"constant": [["python_callable"]]}},
    )

    book = PythonToolOperator(
        task_id="book",
        python_callable="invoices.tools:book_invoice",
        arguments={"invoice": 7},
        gate=approve_book,
    )

    # live: an MCP server answers, and its answer may change
    archive = McpToolOperator(
        task_id="archive",
        conn_id="invoices_mcp",
        tool="archive",
        arguments={"year": 2019},
        effect="artifact",
        outlets=[asset("vai://automations/vai_book_invoice_7_and_archive_the_rest")],
    )

    approve_book >> book >> archive

"""Book invoice 7 and archive the rest.

Crystallized from a recorded agent run, 2025-05-01. Each task repeats one successful tool call with
the arguments that were executed then. vai_book_invoice_7_and_archive_the_rest.vai.json has the
details, and the calls that did not become tasks.

Review before you activate it:
1. archive: an MCP server answers, and its answer may change
2. [4].parts[0]: call 'b2' waited between two runs, so its arguments may have been edited
3. [4].parts[2]: call 'a1' waited between two runs, so its arguments may have been edited
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
    doc_md="""\
### Book invoice 7 and archive the rest.

Repeats a recorded agent run, 2025-05-01.

| task | does | values from | note |
|-|-|-|-|
| `approve_book` | asks before `book` | | |
| `book` | python_tool: writes | | |
| `archive` | mcp_tool: stores a result | | an MCP server answers, and its answer may change |

Connections: `invoices_mcp`

Change it on [its page](vai/ui/automations/vai_book_invoice_7_and_archive_the_rest/steps), with `vai edit` or in the DAG file. [Versions and reviewers](vai/ui/automations/vai_book_invoice_7_and_archive_the_rest/versions); Airflow counts its own.
""",
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

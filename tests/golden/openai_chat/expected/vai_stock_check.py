"""Stock check

Crystallized from a recorded chat thread. Each task repeats one successful tool call with the
arguments that were executed then. vai_stock_check.vai.json has the details, and the calls that did
not become tasks.

Review before you activate it:
1-2. find_item, list_sites: an MCP server answers, and its answer may change
3-4. find_item, list_sites: external side effects without a gate (it has external side effects; no
   approval is recorded, and the policy guards only recorded ones)
"""

from datetime import datetime, timezone

from airflow.sdk import DAG
from airflow_provider_vai.operators.assets import asset
from airflow_provider_vai.operators.mcp_tool import McpToolOperator

with DAG(
    dag_id="vai_stock_check",
    description="Stock check",
    schedule="@daily",
    start_date=datetime(2025, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    is_paused_upon_creation=True,
    max_active_runs=1,
    default_args={"action_asset": False},
    doc_md="""\
### Stock check

Repeats a recorded chat.

| task | does | values from | note |
|-|-|-|-|
| `find_item`, `list_sites` | mcp_tool: writes | | an MCP server answers, and its answer may change |

Connections: `stock_mcp`

Change it on [its page](vai/ui/automations/vai_stock_check/steps), with `vai edit` or in the DAG file. [Versions and reviewers](vai/ui/automations/vai_stock_check/versions); Airflow counts its own.
""",
    tags=["vai", "crystallized"],
):
    # live: an MCP server answers, and its answer may change
    find_item = McpToolOperator(
        task_id="find_item",
        conn_id="stock_mcp",
        tool="find_item",
        arguments={"name": "lamp"},
    )

    # live: an MCP server answers, and its answer may change
    list_sites = McpToolOperator(
        task_id="list_sites",
        conn_id="stock_mcp",
        tool="list_sites",
        arguments={},
        outlets=[asset("vai://automations/vai_stock_check")],
    )

    find_item >> list_sites

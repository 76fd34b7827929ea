"""Plan the route for van 3.

Crystallized from a recorded chat thread. Each task repeats one successful tool call with the
arguments that were executed then. vai_route_frozen.vai.json has the details, and the calls that did
not become tasks.

Review before you activate it:
1-2. web_search, save_route: an MCP server answers, and its answer may change
"""

from datetime import datetime, timezone

from airflow.sdk import DAG
from airflow_provider_vai.operators.assets import asset
from airflow_provider_vai.operators.mcp_tool import McpToolOperator
from airflow_provider_vai.operators.python_tool import PythonToolOperator
from airflow_provider_vai.sensors.approval import ApprovalGateSensor

with DAG(
    dag_id="vai_route_frozen",
    description="Plan the route for van 3.",
    schedule=None,
    start_date=datetime(2025, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    is_paused_upon_creation=True,
    max_active_runs=1,
    default_args={"action_asset": False},
    doc_md="""\
### Plan the route for van 3.

Repeats a recorded chat.

| task | does | values from | note |
|-|-|-|-|
| `list_stops` | python_tool: reads | | |
| `web_search` | mcp_tool: reads | | an MCP server answers, and its answer may change |
| `approve_save_route` | asks before `save_route` | | |
| `save_route` | mcp_tool: writes | | an MCP server answers, and its answer may change |

Connections: `fleet_mcp`, `search_mcp`

Change it on [its page](vai/ui/automations/vai_route_frozen/steps), with `vai edit` or in the DAG file. [Versions and reviewers](vai/ui/automations/vai_route_frozen/versions); Airflow counts its own.
""",
    tags=["vai", "crystallized"],
):
    list_stops = PythonToolOperator(
        task_id="list_stops",
        python_callable="fleet.tools:list_stops",
        arguments={"van": 3},
        effect="read",
    )

    # live: an MCP server answers, and its answer may change
    web_search = McpToolOperator(
        task_id="web_search",
        conn_id="search_mcp",
        tool="web_search",
        arguments={"query": "harbour road closed"},
        effect="read",
    )

    approve_save_route = ApprovalGateSensor(
        task_id="approve_save_route",
        subject="Run save_route?",
        reason="The tools file requires approval.",
        authors={
            "save_route": {"constant": [["tool"], ["conn_id"]], "tool_output": [["arguments"]]},
        },
    )

    # live: an MCP server answers, and its answer may change
    save_route = McpToolOperator(
        task_id="save_route",
        conn_id="fleet_mcp",
        tool="save_route",
        arguments={"stops": ["S-11", "S-12"]},
        gate=approve_save_route,
        outlets=[asset("vai://automations/vai_route_frozen")],
    )

    list_stops >> web_search >> approve_save_route >> save_route

"""Water the beds that are dry.

Crystallized from a recorded agent run of sample-pipeline. Each task repeats one successful tool
call with the arguments that were executed then. vai_garden.vai.json has the details, and the calls
that did not become tasks.

Review before you activate it:
1-2. read_sensor, water: an MCP server answers, and its answer may change
"""

from datetime import datetime, timezone

from airflow.sdk import DAG
from airflow_provider_vai.operators.assets import asset
from airflow_provider_vai.operators.mcp_tool import McpToolOperator
from airflow_provider_vai.sensors.approval import ApprovalGateSensor

with DAG(
    dag_id="vai_garden",
    description="Water the beds that are dry.",
    schedule=None,
    start_date=datetime(2025, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    is_paused_upon_creation=True,
    max_active_runs=1,
    default_args={"action_asset": False},
    doc_md="""\
### Water the beds that are dry.

Repeats a recorded agent run of sample-pipeline.

| task | does | values from | note |
|-|-|-|-|
| `read_sensor` | mcp_tool: reads | | an MCP server answers, and its answer may change |
| `approve_water` | asks before `water` | | |
| `water` | mcp_tool: writes | | an MCP server answers, and its answer may change |

Connections: `garden_mcp`

Change it on [its page](vai/ui/automations/vai_garden/steps), with `vai edit` or in the DAG file. [Versions and reviewers](vai/ui/automations/vai_garden/versions); Airflow counts its own.
""",
    tags=["vai", "crystallized"],
):
    # live: an MCP server answers, and its answer may change
    read_sensor = McpToolOperator(
        task_id="read_sensor",
        conn_id="garden_mcp",
        tool="read_sensor",
        arguments={"bed": "east"},
        effect="read",
    )

    approve_water = ApprovalGateSensor(
        task_id="approve_water",
        subject="Run water?",
        reason="It has external side effects, and the trace does not record whether anyone approved them; only text that outsiders can write contains arguments.bed (call s1).",
        authors={"water": {"model": [["arguments"]], "constant": [["tool"], ["conn_id"]]}},
    )

    # live: an MCP server answers, and its answer may change
    water = McpToolOperator(
        task_id="water",
        conn_id="garden_mcp",
        tool="water",
        arguments={"bed": "east", "litres": 5},
        gate=approve_water,
        outlets=[asset("vai://automations/vai_garden")],
    )

    read_sensor >> approve_water >> water

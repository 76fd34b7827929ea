"""Shop clerk

Crystallized from a recorded agent run of shop-clerk, 2025-04-01. Each task repeats one successful
tool call with the arguments that were executed then. vai_order_reminders.vai.json has the details,
and the calls that did not become tasks.

Review before you activate it:
1. list_orders: an MCP server answers, and its answer may change
2. send_reminder: an MCP server answers, and its answer may change; a model wrote the words of
   arguments.text, which every run repeats
"""

from datetime import datetime, timezone

from airflow.sdk import DAG
from airflow_provider_vai.operators.arguments import item, wired
from airflow_provider_vai.operators.assets import asset
from airflow_provider_vai.operators.each import EachOperator
from airflow_provider_vai.operators.mcp_tool import McpToolOperator
from airflow_provider_vai.sensors.approval import ApprovalGateSensor

with DAG(
    dag_id="vai_order_reminders",
    description="Shop clerk",
    schedule=None,
    start_date=datetime(2025, 4, 1, tzinfo=timezone.utc),
    catchup=False,
    is_paused_upon_creation=True,
    max_active_runs=1,
    default_args={"action_asset": False},
    doc_md="""\
### Shop clerk

Repeats a recorded agent run of shop-clerk, 2025-04-01.

| task | does | values from | note |
|-|-|-|-|
| `list_orders` | mcp_tool: reads | | an MCP server answers, and its answer may change |
| `approve_send_reminder` | asks before `send_reminder` | | |
| `send_reminder` | mcp_tool: writes, once for each element | `list_orders` | an MCP server answers, and its answer may change… |

Connections: `shop`

Change it on [its page](vai/ui/automations/vai_order_reminders/steps), with `vai edit` or in the DAG file. [Versions and reviewers](vai/ui/automations/vai_order_reminders/versions); Airflow counts its own.
""",
    tags=["vai", "crystallized"],
):
    # live: an MCP server answers, and its answer may change
    list_orders = McpToolOperator(
        task_id="list_orders",
        conn_id="shop",
        tool="list_orders",
        arguments={},
        effect="read",
    )

    each_send_reminder = EachOperator(
        task_id="each_send_reminder",
        items=wired(list_orders, "orders"),
    )

    approve_send_reminder = ApprovalGateSensor(
        task_id="approve_send_reminder",
        subject="Run send_reminder?",
        reason="It has external side effects, and the trace does not record whether anyone approved them.",
        authors={
            "send_reminder": {"model": [["arguments"]], "constant": [["tool"], ["conn_id"]]},
        },
    )

    # model-written: an MCP server answers, and its answer may change; a model wrote the words of
    # arguments.text, which every run repeats
    send_reminder = McpToolOperator.partial(
        task_id="send_reminder",
        conn_id="shop",
        tool="send_reminder",
        arguments={
            "order": {"ref": item("id")},
            "text": "Thank you for your order",
            "total": item("total"),
        },
        gate=approve_send_reminder,
        outlets=[asset("vai://automations/vai_order_reminders")],
    ).expand(item=each_send_reminder.output)

    list_orders >> each_send_reminder >> approve_send_reminder >> send_reminder

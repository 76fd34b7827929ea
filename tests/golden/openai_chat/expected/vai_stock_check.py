"""Stock check

Crystallized from the chat thread chat-1 (openai_chat, model gpt-sample). Each task repeats one
successful tool call of that recording with the arguments that were executed then.

Review before you activate it:
1-2. find_item, list_sites: an MCP server answers, and its answer may change
3-4. find_item, list_sites: external side effects without a gate (it has external side effects; no
   approval is recorded, and the policy guards only recorded ones)

Provenance, and the calls that did not become tasks: vai_stock_check.vai.json
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
    doc_md="The record of this automation is `vai_stock_check.vai.json`.",
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

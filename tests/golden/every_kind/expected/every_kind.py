"""Sales analyst

Crystallized from a recorded agent run of sales-analyst, 2025-04-01. Each task repeats one
successful tool call with the arguments that were executed then. every_kind.vai.json has the
details, and the calls that did not become tasks.

Review before you activate it:
1. explain_schema: a model wrote the recorded explanation; this step returns the current schema
   instead
2. duckdb_transform: a model wrote the words of sql, which every run repeats
3. generate_query: a model wrote this SQL
4-5. web_search, fetch_page: the web answers, and its answer may change
6. call_agent: a model decides again in every run; a model wrote the words of question, which every
   run repeats
7. write_file: a model wrote the words of content, which every run repeats
8. shell_command: a model wrote this command line; a model wrote the words of command, which every
   run repeats
9. add_note: an MCP server answers, and its answer may change; a model wrote the words of
   arguments.text, which every run repeats
10-16. call_agent, call_automation, write_file, edit_file, shell_command, add_note, plan_discount:
   external side effects without a gate (it has external side effects; no approval is recorded, and
   the policy guards only recorded ones)
17. fetch_page.url: equals a recorded result, but no step is sure to return it, so it stays frozen
   (web_search[results][0][url])
18-19. http_request.json.month, call_automation.conf.month: is a date that the user gave without a
   year, so it stays frozen (2025-03, given by the user as "March": exactly that one, or always the
   latest one?)
20. plan_discount.arguments.region: equals a value that only its position in a list identifies;
   writes are not wired by position, so it stays frozen (generate_query[rows][1][region], by its
   position in a list of 2)
21-23. dlt_extract, file_sync, duckdb_transform: the tools file says that it has no external side
   effects (effect: artifact)
"""

from datetime import datetime, timezone

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, chain
from airflow_provider_vai.operators.arguments import wired
from airflow_provider_vai.operators.assets import asset
from airflow_provider_vai.operators.call_agent import CallAgentOperator
from airflow_provider_vai.operators.call_automation import CallAutomationOperator
from airflow_provider_vai.operators.conditional_branch import ConditionalBranchOperator
from airflow_provider_vai.operators.create_flashboard import CreateFlashboardOperator
from airflow_provider_vai.operators.dlt_extract import DltExtractOperator
from airflow_provider_vai.operators.duckdb_transform import DuckdbTransformOperator
from airflow_provider_vai.operators.edit_file import EditFileOperator
from airflow_provider_vai.operators.explain_schema import ExplainSchemaOperator
from airflow_provider_vai.operators.fetch_page import FetchPageOperator
from airflow_provider_vai.operators.file_sync import FileSyncOperator
from airflow_provider_vai.operators.generate_query import GenerateQueryOperator
from airflow_provider_vai.operators.http_request import HttpRequestOperator
from airflow_provider_vai.operators.mcp_tool import McpToolOperator
from airflow_provider_vai.operators.python_tool import PythonToolOperator
from airflow_provider_vai.operators.shell_command import ShellCommandOperator
from airflow_provider_vai.operators.web_search import WebSearchOperator
from airflow_provider_vai.operators.write_file import WriteFileOperator
from airflow_provider_vai.sensors.approval import ApprovalGateSensor

with DAG(
    dag_id="every_kind",
    description="Sales analyst",
    schedule=None,
    start_date=datetime(2025, 4, 1, tzinfo=timezone.utc),
    catchup=False,
    is_paused_upon_creation=True,
    max_active_runs=1,
    default_args={"action_asset": False},
    doc_md="""\
### Sales analyst

Repeats a recorded agent run of sales-analyst, 2025-04-01.

| task | does | values from | note |
|-|-|-|-|
| `dlt_extract` | dlt_extract: stores a result | | |
| `file_sync` | file_sync: stores a result | | |
| `explain_schema` | explain_schema: reads | | a model wrote the recorded explanation; this step returns the current schema instead |
| `duckdb_transform` | duckdb_transform: stores a result | | a model wrote the words of sql, which every run repeats |
| `generate_query` | generate_query: reads | | a model wrote this SQL |
| `web_search` | web_search: reads | | the web answers, and its answer may change |
| `fetch_page` | fetch_page: reads | | the web answers, and its answer may change |
| `forecast` | python_tool: reads | `generate_query` | |
| `create_flashboard` | create_flashboard: stores a result | `generate_query`, `forecast` | |
| `call_agent` | call_agent: writes | | a model decides again in every run; a model wrote the words of question… |
| `approve_http_request` | asks before `http_request` | | |
| `http_request` | http_request: writes | `generate_query` | |
| `call_automation` | call_automation: writes | | |
| `write_file` | write_file: writes | | a model wrote the words of content, which every run repeats |
| `edit_file` | edit_file: writes | | |
| `shell_command` | shell_command: writes | | a model wrote this command line; a model wrote the words of command… |
| `conditional_branch` | conditional_branch: reads | `generate_query` | |
| `add_note` | mcp_tool: writes | | an MCP server answers, and its answer may change… |
| `plan_discount` | python_tool: writes | | |

Connections: `analyst_model`, `news_site`, `reports`, `shop_api`, `team_notes`, `warehouse`, `web_search`

Change it on [its page](vai/ui/automations/every_kind/steps), with `vai edit` or in the DAG file. [Versions and reviewers](vai/ui/automations/every_kind/versions); Airflow counts its own.
""",
    tags=["vai", "crystallized"],
):
    dlt_extract = DltExtractOperator(
        task_id="dlt_extract",
        source="rest_api",
        source_config={"resources": ["orders"]},
        conn_id="shop_api",
        destination_conn_id="warehouse",
        dataset="shop",
        own_destination=True,
    )

    file_sync = FileSyncOperator(
        task_id="file_sync",
        source="file:///data/partner",
        destination="file:///data/archive/2025-03",
        pattern="*.csv",
        own_destination=True,
    )

    # live: a model wrote the recorded explanation; this step returns the current schema instead
    explain_schema = ExplainSchemaOperator(
        task_id="explain_schema",
        conn_id="warehouse",
        schema="shop",
        tables=["orders"],
        question="Which columns do the orders have?",
    )

    # model-written: a model wrote the words of sql, which every run repeats
    duckdb_transform = DuckdbTransformOperator(
        task_id="duckdb_transform",
        conn_id="warehouse",
        sql="SELECT region, sum(amount)::INTEGER AS revenue FROM shop.orders GROUP BY region",
        table="region_revenue",
        own_destination=True,
    )

    # model-written: a model wrote this SQL
    generate_query = GenerateQueryOperator(
        task_id="generate_query",
        conn_id="warehouse",
        question="Which region sold most?",
        sql="SELECT region, revenue FROM region_revenue ORDER BY revenue DESC",
        tables=["region_revenue"],
    )

    # live: the web answers, and its answer may change
    web_search = WebSearchOperator(
        task_id="web_search",
        conn_id="web_search",
        query="coffee prices March",
        max_results=3,
    )

    # live: the web answers, and its answer may change
    fetch_page = FetchPageOperator(
        task_id="fetch_page",
        url="https://news.example/coffee",
        conn_id="news_site",
        max_characters=2000,
    )

    forecast = PythonToolOperator(
        task_id="forecast",
        python_callable="sales_tools:forecast",
        arguments={"rows": wired(generate_query, "rows"), "growth_percent": 10},
        effect="read",
    )

    create_flashboard = CreateFlashboardOperator(
        task_id="create_flashboard",
        title="March by region",
        datasets={"revenue": wired(generate_query, "rows"), "forecast": wired(forecast)},
        charts=[
            {
                "title": "Revenue in March",
                "data": {"name": "revenue"},
                "mark": "bar",
                "encoding": {
                    "x": {"field": "region", "type": "nominal"},
                    "y": {"field": "revenue", "type": "quantitative"},
                },
            },
            {
                "title": "Forecast for April",
                "data": {"name": "forecast"},
                "mark": "bar",
                "encoding": {
                    "x": {"field": "region", "type": "nominal"},
                    "y": {"field": "revenue", "type": "quantitative"},
                },
            },
        ],
    )

    # model-at-run-time: a model decides again in every run; a model wrote the words of question, which every
    # run repeats
    call_agent = CallAgentOperator(
        task_id="call_agent",
        conn_id="analyst_model",
        question="Note for the team which region leads.",
        tools=["mcp:team_notes/add_note"],
        usage_limits={"total_tokens_limit": 450, "request_limit": 6, "tool_calls_limit": 3},
    )

    approve_http_request = ApprovalGateSensor(
        task_id="approve_http_request",
        subject="Run http_request?",
        reason="A person (mia) approved this call in the recorded run on 2025-04-01 at 08:10 UTC; each run needs its own approval.",
        recorded={
            "state": "approved",
            "by": "mia",
            "at": "2025-04-01T08:10:50+00:00",
            "note": "The figures are right.",
            "arguments": {
                "json": {
                    "month": "2025-03",
                    "regions": [
                        {"region": "North", "revenue": 180},
                        {"region": "South", "revenue": 80},
                    ],
                },
            },
        },
        authors={
            "http_request": {
                "model": [["conn_id"], ["endpoint"], ["method"], ["json"]],
                "constant": [["expected_shape"]],
            },
        },
    )

    http_request = HttpRequestOperator(
        task_id="http_request",
        conn_id="reports",
        method="POST",
        endpoint="/reports",
        json={"month": "2025-03", "regions": wired(generate_query, "rows")},
        expected_status=201,
        expected_shape={"type": "object", "properties": {"id": {"type": "number"}}, "required": ["id"]},
        gate=approve_http_request,
    )

    call_automation = CallAutomationOperator(
        task_id="call_automation",
        trigger_dag_id="publish_report",
        conf={"month": "2025-03"},
        wait=True,
    )

    # model-written: a model wrote the words of content, which every run repeats
    write_file = WriteFileOperator(
        task_id="write_file",
        path="report/regions.txt",
        content="""\
South 80
North 170
""",
    )

    edit_file = EditFileOperator(
        task_id="edit_file",
        path="report/regions.txt",
        old_text="170",
        new_text="180",
    )

    # model-written: a model wrote this command line; a model wrote the words of command, which every run
    # repeats
    shell_command = ShellCommandOperator(
        task_id="shell_command",
        command="sort regions.txt | tee sorted.txt",
        cwd="report",
    )

    conditional_branch = ConditionalBranchOperator(
        task_id="conditional_branch",
        condition="revenue[0].revenue >= 150",
        inputs={"revenue": wired(generate_query, "rows")},
        if_true=["add_note"],
        if_false=["plan_discount"],
    )

    # model-written: an MCP server answers, and its answer may change; a model wrote the words of
    # arguments.text, which every run repeats
    add_note = McpToolOperator(
        task_id="add_note",
        conn_id="team_notes",
        tool="add_note",
        arguments={"text": "A good March: no discount is needed."},
    )

    plan_discount = PythonToolOperator(
        task_id="plan_discount",
        python_callable="sales_tools:plan_discount",
        arguments={"region": "South", "percent": 5},
    )

    completed = EmptyOperator(
        task_id="completed",
        trigger_rule="none_failed_min_one_success",
        outlets=[asset("vai://automations/every_kind")],
    )

    [dlt_extract, file_sync] >> explain_schema >> duckdb_transform >> generate_query
    duckdb_transform >> web_search
    duckdb_transform >> fetch_page
    [duckdb_transform, generate_query] >> forecast
    chain(
        [generate_query, web_search, fetch_page, forecast],
        create_flashboard,
        call_agent,
        approve_http_request,
        http_request,
        call_automation,
        write_file,
        edit_file,
        shell_command,
        conditional_branch,
        add_note,
    )
    conditional_branch >> plan_discount
    [add_note, plan_discount] >> completed

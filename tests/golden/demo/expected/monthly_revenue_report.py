"""Give me revenue by month and order counts by region…

Crystallized from a recorded agent run, 2026-11-22. Each task repeats one successful tool call with
the arguments that were executed then. monthly_revenue_report.vai.json has the details, and the
calls that did not become tasks.

Review before you activate it:
1-2. generate_query, generate_query_2: a model wrote this SQL
3. create_flashboard: a model wrote the words of charts.1.title.subtitle, description, which every
   run repeats
4. http_request: a model wrote the words of json.title, json.summary, json.highlights.0 and 2 more,
   which every run repeats
5. http_request.json.summary: repeats figures of the recorded day, which every run sends again
   (396,618, 4,050)
6. http_request.json.highlights.0: repeats figures of the recorded day, which every run sends again
   (50,379)
7. http_request.json.highlights.2: repeats figures of the recorded day, which every run sends again
   (1,165)
8. [10].parts[0]: call 'pyd_ai_221a39621eae44f5b470ed489685a9ec' waited between two runs, so its
   arguments may have been edited
"""

from datetime import datetime, timezone

from airflow.sdk import DAG
from airflow_provider_vai.operators.arguments import wired
from airflow_provider_vai.operators.assets import asset
from airflow_provider_vai.operators.create_flashboard import CreateFlashboardOperator
from airflow_provider_vai.operators.generate_query import GenerateQueryOperator
from airflow_provider_vai.operators.http_request import HttpRequestOperator
from airflow_provider_vai.sensors.approval import ApprovalGateSensor

with DAG(
    dag_id="monthly_revenue_report",
    description="Give me revenue by month and order counts by region…",
    schedule=None,
    start_date=datetime(2026, 11, 22, tzinfo=timezone.utc),
    catchup=False,
    is_paused_upon_creation=True,
    max_active_runs=1,
    default_args={"action_asset": False},
    doc_md="""\
### Give me revenue by month and order counts by region…

Repeats a recorded agent run, 2026-11-22.

| task | does | values from | note |
|-|-|-|-|
| `generate_query`, `generate_query_2` | generate_query: reads | | a model wrote this SQL |
| `create_flashboard` | create_flashboard: stores a result | `generate_query`, `generate_query_2` | a model wrote the words of charts.1.title.subtitle, description, which every run repeats |
| `approve_http_request` | asks before `http_request` | | |
| `http_request` | http_request: writes | | a model wrote the words of json.title, json.summary, json.highlights.0 and 2 more… |

Connections: `reports`, `warehouse`

Change it on [its page](vai/ui/automations/monthly_revenue_report/steps), with `vai edit` or in the DAG file. [Versions and reviewers](vai/ui/automations/monthly_revenue_report/versions); Airflow counts its own.
""",
    tags=["vai", "crystallized"],
):
    # model-written: a model wrote this SQL
    generate_query = GenerateQueryOperator(
        task_id="generate_query",
        conn_id="warehouse",
        question="Revenue by month",
        sql="""\
SELECT strftime(date_trunc('month', o.ordered_at), '%Y-%m-%d') AS month,
       CAST(sum(l.quantity * l.unit_price) AS DOUBLE) AS revenue
FROM orders AS o
JOIN order_lines AS l ON l.order_id = o.order_id
WHERE o.status = 'completed'
GROUP BY 1
ORDER BY 1""",
        tables=["orders", "order_lines"],
    )

    # model-written: a model wrote this SQL
    generate_query_2 = GenerateQueryOperator(
        task_id="generate_query_2",
        conn_id="warehouse",
        question="Order counts by region",
        sql="""\
SELECT r.name AS region, count(*) AS orders
FROM orders AS o
JOIN customers AS c ON c.customer_id = o.customer_id
JOIN regions AS r ON r.region_id = c.region_id
GROUP BY r.name
ORDER BY orders DESC, region""",
        tables=["orders", "customers", "regions"],
    )

    # model-written: a model wrote the words of charts.1.title.subtitle, description, which every run repeats
    create_flashboard = CreateFlashboardOperator(
        task_id="create_flashboard",
        title="Revenue and orders",
        description="Revenue by month and the number of orders in each region, from the shop's warehouse.",
        datasets={
            "revenue": wired(generate_query, "rows"),
            "orders": wired(generate_query_2, "rows"),
        },
        charts=[
            {
                "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
                "title": {"text": "Revenue by month", "subtitle": "Completed orders, EUR"},
                "data": {"name": "revenue"},
                "mark": {
                    "type": "area",
                    "line": True,
                    "point": True,
                    "interpolate": "monotone",
                    "fillOpacity": 0.2,
                },
                "encoding": {
                    "x": {
                        "field": "month",
                        "type": "temporal",
                        "timeUnit": "utcyearmonth",
                        "title": None,
                        "axis": {"format": "%b %Y", "labelAngle": 0, "tickCount": 6},
                    },
                    "y": {
                        "field": "revenue",
                        "type": "quantitative",
                        "title": "Revenue, EUR",
                        "axis": {"format": ",d", "tickCount": 5},
                        "scale": {"zero": True},
                    },
                },
            },
            {
                "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
                "title": {"text": "Orders by region", "subtitle": "All orders, most first"},
                "data": {"name": "orders"},
                "encoding": {
                    "y": {"field": "region", "type": "nominal", "sort": "-x", "title": None},
                    "x": {
                        "field": "orders",
                        "type": "quantitative",
                        "title": "Orders",
                        "axis": {"tickCount": 5},
                    },
                },
                "layer": [
                    {"mark": {"type": "bar", "height": {"band": 0.65}}},
                    {
                        "mark": {"type": "text", "align": "left", "dx": 6, "fontSize": 12},
                        "encoding": {
                            "text": {"field": "orders", "type": "quantitative", "format": ","},
                        },
                    },
                ],
            },
        ],
    )

    approve_http_request = ApprovalGateSensor(
        task_id="approve_http_request",
        subject="Run http_request?",
        reason="It has external side effects, and the trace does not record whether anyone approved them. json.summary repeats figures of the recorded run: 396,618, 4,050. json.highlights.0 repeats figures of the recorded run: 50,379. json.highlights.2 repeats figures of the recorded run: 1,165.",
        authors={
            "http_request": {
                "model": [["endpoint"], ["json"]],
                "constant": [["expected_shape"], ["conn_id"]],
                "user": [["method"]],
            },
        },
    )

    # model-written: a model wrote the words of json.title, json.summary, json.highlights.0 and 2 more, which
    # every run repeats
    http_request = HttpRequestOperator(
        task_id="http_request",
        conn_id="reports",
        method="POST",
        endpoint="/reports",
        json={
            "title": "Revenue and orders, January 2025 to December 2025",
            "summary": "Completed orders brought EUR 396,618; 4,050 orders from 5 regions.",
            "highlights": [
                "December 2025 was the strongest month with EUR 50,379.",
                "The last month was +90% against the first.",
                "DACH placed the most orders: 1,165, 29% of all.",
            ],
        },
        expected_status=201,
        expected_shape={"type": "object", "properties": {"id": {"type": "number"}}, "required": ["id"]},
        gate=approve_http_request,
        outlets=[asset("vai://automations/monthly_revenue_report")],
    )

    generate_query >> generate_query_2 >> create_flashboard >> approve_http_request >> http_request

"""Monthly revenue dashboard

Crystallized from a recorded agent run of data-analyst, 2026-01-05. Each task repeats one successful
tool call with the arguments that were executed then. example_vai_dashboard.vai.json has the
details, and the calls that did not become tasks.

Review before you activate it:
1-2. generate_query, generate_query_2: a model wrote this SQL
"""

from datetime import datetime, timezone

from airflow.sdk import DAG
from airflow_provider_vai.operators.arguments import wired
from airflow_provider_vai.operators.assets import asset
from airflow_provider_vai.operators.create_flashboard import CreateFlashboardOperator
from airflow_provider_vai.operators.generate_query import GenerateQueryOperator

with DAG(
    dag_id="example_vai_dashboard",
    dag_display_name="Monthly revenue dashboard",
    description="Monthly revenue dashboard",
    schedule=None,
    start_date=datetime(2026, 1, 5, tzinfo=timezone.utc),
    catchup=False,
    is_paused_upon_creation=True,
    max_active_runs=1,
    default_args={"action_asset": False},
    doc_md="""\
### Monthly revenue dashboard

Repeats a recorded agent run of data-analyst, 2026-01-05.

| task | does | values from | note |
|-|-|-|-|
| `generate_query`, `generate_query_2` | generate_query: reads | | a model wrote this SQL |
| `create_flashboard` | create_flashboard: stores a result | `generate_query`, `generate_query_2` | |

Connections: `warehouse`

Change it on [its page](vai/ui/automations/example_vai_dashboard/steps), with `vai edit` or in the DAG file. [Versions and reviewers](vai/ui/automations/example_vai_dashboard/versions); Airflow counts its own.
""",
    tags=["vai", "crystallized", "example"],
):
    # model-written: a model wrote this SQL
    generate_query = GenerateQueryOperator(
        task_id="generate_query",
        conn_id="warehouse",
        question="What is our revenue by month?",
        sql="""\
SELECT strftime(o.ordered_at, '%Y-%m') AS month,
       round(sum(l.quantity * l.unit_price))::INTEGER AS revenue
FROM orders AS o JOIN order_lines AS l USING (order_id)
WHERE o.status = 'completed'
GROUP BY month
ORDER BY month""",
        tables=["orders", "order_lines"],
    )

    # model-written: a model wrote this SQL
    generate_query_2 = GenerateQueryOperator(
        task_id="generate_query_2",
        conn_id="warehouse",
        question="Which five products sell best?",
        sql="""\
SELECT p.name AS product, sum(l.quantity)::INTEGER AS units
FROM order_lines AS l JOIN products AS p USING (product_id)
GROUP BY product
ORDER BY units DESC
LIMIT 5""",
        tables=["order_lines", "products"],
    )

    create_flashboard = CreateFlashboardOperator(
        task_id="create_flashboard",
        title="Monthly revenue dashboard",
        datasets={
            "revenue": wired(generate_query, "rows"),
            "products": wired(generate_query_2, "rows"),
        },
        charts=[
            {
                "title": "Revenue by month",
                "data": {"name": "revenue"},
                "mark": "bar",
                "encoding": {
                    "x": {"field": "month", "type": "nominal", "sort": None},
                    "y": {"field": "revenue", "type": "quantitative"},
                },
            },
            {
                "title": "Best sellers",
                "data": {"name": "products"},
                "mark": "bar",
                "encoding": {
                    "x": {"field": "product", "type": "nominal", "sort": None},
                    "y": {"field": "units", "type": "quantitative"},
                },
            },
        ],
        outlets=[asset("vai://automations/example_vai_dashboard")],
    )

    generate_query >> generate_query_2 >> create_flashboard

"""Monthly revenue dashboard

Crystallized from a recorded agent run of data-analyst, 2025-03-03. Each task repeats one successful
tool call with the arguments that were executed then. vai_monthly_revenue_dashboard.vai.json has the
details, and the calls that did not become tasks.

Review before you activate it:
1-2. generate_query, generate_query_2: a model wrote this SQL
3. create_flashboard: a model wrote the words of description, which every run repeats
"""

from datetime import datetime, timezone

from airflow.sdk import DAG
from airflow_provider_vai.operators.arguments import wired
from airflow_provider_vai.operators.assets import asset
from airflow_provider_vai.operators.create_flashboard import CreateFlashboardOperator
from airflow_provider_vai.operators.generate_query import GenerateQueryOperator

with DAG(
    dag_id="vai_monthly_revenue_dashboard",
    description="Monthly revenue dashboard",
    schedule=None,
    start_date=datetime(2025, 3, 3, tzinfo=timezone.utc),
    catchup=False,
    is_paused_upon_creation=True,
    max_active_runs=1,
    default_args={"action_asset": False},
    doc_md="""\
### Monthly revenue dashboard

Repeats a recorded agent run of data-analyst, 2025-03-03.

| task | does | values from | note |
|-|-|-|-|
| `generate_query`, `generate_query_2` | generate_query: reads | | a model wrote this SQL |
| `create_flashboard` | create_flashboard: stores a result | `generate_query`, `generate_query_2` | a model wrote the words of description, which every run repeats |

Connections: `warehouse`

Change it on [its page](vai/ui/automations/vai_monthly_revenue_dashboard/steps), with `vai edit` or in the DAG file. [Versions and reviewers](vai/ui/automations/vai_monthly_revenue_dashboard/versions); Airflow counts its own.
""",
    tags=["vai", "crystallized"],
):
    # model-written: a model wrote this SQL
    generate_query = GenerateQueryOperator(
        task_id="generate_query",
        conn_id="warehouse",
        question="Revenue of completed orders by month",
        sql="""\
SELECT strftime(date_trunc('month', ordered_on), '%Y-%m-%d') AS month,
       CAST(sum(amount) AS DOUBLE) AS revenue
FROM orders
WHERE status = 'completed'
GROUP BY 1
ORDER BY 1""",
        tables=["orders"],
    )

    # model-written: a model wrote this SQL
    generate_query_2 = GenerateQueryOperator(
        task_id="generate_query_2",
        conn_id="warehouse",
        question="Completed orders by region",
        sql="""\
SELECT region, count(*) AS orders
FROM orders
WHERE status = 'completed'
GROUP BY region
ORDER BY orders DESC, region""",
        tables=["orders"],
    )

    # model-written: a model wrote the words of description, which every run repeats
    create_flashboard = CreateFlashboardOperator(
        task_id="create_flashboard",
        title="Monthly revenue",
        description="Revenue of completed orders by month, and their number by region.",
        datasets={
            "revenue": wired(generate_query, "rows"),
            "regions": wired(generate_query_2, "rows"),
        },
        charts=[
            {
                "title": "Revenue by month",
                "data": {"name": "revenue"},
                "mark": "bar",
                "encoding": {
                    "x": {"field": "month", "type": "ordinal", "title": None},
                    "y": {"field": "revenue", "type": "quantitative", "title": "Revenue"},
                },
            },
            {
                "title": "Orders by region",
                "data": {"name": "regions"},
                "mark": "bar",
                "encoding": {
                    "x": {"field": "orders", "type": "quantitative", "title": "Orders"},
                    "y": {"field": "region", "type": "nominal", "sort": "-x", "title": None},
                },
            },
        ],
        outlets=[asset("vai://automations/vai_monthly_revenue_dashboard")],
    )

    generate_query >> generate_query_2 >> create_flashboard

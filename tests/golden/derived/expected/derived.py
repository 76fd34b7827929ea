"""Winter report

Crystallized from a recorded agent run of data-analyst, 2025-03-03. Each task repeats one successful
tool call with the arguments that were executed then. derived.vai.json has the details, and the
calls that did not become tasks.

Review before you activate it:
1-2. generate_query, generate_query_2: a model wrote this SQL
3. create_flashboard: works out charts.1.title, datasets.open, datasets.best and the values in
   description in every run
"""

from datetime import datetime, timezone

from airflow.sdk import DAG
from airflow_provider_vai.operators.arguments import wired
from airflow_provider_vai.operators.assets import asset
from airflow_provider_vai.operators.create_flashboard import CreateFlashboardOperator
from airflow_provider_vai.operators.derived import count, largest, month_of, percent, project, ratio, shown, text, top, total, where
from airflow_provider_vai.operators.generate_query import GenerateQueryOperator

with DAG(
    dag_id="derived",
    description="Winter report",
    schedule=None,
    start_date=datetime(2025, 3, 3, tzinfo=timezone.utc),
    catchup=False,
    is_paused_upon_creation=True,
    max_active_runs=1,
    default_args={"action_asset": False},
    doc_md="""\
### Winter report

Repeats a recorded agent run of data-analyst, 2025-03-03.

| task | does | values from | note |
|-|-|-|-|
| `generate_query`, `generate_query_2` | generate_query: reads | | a model wrote this SQL |
| `create_flashboard` | create_flashboard: stores a result | `generate_query`, `generate_query_2` | |

Connections: `warehouse`

Change it on [its page](vai/ui/automations/derived/steps), with `vai edit` or in the DAG file. [Versions and reviewers](vai/ui/automations/derived/versions); Airflow counts its own.
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
        question="All orders",
        sql="""\
SELECT order_id, region, status, CAST(amount AS DOUBLE) AS amount
FROM orders
ORDER BY order_id""",
        tables=["orders"],
    )

    largest_revenue = largest(wired(generate_query, "rows"), by="revenue")
    month_text = month_of(largest_revenue["month"])
    generate_query_2_status_open = where(wired(generate_query_2, "rows"), status="open")
    total_revenue = total(wired(generate_query, "rows"), "revenue")
    create_flashboard = CreateFlashboardOperator(
        task_id="create_flashboard",
        title="Winter",
        description=text(
            "EUR {revenue} in all. {month} was the strongest month with EUR {most}, {share} of it. {open} orders are open, worth EUR {worth}.",
            revenue=shown(total_revenue, ",.2f"),
            month=month_text,
            most=shown(largest_revenue["revenue"], ",.2f"),
            share=percent(ratio(largest_revenue["revenue"], total_revenue)),
            open=count(generate_query_2_status_open),
            worth=shown(total(generate_query_2_status_open, "amount"), ",.2f"),
        ),
        datasets={
            "open": project(generate_query_2_status_open, "order_id", "amount"),
            "best": top(wired(generate_query, "rows"), 1, by="revenue"),
        },
        charts=[
            {"kind": "table", "title": "Open orders", "data": {"name": "open"}},
            {
                "title": month_text,
                "data": {"name": "best"},
                "mark": "bar",
                "encoding": {
                    "x": {"field": "month", "type": "ordinal", "title": None},
                    "y": {"field": "revenue", "type": "quantitative", "title": "Revenue"},
                },
            },
        ],
        outlets=[asset("vai://automations/derived")],
    )

    generate_query >> generate_query_2 >> create_flashboard

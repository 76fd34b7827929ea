"""Starts when a shop posts an order, looks the customer up, and keeps large orders for a person

Review before you activate it:
1. customer: its SQL is frozen as in the spec: review it like a model's

example_vai_webhook.vai.json has its spec and its versions.
"""

from datetime import datetime, timezone

from airflow.sdk import DAG, Param
from airflow_provider_vai.operators.arguments import parameter, wired
from airflow_provider_vai.operators.assets import asset
from airflow_provider_vai.operators.conditional_branch import ConditionalBranchOperator
from airflow_provider_vai.operators.create_flashboard import CreateFlashboardOperator
from airflow_provider_vai.operators.generate_query import GenerateQueryOperator

with DAG(
    dag_id="example_vai_webhook",
    dag_display_name="A new order",
    description="Starts when a shop posts an order, looks the customer up, and keeps large orders for a person",
    schedule=None,
    start_date=datetime(2025, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    is_paused_upon_creation=True,
    max_active_runs=1,
    default_args={"action_asset": False},
    params={
        "payload": Param(None, description="The body of the webhook's delivery", schema={}),
    },
    doc_md="""\
### A new order

Description: Starts when a shop posts an order, looks the customer up, and keeps large orders for a person

Made by hand, not from a recording.

| task | does | values from | note |
|-|-|-|-|
| `customer` | generate_query: reads | `params.payload` | its SQL is frozen as in the spec: review it like a model's |
| `is_large` | conditional_branch: reads | `params.payload` | |
| `page` | create_flashboard: stores a result | `customer` | |

Connections: `example_orders`, `warehouse`

Change it on [its page](vai/ui/automations/example_vai_webhook/steps), with `vai edit` or in the DAG file. [Versions and reviewers](vai/ui/automations/example_vai_webhook/versions); Airflow counts its own.
""",
    tags=["vai", "manual", "example"],
):
    # model-written: its SQL is frozen as in the spec: review it like a model's
    customer = GenerateQueryOperator(
        task_id="customer",
        conn_id="warehouse",
        sql="SELECT name, region FROM customers WHERE id = ?",
        parameters=[parameter("payload", "customer")],
        tables=["customers"],
    )

    is_large = ConditionalBranchOperator(
        task_id="is_large",
        condition="total > 1000",
        inputs={"total": parameter("payload", "total")},
        if_true=["page"],
    )

    page = CreateFlashboardOperator(
        task_id="page",
        title="A large order",
        datasets={"customer": wired(customer, "rows")},
        charts=[{"kind": "table", "title": "Customer", "data": {"name": "customer"}}],
        outlets=[asset("vai://automations/example_vai_webhook")],
    )

    customer >> is_large >> page

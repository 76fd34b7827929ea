"""A person approves the figures before they are posted

Review before you activate it:
1. revenue: its SQL is frozen as in the spec: review it like a model's

example_vai_approval.vai.json has its spec and its versions.
"""

from datetime import datetime, timezone

from airflow.sdk import DAG, Param
from airflow_provider_vai.operators.arguments import parameter, wired
from airflow_provider_vai.operators.assets import asset
from airflow_provider_vai.operators.generate_query import GenerateQueryOperator
from airflow_provider_vai.operators.http_request import HttpRequestOperator
from airflow_provider_vai.sensors.approval import ApprovalGateSensor

with DAG(
    dag_id="example_vai_approval",
    dag_display_name="Report with an approval",
    description="A person approves the figures before they are posted",
    schedule=None,
    start_date=datetime(2025, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    is_paused_upon_creation=True,
    max_active_runs=1,
    default_args={"action_asset": False},
    params={
        "region": Param(
            "EU",
            description="Which shops",
            schema={"type": "string", "enum": ["EU", "US"]},
        ),
    },
    doc_md="""\
### Report with an approval

Description: A person approves the figures before they are posted

Made by hand, not from a recording.

| task | does | values from | note |
|-|-|-|-|
| `revenue` | generate_query: reads | `params.region` | its SQL is frozen as in the spec: review it like a model's |
| `approve_post` | asks before `post` | | |
| `post` | http_request: writes | `revenue` | |

Connections: `reports`, `warehouse`

Params: `region`

Change it on [its page](vai/ui/automations/example_vai_approval/steps), with `vai edit` or in the DAG file. [Versions and reviewers](vai/ui/automations/example_vai_approval/versions); Airflow counts its own.
""",
    tags=["vai", "manual", "example"],
):
    # model-written: its SQL is frozen as in the spec: review it like a model's
    revenue = GenerateQueryOperator(
        task_id="revenue",
        conn_id="warehouse",
        sql="SELECT product, sum(amount) AS amount FROM orders WHERE region = ? GROUP BY product",
        parameters=[parameter("region")],
        tables=["orders"],
    )

    approve_post = ApprovalGateSensor(
        task_id="approve_post",
        subject="Post the figures?",
        reason="The spec asks for approval.",
        response_timeout=86400,
        on_timeout="reject",
    )

    post = HttpRequestOperator(
        task_id="post",
        conn_id="reports",
        method="POST",
        endpoint="/figures",
        json={"figures": wired(revenue, "rows")},
        gate=approve_post,
        outlets=[asset("vai://automations/example_vai_approval")],
    )

    revenue >> approve_post >> post

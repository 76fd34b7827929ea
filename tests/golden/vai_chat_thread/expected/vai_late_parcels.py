"""Late parcels

Crystallized from a recorded chat thread, 2025-04-01. Each task repeats one successful tool call
with the arguments that were executed then. vai_late_parcels.vai.json has the details, and the calls
that did not become tasks.

Review before you activate it:
1. generate_query: a model wrote this SQL
"""

from datetime import datetime, timezone

from airflow.sdk import DAG
from airflow_provider_vai.operators.assets import asset
from airflow_provider_vai.operators.generate_query import GenerateQueryOperator
from airflow_provider_vai.operators.http_request import HttpRequestOperator
from airflow_provider_vai.sensors.approval import ApprovalGateSensor

with DAG(
    dag_id="vai_late_parcels",
    description="Late parcels",
    schedule=None,
    start_date=datetime(2025, 4, 1, tzinfo=timezone.utc),
    catchup=False,
    is_paused_upon_creation=True,
    max_active_runs=1,
    default_args={"action_asset": False},
    doc_md="""\
### Late parcels

Repeats a recorded chat, 2025-04-01.

| task | does | values from | note |
|-|-|-|-|
| `generate_query` | generate_query: reads | | a model wrote this SQL |
| `approve_http_request` | asks before `http_request` | | |
| `http_request` | http_request: writes | | |

Connections: `carrier-api`, `warehouse`

Change it on [its page](vai/ui/automations/vai_late_parcels/steps), with `vai edit` or in the DAG file. [Versions and reviewers](vai/ui/automations/vai_late_parcels/versions); Airflow counts its own.
""",
    tags=["vai", "crystallized"],
):
    # model-written: a model wrote this SQL
    generate_query = GenerateQueryOperator(
        task_id="generate_query",
        conn_id="warehouse",
        sql="SELECT id FROM parcels WHERE late",
        tables=["parcels"],
    )

    approve_http_request = ApprovalGateSensor(
        task_id="approve_http_request",
        subject="Run http_request?",
        reason="A person (user-sam) approved this call in the recorded run on 2025-04-01 at 08:05 UTC; each run needs its own approval.",
        recorded={"state": "approved", "by": "user-sam", "at": "2025-04-01T08:05:50+00:00"},
        authors={
            "http_request": {
                "model": [["conn_id"], ["endpoint"], ["method"]],
                "tool_output": [["json"]],
            },
        },
    )

    http_request = HttpRequestOperator(
        task_id="http_request",
        conn_id="carrier-api",
        method="POST",
        endpoint="/notices",
        json={"parcel": "P-77"},
        expected_status=201,
        gate=approve_http_request,
        outlets=[asset("vai://automations/vai_late_parcels")],
    )

    generate_query >> approve_http_request >> http_request

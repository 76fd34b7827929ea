"""Late parcels

Crystallized from the chat thread thread-42 (vai), recorded on 2025-04-01. Each task repeats one
successful tool call of that recording with the arguments that were executed then.

Review before you activate it:
1. generate_query: a model wrote this SQL

Provenance, and the calls that did not become tasks: vai_late_parcels.vai.json
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
    doc_md="The record of this automation is `vai_late_parcels.vai.json`.",
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
        reason="A person approved this call in the recorded run by user-sam at 2025-04-01T08:05:50+00:00; each run needs its own approval.",
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

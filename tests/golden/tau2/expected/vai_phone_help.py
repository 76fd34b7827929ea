"""1

Crystallized from the chat thread sim-1 of llm_agent (tau2, model model-sample), recorded on
2025-06-01. Each task repeats one successful tool call of that recording with the arguments that
were executed then.

Provenance, and the calls that did not become tasks: vai_phone_help.vai.json
"""

from datetime import datetime, timezone

from airflow.sdk import DAG
from airflow_provider_vai.operators.assets import asset
from airflow_provider_vai.operators.http_request import HttpRequestOperator

with DAG(
    dag_id="vai_phone_help",
    description="1",
    schedule=None,
    start_date=datetime(2025, 6, 1, tzinfo=timezone.utc),
    catchup=False,
    is_paused_upon_creation=True,
    max_active_runs=1,
    default_args={"action_asset": False},
    doc_md="The record of this automation is `vai_phone_help.vai.json`.",
    tags=["vai", "crystallized"],
):
    get_line = HttpRequestOperator(
        task_id="get_line",
        conn_id="phone_api",
        endpoint="555-01",
        expected_shape={
            "type": "object",
            "properties": {"line": {"type": "string"}},
            "required": ["line"],
        },
        outlets=[asset("vai://automations/vai_phone_help")],
    )

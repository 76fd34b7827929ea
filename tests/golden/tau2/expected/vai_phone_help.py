"""My phone has no signal.

Crystallized from a recorded chat thread of llm_agent, 2025-06-01. Each task repeats one successful
tool call with the arguments that were executed then. vai_phone_help.vai.json has the details, and
the calls that did not become tasks.
"""

from datetime import datetime, timezone

from airflow.sdk import DAG
from airflow_provider_vai.operators.assets import asset
from airflow_provider_vai.operators.http_request import HttpRequestOperator

with DAG(
    dag_id="vai_phone_help",
    description="My phone has no signal.",
    schedule=None,
    start_date=datetime(2025, 6, 1, tzinfo=timezone.utc),
    catchup=False,
    is_paused_upon_creation=True,
    max_active_runs=1,
    default_args={"action_asset": False},
    doc_md="### My phone has no signal.\n\nRepeats a recorded chat of llm\\_agent, 2025-06-01.\n\n| task | does | values from | note |\n|-|-|-|-|\n| `get_line` | http_request: reads | | |\n\nConnections: `phone_api`\n\nChange it on [its page](vai/ui/automations/vai_phone_help/steps), with `vai edit` or in the DAG file. [Versions and reviewers](vai/ui/automations/vai_phone_help/versions); Airflow counts its own.\n",
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

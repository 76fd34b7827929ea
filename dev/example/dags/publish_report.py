"""The automation that the DAG ``every_kind`` calls."""

from airflow.sdk import DAG

from airflow_provider_vai.operators.arguments import template
from airflow_provider_vai.operators.python_tool import PythonToolOperator

with DAG("publish_report", schedule=None, params={"month": ""}, is_paused_upon_creation=False):
    PythonToolOperator(
        task_id="publish",
        python_callable="sales_tools:publish",
        arguments={"month": template("{{ params.month }}")},
    )

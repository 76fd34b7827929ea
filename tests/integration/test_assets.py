"""Which asset events Airflow records when an automation runs."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.integration

LOOK = 'PythonToolOperator(task_id="{0}", python_callable="json:dumps", arguments={{"obj": 1}}, effect="read")'


def events(dag_id: str) -> list[tuple[str, str]]:
    """Return the recorded events that tasks of a DAG are the source of: asset and task."""
    from airflow.models.asset import AssetEvent
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        rows = session.scalars(select(AssetEvent).where(AssetEvent.source_dag_id == dag_id)).all()
        return sorted((row.asset.uri, row.source_task_id) for row in rows)


def test_each_step_emits_its_action(run_dag) -> None:
    """A step's success is an event of its own asset, and of the outlets that the file gives it."""
    ran = run_dag(
        f"""
        from airflow.sdk import Asset
        first = {LOOK.format("first")}
        last = {LOOK.format("last").replace(")", ', outlets=[Asset("vai://automations/sales")])')}
        first >> last
        """
    )

    assert set(ran.states.values()) == {"success"}
    dag_id = ran.dag_id
    assert events(dag_id) == [
        (f"vai://actions/python_tool/{dag_id}/first", "first"),
        (f"vai://actions/python_tool/{dag_id}/last", "last"),
        ("vai://automations/sales", "last"),
    ]


def test_a_failed_step_emits_nothing(run_dag) -> None:
    """A step that fails is no event, and neither is the end that waits for it."""
    ran = run_dag(
        f"""
        from airflow.providers.standard.operators.empty import EmptyOperator
        from airflow.sdk import Asset
        good = {LOOK.format("good")}
        bad = {LOOK.format("bad").replace("json:dumps", "json:loads")}
        end = EmptyOperator(
            task_id="end", trigger_rule="none_failed_min_one_success", outlets=[Asset("vai://automations/sales")]
        )
        [good, bad] >> end
        """
    )

    assert ran.states == {"good": "success", "bad": "failed", "end": "upstream_failed"}
    assert events(ran.dag_id) == [(f"vai://actions/python_tool/{ran.dag_id}/good", "good")]


def test_other_schemes_are_left_to_airflow() -> None:
    """Our own URIs skip the question to all providers and are equal to what Airflow makes; others are not ours."""
    from airflow.sdk import Asset

    from airflow_provider_vai.operators.assets import asset

    for uri in ("vai://automations/sales", "s3://bucket/key/", "plain"):
        made = asset(uri)
        assert made == Asset(uri)
        assert (made.name, made.uri) == (Asset(uri).name, Asset(uri).uri)


def test_a_param_keeps_its_type(run_dag) -> None:
    """A step gets the run's own value as a number, not as its text."""
    ran = run_dag(
        """
        from airflow.sdk import Param
        from airflow_provider_vai.operators.arguments import parameter
        dag.params["limit"] = Param(5, type="integer")
        arguments = {"obj": parameter("limit")}
        PythonToolOperator(task_id="a", python_callable="json:dumps", arguments=arguments, effect="read")
        """,
        run_conf={"limit": 7},
    )

    assert ran.results == {"a": 7}

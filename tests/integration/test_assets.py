"""The asset events that Airflow records when an automation runs."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

pytestmark = pytest.mark.integration

LOOK = 'PythonToolOperator(task_id="{0}", python_callable="json:dumps", arguments={{"obj": 1}}, effect="read")'


def events(dag_id: str) -> list[tuple[str, str]]:
    """Return the recorded events whose source is a task of a DAG, as asset and task."""
    from airflow.models.asset import AssetEvent
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        rows = session.scalars(select(AssetEvent).where(AssetEvent.source_dag_id == dag_id)).all()
        return sorted((row.asset.uri, row.source_task_id) for row in rows)


def test_each_step_emits_its_action(run_dag) -> None:
    """A successful step emits its own asset and the outlets in the DAG file."""
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
    """Neither a failed step nor the end task downstream of it emits an event."""
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


def test_steps_of_a_rendered_file_emit_only_what_it_lists(run_dag) -> None:
    """With the default argument of rendered files, a step emits no asset of its own, not even a mapped one."""
    ran = run_dag(
        f"""
        from airflow_provider_vai.operators.assets import asset
        dag.default_args["action_asset"] = False
        plain = {LOOK.format("plain")}
        listed = {LOOK.format("listed").replace(")", ', outlets=[asset("vai://actions/python_tool/listed")])')}
        many = PythonToolOperator.partial(task_id="many", python_callable="json:dumps", effect="read")
        mapped = many.expand(arguments=[{{"obj": 1}}, {{"obj": 2}}])
        apart = DAG("apart", schedule=None, default_args=dag.default_args)
        gate = ApprovalGateSensor(task_id="gate", subject="?", dag=apart)
        assert [task.outlets for task in (plain, mapped, gate)] == [[], [], []]
        """
    )

    assert set(ran.states.values()) == {"success"}
    assert events(ran.dag_id) == [("vai://actions/python_tool/listed", "listed")]


def test_other_schemes_are_left_to_airflow() -> None:
    """Our assets equal those that Airflow creates, without loading all providers. Other schemes go to Airflow."""
    from airflow.sdk import Asset

    from airflow_provider_vai.operators.assets import asset

    for uri in ("vai://automations/sales", "s3://bucket/key/", "plain"):
        made = asset(uri)
        assert made == Asset(uri)
        assert (made.name, made.uri) == (Asset(uri).name, Asset(uri).uri)


def test_a_param_keeps_its_type(run_dag) -> None:
    """A step gets a numeric param as a number instead of text."""
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


def listening(*uris: str, paused: bool = False) -> str:
    """Create a DAG in the database that is scheduled on these assets; return its id."""
    from uuid import uuid4

    from airflow.models.asset import AssetActive, AssetModel, DagScheduleAssetReference
    from airflow.models.dag import DagModel
    from airflow.models.dagbundle import DagBundleModel
    from airflow.utils.session import create_session
    from sqlalchemy import select

    dag_id = f"listener_{uuid4().hex}"
    with create_session() as session:
        if not session.get(DagBundleModel, "listeners"):
            session.add(DagBundleModel(name="listeners"))
            session.flush()
        session.add(DagModel(dag_id=dag_id, bundle_name="listeners", is_paused=paused, fileloc="listeners.py"))
        for uri in uris:
            made = session.scalar(select(AssetModel).where(AssetModel.uri == uri))
            if made is None:
                made = AssetModel(name=uri, uri=uri, group="asset")
                session.add(made)
                session.flush()
                session.add(AssetActive.for_asset(made))
            session.flush()
            session.add(DagScheduleAssetReference(asset_id=made.id, dag_id=dag_id))
    return dag_id


def queued(dag_id: str) -> list[str]:
    """Return the assets whose events are queued to start a run of a DAG."""
    from airflow.models.asset import AssetDagRunQueue, AssetModel
    from airflow.utils.session import create_session
    from sqlalchemy import select

    query = select(AssetModel.uri).join(AssetDagRunQueue, AssetDagRunQueue.asset_id == AssetModel.id)
    with create_session() as session:
        return sorted(session.scalars(query.where(AssetDagRunQueue.target_dag_id == dag_id)))


@pytest.fixture(autouse=True)
def quiet(request: pytest.FixtureRequest) -> Iterator[None]:
    """Remove all listeners after each test."""
    yield
    if "database" not in request.fixturenames:
        return
    from airflow.models.asset import AssetDagRunQueue, DagScheduleAssetReference
    from airflow.utils.session import create_session
    from sqlalchemy import delete

    with create_session() as session:
        session.execute(delete(AssetDagRunQueue))
        session.execute(delete(DagScheduleAssetReference))


def extras(uri: str) -> list[dict[str, Any]]:
    """Return the extras of an asset's recorded events, in order."""
    from airflow.models.asset import AssetEvent
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        rows = session.scalars(select(AssetEvent).order_by(AssetEvent.id)).all()
        return [row.extra for row in rows if row.asset.uri == uri]


FAILING = LOOK.format("bad").replace("json:dumps", "json:loads")


def test_a_failed_run_tells_who_listens(run_dag) -> None:
    """Each asset of the run that a DAG listens to gets one event; other assets get none."""
    events_of = "vai://events/action.failed"
    told = [events_of, f"{events_of}/action_kind/python_tool", "vai://events/automation.failed"]
    not_told = [
        f"{events_of}/action_kind/mcp_tool",
        f"{events_of}/automation/another",
        "vai://events/automation.completed",
        "vai://events/connection.data_available",
        "vai://events/unheard.of",
    ]
    listener, paused = listening(*told, *not_told), listening(*told[:1], "vai://events/action.completed", paused=True)

    ran = run_dag(f"{LOOK.format('good')} >> {FAILING} >> {LOOK.format('after')}")

    assert ran.states == {"good": "success", "bad": "failed", "after": "upstream_failed"}
    assert queued(listener) == sorted(told)
    assert queued(paused) == []
    assert [uri for uri, task in events(ran.dag_id) if uri.startswith("vai://events/")] == sorted(told)
    (said,) = extras(told[1])
    assert said.pop("run_id")
    assert said == {
        "event": "action.failed",
        "dag_id": ran.dag_id,
        "task_id": "bad",
        "kind": "python_tool",
        "steps": [{"task_id": "bad", "kind": "python_tool"}],
        "count": 1,
    }


def test_a_run_that_succeeded_tells_its_steps(run_dag, tmp_path) -> None:
    """Each asset gets one event for all steps that match it; a step that loads data names its connection."""
    database = tmp_path / "wh.duckdb"
    told = [
        "vai://events/action.completed",
        "vai://events/automation.completed",
        "vai://events/connection.data_available/connection/wh",
        "vai://events/connection.data_available/connection/wh/action_kind/duckdb_transform",
    ]
    listener = listening(*told, "vai://events/action.failed", "vai://events/connection.data_available/connection/other")

    ran = run_dag(
        f"""
        import os
        os.environ["AIRFLOW_CONN_WH"] = {json.dumps({"conn_type": "duckdb", "host": str(database)})!r}
        os.environ["AIRFLOW_CONN_OTHER"] = os.environ["AIRFLOW_CONN_WH"]
        from airflow_provider_vai.operators.duckdb_transform import DuckdbTransformOperator
        first = DuckdbTransformOperator(task_id="table", sql="select 1 as a", conn_id="wh", table="t")
        second = DuckdbTransformOperator.partial(task_id="mapped", conn_id="wh", table="m").expand(sql=["select 2"])
        file = DuckdbTransformOperator(
            task_id="file", sql="select 1 as a", conn_id="other", path="file://{tmp_path}/a.parquet"
        )
        first >> second >> file >> {LOOK.format("plain")}
        """
    )

    assert set(ran.states.values()) == {"success"}
    assert queued(listener) == sorted(told)
    (said,) = extras(told[0])
    assert [step["task_id"] for step in said["steps"]] == ["table", "mapped", "file", "plain"]
    assert [step["kind"] for step in said["steps"]] == ["duckdb_transform"] * 3 + ["python_tool"]
    (said,) = extras(told[2])
    assert [step["task_id"] for step in said["steps"]] == ["table", "mapped"]


def test_dags_without_steps_tell_nothing(run_dag) -> None:
    """A DAG without steps of an automation emits no events."""
    listener = listening("vai://events/automation.completed")

    ran = run_dag(
        """
        from airflow.providers.standard.operators.python import PythonOperator
        PythonOperator(task_id="plain", python_callable=lambda: 1)
        """
    )

    assert ran.states == {"plain": "success"}
    assert queued(listener) == []


def tell_again(dag_id: str, **facts: Any) -> None:
    """Emit the events of a DAG's only run again; ``facts`` replaces fields of the run."""
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from sqlalchemy import select

    from airflow_provider_vai.plugin.events import run_events

    with create_session() as session:
        run = session.scalars(select(DagRun).where(DagRun.dag_id == dag_id)).one()
        ended = run_events.Ended(dag_id, run.run_id, str(run.state), None)
        for name, value in facts.items():
            setattr(run, name, value)
        session.flush()
        run_events.emit(ended, session)


def subscribe(dag_id: str, uri: str) -> None:
    """Let an existing DAG listen to an existing asset."""
    from airflow.models.asset import AssetModel, DagScheduleAssetReference
    from airflow.models.dag import DagModel
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        session.get(DagModel, dag_id).is_paused = False
        asset_id = session.scalars(select(AssetModel.id).where(AssetModel.uri == uri)).one()
        session.add(DagScheduleAssetReference(asset_id=asset_id, dag_id=dag_id))


def test_the_asset_of_a_step_without_it_is_emitted_at_the_end(run_dag) -> None:
    """A DAG that listens to a step is started although the step's DAG file lists no asset, and once if it does."""
    dag_id = run_dag(f'dag.default_args["action_asset"] = False\n{LOOK.format("first")} >> {FAILING}').dag_id
    emitting = run_dag(LOOK.format("first")).dag_id
    uris = [f"vai://actions/python_tool/{name}/first" for name in (dag_id, emitting)]
    listener = listening(*uris, f"vai://actions/python_tool/{dag_id}/bad", f"vai://actions/mcp_tool/{dag_id}/first")

    tell_again(dag_id)
    tell_again(emitting)

    assert queued(listener) == uris[:1]


DONE = "vai://events/automation.completed"


def test_an_automation_does_not_start_itself(run_dag) -> None:
    """Its own success is an event only for other DAGs, but another DAG's event that it listens to still counts."""
    own = run_dag(LOOK.format("first")).dag_id
    other = listening(DONE)
    subscribe(own, DONE)

    tell_again(own)

    assert (queued(own), queued(other)) == ([], [DONE])
    another = run_dag(LOOK.format("first")).dag_id
    assert queued(own) == [DONE]
    tell_again(own)
    assert (queued(own), another != own) == ([DONE], True)


def test_what_an_event_started_does_not_tell_of_that_event(run_dag) -> None:
    """Two automations that listen to the same event do not start each other in turn."""
    from airflow.models.asset import AssetEvent, AssetModel
    from airflow.utils.session import create_session
    from sqlalchemy import select

    listener = listening(DONE, "vai://events/action.completed")
    ran = run_dag(LOOK.format("first"))
    assert queued(listener) == ["vai://events/action.completed", DONE]
    with create_session() as session:
        of_done = (
            select(AssetEvent).join(AssetModel, AssetModel.id == AssetEvent.asset_id).where(AssetModel.uri == DONE)
        )
        started_by = session.scalars(of_done.order_by(AssetEvent.id.desc())).first().id
    before = len(extras(DONE)), len(extras("vai://events/action.completed"))

    with create_session() as session:
        event = session.get(AssetEvent, started_by)
        from airflow.models.dagrun import DagRun

        run = session.scalars(select(DagRun).where(DagRun.dag_id == ran.dag_id)).one()
        run.consumed_asset_events.append(event)
    tell_again(ran.dag_id)

    assert (len(extras(DONE)), len(extras("vai://events/action.completed"))) == (before[0], before[1] + 1)


def test_steps_of_an_earlier_end_are_not_told_again(run_dag) -> None:
    """After a run was cleared, steps that had ended before emit no second event."""
    from datetime import datetime, timedelta, timezone

    listening(DONE, "vai://events/action.completed")
    dag_id = run_dag(LOOK.format("first")).dag_id
    before = len(extras(DONE)), len(extras("vai://events/action.completed"))

    tell_again(dag_id, clear_number=1, queued_at=datetime.now(timezone.utc) + timedelta(hours=1))

    assert (len(extras(DONE)), len(extras("vai://events/action.completed"))) == (before[0] + 1, before[1])


def test_a_transaction_that_is_rolled_back_tells_nothing(run_dag) -> None:
    """Only a committed transaction emits events, and a nested commit does not count."""
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from sqlalchemy import select

    from airflow_provider_vai.plugin.events import listener

    dag_id = run_dag(LOOK.format("first")).dag_id
    listening(DONE)
    before = len(extras(DONE))
    with create_session(scoped=False) as session:
        query = select(DagRun).where(DagRun.dag_id == dag_id)
        listener.on_dag_run_success(dag_run=session.scalars(query).one())
        session.rollback()
        session.commit()
        assert len(extras(DONE)) == before

        run = session.scalars(query).one()
        with session.begin_nested():
            listener.on_dag_run_success(dag_run=run)
        assert len(extras(DONE)) == before
        session.commit()
        assert len(extras(DONE)) == before + 1
        session.commit()
    assert len(extras(DONE)) == before + 1


def test_an_error_stays_here(run_dag, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """An error while events are emitted does not affect the scheduler's commit, and the log names the run."""
    from airflow_provider_vai.plugin.events import run_events

    def broken(*arguments: Any) -> None:
        raise LookupError("no such thing")

    listener = listening(DONE)
    monkeypatch.setattr(run_events, "emit", broken)

    ran = run_dag(LOOK.format("first"))

    assert ran.states == {"first": "success"}
    assert queued(listener) == []
    assert f"of {ran.dag_id} could not be emitted" in caplog.text + ran.log


def test_the_listener_is_light() -> None:
    """Every task process loads the listener, so it must not import Airflow's models or the database."""
    heavy = ("airflow.models", "sqlalchemy", "pydantic", "fastapi", "airflow_provider_vai.kind")
    script = (
        "import sys, airflow.sdk; before = set(sys.modules)\n"
        "from airflow_provider_vai.plugin import VaiPlugin; from airflow_provider_vai.plugin.events import listener\n"
        "assert VaiPlugin().listeners == [listener]\n"
        f"new = [name for name in set(sys.modules) - before if name.startswith({heavy!r})]\n"
        "assert not new, new"
    )
    subprocess.run([sys.executable, "-c", script], check=True)

"""Operators whose effect depends on their arguments."""

from __future__ import annotations

from typing import Any

import pytest
from airflow.sdk import DAG

from airflow_provider_vai.model.artifacts import OPTION
from airflow_provider_vai.operators.arguments import template, wired
from airflow_provider_vai.operators.dlt_extract import DltExtractOperator
from airflow_provider_vai.operators.duckdb_transform import DuckdbTransformOperator
from airflow_provider_vai.operators.fetch_page import FetchPageOperator
from airflow_provider_vai.operators.file_sync import FileSyncOperator
from airflow_provider_vai.operators.http_request import HttpRequestOperator
from airflow_provider_vai.operators.runtime import effects as step_effects
from airflow_provider_vai.operators.runtime.compat import AirflowFailException
from airflow_provider_vai.operators.runtime.errors import NothingSent

POST = {"resources": [{"name": "a", "endpoint": {"path": "a", "method": "POST"}}]}


@pytest.fixture(autouse=True)
def artifacts(monkeypatch: pytest.MonkeyPatch) -> None:
    """One artifacts folder for all machines that run the tests."""
    monkeypatch.setenv(OPTION, "file:///data/artifacts")


def made(operator: type[Any], **arguments: Any) -> Any:
    """Return a task of a DAG that retries three times by default."""
    with DAG("d", schedule=None, default_args={"retries": 3}):
        return operator(task_id="a", **arguments)


SYNC: dict[str, Any] = {"source": "file:///in", "destination": "file:///data/artifacts/a"}
ROWS: dict[str, Any] = {"sql": "select 1", "conn_id": "x"}
LOAD: dict[str, Any] = {"source": "rest_api", "destination_conn_id": "x"}
SEND: dict[str, Any] = {"conn_id": "x", "endpoint": "/a"}


@pytest.mark.parametrize(
    ("operator", "arguments", "effect", "retries", "idempotent"),
    [
        (FileSyncOperator, SYNC, "artifact", 3, True),
        (FileSyncOperator, {**SYNC, "destination": template("file:///data/artifacts/{{ ds }}")}, "artifact", 3, True),
        (FileSyncOperator, {**SYNC, "destination": template("{{ ds }}")}, "write", 3, True),
        (FileSyncOperator, {**SYNC, "destination": wired("b")}, "write", 3, True),
        (FileSyncOperator, {**SYNC, "destination": "file:///b"}, "write", 3, True),
        (FileSyncOperator, {**SYNC, "destination": "file:///b", "own_destination": True}, "artifact", 3, True),
        (FileSyncOperator, {**SYNC, "effect": "write"}, "write", 3, True),
        (DuckdbTransformOperator, {**ROWS, "table": "t"}, "write", 3, True),
        (DuckdbTransformOperator, {**ROWS, "table": "t", "own_destination": True}, "artifact", 3, True),
        (DuckdbTransformOperator, {**ROWS, "path": "/data/artifacts/a"}, "artifact", 3, True),
        (DltExtractOperator, LOAD, "write", 3, True),
        (DltExtractOperator, {**LOAD, "own_destination": True}, "artifact", 3, True),
        (DltExtractOperator, {**LOAD, "own_destination": True, "source_config": POST}, "write", 0, False),
        (HttpRequestOperator, SEND, "read", 3, False),
        (HttpRequestOperator, {**SEND, "method": "delete"}, "write", 0, False),
        (HttpRequestOperator, {**SEND, "method": wired("b")}, "write", 0, False),
        (HttpRequestOperator, {**SEND, "headers": {"X-HTTP-Method": "PUT"}}, "write", 0, False),
        (HttpRequestOperator, {**SEND, "query": {"query": template("mutation { a }")}}, "write", 0, False),
        (HttpRequestOperator, {**SEND, "query": {"query": wired("b")}}, "read", 3, False),
    ],
)
def test_effect_in_a_dag_file(
    operator: type[Any], arguments: dict[str, Any], effect: str, retries: int, idempotent: bool
) -> None:
    """The effect follows from the arguments as written; only what may be done twice keeps the DAG's retries."""
    task = made(operator, **arguments)
    assert (task.effect, task.retries, task.idempotent) == (effect, retries, idempotent)


def ran_with(task: Any, **values: Any) -> None:
    """Check the arguments of a task as they are in a DAG run."""
    for name in task.template_fields:
        setattr(task, name, values.get(name))
    task.check_arguments()


def test_request_that_became_a_write() -> None:
    """A request that reads in the DAG file is not sent if a run's values make a write of it."""
    task = made(HttpRequestOperator, **SEND, query={"query": wired("b")})
    ran_with(task, **SEND, method="GET", query={"query": "{ a }"})
    for query in ({"query": "mutation { a }"}, {"_method": "DELETE"}):
        with pytest.raises(NothingSent, match=r"nothing was sent.*it is a write"):
            ran_with(task, **SEND, method="GET", query=query)
    ran_with(made(HttpRequestOperator, **SEND, effect="read", method="POST"), **SEND, method="POST")
    stated = made(HttpRequestOperator, **SEND, effect="read", method="POST")
    with pytest.raises(NothingSent):
        ran_with(stated, **SEND, method="POST", json={"query": "mutation { a }"})


def test_target_that_became_another_one() -> None:
    """A copy into the artifacts folder is not made elsewhere."""
    task = made(FileSyncOperator, source="file:///in", destination=template("file:///data/artifacts/{{ ds }}"))
    ran_with(task, **SYNC)
    with pytest.raises(NothingSent, match="effect artifact"):
        ran_with(task, source="file:///in", destination="file:///data/artifacts/../x")


def test_load_that_became_a_write() -> None:
    """A load is not started if a run's values let its source send writes."""
    task = made(DltExtractOperator, **LOAD, own_destination=True, source_config={"resources": wired("b")})
    with pytest.raises(NothingSent, match="requests that may write"):
        ran_with(task, **LOAD, source_config=POST)


def test_pages_are_only_read() -> None:
    """A page whose URL overrides the method is not fetched."""
    task = made(FetchPageOperator, url="https://a.example/?_method=DELETE")
    task.url = "https://a.example/?_method=DELETE"
    with pytest.raises(AirflowFailException, match="overrides its method"):
        task.perform({})


@pytest.mark.parametrize(("gate", "markers"), [(None, 0), ("g", 1)])
def test_repeatable_write_is_simply_done_again(monkeypatch: pytest.MonkeyPatch, gate: str | None, markers: int) -> None:
    """What may be done twice keeps no record of its tries, unless an approval is spent on it."""
    task = made(DuckdbTransformOperator, **ROWS, table="t", gate=gate)
    seen: list[Any] = []
    monkeypatch.setattr(step_effects, "at_most_once", lambda *given: seen.append(given))
    monkeypatch.setattr(type(task), "_gate_record", lambda self, context: {})
    monkeypatch.setattr(type(task), "_approved", lambda self, context, approval, arguments: arguments)
    monkeypatch.setattr(type(task), "_single_use", lambda self, context, approval: None)
    monkeypatch.setattr(type(task), "resolved_arguments", lambda self, context: {"path": None})
    monkeypatch.setattr(type(task), "perform", lambda self, context: {})
    task.execute({})

    assert len(seen) == markers

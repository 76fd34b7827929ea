"""Which tasks are steps: a rendered one has no asset, so its operator decides."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_vai.model import kinds
from airflow_provider_vai.plugin.events import listener, steps


def task(module: str, name: str = "Operator", *uris: str) -> Any:
    """Return a task as the scheduler has it."""
    outlets = [SimpleNamespace(uri=uri) for uri in uris]
    return SimpleNamespace(_task_module=module, task_type=name, outlets=outlets)


@pytest.fixture
def other_kind(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Another distribution registers an action kind."""
    slack = SimpleNamespace(operator="acme_vai.operators.SlackPostOperator")
    monkeypatch.setattr(kinds, "all_kinds", lambda: (*kinds.KINDS, slack))
    steps._operators.cache_clear()
    yield
    steps._operators.cache_clear()


@pytest.mark.usefixtures("other_kind")
def test_what_is_a_step() -> None:
    """An operator of this package or of any action kind is one, and a task with the asset of an action."""
    assert steps.is_step(task("airflow_provider_vai.operators.http_request"))
    assert steps.is_step(task("acme_vai.operators", "SlackPostOperator"))
    assert steps.is_step(task("acme_vai.own", "Other", "vai://actions/own/dag/task"))
    assert not steps.is_step(task("acme_vai.operators", "OtherOperator"))
    assert not steps.is_step(task("airflow.providers.standard.operators.empty", "EmptyOperator", "vai://automations/d"))


def test_a_broken_kind_does_not_reach_the_scheduler(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """If another distribution's action kind cannot be loaded, the listener logs it and returns."""

    def broken() -> None:
        raise kinds.KindRefused("cannot be loaded")

    monkeypatch.setattr(kinds, "all_kinds", broken)
    steps._operators.cache_clear()
    dag = SimpleNamespace(task_dict={"t": task("acme_vai.operators")})

    listener.on_dag_run_success(dag_run=SimpleNamespace(dag=dag, dag_id="d", run_id="r"))

    assert "of d could not be emitted" in caplog.text

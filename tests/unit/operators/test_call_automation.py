"""The parts of ``call_automation`` that need no Airflow database."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_vai.operators.arguments import connection_secret
from airflow_provider_vai.operators.call_agent import CallAgentOperator
from airflow_provider_vai.operators.call_automation import CallAutomationOperator, called_run_id
from airflow_provider_vai.operators.runtime.compat import AirflowFailException


def ti(**changed: Any) -> Any:
    """Return a task instance with these fields."""
    return SimpleNamespace(**{"dag_id": "d", "run_id": "r", "task_id": "t", "map_index": -1, **changed})


def test_the_run_id_is_stable_and_tells_tasks_apart() -> None:
    """The id is the same for the same task instance, and differs for any other task, run, DAG or map index."""
    assert called_run_id(ti()) == called_run_id(ti(map_index=None, try_number=2))
    others = [ti(), ti(dag_id="e"), ti(run_id="s"), ti(task_id="u"), ti(map_index=0), ti(map_index=1)]
    assert len({called_run_id(other) for other in others}) == len(others)


def test_the_run_id_is_one_that_airflow_takes() -> None:
    """With long or non-ASCII names, the id still has a length and characters that Airflow accepts."""
    made = called_run_id(ti(dag_id="über" * 60, task_id="x" * 250))

    assert len(made) <= 250
    assert made.isascii()


@pytest.mark.parametrize(("state", "message"), [("failed", "in the state failed"), (None, "in the state None")])
def test_the_end_of_the_run_is_the_steps(state: str | None, message: str) -> None:
    """Only a successful DAG run has a result. Otherwise the step fails and is not retried."""
    operator = CallAutomationOperator(task_id="a", trigger_dag_id="child", wait=True)
    answer = {"dag_id": "child", "run_ids": ["x"]}

    assert operator.execute_complete({}, ["path", {**answer, "x": "success"}]) == {
        "dag_id": "child",
        "run_id": "x",
        "state": "success",
    }
    with pytest.raises(AirflowFailException, match=message):
        operator.execute_complete({}, ["path", {**answer, "x": state}])


def test_secrets_stay_out_of_what_others_read() -> None:
    """A connection's password cannot go into a DAG run's params or a prompt."""
    with pytest.raises(AirflowFailException, match="conf contains a connection's password"):
        CallAutomationOperator(task_id="a", trigger_dag_id="child", conf={"x": [connection_secret("c")]})
    with pytest.raises(AirflowFailException, match="question contains"):
        CallAgentOperator(task_id="a", conn_id="llm", question=connection_secret("c"))

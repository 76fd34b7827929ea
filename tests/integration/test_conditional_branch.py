"""``conditional_branch`` in real DAG runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.integration

Run = Callable[..., Any]
TASKS = """
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import TaskGroup
from airflow_provider_vai.operators.conditional_branch import ConditionalBranchOperator
first = PythonToolOperator(task_id='first', python_callable='json:loads', arguments={{'s': {source!r}}})
branch = ConditionalBranchOperator(task_id='branch', {arguments})
yes, no, other = (EmptyOperator(task_id=name) for name in ('yes', 'no', 'other'))
join = EmptyOperator(task_id='join', trigger_rule='none_failed_min_one_success')
first >> branch >> [yes, no, other]
[yes, no] >> join
{more}
"""
BOTH = "if_true=['yes'], if_false=['no'], inputs={'order': wired(first)}"


def tasks(arguments: str, *, source: str = '{"total": 150}', more: str = "") -> str:
    """Return the source of a branch with two tasks and the task that joins them."""
    return TASKS.format(arguments=arguments, source=source, more=more)


@pytest.mark.parametrize(("total", "chosen", "skipped"), [(150, "yes", "no"), (50, "no", "yes")])
def test_branch_follows_one_side(total: int, chosen: str, skipped: str, run_dag: Run) -> None:
    """The chosen task and the join run, all other directly downstream tasks are skipped, and the result is stored."""
    ran = run_dag(tasks(f"condition='order.total > 100', {BOTH}", source=f'{{"total": {total}}}'))

    assert ran.states == {
        "first": "success",
        "branch": "success",
        chosen: "success",
        skipped: "skipped",
        "other": "skipped",
        "join": "success",
    }
    assert ran.results["branch"] == {
        "condition": "order.total > 100",
        "value": total == 150,
        "chosen": [chosen],
    }


def test_no_second_side_skips_everything(run_dag: Run) -> None:
    """Without ``if_false``, a false condition skips everything downstream."""
    ran = run_dag(tasks("condition='order.total > 1000', if_true=['yes'], inputs={'order': wired(first)}"))

    assert {ran.states[name] for name in ("yes", "no", "other", "join")} == {"skipped"}
    assert ran.results["branch"]["chosen"] == []


def test_payload_and_params(run_dag: Run) -> None:
    """Paths can use the DAG run's conf and params; a name in ``inputs`` overrides them."""
    condition = "payload.region in ['US'] and params.limit = 3 and size = 2"
    more = "dag.params['limit'] = 3\n"
    arguments = f"condition={condition!r}, if_true=['yes'], inputs={{'size': 2}}"
    ran = run_dag(tasks(arguments, more=more), run_conf={"region": "US"})

    assert ran.results["branch"]["value"] is True


def test_task_groups_can_be_chosen(run_dag: Run) -> None:
    """The id of a task group selects its first tasks."""
    more = """
with TaskGroup('group') as group:
    EmptyOperator(task_id='a') >> EmptyOperator(task_id='b')
branch >> group
"""
    ran = run_dag(tasks("condition='true', if_true=['group'], if_false=['no']", more=more))

    assert (ran.states["group.a"], ran.states["group.b"], ran.states["no"]) == ("success", "success", "skipped")


def test_missing_path_counts_as_false(run_dag: Run) -> None:
    """By default, a path that does not exist makes the condition false, and the log names the path."""
    ran = run_dag(tasks(f"condition='not (order.tax = 1)', {BOTH}"))

    assert ran.results["branch"] == {"condition": "not (order.tax = 1)", "value": False, "chosen": ["no"]}
    assert "counts as false: no value at order.tax" in ran.log


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (f"condition='order.tax = 1', missing='fail', {BOTH}", "no value at order.tax"),
        (f"condition='order.tax = 1', missing='maybe', {BOTH}", "missing must be 'false' or 'fail'"),
        (f"condition='order.total = \"1\"', {BOTH}", "order.total is a number and '1' is a string"),
        (f"condition=template('order.total >'), {BOTH}", "cannot be read"),
        ("condition='true', if_true=['nothing']", "'nothing', which is not directly downstream of 'branch'"),
        ("condition='true', if_true=['yes'], if_false=['join']", "'join', which is not directly downstream"),
        ("condition='true', if_true=['first']", "'first', which is not directly downstream"),
    ],
)
def test_branch_failures(arguments: str, message: str, run_dag: Run) -> None:
    """The step fails if the condition cannot be evaluated or lists a task that is not downstream."""
    ran = run_dag(tasks(arguments + ", retries=2"))

    assert ran.states["branch"] == "failed"
    assert ran.states["join"] == "upstream_failed"
    assert message in ran.log

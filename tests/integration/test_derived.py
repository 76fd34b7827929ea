"""Derived values in real DAG runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.integration.answers import answering

pytestmark = pytest.mark.integration

HERE = Path(__file__).parent
Run = Callable[..., Any]
IMPORTS = (
    "from airflow_provider_vai.operators.arguments import item\nfrom airflow_provider_vai.operators.derived import *\n"
)
TOOL = "PythonToolOperator(task_id={0!r}, python_callable='vai_derived_tools:echo', arguments={{'value': {1}}}{2})"
ROWS = [{"month": "2025-11", "revenue": 100}, {"month": "2025-12", "revenue": 296618}]


@pytest.fixture(autouse=True)
def tools(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Put the tools on the path."""
    (tmp_path / "vai_derived_tools.py").write_text((HERE / "tools.py").read_text())
    monkeypatch.syspath_prepend(str(tmp_path))


def test_a_text_from_a_result(run_dag: Run) -> None:
    """Figures, a record and a date go into a text; the same expression may be used twice."""
    ran = run_dag(
        IMPORTS
        + f"query = {TOOL.format('query', {'rows': ROWS}, '')}\n"
        + "best = largest(wired(query, 'rows'), by='revenue')\n"
        + "words = text('{m}: {t} of {n}', m=month_of(best['month']), t=shown(best['revenue'], ',d'),"
        + " n=count(wired(query, 'rows')))\n"
        + f"send = {TOOL.format('send', '[words, best]', '')}\n"
        + "query >> send\n"
    )
    assert ran.states == {"query": "success", "send": "success"}
    assert ran.results["send"] == ["December 2025: 296,618 of 2", ROWS[1]]


def test_a_large_result_is_loaded(run_dag: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A result that went into a file is read for a derived value."""
    monkeypatch.setenv("AIRFLOW__VAI__RESULT_LIMIT_BYTES", "10")
    ran = run_dag(
        IMPORTS
        + f"query = {TOOL.format('query', {'rows': ROWS}, '')}\n"
        + "sum_of = total(wired(query, 'rows'), 'revenue')\n"
        + f"send = {TOOL.format('send', 'sum_of', '')}\n"
        + "query >> send\n"
    )
    assert ran.results["send"] == 296718


def test_a_failure_sends_nothing(run_dag: Run) -> None:
    """The task fails, and its log names the place, the function and the row."""
    rows = {"rows": [ROWS[0], {"month": "2025-12", "revenue": None}]}
    ran = run_dag(
        IMPORTS
        + f"query = {TOOL.format('query', rows, '')}\n"
        + f"""send = {TOOL.format("send", "total(wired(query, 'rows'), 'revenue')", ", retries=2")}\n"""
        + "query >> send\n"
    )
    assert ran.states["send"] == "failed"
    assert "arguments.value: total: the field 'revenue' of row 2 is not a number: found null" in ran.log
    assert "send" not in ran.results


def test_what_an_earlier_step_was_given(run_dag: Run) -> None:
    """A later step gets the value that the approver entered, and the rendered template."""
    editable = {"arguments.value.to": {"type": "string"}}
    both = "[argument_of(a, 'arguments', 'value'), argument_of(a, 'arguments')['value']['to']]"
    tasks = (
        f"gate = ApprovalGateSensor(task_id='gate', subject='Go?', editable={editable})\n"
        + f"""a = {TOOL.format("a", "{'to': 'ada', 'on': template('{{ ds }}')}", ", gate=gate")}\n"""
        + f"b = {TOOL.format('b', both, '')}\n"
        + "gate >> a >> b\n"
    )
    with answering("Approve", form={"arguments.value.to": "bob"}):
        ran = run_dag(IMPORTS + tasks)
    assert ran.states["b"] == "success"
    given, to = ran.results["b"]
    assert (given["to"], to) == ("bob", "bob")
    assert len(given["on"]) == len("2026-01-01")
    assert given == ran.results["a"]


def test_a_mapped_step_reads_what_another_was_given(run_dag: Run) -> None:
    """The reader's own map index is not that of the gate in front of the step that it reads."""
    each = TOOL.format("c", "[item(), argument_of(a, 'arguments', 'value')]", "").replace(
        "Operator(", "Operator.partial("
    )
    with answering("Approve"):
        ran = run_dag(
            IMPORTS
            + "gate = ApprovalGateSensor(task_id='gate', subject='Go?')\n"
            + f"a = {TOOL.format('a', '5', ', gate=gate')}\n"
            + f"{each}.expand(item=[1, 2])\n".replace("PythonTool", "c = PythonTool", 1)
            + "gate >> a >> c\n"
        )
    assert ran.states["c"] == "success"
    assert ran.all_results["c"] == [[1, 5], [2, 5]]


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("argument_of('m', 'arguments')", "the step 'm' is mapped over a list"),
        ("argument_of('gate', 'subject')", "the step 'gate' is not a step of an automation"),
        ("argument_of('a', 'json')", "the step 'a' has no argument 'json': it has"),
        ("argument_of('a', 'arguments', 'x')", "no value at ['x'] of the argument 'arguments' of the step 'a'"),
        ("argument_of('s', 'arguments')", "contains a connection's password"),
    ],
)
def test_what_cannot_be_read(reference: str, message: str, run_dag: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mapped steps, other operators, unknown arguments and passwords are refused with a message."""
    monkeypatch.setenv("AIRFLOW_CONN_BANK", "http://user:pass@localhost")
    mapped = TOOL.format("m", "item()", "").replace("Operator(", "Operator.partial(")
    with answering("Approve"):
        ran = run_dag(
            IMPORTS
            + "from airflow_provider_vai.operators.arguments import connection_secret\n"
            + "gate = ApprovalGateSensor(task_id='gate', subject='Go?')\n"
            + f"a = {TOOL.format('a', '5', ', gate=gate')}\n"
            + f"m = {mapped}.expand(item=[1])\n"
            + f"""s = {TOOL.format("s", "connection_secret('bank')", "")}\n"""
            + f"b = {TOOL.format('b', reference, '')}\n"
            + "gate >> a >> [m, s] >> b\n"
        )
    assert ran.states["b"] == "failed"
    assert message in ran.log


def test_a_gate_shows_and_covers_derived_values(run_dag: Run) -> None:
    """The approver reads the total in words with today's value, and the step uses exactly what was approved."""
    sending = "{'total': total(wired(query, 'rows'), 'revenue'), 'to': 'ada'}"
    tasks = (
        f"query = {TOOL.format('query', {'rows': ROWS}, '')}\n"
        + "gate = ApprovalGateSensor(task_id='gate', subject='Go?', recorded={'arguments': {'arguments': {'value': "
        + "{'total': 5, 'to': 'ada'}}}})\n"
        + f"send = {TOOL.format('send', sending, ', gate=gate')}\n"
        + "query >> gate >> send\n"
    )
    with answering("Approve") as shown:
        ran = run_dag(IMPORTS + tasks)
    assert ran.results["send"] == {"total": 296718, "to": "ada"}
    body = shown[0][1].replace("\\", "")
    assert "- arguments.value.total: total of revenue over 2 rows of query: 296,718 **more than ten times" in body


def test_a_gate_whose_step_has_nothing_to_derive_from(run_dag: Run) -> None:
    """The gate fails with the same message as the step would, and asks nobody."""
    tasks = (
        f"query = {TOOL.format('query', {'rows': []}, '')}\n"
        + "gate = ApprovalGateSensor(task_id='gate', subject='Go?')\n"
        + f"""send = {TOOL.format("send", "largest(wired(query, 'rows'), by='revenue')", ", gate=gate")}\n"""
        + "query >> gate >> send\n"
    )
    with answering("Approve") as shown:
        ran = run_dag(IMPORTS + tasks)
    assert (ran.states["gate"], ran.states["send"], shown) == ("failed", "upstream_failed", [])
    assert "arguments.value: largest: there are no rows to choose from" in ran.log

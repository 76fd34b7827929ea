"""Two hundred gates that are open at once, each answered in its own way."""

from __future__ import annotations

import logging
import random
import time
from typing import Any

import pytest
from airflow_process import AirflowError

from tests.postgres import server

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1500)]

GATES = 200
SOURCE = f"""
from airflow.sdk import DAG, task_group
from airflow_provider_vai.operators.arguments import template
from airflow_provider_vai.operators.http_request import HttpRequestOperator
from airflow_provider_vai.sensors.approval import ApprovalGateSensor

with DAG("many", schedule=None, max_active_tasks={GATES}):

    @task_group
    def payment(number):
        gate = ApprovalGateSensor(
            task_id="gate", subject="Pay?", editable={{"json.amount": {{"type": "integer", "minimum": 0}}}}
        )
        pay = HttpRequestOperator(
            task_id="pay",
            conn_id="bank",
            endpoint="pay",
            method="POST",
            json={{"number": template("{{{{ ti.map_index }}}}"), "amount": 5}},
            gate=gate,
        )
        gate >> pay

    payment.expand(number=list(range({GATES})))
"""
SETTINGS = {
    "AIRFLOW__CORE__PARALLELISM": "6",  # more than the cores: a task waits for the API server most of its time
    "AIRFLOW__CORE__MAX_ACTIVE_TASKS_PER_DAG": str(GATES),
    "AIRFLOW__SCHEDULER__MAX_TIS_PER_QUERY": "32",
    "AIRFLOW__SCHEDULER__MAX_DAGRUNS_PER_LOOP_TO_SCHEDULE": "2",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "900",  # a crowded machine is no dead one
}


@pytest.fixture(scope="module")
def airflow(start_gates):
    """An Airflow with the one DAG, on PostgreSQL: SQLite takes one writer at a time, and two hundred are too many."""
    with server() as folder:
        running = start_gates(SOURCE, **SETTINGS, VAI_POSTGRESQL=str(folder))
        yield running
        running.stop()


def test_two_hundred_open_gates_have_each_their_own_effect(airflow, start):
    """Answered in random order, each is sent once, as it was approved or edited, or not at all."""
    begun = time.monotonic()
    run = start("many")
    airflow.wait("every gate to be open", lambda: len(_open(run)) == GATES, 600, print)
    opened = time.monotonic()

    dice = random.Random(5)
    answers = {number: dice.choice(["Approve", "Reject", "edit"]) for number in range(GATES)}
    order = list(answers)
    dice.shuffle(order)
    for number in order:
        _answer(run, number, answers[number])
    answered = time.monotonic()
    airflow.wait("the run to end", lambda: _ended(run, answers), 600, print)

    sent = sorted((int(post["number"]), post["amount"]) for post in airflow.bank.posts())
    amounts = {"Approve": 5, "edit": 1000}
    assert sent == [
        (number, amounts[answer] + (number if answer == "edit" else 0))
        for number, answer in answers.items()
        if answer != "Reject"
    ]
    steps = _all(run, "taskInstances/payment.pay/listMapped?order_by=map_index", "task_instances")
    ended = {step["map_index"]: step["state"] for step in steps}
    assert ended == {number: "skipped" if answer == "Reject" else "success" for number, answer in answers.items()}
    told = "%s gates: open after %.0f s, answered in %.0f s, ended after %.0f s"
    logging.getLogger(__name__).info(told, GATES, opened - begun, answered - opened, time.monotonic() - answered)


def _open(run: Any) -> list[int]:
    """Return the map indexes of the gates that wait for an answer."""
    asked = _all(run, "hitlDetails?response_received=false&state=awaiting_input", "hitl_details")
    return [question["task_instance"]["map_index"] for question in asked]


def _all(run: Any, path: str, key: str) -> list[Any]:
    """Return every entry of a list that the API gives out in pages."""
    found: list[Any] = []
    while True:
        page = run.client.call("GET", f"{run._path()}/{path}&limit=100&offset={len(found)}")
        found += page[key]
        if len(found) >= page["total_entries"] or not page[key]:
            return found


def _answer(run: Any, number: int, answer: str) -> None:
    form = {"json.amount": 1000 + number} if answer == "edit" else {}
    try:
        run.answer("alice", "Approve" if answer == "edit" else answer, "payment.gate", number, **form)
    except AirflowError as error:
        if "Database error" not in str(error):  # SQLite was busy too long: the gate is still open, and answered later
            raise


def _ended(run: Any, answers: dict[int, str]) -> bool:
    """Return whether the run ended; a gate that Airflow asks about again gets its own answer again."""
    for number in _open(run):
        _answer(run, number, answers[number])
    return run.client.call("GET", run._path())["state"] in ("success", "failed")

"""Date templates and params of crystallized runs, rendered by Airflow."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import pytest

from airflow_provider_vai.crystallizer.assign import assign
from airflow_provider_vai.crystallizer.draft import Policy
from airflow_provider_vai.crystallizer.evidence.evidence import Evidence
from airflow_provider_vai.crystallizer.parameters.date_algebra import Clock
from airflow_provider_vai.crystallizer.parameters.date_words import common, meanings
from airflow_provider_vai.crystallizer.parameters.parameters import parameters
from airflow_provider_vai.crystallizer.redact import redact
from airflow_provider_vai.crystallizer.wiring.wire import wire
from airflow_provider_vai.model.argument import Argument, Wire
from airflow_provider_vai.model.automation import Automation, Step
from airflow_provider_vai.model.run import Run, ToolCall, Turn
from airflow_provider_vai.model.step_approval import StepApproval
from airflow_provider_vai.model.tools_file import ToolRule, ToolsFile
from airflow_provider_vai.model.triggers import ManualTrigger
from airflow_provider_vai.renderer.render import render
from tests.integration.conftest import Ran

NOW = datetime(2026, 11, 18, 10, 0, tzinfo=timezone.utc)
ECHO = ToolRule(match="*", kind="python_tool", callable="tests.integration.tools:echo", effect="read")
WORDS = (
    "Order A-4711 of mia@example.com over 1200 euros: yesterday, last month, last quarter, since last week, "
    "tomorrow at ten, the last 7 days, next Friday. Prices as of 2026-02-03. My zone is Europe/Berlin."
)
RECORDED: dict[str, Any] = {
    "order": "A-4711",
    "email": "mia@example.com",
    "min": 1200,
    "day": "2026-11-17",
    "from": "2026-10-01",
    "until": "2026-10-31",
    "month": "2026-10",
    "title": "Orders of October 2026",
    "since": ["2026-07-01", "2026-11-09", "2026-11-12"],
    "at": "2026-11-19T00:00:00",
    "seconds": "1794870000",
    "compact": "20261117",
    "prices": "2026-02-03",
    "friday": "2026-11-27",
}


def text_of(arguments: dict[str, Any], dag_id: str, words: str = WORDS) -> tuple[str, Automation]:
    """Return the DAG file of one call with its params and templates, and the automation."""
    call = ToolCall(id="c1", tool="echo", batch=1, arguments={"value": arguments}, outcome="success")
    recorded = Run(
        id="run-1",
        source="agent_run",
        format="made",
        outcome="success",
        started_at=NOW,
        turns=[Turn(index=0, user_text=words)],
        calls=[call],
    )
    drafts, _ = redact(assign(recorded.calls, ToolsFile(tools=[ECHO]), Policy()))
    evidence = Evidence(recorded, ToolsFile(), drafts)
    drafts, params, notes = parameters(wire(drafts, evidence), evidence, ())
    steps = [
        Step(
            key=draft.key,
            task_id=draft.key,
            kind=draft.kind.name,
            operator=draft.kind.operator,
            effect=draft.effect,
            approval=StepApproval(recorded="not_required", reason="it reads"),
            arguments=draft.arguments,
        )
        for draft in drafts
    ]
    automation = Automation(
        dag_id=dag_id,
        source_type="CRYSTALLIZED",
        steps=steps,
        params=params,
        review=notes,
        triggers=[ManualTrigger(type="manual")],
    )
    return render(automation), automation


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"logical_date": None, "run_after": NOW}, id="no_logical_date"),
        pytest.param({"logical_date": NOW}, id="logical_date"),
    ],
)
def test_the_recorded_time_gives_the_recorded_arguments(
    run_file: Callable[..., Ran], options: dict[str, Any], request: pytest.FixtureRequest
) -> None:
    """A DAG run at the recorded time has exactly the recorded arguments, with and without a logical date."""
    text, automation = text_of(RECORDED, f"dates_{request.node.callspec.id}")

    ran = run_file(automation.dag_id, text, **options)

    assert set(automation.params) == {"order", "email", "min", "prices"}
    assert sum(wire.template is not None for wire in automation.steps[0].arguments["arguments"].wires) == 12
    assert ran.results["echo"] == RECORDED


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"logical_date": None, "run_after": datetime(2028, 3, 1, 6, tzinfo=timezone.utc)}, id="run_after"),
        pytest.param({"logical_date": datetime(2028, 3, 1, 6, tzinfo=timezone.utc)}, id="logical_date"),
    ],
)
def test_another_day_and_other_params(
    run_file: Callable[..., Ran], options: dict[str, Any], request: pytest.FixtureRequest
) -> None:
    """A DAG run on another day has that day's dates, and the params that it was started with."""
    text, automation = text_of(RECORDED, f"another_day_{request.node.callspec.id}")
    conf = {"order": "{{ ds }} B-1", "min": 7}

    ran = run_file(automation.dag_id, text, run_conf=conf, **options)

    midnight = int(datetime(2028, 2, 28, 23, tzinfo=timezone.utc).timestamp())
    assert ran.results["echo"] == {
        "order": "{{ ds }} B-1",  # a param's value is data, not a template
        "email": "mia@example.com",
        "min": 7,
        "day": "2028-02-29",
        "from": "2028-02-01",
        "until": "2028-02-29",
        "month": "2028-02",
        "title": "Orders of February 2028",
        "since": ["2027-10-01", "2028-02-21", "2028-02-24"],
        "at": "2028-03-02T00:00:00",
        "seconds": str(midnight),
        "compact": "20280229",
        "prices": "2026-02-03",
        "friday": "2028-03-10",
    }


@pytest.mark.parametrize("logical", [False, True])
def test_the_zone_counts(run_file: Callable[..., Ran], logical: bool) -> None:
    """At half past midnight in Berlin a new day has begun there; a change to summer time skips no day."""
    text, automation = text_of({"day": "2026-11-17"}, f"zone_{logical}")
    now = datetime(2026, 3, 29, 22, 30, tzinfo=timezone.utc)
    options = {"logical_date": now} if logical else {"logical_date": None, "run_after": now}

    ran = run_file(automation.dag_id, text, **options)

    assert ran.results["echo"] == {"day": "2026-03-29"}


@pytest.mark.parametrize("logical", [False, True])
def test_every_day_of_the_algebra(run_file: Callable[..., Ran], logical: bool) -> None:
    """Airflow renders each day as Python computes it."""
    days = [
        it.day for it in [*common(), *meanings("last 3 months; next friday; 5 quarters ago; in 2 years; last week")]
    ]
    source = Clock(NOW).source()
    wires = [Wire(at=[index], template=f"{source}{{{{ {day.source} | ds }}}}") for index, day in enumerate(days)]
    _, automation = text_of({"day": "2026-11-17"}, f"algebra_{logical}")
    value = Argument(
        class_="wired",
        value={"value": [None] * len(days)},
        wires=[wire.model_copy(update={"at": ["value", *wire.at]}) for wire in wires],
    )
    step = automation.steps[0].model_copy(update={"arguments": {**automation.steps[0].arguments, "arguments": value}})
    now = datetime(2028, 2, 29, 23, 59, tzinfo=timezone.utc)
    options = {"logical_date": now} if logical else {"logical_date": None, "run_after": now}

    ran = run_file(automation.dag_id, render(automation.model_copy(update={"steps": [step]})), **options)

    assert ran.results["echo"] == [day.on(now.date()).isoformat() for day in days]

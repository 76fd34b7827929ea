"""Turns the triggers of an automation into the value of the DAG's ``schedule``.

:func:`schedule_of` also checks which triggers, params and limits Airflow accepts together. Editing, specs and lint use
the same check.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow_provider_vai.exceptions import RenderError
from airflow_provider_vai.languages.schedule import (
    SCHEDULE_REMEDY,
    TIMEZONE_REMEDY,
    cron_of,
    schedule_problem,
    timezone_problem,
)
from airflow_provider_vai.model.automation import Automation, Param
from airflow_provider_vai.model.param_default import default_problem, is_required
from airflow_provider_vai.model.triggers import (
    PAYLOAD_PARAM,
    EventTrigger,
    ScheduleTrigger,
    Trigger,
    WebhookTrigger,
)
from airflow_provider_vai.renderer.event_assets import WHERE, uris
from airflow_provider_vai.renderer.python_source import SourcePlace


def schedule_of(automation: Automation) -> Any:
    """Return the value of ``schedule=`` for an automation, and check that Airflow accepts the DAG with it.

    :param automation: The automation.
    :return: See :func:`schedule`.
    :raises RenderError: if the triggers cannot be rendered, see :func:`schedule`; if ``@continuous`` is used with more
        than one active run; or if there is a schedule, event or webhook, and a param has no default or one that does
        not match its schema.
    """
    value = schedule(automation.triggers)
    if value == "@continuous" and automation.max_active_runs > 1:
        raise RenderError(
            f"@continuous with max_active_runs = {automation.max_active_runs}",
            where="max_active_runs",
            remedy="With @continuous, Airflow allows one active run: remove max_active_runs, or use a cron expression.",
        )
    is_hooked = any(isinstance(one, WebhookTrigger) for one in automation.triggers)
    for name, param in automation.params.items():
        if value is not None or (is_hooked and name != PAYLOAD_PARAM):
            _check_default(name, param)
    return value


def schedule(triggers: Sequence[Trigger]) -> Any:
    """Return the value of ``schedule=`` with which each trigger starts DAG runs.

    :param triggers: The triggers.
    :return: ``None`` if there is no schedule or event trigger (a webhook starts DAG runs through the API); a cron
        expression or preset if that is the only trigger; else a timetable or assets.
    :raises RenderError: if the schedules have different time zones, a preset without a cron expression is combined with
        another trigger, Airflow does not accept a schedule or time zone, or an event trigger is wrong (see
        :mod:`renderer.event_assets`).
    """
    clocks = [(index, one) for index, one in enumerate(triggers) if isinstance(one, ScheduleTrigger)]
    crons = list(dict.fromkeys(_checked(one, index) for index, one in clocks))
    listened = [uri for trigger in triggers if isinstance(trigger, EventTrigger) for uri in uris(trigger)]
    assets = [SourcePlace("asset", None, uri) for uri in dict.fromkeys(listened)]
    events = SourcePlace("AssetAny", None, *assets) if len(assets) > 1 else assets
    if not crons:
        return events or None
    if not assets and len(crons) == 1 and crons[0][1] is None:
        return _alone(crons[0][0])
    timetable = _timetable(crons)
    return SourcePlace("AssetOrTimeSchedule", None, timetable=timetable, assets=events) if assets else timetable


def _checked(trigger: ScheduleTrigger, index: int) -> tuple[str, str | None]:
    """Check a schedule and its time zone, and return them; Airflow checks them only when it parses the DAG file."""
    schedule, zone = trigger.schedule, trigger.timezone
    if problem := schedule_problem(schedule):
        raise RenderError(problem, where=f"triggers[{index}].schedule", remedy=SCHEDULE_REMEDY)
    if zone is not None and (problem := timezone_problem(zone)):
        raise RenderError(problem, where=f"triggers[{index}].timezone", remedy=TIMEZONE_REMEDY)
    return schedule, zone


def _check_default(name: str, param: Param) -> None:
    problem = default_problem(param.default, param.schema_)
    remedy = "Give it a default that matches its schema, let the schema allow null, or remove the trigger."
    if is_required(param.default, param.schema_):
        problem = "the param has no default, and a schedule, event or webhook starts DAG runs without a value for it"
        remedy = (
            "Give it a default that matches its schema, let the schema allow null, derive or wire the value in the "
            "steps that read it, or remove the trigger."
        )
    if problem:
        raise RenderError(problem, where=f"params.{name}", remedy=remedy)


def _timetable(crons: Sequence[tuple[str, str | None]]) -> SourcePlace:
    zones = sorted({zone or "UTC" for _, zone in crons})
    if len(zones) > 1:
        raise RenderError(
            f"the schedules have different time zones: {', '.join(zones)}",
            where=WHERE,
            remedy="Use one time zone for all schedules; Airflow allows only one per DAG.",
        )
    expressions = list(dict.fromkeys(_expression(schedule) for schedule, _ in crons))
    function = "CronTriggerTimetable" if len(expressions) == 1 else "MultipleCronTriggerTimetable"
    return SourcePlace(function, None, *expressions, timezone=zones[0])


def _alone(schedule: str) -> str:
    """Return a schedule as ``schedule=`` names it: Airflow 3.2 refuses ``@quarterly``, as croniter does."""
    return _expression(schedule) if schedule == "@quarterly" else schedule


def _expression(schedule: str) -> str:
    """Return a schedule as a cron expression for a timetable."""
    expression = cron_of(schedule)
    if expression is None:
        raise RenderError(
            f"the preset {schedule!r} has no cron expression",
            where=WHERE,
            remedy="Use it without a time zone and without other triggers, or write a cron expression.",
        )
    return expression

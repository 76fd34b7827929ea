"""When a DAG starts: the triggers of an automation, as the one value of Airflow's ``schedule``.

:func:`schedule_of` is the one rule for what Airflow accepts together; editing, specs and lint ask it as well.
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
from airflow_provider_vai.model.triggers import EventTrigger, ScheduleTrigger, Trigger
from airflow_provider_vai.renderer.event_assets import WHERE, uris
from airflow_provider_vai.renderer.python_source import SourcePlace


def schedule_of(automation: Automation) -> Any:
    """Return the value of ``schedule=`` for an automation, once it is sure that Airflow accepts the DAG with it.

    :return: see :func:`schedule`.
    :raises RenderError: the triggers cannot be rendered, see :func:`schedule`; ``@continuous`` with more than one
        active run; or a schedule or event beside a param whose default does not fit, or that only a person could give.
    """
    value = schedule(automation.triggers)
    if value == "@continuous" and automation.max_active_runs > 1:
        raise RenderError(
            f"@continuous with max_active_runs = {automation.max_active_runs}",
            where="max_active_runs",
            remedy="Airflow runs such a DAG once at a time: leave max_active_runs out, or write a cron expression.",
        )
    if value is not None:
        for name, param in automation.params.items():
            _check_default(name, param)
    return value


def schedule(triggers: Sequence[Trigger]) -> Any:
    """Return the triggers as the value of ``schedule=``: any of them starts a run, and so may anyone by hand.

    :return: ``None`` without a trigger that Airflow itself watches (a webhook starts runs over the API); a cron
        expression or preset, as it is, where that is all; else a timetable, or the assets.
    :raises RenderError: schedules in different time zones, a preset beside another schedule, a schedule or time zone
        that Airflow could not use, or an event trigger without an asset (see :mod:`renderer.event_assets`).
    """
    clocks = [(index, one) for index, one in enumerate(triggers) if isinstance(one, ScheduleTrigger)]
    crons = list(dict.fromkeys(_checked(one, index) for index, one in clocks))
    listened = [uri for trigger in triggers if isinstance(trigger, EventTrigger) for uri in uris(trigger)]
    assets = [SourcePlace("asset", None, uri) for uri in dict.fromkeys(listened)]
    events = SourcePlace("AssetAny", None, *assets) if len(assets) > 1 else assets
    if not crons:
        return events or None
    if not assets and len(crons) == 1 and crons[0][1] is None:
        return crons[0][0]
    timetable = _timetable(crons)
    return SourcePlace("AssetOrTimeSchedule", None, timetable=timetable, assets=events) if assets else timetable


def _checked(trigger: ScheduleTrigger, index: int) -> tuple[str, str | None]:
    """Return a schedule and its time zone; Airflow itself checks neither before the file is in its folder."""
    schedule, zone = trigger.schedule, trigger.timezone
    if problem := schedule_problem(schedule):
        raise RenderError(problem, where=f"triggers[{index}].schedule", remedy=SCHEDULE_REMEDY)
    if zone is not None and (problem := timezone_problem(zone)):
        raise RenderError(problem, where=f"triggers[{index}].timezone", remedy=TIMEZONE_REMEDY)
    return schedule, zone


def _check_default(name: str, param: Param) -> None:
    problem = default_problem(param.default, param.schema_)
    if is_required(param.default, param.schema_):
        problem = "it has no default, and a run that a schedule or an event starts gives it no value"
    if problem:
        remedy = "Give it a default that fits its schema, let the schema allow null, or remove the trigger."
        raise RenderError(problem, where=f"params.{name}", remedy=remedy)


def _timetable(crons: Sequence[tuple[str, str | None]]) -> SourcePlace:
    zones = sorted({zone or "UTC" for _, zone in crons})
    if len(zones) > 1:
        raise RenderError(
            f"schedules in several time zones: {', '.join(zones)}",
            where=WHERE,
            remedy="Airflow takes one for all schedules of a DAG: write them in the same.",
        )
    expressions = list(dict.fromkeys(_expression(schedule) for schedule, _ in crons))
    function = "CronTriggerTimetable" if len(expressions) == 1 else "MultipleCronTriggerTimetable"
    return SourcePlace(function, None, *expressions, timezone=zones[0])


def _expression(schedule: str) -> str:
    """Return a schedule as the cron expression that a timetable takes."""
    expression = cron_of(schedule)
    if expression is None:
        raise RenderError(
            f"the preset {schedule!r} has no cron expression",
            where=WHERE,
            remedy="Write it alone, without a time zone or another trigger, or as a cron expression.",
        )
    return expression

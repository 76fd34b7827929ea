"""When a DAG starts: the triggers of an automation, as the one value of Airflow's ``schedule``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow_provider_vai.automation import EventTrigger, ScheduleTrigger, Trigger
from airflow_provider_vai.exceptions import RenderError
from airflow_provider_vai.python_source import Reference


def schedule(triggers: Sequence[Trigger]) -> Any:
    """Return what stands behind ``schedule=``: any of the triggers starts a run, and anyone may start one by hand.

    :return: ``None`` without a trigger that Airflow itself watches; a cron expression or preset, as it is, where that
        is all; else a timetable, or the assets.
    :raises RenderError: schedules in different time zones, or a preset beside another schedule.
    """
    crons = [trigger for trigger in triggers if isinstance(trigger, ScheduleTrigger)]
    assets = [Reference("asset", None, trigger.uri) for trigger in triggers if isinstance(trigger, EventTrigger)]
    events = Reference("AssetAny", None, *assets) if len(assets) > 1 else assets
    if not crons:
        return events or None
    if not assets and len(crons) == 1 and crons[0].timezone is None:
        return crons[0].schedule
    timetable = _timetable(crons)
    return Reference("AssetOrTimeSchedule", None, timetable=timetable, assets=events) if assets else timetable


def _timetable(crons: Sequence[ScheduleTrigger]) -> Reference:
    zones = sorted({cron.timezone or "UTC" for cron in crons})
    if len(zones) > 1:
        raise RenderError(
            f"schedules in several time zones: {', '.join(zones)}",
            where="triggers",
            remedy="Airflow takes one for all schedules of a DAG: write them in the same.",
        )
    expressions = [_expression(cron.schedule) for cron in crons]
    function = "CronTriggerTimetable" if len(expressions) == 1 else "MultipleCronTriggerTimetable"
    return Reference(function, None, *expressions, timezone=zones[0])


def _expression(schedule: str) -> str:
    """Return a preset as the cron expression that a timetable takes."""
    if not schedule.startswith("@"):
        return schedule
    if schedule not in CRONS:
        raise RenderError(
            f"the preset {schedule!r} has no cron expression",
            where="triggers",
            remedy="Write it alone, without a time zone or another trigger, or as a cron expression.",
        )
    return CRONS[schedule]


CRONS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@quarterly": "0 0 1 */3 *",
    "@yearly": "0 0 1 1 *",
}
"""Airflow's presets, as `airflow.timetables.base` and the documentation of 3.3 give them."""

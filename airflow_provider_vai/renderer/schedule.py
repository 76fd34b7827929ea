"""When a DAG starts: the triggers of an automation, as the one value of Airflow's ``schedule``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from airflow_provider_vai.exceptions import RenderError
from airflow_provider_vai.model.triggers import EventTrigger, ScheduleTrigger, Trigger
from airflow_provider_vai.renderer.event_assets import WHERE, uris
from airflow_provider_vai.renderer.python_source import SourcePlace


def schedule(triggers: Sequence[Trigger]) -> Any:
    """Return what stands behind ``schedule=``: any of the triggers starts a run, and anyone may start one by hand.

    :return: ``None`` without a trigger that Airflow itself watches (a webhook starts runs over the API); a cron
        expression or preset, as it is, where that is all; else a timetable, or the assets.
    :raises RenderError: schedules in different time zones, a preset beside another schedule, what is no schedule or no
        time zone, or an event trigger whose filters no asset says (see :mod:`renderer.event_assets`).
    """
    crons = list(dict.fromkeys(_checked(it) for it in triggers if isinstance(it, ScheduleTrigger)))
    listened = [uri for trigger in triggers if isinstance(trigger, EventTrigger) for uri in uris(trigger)]
    assets = [SourcePlace("asset", None, uri) for uri in dict.fromkeys(listened)]
    events = SourcePlace("AssetAny", None, *assets) if len(assets) > 1 else assets
    if not crons:
        return events or None
    if not assets and len(crons) == 1 and crons[0][1] is None:
        return crons[0][0]
    timetable = _timetable(crons)
    return SourcePlace("AssetOrTimeSchedule", None, timetable=timetable, assets=events) if assets else timetable


def _checked(trigger: ScheduleTrigger) -> tuple[str, str | None]:
    """Return a schedule and its time zone; Airflow reports neither before the file is in its folder."""
    from croniter import croniter

    schedule, zone = trigger.schedule, trigger.timezone
    if schedule not in PRESETS and (schedule.startswith("@") or not croniter.is_valid(schedule)):
        raise RenderError(
            f"{schedule[:200]!r} is no schedule",
            where=WHERE,
            remedy=f"Write a cron expression (0 6 * * 1), or one of {', '.join(PRESETS)}.",
        )
    try:
        ZoneInfo(zone or "UTC")
    except (KeyError, ValueError, OSError):
        raise RenderError(
            f"{str(zone)[:200]!r} is no time zone", where=WHERE, remedy="Write an IANA name, such as Europe/Berlin."
        ) from None
    return schedule, zone


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
    """Return a preset as the cron expression that a timetable takes."""
    if not schedule.startswith("@"):
        return schedule
    if schedule not in CRONS:
        raise RenderError(
            f"the preset {schedule!r} has no cron expression",
            where=WHERE,
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

PRESETS = (*CRONS, "@once", "@continuous")
"""All presets that Airflow takes (``airflow.utils.dates``, ``airflow.sdk.DAG``)."""

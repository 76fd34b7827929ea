"""When a schedule starts runs next, by Airflow's own timetable."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from airflow_provider_vai.languages.schedule import cron_of, schedule_problem, timezone_problem
from airflow_provider_vai.model.triggers import ScheduleTrigger

TIMES = 5


def next_times(trigger: ScheduleTrigger, now: datetime, count: int = TIMES) -> list[datetime]:
    """Return the next times at which a schedule starts runs, in its time zone; none for ``@once`` and the like.

    Changes to and from daylight saving time are as in Airflow, because its timetable is asked.

    :param trigger: the schedule.
    :param now: the time after which to look, with its time zone.
    :param count: how many times.
    """
    from airflow.timetables.base import TimeRestriction
    from airflow.timetables.trigger import CronTriggerTimetable
    from pendulum import instance

    zone = trigger.timezone or "UTC"
    cron = cron_of(trigger.schedule)
    if cron is None or schedule_problem(trigger.schedule) or timezone_problem(zone):
        return []
    timetable = CronTriggerTimetable(cron, timezone=zone)
    restriction = TimeRestriction(earliest=instance(now), latest=None, catchup=True)
    found: list[datetime] = []
    interval: Any = None
    while len(found) < count:
        info = timetable.next_dagrun_info(last_automated_data_interval=interval, restriction=restriction)
        if info is None:
            break
        found.append(info.run_after.in_timezone(zone))
        interval = info.data_interval
    return found

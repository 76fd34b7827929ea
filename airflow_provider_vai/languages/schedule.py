"""Schedules as Airflow interprets them: its presets, cron expressions and time zones."""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from airflow_provider_vai.languages.plural import plural
from airflow_provider_vai.languages.printable import shown

PRESETS: dict[str, str | None] = {
    "@once": None,
    "@continuous": None,
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@quarterly": "0 0 1 */3 *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
"""Every preset that Airflow accepts as ``schedule=``, with the cron expression that a timetable needs.

``@once`` and ``@continuous`` have timetables of their own (``airflow.sdk.DAG``). Airflow's table is ``cron_presets`` in
``airflow.utils.dates``; ``@midnight`` and ``@annually`` are not in it, but croniter accepts them.
"""

MAX_CHARACTERS = 200
FIELDS = 5
ADDED = {6: "the last as seconds", 7: "the last two as seconds and years"}
"""How croniter reads an expression with more fields. Other programs expect the seconds first."""

NUMBERS = re.compile(r"[\d*/,?-]+", re.ASCII)

RANDOM = re.compile(r"r(\(\d+-\d+\))?(/\d+)?", re.ASCII | re.IGNORECASE)
"""A field that croniter replaces with a random number."""

START = datetime(2000, 1, 1)
"""Where the search for the first run begins. It is fixed, so that the result does not depend on the current day."""

SCHEDULE_REMEDY = (
    f"Write five fields (minute, hour, day, month, weekday), as in '0 6 * * *', or one of {', '.join(PRESETS)}."
)
TIMEZONE_REMEDY = "Write its IANA name, as in Europe/Berlin."


@lru_cache(maxsize=1024)
def schedule_problem(schedule: str) -> str | None:
    """Return why a schedule is refused, as a sentence that quotes it; ``None`` if Airflow can run it.

    Allowed are a preset, or a cron expression of at most 200 characters, except for:

    - more than five fields: Airflow accepts them, but reads the sixth as seconds and the seventh as a year;
    - a random field, for which Airflow would pick a new value at every evaluation;
    - an expression without a run within 50 years (31 February), on which Airflow's scheduler fails.

    The search for a run takes at most about 20 ms.
    """
    if schedule in PRESETS:
        return None
    fields = schedule.split() if len(schedule) <= MAX_CHARACTERS else []
    if len(fields) in ADDED and NUMBERS.fullmatch(fields[0]):
        return f"{shown(schedule)} has {plural(len(fields), 'field')}, and Airflow would read {ADDED[len(fields)]}"
    if schedule.startswith("@") or len(fields) != FIELDS or not _is_cron(schedule):
        return f"{shown(schedule)} is neither a cron expression nor a preset"
    if any(RANDOM.fullmatch(field) for field in fields):
        return f"{shown(schedule)} has a random field (R): Airflow would pick a new time at every evaluation"
    return None if _fires(schedule) else f"{shown(schedule)} never fires: there is no such day"


def cron_of(schedule: str) -> str | None:
    """Return the cron expression of a schedule; ``None`` for a preset without one (``@once``, ``@continuous``)."""
    return PRESETS.get(schedule, schedule)


def timezone_problem(name: str) -> str | None:
    """Return why a name is not an IANA time zone, as a sentence that quotes it; ``None`` if it is one."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown, a path that leaves the zone folder, or a folder
        return f"{shown(name)} is not a time zone"
    return None


def _is_cron(text: str) -> bool:
    from croniter import croniter  # Airflow's own parser of cron expressions

    try:
        return bool(croniter.is_valid(text))
    except (ValueError, OverflowError, RecursionError):
        return False


def _fires(expression: str) -> bool:
    from croniter import CroniterBadDateError, croniter

    try:
        croniter(expression, START).get_next(datetime)  # same call and limit as Airflow's scheduler
    except (CroniterBadDateError, OverflowError):
        return False
    return True

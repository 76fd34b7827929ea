"""Schedules and time zones as Airflow interprets them."""

from __future__ import annotations

import pytest

from airflow_provider_vai.languages.schedule import PRESETS, cron_of, schedule_problem, timezone_problem


@pytest.mark.parametrize(
    "schedule",
    [
        *PRESETS,
        "0 6 * * *",
        "*/5 9-17 * * mon-fri",
        "0 0 29 2 *",
        "0 0 L * *",
        "30 4 1,15 * 5",
        "0 0 * 2 1#5",
        "0 0 1 * 7",
        "  0\t6 * * * ",
    ],
)
def test_a_schedule(schedule: str) -> None:
    """Every preset of Airflow is accepted, and so is each cron expression that fires, even rarely."""
    assert schedule_problem(schedule) is None


@pytest.mark.parametrize(
    ("schedule", "problem"),
    [
        ("every day", "is neither a cron expression nor a preset"),
        ("", "is neither a cron expression nor a preset"),
        ("@fortnightly", "is neither a cron expression nor a preset"),
        ("@Daily", "is neither a cron expression nor a preset"),
        ("@reboot", "is neither a cron expression nor a preset"),
        ("0 25 * * *", "is neither a cron expression nor a preset"),
        ("0 6 * *", "is neither a cron expression nor a preset"),
        ("H 6 * * *", "is neither a cron expression nor a preset"),
        ("every day at six in the morning", "is neither a cron expression nor a preset"),
        (f"0 {'6,' * 200}7 * * *", "is neither a cron expression nor a preset"),
        ("15 0 6 * * *", "has 6 fields, and Airflow would read the last as seconds"),
        ("0 30 6 * * ?", "has 6 fields"),
        ("0 6 * * * 2030", "has 6 fields"),
        ("0 6 * * * 0 2030", "has 7 fields, and Airflow would read the last two as seconds and years"),
        ("R 6 * * *", "has a random field"),
        ("0 r(1-5)/2 * * *", "has a random field"),
        ("0 0 30 2 *", "never fires"),
        ("0 0 31 4,6,9,11 *", "never fires"),
        ("0 0 31 6 5#2", "never fires"),
    ],
)
def test_what_is_refused(schedule: str, problem: str) -> None:
    """Refused are schedules that Airflow rejects, misreads, fills with random numbers or never runs."""
    assert problem in str(schedule_problem(schedule))


def test_a_timetable_takes_a_cron_expression() -> None:
    """A preset has a cron expression, except for the two with timetables of their own."""
    assert (cron_of("@midnight"), cron_of("@annually"), cron_of("0 6 * * 1")) == ("0 0 * * *", "0 0 1 1 *", "0 6 * * 1")
    assert (cron_of("@once"), cron_of("@continuous")) == (None, None)


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "..", "../../etc/passwd", "Europe", "a\0b", "/etc/localtime"])
def test_what_is_not_a_time_zone(name: str) -> None:
    """Unknown names, folders, and paths out of the time zone folder are refused."""
    assert "is not a time zone" in str(timezone_problem(name))


def test_a_time_zone() -> None:
    """An IANA name is accepted."""
    assert (timezone_problem("Europe/Berlin"), timezone_problem("UTC")) == (None, None)

"""Dates: a template only where the value and the words have one meaning in common; else a question, or nothing."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone, tzinfo

import pytest
from hypothesis import given, settings, strategies as st

from airflow_provider_vai.crystallizer.parameters.date_algebra import FORMS, Clock, rendered
from airflow_provider_vai.crystallizer.parameters.date_words import ago, meanings
from airflow_provider_vai.crystallizer.parameters.dates import LONGEST_TEXT, Dated, EarlierText, clock_of, dated
from airflow_provider_vai.model.run import Turn
from tests.paths import DOCS
from tests.unit.support import call, run

WEDNESDAY = datetime(2026, 11, 18, 10, 0, tzinfo=timezone.utc)
LATER = datetime(2028, 3, 1, 6, 30, tzinfo=timezone.utc)  # a Wednesday after a leap day
NOWS = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(timezone.utc))


def asked(words: str, value: str, name: str = "start", *, now: datetime = WEDNESDAY, **told: str) -> Dated | None:
    """Return what becomes of a value, for the user's words, in UTC."""
    return dated(value, name, EarlierText(words, meanings(words), **told), Clock(now))


def later(words: str, value: str, name: str = "start", *, now: datetime = WEDNESDAY) -> str | None:
    """Return what the value is in a run at :data:`LATER`; ``None`` where it stays frozen."""
    found = asked(words, value, name, now=now)
    return rendered(found.template, LATER) if found and found.template else None


@pytest.mark.parametrize(
    ("words", "name", "value", "expected"),
    [
        ("sales of today", "day", "2026-11-18", "2028-03-01"),
        ("Yesterday's sales", "day", "2026-11-17", "2028-02-29"),
        ("tomorrow", "day", "2026-11-19", "2028-03-02"),
        ("the day before yesterday", "day", "2026-11-16", "2028-02-28"),
        ("the day after tomorrow", "day", "2026-11-20", "2028-03-03"),
        ("revenue of last month", "start", "2026-10-01", "2028-02-01"),
        ("revenue of last month", "end", "2026-10-31", "2028-02-29"),
        ("revenue of last month", "end", "2026-11-01", "2028-03-01"),
        ("revenue of last month", "month", "2026-10", "2028-02"),
        ("revenue of last month", "month", "202610", "202802"),
        ("revenue of last month", "title", "Revenue October 2026", "Revenue February 2028"),
        ("last month", "query", "from 2026-10-01 to 2026-10-31!", "from 2028-02-01 to 2028-02-29!"),
        ("this month", "start", "2026-11-01", "2028-03-01"),
        ("this month so far", "end", "2026-11-18", "2028-03-01"),
        ("next month", "start", "2026-12-01", "2028-04-01"),
        ("at the end of next month", "date", "2026-12-31", "2028-04-30"),
        ("end of the year", "date", "2026-12-31", "2028-12-31"),
        ("since the beginning of the year", "from", "2026-01-01", "2028-01-01"),
        ("YTD revenue", "from", "2026-01-01", "2028-01-01"),
        ("last quarter", "since", "2026-07-01", "2027-10-01"),
        ("last quarter", "until", "2026-09-30", "2027-12-31"),
        ("this quarter", "since", "2026-10-01", "2028-01-01"),
        ("next quarter", "to", "2027-03-31", "2028-06-30"),
        ("last year", "year", "2025", "2027"),
        ("last week", "start", "2026-11-09", "2028-02-21"),
        ("last week", "end", "2026-11-15", "2028-02-27"),
        ("last week", "start", "2026-11-08", "2028-02-20"),
        ("last week", "start", "2026-11-11", "2028-02-23"),
        ("this week", "start", "2026-11-16", "2028-02-28"),
        ("next week", "start", "2026-11-23", "2028-03-06"),
        ("the last 7 days", "start", "2026-11-11", "2028-02-23"),
        ("the last seven days", "start", "2026-11-12", "2028-02-24"),
        ("the past 3 months", "start", "2026-08-18", "2027-12-01"),
        ("the past 3 months", "start", "2026-08-01", "2027-12-01"),
        ("the next 2 weeks", "end", "2026-12-02", "2028-03-15"),
        ("two weeks ago", "day", "2026-11-04", "2028-02-16"),
        ("a year ago", "day", "2025-11-18", "2027-03-01"),
        ("in 3 days", "day", "2026-11-21", "2028-03-04"),
        ("10 days from now", "day", "2026-11-28", "2028-03-11"),
        ("next Friday", "day", "2026-11-20", "2028-03-03"),
        ("next Friday", "day", "2026-11-27", "2028-03-10"),
        ("last Monday", "day", "2026-11-09", "2028-02-21"),
        ("by Friday", "due", "2026-11-20", "2028-03-03"),
        ("yesterday", "at", "2026-11-17T00:00:00Z", "2028-02-29T00:00:00Z"),
        ("yesterday", "at", "2026-11-17 23:59:59", "2028-02-29 23:59:59"),
        ("tomorrow at 10", "at", "2026-11-19 10:00", "2028-03-02 10:00"),
        ("yesterday", "day", "20261117", "20280229"),
        ("yesterday", "day", "2026/11/17", "2028/02/29"),
        ("yesterday", "day", "17.11.2026", "29.02.2028"),
        ("yesterday", "since", "1794873600", "1835395200"),
        ("yesterday", "path", "exports/2026-11-17.csv", "exports/2028-02-29.csv"),
        ("yesterday", "text", " of 2026-11-17 ", " of 2028-02-29 "),
    ],
)
def test_moves_with_the_run(words: str, name: str, value: str, expected: str) -> None:
    """One meaning fits words and value: the recorded text at the recorded time, what the words mean at another."""
    found = asked(words, value, name)

    assert found is not None
    assert found.template is not None
    assert rendered(found.template, WEDNESDAY) == value
    assert rendered(found.template, LATER) == expected
    assert rendered(found.template, LATER, interval=True) == expected


@pytest.mark.parametrize(
    ("words", "name", "value", "question"),
    [
        (
            "what changed?",
            "start",
            "2026-11-01",
            "the first day of this month when it was recorded, or exactly that day?",
        ),
        ("what changed?", "day", "2026-11-18", "today when it was recorded, or exactly that day?"),
        ("last month", "start", "2026-11-01", "the first day of this month when it was recorded, or exactly that day?"),
        (
            "in October",
            "start",
            "2026-10-01",
            'given by the user as "October": exactly that one, or always the latest one?',
        ),
        (
            "last month (October)",
            "start",
            "2026-10-01",
            'last month when it was recorded, or what the user called "Oct',
        ),
        ("yesterday, 2026-11-17", "day", "2026-11-17", 'yesterday when it was recorded, or what the user called "2026'),
        ("yesterday, 11/17", "day", "2026-11-17", 'yesterday when it was recorded, or what the user called "11/17"?'),
        ("last month", "q", "2026-10-01 and 2026-10-07", "2026-10-07, which none of the user's words explain"),
        ("yesterday or two weeks ago", "since", "1794873600", None),
    ],
)
def test_asks_where_it_is_not_sure(words: str, name: str, value: str, question: str | None) -> None:
    """The date stays frozen, with a question, if no words fit, if they mean another day, or if it was spelled out."""
    found = asked(words, value, name)

    assert found is not None
    assert (found.template is None) == (question is not None)
    assert question is None or question in found.line


@pytest.mark.parametrize(
    ("now", "words", "name", "value"),
    [
        ("2026-11-01", "revenue of last month", "start", "2026-10-01"),  # a month ago, and last month's first day
        ("2026-11-30", "this month", "end", "2026-11-30"),  # today, and the month's last day
        ("2026-11-23", "last week", "start", "2026-11-16"),  # seven days ago, and the Monday
        ("2026-11-22", "last week", "day", "2026-11-15"),  # its Sunday, and seven days ago
        ("2027-01-01", "last year", "start", "2026-01-01"),
        ("2026-11-20", "on Friday", "day", "2026-11-20"),  # the coming one or the one that was
        ("2026-11-21", "next Friday", "day", "2026-11-27"),
    ],
)
def test_asks_on_days_that_are_two_things(now: str, words: str, name: str, value: str) -> None:
    """On some days two meanings of the same words are one date, and part tomorrow."""
    found = asked(words, value, name, now=datetime.fromisoformat(f"{now}T09:00:00+00:00"))

    assert found is not None
    assert found.template is None
    assert found.line.count(",") >= 1
    assert found.line.endswith("?")


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("yesterday", "2026-11-03"),
        ("the bill of 3 November", "2026-11-03"),
        ("yesterday", "no date at all"),
        ("yesterday", "2026-11-31"),
        ("yesterday", "12026-11-17"),
        ("yesterday", "2026-11-17-3"),
        ("yesterday", "v2026.11.17"),
        ("yesterday", "2026-11-17T00:00:00+02:00"),  # an offset that summer time changes
        ("yesterday", "2026-11-17T00:00:00Z to 2026-11-17T23:59:59"),
        ("today", "2026-11-18 10:05"),  # the moment of the call
        ("last month", "October 2026 against 2025"),
        ("last month", "10/01/2026 to 2026-10-31"),
        ("yesterday", "{{ x }} 2026-11-17"),
        ("yesterday", "{% raw %}2026-11-17"),
        ("yesterday", "{# 2026-11-17"),
        ("yesterday", "2026-11-17 " + "x" * LONGEST_TEXT),
        ("yesterday", "2026-11-17\n"),
        ("yesterday", "2026-11-17\r\n."),
        ("yesterday", "9999999999"),
        ("yesterday", ""),
        ("", "2026-11-03"),
    ],
)
def test_leaves_alone(words: str, value: str) -> None:
    """No template for unexplained dates, for part of a text, or for text that Jinja would change."""
    found = asked(words, value)

    assert found is None or (found.template is None and found.line)


def test_a_value_of_a_result_is_asked_about() -> None:
    """What an earlier result says may be that result's, whatever the user's words fit."""
    found = asked("yesterday", "2026-11-17", elsewhere="a value of an earlier result")

    assert found is not None
    assert found.template is None
    assert found.line == "2026-11-17: yesterday when it was recorded, or a value of an earlier result?"


def test_without_a_clock() -> None:
    """A recording that tells no time moves no date; words like "yesterday" are worth a line."""
    told = EarlierText("yesterday", meanings("yesterday"))

    found = dated("2026-11-17", "day", told, None)

    assert found == Dated(None, '2026-11-17, and the user said "yesterday"', code="date_without_clock")
    assert dated("2026-11-17", "day", EarlierText("hi", []), None) is None


@pytest.mark.parametrize(
    ("started", "system", "zone"),
    [
        ("2026-11-18T10:00:00+00:00", "The user lives in Europe/Berlin.", "Europe/Berlin"),
        ("2026-11-18T10:00:00+00:00", "Read src/main/Europe/Atlantis.", None),
        ("2026-11-18T10:00:00+00:00", None, None),
        ("2026-11-18T10:00:00", None, None),
        ("2026-11-18T10:00:00+05:30", None, 19800),
        ("2026-11-18T10:00:00+05:30", "America/New_York", "America/New_York"),
    ],
)
def test_whose_days(started: str, system: str | None, zone: str | int | None) -> None:
    """The zone is the one name that was said, else the recorded offset, else UTC."""
    clock = clock_of(run(call(), started_at=datetime.fromisoformat(started), system_text=system))

    assert clock is not None
    assert clock.zone == zone


def test_two_zones_are_none() -> None:
    """Where two zones were named nobody knows whose days count."""
    turns = [Turn(index=0, user_text="From Europe/Berlin to Asia/Tokyo")]

    assert clock_of(run(call(), started_at=WEDNESDAY, turns=turns)) is None
    assert clock_of(run(call())) is None


@pytest.mark.parametrize(
    ("zone", "now", "value", "then", "expected"),
    [
        # half past midnight in Berlin is the day before in UTC; on 29 March 2026 summer time takes an hour away
        ("Europe/Berlin", "2026-11-17T23:30:00+00:00", "2026-11-17", "2026-03-29T22:30:00+00:00", "2026-03-29"),
        ("Europe/Berlin", "2026-11-17T23:30:00+00:00", "2026-11-17", "2026-10-25T23:30:00+00:00", "2026-10-25"),
        ("America/New_York", "2026-11-18T03:00:00+00:00", "2026-11-16", "2026-03-08T06:59:00+00:00", "2026-03-07"),
        (19800, "2026-11-17T18:30:00+00:00", "2026-11-17", "2026-01-01T18:29:00+00:00", "2025-12-31"),
    ],
)
def test_days_of_a_zone(zone: str | int, now: str, value: str, then: str, expected: str) -> None:
    """Days are counted in the zone, and no change of summer time makes one of them disappear."""
    clock = Clock(datetime.fromisoformat(now), zone)

    found = dated(value, "day", EarlierText("yesterday", meanings("yesterday")), clock)

    assert found is not None
    assert found.template is not None
    for interval in (False, True):
        assert rendered(found.template, datetime.fromisoformat(then), interval=interval) == expected


class OldTime(datetime):
    """A time as in pendulum before 3.3, whose ``astimezone`` ignores the zones of dateutil."""

    def astimezone(self, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        """Return the same time, as pendulum does."""
        return self.replace(tzinfo=None)


@pytest.mark.parametrize("zone", ["Europe/Berlin", 7200])
def test_days_of_a_zone_in_any_airflow(zone: str | int) -> None:
    """The zone counts with the times of every supported Airflow."""
    clock = Clock(WEDNESDAY, zone)
    found = dated("2026-11-17", "day", EarlierText("yesterday", meanings("yesterday")), clock)

    assert found is not None
    assert found.template is not None
    late = OldTime(2026, 6, 29, 22, 30, tzinfo=timezone.utc)  # the 30th in the zone
    assert rendered(found.template, late, interval=True) == "2026-06-29"


def test_a_time_in_utc_counts_days_of_utc() -> None:
    """A time with Z is in UTC, whatever the user's zone."""
    clock = Clock(datetime.fromisoformat("2026-11-17T23:30:00+00:00"), "Europe/Berlin")  # the 18th there

    found = dated("2026-11-16T00:00:00Z", "day", EarlierText("yesterday", meanings("yesterday")), clock)

    assert found is not None
    assert found.template is not None
    assert "fromtimestamp" not in found.template


def test_midnight_of_a_zone_in_seconds() -> None:
    """Seconds since 1970 name the zone's midnight, also on the days when its offset changes."""
    clock = Clock(WEDNESDAY, "Europe/Berlin")
    value = str(int(datetime.fromisoformat("2026-11-17T00:00:00+01:00").timestamp()))

    found = dated(value, "since", EarlierText("yesterday", meanings("yesterday")), clock)

    assert found is not None
    assert found.template is not None
    summer = datetime.fromisoformat("2026-03-30T12:00:00+02:00")
    expected = int(datetime.fromisoformat("2026-03-29T00:00:00+01:00").timestamp())
    assert rendered(found.template, summer) == str(expected)


WORDS = st.sampled_from(
    [
        *("today", "yesterday", "tomorrow", "last month", "this month", "next month", "last week", "this year"),
        *("last quarter", "3 days ago", "last 7 days", "the past 2 months", "in 2 weeks", "next friday"),
        *("end of the month", "no word", "in October"),
    ]
)


@settings(deadline=None)
@given(WORDS, NOWS, st.integers(-70, 70), st.sampled_from(FORMS), st.sampled_from(["start", "end", "day"]))
def test_the_proof(words: str, now: datetime, shift: int, form: object, name: str) -> None:
    """Every template gives the recorded text at the recorded time, with and without a data interval."""
    assert isinstance(form, type(FORMS[0]))
    value = form.written((now + timedelta(days=shift)).date())

    found = asked(words, value, name, now=now)

    assert found == asked(words, value, name, now=now)  # the same again
    if found and found.template:
        assert rendered(found.template, now) == rendered(found.template, now, interval=True) == value


@settings(deadline=None)
@given(st.text(max_size=60), WORDS)
def test_any_text_stays_or_is_proven(text: str, words: str) -> None:
    """Hostile texts around a date are frozen, or come out unchanged."""
    value = f"{text}2026-11-17{text[::-1]}"

    found = asked(words, value)

    assert found is None or found.template is None or rendered(found.template, WEDNESDAY) == value


@settings(deadline=None)
@given(st.integers(0, 9999), st.sampled_from(["day", "week", "month", "quarter", "year"]))
def test_large_counts(count: int, unit: str) -> None:
    """Years before the first and after the last one are no meaning, and no error."""
    for words in (f"{count} {unit}s ago", f"in {count} {unit}s", f"the last {count} {unit}s"):
        asked(words, "2026-11-17")


def test_templates_are_readable() -> None:
    """What stands in a DAG file is one line that a person can read."""
    found = asked("yesterday", "2026-11-17")
    assert found is not None

    assert found.template == (
        "{% set today = (data_interval_end | default(dag_run.run_after, true)).date() -%}\n"
        "{{ (today - macros.timedelta(days=1)) | ds }}"
    )
    assert found.line == '2026-11-17 was yesterday ("yesterday")'
    assert ago("day", 0).source == "today"
    assert not re.search(r"params|conf|var\.|conn\.|\bti\b", found.template)


def test_the_page_shows_the_template() -> None:
    """The documentation's example is what the pass makes of "last month"."""
    page = (DOCS / "parameters.md").read_text(encoding="utf-8")
    found = asked("last month", "2026-10-01")

    assert found is not None
    assert found.template is not None
    assert found.template in page

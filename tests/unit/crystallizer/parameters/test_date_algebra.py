"""Days and words: what each phrase may mean, and that Python and Jinja compute the same."""

from __future__ import annotations

import calendar
from datetime import date, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings, strategies as st

from airflow_provider_vai.crystallizer.parameters.date_algebra import Clock, Day, rendered, tokens
from airflow_provider_vai.crystallizer.parameters.date_words import common, first, last, meanings, spelled

NOWS = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(timezone.utc))
DAYS = [it.day for it in [*common(), *meanings("last 3 months, next friday, 5 quarters ago, in 2 years, last week")]]


@settings(deadline=None)
@given(st.sampled_from(DAYS), NOWS)
def test_a_day_is_what_its_source_renders_to(day: Day, now: datetime) -> None:
    """Python and Jinja agree on every day of the algebra, at any time."""
    source = f"{Clock(now).source()}{{{{ {day.source} | ds }}}}"

    assert rendered(source, now) == rendered(source, now, interval=True) == day.on(now.date()).isoformat()


@given(st.dates(date(1990, 1, 1), date(2090, 1, 1)), st.integers(-5, 5))
def test_periods_hold_together(today: date, which: int) -> None:
    """A period ends the day before the next begins, this one holds today, and months end where the calendar says."""
    for unit in ("week", "month", "quarter", "year"):
        begin, end = first(unit, which).on(today), last(unit, which).on(today)  # type: ignore[arg-type]
        assert end + timedelta(days=1) == first(unit, which + 1).on(today)  # type: ignore[arg-type]
        assert begin <= end
        assert (begin <= today <= end) == (which == 0)
    month = last("month", which).on(today)
    assert month.day == calendar.monthrange(month.year, month.month)[1]
    assert first("week", which).on(today).weekday() == 0


@settings(deadline=None)
@given(st.text(max_size=300))
def test_any_words_can_be_read(text: str) -> None:
    """Reading the user's words never fails, and every meaning is a day."""
    assert all(isinstance(it.day.on(date(2026, 11, 18)), date) for it in meanings(text))


@pytest.mark.parametrize(
    ("day", "text", "said"),
    [
        ("2026-09-05", "on September 5th", "September 5th"),
        ("2026-09-05", "5 Sep", "5 Sep"),
        ("2026-09-05", "on 05.09.", "05.09"),
        ("2026-09-05", "9/5", "9/5"),
        ("2026-09-05", "20260905", "20260905"),
        ("2026-09-05", "in September", "September"),
        ("2026-05-05", "you may go", None),
        ("2026-05-05", "in May", "May"),
        ("2026-01-01", "for 2026", "2026"),
        ("2026-09-05", "for 2026", None),
        ("2026-09-05", "2026-09-06, 19/5", None),
    ],
)
def test_dates_in_the_users_words(day: str, text: str, said: str | None) -> None:
    """A date is said in digits or with its month's name."""
    assert spelled(date.fromisoformat(day), "day", text) == said


def test_a_form_that_is_not_known_makes_the_text_unreadable() -> None:
    """A text is refused if only some of its dates can be read."""
    assert tokens("2026-11-17 and November 3, 2026") is None
    assert tokens("Monday 2026-11-17") is None
    assert [token.text for token in tokens("2026-11-17, 2026-10") or []] == ["2026-11-17", "2026-10"]

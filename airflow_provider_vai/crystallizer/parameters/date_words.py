"""Lists the days that people's words can mean: "last month", "yesterday", "3 weeks ago", "next Friday".

Each phrase yields every day that it may stand for, such as the first and the last day of the calendar month and the
day a month ago. The module :mod:`~airflow_provider_vai.crystallizer.parameters.dates` compares them with the recorded
date and decides whether exactly one fits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal, cast

from airflow_provider_vai.crystallizer.parameters.date_algebra import MONTHS, Day, Unit
from airflow_provider_vai.secrets.patterns import deferred

Role = Literal["start", "last", "after", "any"]
"""The role of a day in a period: its first day, its last day or the day after it; ``any`` without a period."""

WHICH = {"last": -1, "previous": -1, "prior": -1, "past": -1, "this": 0, "current": 0, "the": 0, "": 0}
WHICH |= {"next": 1, "coming": 1, "following": 1, "upcoming": 1}
SAYS = {-1: "last", 0: "this", 1: "next"}
COUNTS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8}
COUNTS |= {"nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "couple of": 2}
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
LARGEST_COUNT = 1000

BACK, NOW, AHEAD = "last|previous|prior|past", "this|current", "next|coming|following|upcoming"
PERIOD = "week|month|quarter|year"
COUNT = rf"(?P<count>\d{{1,4}}|{'|'.join(COUNTS)})"
DATED = rf"{BACK}|{NOW}|{AHEAD}|on|by|until|till|since|from|before|after"
UNITS = r"(?P<unit>day|week|month|quarter|year)s?"


@dataclass(frozen=True)
class Meaning:
    """A day that words may mean, with the words and its role in a period."""

    words: str
    day: Day
    role: Role = "any"


def meanings(text: str) -> list[Meaning]:
    """Return every day that the words of a text may mean, in the order of :data:`PHRASES`."""
    rest = " ".join(text.casefold().split())
    found: list[Meaning] = []
    for pattern, make in PHRASES:
        for match in pattern.finditer(rest):
            found += [Meaning(match[0].strip(), meaning.day, meaning.role) for meaning in make(match)]
        rest = pattern.sub(lambda match: "\0" * len(match[0]), rest)  # not "yesterday" in "day before yesterday"
    return found


def common() -> list[Meaning]:
    """Return days that a date often is without being mentioned: today, its neighbours, starts and ends of periods."""
    near = [Meaning("", ago("day", -shift)) for shift in (0, -1, 1)]
    units: tuple[Unit, ...] = ("week", "month", "quarter", "year")
    ends = [end(unit, which) for unit in units for which in (0, -1, 1) for end in (first, last)]
    return near + [Meaning("", day) for day in ends]


def spelled(day: date, unit: Unit, text: str) -> str | None:
    """Return the part of a text that spells out a date, in digits or with the month's name; ``None`` if none does."""
    names = rf"{MONTHS[day.month - 1]}|{MONTHS[day.month - 1][:3]}\b\.?"
    number = rf"0?{day.day}(?:st|nd|rd|th)?"
    slashed = rf"0?{day.month}[/.]0?{day.day}|0?{day.day}[/.]0?{day.month}"
    in_digits = (
        rf"{day.year}[-/.]0?{day.month}(?:[-/.]0?{day.day})?|{day.year}{day.month:02}(?:{day.day:02})?|{slashed}"
    )
    patterns = [rf"(?:{names}) {number}|{number} (?:of )?(?:{names})|(?:{names})", in_digits]
    if unit == "year" or (day.month, day.day) in ((1, 1), (12, 31)):
        patterns.append(str(day.year))
    for pattern in patterns:
        for match in re.finditer(rf"(?<!\w)(?:{pattern})(?!\w|[-/.]\d)", text, re.IGNORECASE):
            if match[0] != "may":  # in lower case it is rarely the month
                return match[0]
    return None


def ago(unit: Unit, count: int) -> Day:
    """Return the day ``count`` units before today; a negative count means after today."""
    if not count:
        return Day(name="today")
    shift = {
        "day": ("days", -count),
        "week": ("days", -7 * count),
        "month": ("months", -count),
        "quarter": ("months", -3 * count),
        "year": ("months", -12 * count),
    }[unit]
    known = {("day", 1): "yesterday", ("day", -1): "tomorrow"}
    amount = f"{abs(count)} {unit}{'s' * (abs(count) > 1)}"
    name = known.get((unit, count)) or (f"{amount} ago" if count > 0 else f"{amount} ahead")
    return Day((shift,), name=name, unit="month" if shift[0] == "months" else "day")


def first(unit: Unit, which: int) -> Day:
    """Return the first day of a period. Weeks start on Monday.

    :param which: the period relative to the current one: 0 for this, -1 for the last, 1 for the next.
    """
    name = f"the first day of {_period(unit, which)}"
    match unit:
        case "week":
            return Day((("days", 7 * which),), "week", f"the Monday of {_period(unit, which)}", unit)
        case "month":
            return Day(_without_zero(("months", which), ("day", 1)), name=name, unit=unit)
        case "quarter":
            return Day((("months", 3 * which), ("day", 1)), "quarter", name, unit)
        case "year":
            return Day(_without_zero(("years", which), ("month", 1), ("day", 1)), name=name, unit=unit)
    return ago("day", -which)


def last(unit: Unit, which: int) -> Day:
    """Return the last day of a period; see :func:`first`."""
    name = f"the last day of {_period(unit, which)}"
    match unit:
        case "week":
            return Day((("days", 7 * which + 6),), "week", f"the Sunday of {_period(unit, which)}")
        case "month":
            return Day(_without_zero(("months", which), ("day", 31)), name=name)
        case "quarter":
            return Day((("months", 3 * which + 2), ("day", 31)), "quarter", name)
        case "year":
            return Day(_without_zero(("years", which), ("month", 12), ("day", 31)), name=name)
    return ago("day", -which)


def _without_zero(*shift: tuple[str, int]) -> tuple[tuple[str, int], ...]:
    return tuple(part for part in shift if part[1])


def _period(unit: Unit, which: int) -> str:
    if which in SAYS:
        return f"{SAYS[which]} {unit}"
    return f"the {unit} {abs(which)} {unit}s {'ago' if which < 0 else 'ahead'}"


def _calendar(unit: Unit, which: int) -> Iterator[Meaning]:
    yield Meaning("", first(unit, which), "start")
    yield Meaning("", last(unit, which), "last")
    yield Meaning("", first(unit, which + 1), "after")
    if unit == "week":  # in case weeks start on Sunday
        sunday = Day((("days", 7 * which),), "sunday_week", f"the Sunday before {_period(unit, which)}")
        saturday = Day((("days", 7 * which + 6),), "sunday_week", f"the Saturday of {_period(unit, which)}")
        yield Meaning("", sunday, "start")
        yield Meaning("", saturday, "last")


def _a_period(match: re.Match[str]) -> Iterator[Meaning]:
    unit, word = _unit(match), match["which"]
    which = WHICH[word]
    yield from _calendar(unit, which)
    if word in ("last", "past"):
        yield Meaning("", ago(unit, 1), "start")
        yield from _until_now()
    if which == 0:
        yield from _until_now()
    if which == 1:
        yield Meaning("", Day(), "start")
        yield Meaning("", ago(unit, -1), "after")
        yield Meaning("", ago(unit, -1), "last")


def _until_now() -> Iterator[Meaning]:
    yield Meaning("", Day(), "last")
    yield Meaning("", ago("day", 1), "last")
    yield Meaning("", ago("day", -1), "after")


def _some_back(match: re.Match[str]) -> Iterator[Meaning]:
    unit, count = _unit(match), _count(match)
    yield Meaning("", ago(unit, count), "start")
    if unit == "day":
        yield Meaning("", ago(unit, count - 1), "start")
    else:
        yield Meaning("", first(unit, -count), "start")
        yield Meaning("", first(unit, 1 - count), "start")
        yield Meaning("", last(unit, -1), "last")
        yield Meaning("", first(unit, 0), "after")
    yield from _until_now()


def _some_ahead(match: re.Match[str]) -> Iterator[Meaning]:
    unit, count = _unit(match), _count(match)
    yield Meaning("", Day(), "start")
    yield Meaning("", ago("day", -1), "start")
    yield Meaning("", ago(unit, -count), "last")
    if unit == "day":
        yield Meaning("", ago(unit, 1 - count), "last")
        yield Meaning("", ago(unit, -count - 1), "after")


def _ago(match: re.Match[str]) -> Iterator[Meaning]:
    yield Meaning("", ago(_unit(match), _count(match)))
    if _unit(match) != "day":
        yield Meaning("", first(_unit(match), -_count(match)), "start")


def _ahead(match: re.Match[str]) -> Iterator[Meaning]:
    yield Meaning("", ago(_unit(match), -_count(match)))


def _begin(match: re.Match[str]) -> Iterator[Meaning]:
    which = WHICH[(match["which"] or "").strip()]
    yield Meaning("", first(_unit(match), which))
    if not match["which"] or match["which"].strip() == "the":  # "by the first of the month"
        yield Meaning("", first(_unit(match), 1))
    if match["so_far"]:
        yield from _until_now()


def _end(match: re.Match[str]) -> Iterator[Meaning]:
    which = WHICH[(match["which"] or "").strip()]
    yield Meaning("", last(_unit(match), which))
    yield Meaning("", first(_unit(match), which + 1), "after")


def _to_date(match: re.Match[str]) -> Iterator[Meaning]:
    unit = {"m": "month", "q": "quarter", "y": "year", "w": "week"}[match[0].strip()[0]]
    yield Meaning("", first(cast(Unit, unit), 0), "start")
    yield from _until_now()


def _weekday(match: re.Match[str]) -> Iterator[Meaning]:
    number, which = WEEKDAYS.index(match["weekday"]), match["which"]
    title = match["weekday"].title()
    of_week = [
        Day((("days", 7 * weeks + number),), "week", f"the {title} of {_period('week', weeks)}") for weeks in (-1, 1)
    ]
    if which in BACK.split("|"):
        days = [Day((("days", -7), ("weekday", number)), name=f"the last {title} before today"), of_week[0]]
    elif which in AHEAD.split("|"):
        days = [Day((("days", 1), ("weekday", number)), name=f"the first {title} after today"), of_week[1]]
    else:
        days = [Day((("weekday", number),), name=f"the first {title} from today on")]
        if which not in NOW.split("|"):
            days.append(Day((("days", -6), ("weekday", number)), name=f"the last {title} up to today"))
    yield from (Meaning("", day) for day in days)


def _day(shift: int) -> list[Meaning]:
    return [Meaning("", ago("day", -shift)), Meaning("", ago("day", -shift - 1), "after")]


def _unit(match: re.Match[str]) -> Unit:
    return cast(Unit, match["unit"])


def _count(match: re.Match[str]) -> int:
    text = match["count"]
    return min(int(text) if text.isdecimal() else COUNTS[text], LARGEST_COUNT)


OF = rf"(?: of|-)?(?P<which> (?:the|{BACK}|{NOW}|{AHEAD}))? (?P<unit>{PERIOD})"
PHRASES = tuple(
    (deferred(rf"(?<!\w){pattern}(?!\w)"), make)
    for pattern, make in (
        (r"(?:the )?day before yesterday", lambda _: _day(-2)),
        (r"(?:the )?day after tomorrow", lambda _: _day(2)),
        (rf"{COUNT} {UNITS} (?:ago|before (?:today|now)|earlier)", _ago),
        (rf"in {COUNT} {UNITS}", _ahead),
        (rf"{COUNT} {UNITS} (?:from (?:now|today)|ahead|later)", _ahead),
        (rf"(?:{BACK}) {COUNT} (?:full |complete )?{UNITS}", _some_back),
        (rf"(?:{AHEAD}) {COUNT} (?:full |complete )?{UNITS}", _some_ahead),
        (rf"(?P<so_far>since |from )?(?:the )?(?:beginning|start|first day|first|1st){OF}", _begin),
        (rf"(?:the )?(?:end|last day|close){OF}", _end),
        (r"(?:week|month|quarter|year)[ -]to[ -]date|[mqyw]td", _to_date),
        (rf"(?P<which>{BACK}|{NOW}|{AHEAD}) (?P<unit>{PERIOD})", _a_period),
        (
            rf"(?P<which>{DATED}) (?P<weekday>{'|'.join(WEEKDAYS)})",
            _weekday,
        ),
        (r"yesterday", lambda _: _day(-1)),
        (r"tomorrow", lambda _: _day(1)),
        (r"today|tonight|this (?:morning|afternoon|evening)", lambda _: _day(0)),
    )
)

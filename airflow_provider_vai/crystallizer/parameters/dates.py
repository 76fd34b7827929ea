"""Dates that follow from the run's own: "last month", recorded as 2026-10-01, is another day tomorrow.

A date in an argument becomes a Jinja template only where exactly one meaning fits both: the value, seen from the
recording's clock, and the user's words. Where several fit (the day of the same date, or the begin of last week and the
day a week ago), where the user said the very date, too, or where only the value speaks for it, it stays frozen, and a
line asks the reviewer. The template is proven: rendered at the recorded time it gives the recorded text, at other times
what the words mean there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from airflow_provider_vai.crystallizer.parameters.date_algebra import (
    FORMS,
    Clock,
    Day,
    Form,
    Token,
    rendered,
    seconds,
    seconds_template,
    tokens,
)
from airflow_provider_vai.crystallizer.parameters.date_words import Meaning, Role, common, spelled
from airflow_provider_vai.model.run import Run

LONGEST_TEXT = 500
"""Characters. A date in a longer text is not looked at: what else the text says about it, nobody compares."""

IANA = re.compile(
    r"(?<![\w/])(?:Africa|America|Antarctica|Asia|Atlantic|Australia|Europe|Indian|Pacific)(?:/[A-Z][\w+-]+){1,2}(?![\w/])"
)
JUST_NOW = timedelta(minutes=15)
"""A time of day this near to the clock is the moment of the call, and moves with it."""

BEGINS = {"start", "starts", "from", "since", "begin", "begins", "beginning", "after", "min", "gte", "gt", "earliest"}
ENDS = {"end", "ends", "to", "until", "till", "before", "max", "lte", "lt", "latest", "through", "stop", "upto"}
SECONDS = re.compile(r"[12]\d{9}")
SOME_NOWS = tuple(
    datetime.fromisoformat(f"{text}+00:00")
    for text in (
        *("2024-02-29T23:59:59", "2026-01-01T00:00:00", "2026-03-29T01:30:00", "2027-05-31T12:00:00"),
        *("2028-12-31T22:45:00", "2026-10-25T00:30:00", "2025-08-03T04:00:00", "2029-06-18T18:00:00"),
    )
)
"""Times at which each template is tried: ends of months and years, a leap day, summer time's changes, a Sunday."""


@dataclass(frozen=True)
class Dated:
    """What is known of a text with dates.

    :param template: the Jinja template, ``None`` where the text stays frozen. :param line: why, or the question.
    :param is_said: the user's words speak of it, and not only its value.
    :param code: of ``review_codes.PLACES``, where the text stays frozen.
    """

    template: str | None
    line: str
    is_said: bool = True
    code: str = "date_unclear"


@dataclass(frozen=True)
class EarlierText:
    """What was said before a call.

    :param words: the user's, up to the call. :param meanings: of those words. :param elsewhere: who else said the
        value, as a phrase: that is another meaning.
    """

    words: str
    meanings: Sequence[Meaning]
    elsewhere: str | None = None


def clock_of(run: Run) -> Clock | None:
    """Return when the run began and in which zone its days are; ``None`` where the trace does not tell.

    The zone is the one IANA name in the instructions or the user's words; else the offset of the start time; else UTC.
    Several names: nobody knows whose days count.
    """
    if run.started_at is None:
        return None
    now = run.started_at if run.started_at.tzinfo else run.started_at.replace(tzinfo=timezone.utc)
    text = "\n".join(filter(None, [run.system_text, *(turn.user_text for turn in run.turns)]))
    zones = {name for name in IANA.findall(text) if _is_zone(name)}
    if len(zones) > 1:
        return None
    if zones:
        return Clock(now, zones.pop())
    offset = now.utcoffset()
    return Clock(now, int(offset.total_seconds()) if offset else None)


def dated(text: str, name: str, told: EarlierText, clock: Clock | None) -> Dated | None:
    """Return what becomes of a text of an argument; ``None`` where it holds no date, or one that nothing speaks of.

    :param text: the recorded text. :param name: what the argument calls it. :param told: what was said before.
    :param clock: of the recording; without one no date moves.
    """
    if len(text) > LONGEST_TEXT or any(mark in text for mark in ("{{", "{%", "{#")):
        return None
    if SECONDS.fullmatch(text):
        return _seconds(text, name, told, clock)
    found = tokens(text)
    if not found:
        return None
    if clock is None:
        words = _words(told.meanings)
        return Dated(None, f"{text}, and the user said {words}", code="date_without_clock") if words else None
    utc = any(token.offset == "utc" for token in found)
    if any(token.offset != found[0].offset or token.offset == "other" for token in found):
        return None
    today = clock.today(utc=utc)
    fits = [_fits(token, name if len(found) == 1 else "", told, clock, today) for token in found]
    if all(len(fit) == 1 for fit in fits) and not any(_others(token, told, today) for token in found):
        return _template(text, found, [fit[0] for fit in fits], clock, utc=utc)
    return _question(text, found, fits, told, today)


def unexplained(text: str, words: str) -> bool:
    """Return whether a text holds a date, or what looks like one, that the user did not spell out."""
    if len(text) > LONGEST_TEXT:
        return bool(FORMS[0].pattern.search(text))
    found = tokens(text)
    return found is None or not all(spelled(token.day, token.form.unit, words) for token in found)


def _template(text: str, found: Sequence[Token], fits: Sequence[Meaning], clock: Clock, *, utc: bool) -> Dated | None:
    template = clock.source(utc=utc)
    if text[:1].isspace():
        template = template.replace(" -%}\n", " %}")
    at = 0
    for token, fit in zip(found, fits, strict=True):
        template += text[at : token.start] + "{{ " + token.form.expression.format(fit.day.source) + " }}"
        at = token.end
    template += text[at:]

    def expected(now: datetime) -> str:
        today = Clock(now, clock.zone).today(utc=utc)
        end, parts = 0, []
        for token, fit in zip(found, fits, strict=True):
            parts += [text[end : token.start], token.form.written(fit.day.on(today))]
            end = token.end
        return "".join(parts) + text[end:]

    if expected(clock.now) != text or not _is_proven(template, clock, expected):
        return None
    whose = f"the days are those of {_zone(clock)}" if clock.zone and not utc else ""
    lines = [f'{token.text} was {_named(token, fit)} ("{fit.words}")' for token, fit in zip(found, fits, strict=True)]
    return Dated(template, "; ".join([*dict.fromkeys(lines), *filter(None, [whose])]))


def _seconds(text: str, name: str, told: EarlierText, clock: Clock | None) -> Dated | None:
    if clock is None or told.elsewhere:
        return None
    roles = _roles(name)
    fits = _unique([it for it in told.meanings if it.role in roles and _seconds_of(it.day, clock) == text])
    if len(fits) != 1 or spelled(fits[0].day.on(clock.today()), "day", told.words):
        names = " or ".join(it.day.name for it in fits)
        return Dated(None, f"{text}: the begin of {names} when it was recorded, or that very time?") if fits else None
    template = seconds_template(fits[0].day, clock)

    def expected(now: datetime) -> str:
        there = Clock(now, clock.zone)
        return seconds(fits[0].day.on(there.today()), there)

    if not _is_proven(template, clock, expected):
        return None
    return Dated(template, f'{text} was the begin of {fits[0].day.name} ("{fits[0].words}") in {_zone(clock)}')


def _seconds_of(day: Day, clock: Clock) -> str | None:
    found = _on(day, clock.today())
    return seconds(found, clock) if found else None


def _is_proven(template: str, clock: Clock, expected: Callable[[datetime], str]) -> bool:
    from jinja2 import TemplateError

    try:
        return all(
            rendered(template, now, interval=interval) == expected(now)
            for now in (clock.now, *SOME_NOWS)
            for interval in (False, True)
        )
    except (TemplateError, ArithmeticError, ValueError):  # pragma: no cover - the templates are this package's own
        return False


def _fits(token: Token, name: str, told: EarlierText, clock: Clock, today: date) -> list[Meaning]:
    """Return the meanings of the user's words that fit the value, each day once."""
    if token.day == today and _is_just_now(token, clock):
        return []
    return _unique([it for it in told.meanings if it.role in _roles(name) and _equals(token, it, today)])


def _equals(token: Token, meaning: Meaning, today: date) -> bool:
    form: Form = token.form
    if form.unit != "day" and (meaning.day.unit != form.unit or meaning.role == "after"):
        return False
    if form.unit == "month" and ("day", 1) not in meaning.day.shift:
        return False  # the day a month ago is in the same month as its first day
    day = _on(meaning.day, today)
    return day is not None and form.written(day) == token.text


def _on(day: Day, today: date) -> date | None:
    try:
        return day.on(today)
    except (ArithmeticError, ValueError):
        return None


def _question(
    text: str, found: Sequence[Token], fits: Sequence[Sequence[Meaning]], told: EarlierText, today: date
) -> Dated | None:
    relative = [it for fit in fits for it in fit]
    is_said = bool(relative)
    others = next(filter(None, (_others(token, told, today) for token in found)), None)
    if not relative:
        if others or len(found) > 1 or found[0].text != text or told.elsewhere:
            return _yearless(text, found, told)
        fits = [[it for it in common() if _equals(found[0], it, today)]]
        relative = list(fits[0])
    if not relative:
        return None
    if len(found) > 1 and not others and all(len(fit) <= 1 for fit in fits):
        token = next(token for token, fit in zip(found, fits, strict=True) if not fit)
        return Dated(None, f"{token.text}, which nothing that was said explains, beside {relative[0].day.name}")
    names = list(dict.fromkeys(_named(token, it) for token, fit in zip(found, fits, strict=True) for it in fit))
    very = others or "that very " + ("day" if found[0].form.unit == "day" else found[0].form.unit)
    what = found[0].text if len(found) == 1 else text
    return Dated(None, f"{what}: {', '.join(names)} when it was recorded, or {very}?", is_said)


def _named(token: Token, meaning: Meaning) -> str:
    name = meaning.day.name
    return name if token.form.unit == "day" else name.removeprefix("the first day of ")


def _yearless(text: str, found: Sequence[Token], told: EarlierText) -> Dated | None:
    """Return the question for a month or day that was said without a year: is it each year's?"""
    for token in found:
        said = spelled(token.day, token.form.unit, told.words)
        if said and not re.search(r"\d{4}", said) and str(token.day.year) not in told.words:
            line = f'{text}, said as "{said}": that one, or the latest one?'
            return Dated(None, line, code="date_without_year")
    return None


def _others(token: Token, told: EarlierText, today: date) -> str | None:
    """Return who said the very value: the user, or what ``told`` names."""
    said = spelled(token.day, token.form.unit, told.words)
    if said:
        return f'what the user called "{said}"'
    return told.elsewhere


def _is_just_now(token: Token, clock: Clock) -> bool:
    if token.hour is None or (token.hour, token.minute) in ((0, 0), (23, 59)):
        return False
    now = clock.now.astimezone(timezone.utc if token.offset == "utc" else clock.tzinfo)
    if token.hour > 23 or (token.minute or 0) > 59:
        return True
    at = now.replace(hour=token.hour, minute=token.minute or 0)
    return abs(at - now) <= JUST_NOW


def _roles(name: str) -> tuple[Role, ...]:
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    words = {word.lower() for word in re.findall(r"[^\W_]+", spaced)}
    if words & ENDS:
        return ("last", "after", "any")
    return ("start", "any") if words & BEGINS else ("start", "last", "any")


def _unique(found: Sequence[Meaning]) -> list[Meaning]:
    by_day: dict[Day, Meaning] = {}
    for it in found:
        by_day.setdefault(it.day, it)
    return list(by_day.values())


def _words(found: Sequence[Meaning]) -> str:
    return ", ".join(f'"{words}"' for words in dict.fromkeys(it.words for it in found))


def _zone(clock: Clock) -> str:
    return f"the recorded offset, {clock.now:%z}" if isinstance(clock.zone, int) else clock.zone or "UTC"


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True

"""Turns dates that are relative to the run into templates: "last month", recorded as 2026-10-01, changes with the run.

A date in an argument becomes a Jinja template if exactly one meaning of the user's words gives the recorded value at
the time of the recording. It stays frozen, with a question for the reviewer, if several meanings fit (the start of last
week and the day a week ago), if the user also spelled out the date, or if no words of the user fit. Every template is
proven: rendered at the recorded time it gives the recorded text, and at other times the day that the words mean then.
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
from airflow_provider_vai.secrets.patterns import deferred

LONGEST_TEXT = 500
"""The most characters of a text whose dates become templates. The rest of a longer text may depend on the date."""

IANA = deferred(
    r"(?<![\w/])(?:Africa|America|Antarctica|Asia|Atlantic|Australia|Europe|Indian|Pacific)(?:/[A-Z][\w+-]+){1,2}(?![\w/])"
)
JUST_NOW = timedelta(minutes=15)
"""A time of day this close to the recording's start is taken as the moment of the call."""

BEGINS = {"start", "starts", "from", "since", "begin", "begins", "beginning", "after", "min", "gte", "gt", "earliest"}
ENDS = {"end", "ends", "to", "until", "till", "before", "max", "lte", "lt", "latest", "through", "stop", "upto"}
SECONDS = deferred(r"[12]\d{9}")
SOME_NOWS = tuple(
    datetime.fromisoformat(f"{text}+00:00")
    for text in (
        *("2024-02-29T23:59:59", "2026-01-01T00:00:00", "2026-03-29T01:30:00", "2027-05-31T12:00:00"),
        *("2028-12-31T22:45:00", "2026-10-25T00:30:00", "2025-08-03T04:00:00", "2029-06-18T18:00:00"),
    )
)
"""Times at which each template is checked: ends of months and years, a leap day, changes of daylight saving time and a
Sunday."""


@dataclass(frozen=True)
class Dated:
    """The decision about a text with dates.

    :param template: the Jinja template; ``None`` if the text stays frozen.
    :param line: the reason for the template, or the question for the reviewer.
    :param is_said: whether the user's words refer to the date.
    :param code: the code in ``review_codes.PLACES`` if the text stays frozen.
    """

    template: str | None
    line: str
    is_said: bool = True
    code: str = "date_unclear"


@dataclass(frozen=True)
class EarlierText:
    """What was said before a call.

    :param words: the user's words up to the call.
    :param meanings: the days that these words may mean.
    :param elsewhere: another source of the value, as a phrase; it competes with the meanings.
    """

    words: str
    meanings: Sequence[Meaning]
    elsewhere: str | None = None


def clock_of(run: Run) -> Clock | None:
    """Return when the run started and the time zone of its days; ``None`` if the trace does not determine them.

    The zone is the only IANA name in the instructions or the user's words, else the offset of the start time, else UTC.
    With several names the zone is undetermined.
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


def dated(text: str, name: str, earlier: EarlierText, clock: Clock | None) -> Dated | None:
    """Return the decision about a text in an argument; ``None`` if it has no date, or none that needs a decision.

    :param text: the recorded text.
    :param name: the text's name in the argument.
    :param earlier: what was said before the call.
    :param clock: the recording's clock; without one, no date becomes a template.
    """
    if len(text) > LONGEST_TEXT or any(mark in text for mark in ("{{", "{%", "{#")):
        return None
    if SECONDS.fullmatch(text):
        return _seconds(text, name, earlier, clock)
    found = tokens(text)
    if not found:
        return None
    if clock is None:
        words = _words(earlier.meanings)
        return Dated(None, f"{text}, and the user said {words}", code="date_without_clock") if words else None
    utc = any(token.offset == "utc" for token in found)
    if any(token.offset != found[0].offset or token.offset == "other" for token in found):
        return None
    today = clock.today(utc=utc)
    fits = [_fits(token, name if len(found) == 1 else "", earlier, clock, today) for token in found]
    if all(len(fit) == 1 for fit in fits) and not any(_others(token, earlier, today) for token in found):
        return _template(text, found, [fit[0] for fit in fits], clock, utc=utc)
    return _question(text, found, fits, earlier, today)


def unexplained(text: str, words: str) -> bool:
    """Return whether a text contains a date, or something like one, that the user did not spell out."""
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
    zone = f"days in {_zone(clock)}" if clock.zone and not utc else ""
    lines = [f'{token.text} was {_named(token, fit)} ("{fit.words}")' for token, fit in zip(found, fits, strict=True)]
    return Dated(template, "; ".join([*dict.fromkeys(lines), *filter(None, [zone])]))


def _seconds(text: str, name: str, earlier: EarlierText, clock: Clock | None) -> Dated | None:
    if clock is None or earlier.elsewhere:
        return None
    roles = _roles(name)
    meanings = [meaning for meaning in earlier.meanings if meaning.role in roles]
    fits = _unique([meaning for meaning in meanings if _seconds_of(meaning.day, clock) == text])
    if len(fits) != 1 or spelled(fits[0].day.on(clock.today()), "day", earlier.words):
        names = " or ".join(meaning.day.name for meaning in fits)
        return Dated(None, f"{text}: the start of {names} when it was recorded, or that exact time?") if fits else None
    template = seconds_template(fits[0].day, clock)

    def expected(now: datetime) -> str:
        there = Clock(now, clock.zone)
        return seconds(fits[0].day.on(there.today()), there)

    if not _is_proven(template, clock, expected):
        return None
    return Dated(template, f'{text} was the start of {fits[0].day.name} ("{fits[0].words}") in {_zone(clock)}')


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


def _fits(token: Token, name: str, earlier: EarlierText, clock: Clock, today: date) -> list[Meaning]:
    """Return the meanings of the user's words that give the recorded value, each day once."""
    if token.day == today and _is_just_now(token, clock):
        return []
    meanings = [meaning for meaning in earlier.meanings if meaning.role in _roles(name)]
    return _unique([meaning for meaning in meanings if _equals(token, meaning, today)])


def _equals(token: Token, meaning: Meaning, today: date) -> bool:
    form: Form = token.form
    if form.unit != "day" and (meaning.day.unit != form.unit or meaning.role == "after"):
        return False
    if form.unit == "month" and ("day", 1) not in meaning.day.shift:
        return False  # count each month once: the day a month ago is in the same month as that month's first day
    day = _on(meaning.day, today)
    return day is not None and form.written(day) == token.text


def _on(day: Day, today: date) -> date | None:
    try:
        return day.on(today)
    except (ArithmeticError, ValueError):
        return None


def _question(
    text: str, found: Sequence[Token], fits: Sequence[Sequence[Meaning]], earlier: EarlierText, today: date
) -> Dated | None:
    relative = [meaning for fit in fits for meaning in fit]
    is_said = bool(relative)
    others = next(filter(None, (_others(token, earlier, today) for token in found)), None)
    if not relative:
        if others or len(found) > 1 or found[0].text != text or earlier.elsewhere:
            return _yearless(text, found, earlier)
        fits = [[meaning for meaning in common() if _equals(found[0], meaning, today)]]
        relative = list(fits[0])
    if not relative:
        return None
    if len(found) > 1 and not others and all(len(fit) <= 1 for fit in fits):
        token = next(token for token, fit in zip(found, fits, strict=True) if not fit)
        return Dated(None, f"{token.text}, which none of the user's words explain, beside {relative[0].day.name}")
    names = list(dict.fromkeys(_named(token, one) for token, fit in zip(found, fits, strict=True) for one in fit))
    fixed = others or "exactly that " + ("day" if found[0].form.unit == "day" else found[0].form.unit)
    what = found[0].text if len(found) == 1 else text
    return Dated(None, f"{what}: {', '.join(names)} when it was recorded, or {fixed}?", is_said)


def _named(token: Token, meaning: Meaning) -> str:
    name = meaning.day.name
    return name if token.form.unit == "day" else name.removeprefix("the first day of ")


def _yearless(text: str, found: Sequence[Token], earlier: EarlierText) -> Dated | None:
    """Return the question about a month or day that the user gave without a year; ``None`` if there is none."""
    for token in found:
        words = spelled(token.day, token.form.unit, earlier.words)
        if words and not re.search(r"\d{4}", words) and str(token.day.year) not in earlier.words:
            line = f'{text}, given by the user as "{words}": exactly that one, or always the latest one?'
            return Dated(None, line, code="date_without_year")
    return None


def _others(token: Token, earlier: EarlierText, today: date) -> str | None:
    """Return another source of the value, as a phrase: the user who spelled it out, or ``elsewhere``."""
    words = spelled(token.day, token.form.unit, earlier.words)
    if words:
        return f'what the user called "{words}"'
    return earlier.elsewhere


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
    for meaning in found:
        by_day.setdefault(meaning.day, meaning)
    return list(by_day.values())


def _words(found: Sequence[Meaning]) -> str:
    return ", ".join(f'"{words}"' for words in dict.fromkeys(meaning.words for meaning in found))


def _zone(clock: Clock) -> str:
    return f"the recorded offset, {clock.now:%z}" if isinstance(clock.zone, int) else clock.zone or "UTC"


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True

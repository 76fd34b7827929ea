"""Which values differ from one run to the next without anything being different: times, ids, durations.

Each rule has a reason that the report states. A rule looks at the key and at both values, never at one of them alone.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import Any

Key = str | int

CLOCKS = timedelta(minutes=10)
"""By how much the clocks of two machines may differ."""

_ISO = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?\s?(Z|[+-]\d\d(:?\d\d)?)?")
_MAIL = re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{1,2} \w{3} \d{4} \d\d:\d\d:\d\d .{1,5}")
_TIME_NAME = re.compile(
    r"(.*_)?(timestamp|ts)|at|time|now|(server|current|request|response)_(time|date)|as_of|date|expires(_(at|on|in))?|"
    r"(last_)?(modified|updated|changed|checked|seen|fetched|refreshed|generated|created|started|finished|ended|completed|"
    r"retrieved)(_(at|on|date|time))?"
)
_DURATION_NAME = re.compile(
    r"(.*_)?(duration|elapsed|took|latency|runtime|time_taken|(response|execution|processing|query|wall|run)_time)"
    r"(_(ms|s|us|ns|sec|secs|seconds|millis|milliseconds|minutes))?"
)
_RUN_ID_NAME = re.compile(
    r"(.*_)?(request|trace|span|correlation|run|job|session|execution|query|load|message|response|invocation|operation|"
    r"batch)_ids?|etag|nonce|cursor|next_page_token"
)
_ID_NAME = re.compile(r"(.*_)?(id|ids|uuid|guid)")
_FORMS = {
    "UUID": re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE),
    "hexadecimal": re.compile(r"(?=[a-f]*[0-9])(?=[0-9]*[a-f])[0-9a-f]{16,128}", re.IGNORECASE),
    "ULID": re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}"),
    "random": re.compile(r"([a-z]{1,12}[_-])?(?=[^0-9]*[0-9])(?=[^a-z]*[a-z])(?=[^A-Z]*[A-Z])[0-9a-zA-Z]{16,128}"),
}
"""Identifiers that a machine made, by form; a number that counts up, or a name with a year in it, is none."""

_EPOCH_SECONDS = (946_684_800, 4_102_444_800)  # the years 2000 to 2100


@dataclass(frozen=True)
class Rule:
    """Why a difference does not count: the rule's name, and the reason in words."""

    name: str
    reason: str


@dataclass(frozen=True)
class Moment:
    """When the replay took place: a time in between is a time of the run, whatever its key."""

    started: datetime
    ended: datetime

    def holds(self, time: datetime) -> bool:
        """Return whether a time is one of the replay."""
        return self.started - CLOCKS <= time <= self.ended + CLOCKS


def rule(key: Key | None, recorded: Any, today: Any, moment: Moment | None = None) -> Rule | None:
    """Return why the difference of two values does not count; ``None``: it does.

    :param key: the nearest key above the values; ``None``: there is none.
    :param recorded: the recorded value, no list and no object. :param today: the value now.
    :param moment: when the replay took place, if that is known.
    """
    name = _words(key)
    return next((found for test in _TESTS if (found := test(name, recorded, today, moment))), None)


def sort_of(key: Key | None, value: Any) -> str | None:
    """Return what sort of volatile value this may be, seen alone; ``None``: none. For finding the same row again."""
    name = _words(key)
    if time(value, name):
        return "time"
    if _DURATION_NAME.fullmatch(name) and _number(value) is not None:
        return "duration"
    return "id" if _RUN_ID_NAME.fullmatch(name) or (_ID_NAME.fullmatch(name) and _form(value)) else None


def same_instant(recorded: Any, today: Any) -> bool:
    """Return whether two texts name one instant: ``2026-01-01T00:00:00Z`` and ``2026-01-01T01:00:00+01:00``."""
    one, other = (time(value, "") if isinstance(value, str) else None for value in (recorded, today))
    return one is not None and one == other and _is_zoned(recorded) == _is_zoned(today)


def time(value: Any, name: str) -> datetime | None:
    """Return the time that a text names, or a number of seconds or milliseconds under the name of a time.

    A time without a zone counts as UTC.
    """
    if isinstance(value, str) and len(value) <= 40:
        return _parsed(value)
    number = _number(value) if not isinstance(value, str) and _TIME_NAME.fullmatch(name) else None
    for scale in (1, 1000):
        if number is not None and _EPOCH_SECONDS[0] <= number / scale <= _EPOCH_SECONDS[1]:
            return datetime.fromtimestamp(number / scale, timezone.utc)
    return None


def _parsed(text: str) -> datetime | None:
    try:
        if _MAIL.fullmatch(text):
            found = parsedate_to_datetime(text)
        elif _ISO.fullmatch(text):
            found = datetime.fromisoformat(_iso(text))
        else:
            return None
        return found.astimezone(timezone.utc) if found.tzinfo else found.replace(tzinfo=timezone.utc)
    except (ValueError, OverflowError):  # of the form of a time, and none
        return None


def _iso(text: str) -> str:
    """Return a time as Python 3.10 reads it: six digits of a second, and a zone with a colon."""
    text = re.sub(r"\s?Z$", "+00:00", text)
    text = re.sub(r"\.(\d+)", lambda found: "." + found[1][:6].ljust(6, "0"), text)
    return re.sub(r"(:\d\d(?:\.\d+)?)\s?([+-]\d\d)(?::?(\d\d))?$", lambda it: f"{it[1]}{it[2]}:{it[3] or '00'}", text)


def _is_zoned(text: str) -> bool:
    return bool(_MAIL.fullmatch(text) or re.search(r"(Z|[+-]\d\d(:?\d\d)?)$", text[10:]))


def _words(key: Key | None) -> str:
    """Return a key in lower case with underscores: ``createdAt`` is ``created_at``."""
    text = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", str(key if key is not None else "")[:80])
    return re.sub(r"[^0-9a-z]+", "_", text.lower()).strip("_")


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    if isinstance(value, str):
        found = re.fullmatch(r"\s*(\d{1,15}(?:\.\d{1,15})?)\s*(ms|s|us|µs|ns|sec|seconds|minutes)?\s*", value)
        return float(found[1]) if found else None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None


def _form(value: Any) -> str | None:
    """Return the form of an identifier that a machine made; ``None``: it is none."""
    if not isinstance(value, str):
        return None
    return next((name for name, form in _FORMS.items() if form.fullmatch(value)), None)


def _a_time(name: str, recorded: Any, today: Any, moment: Moment | None) -> Rule | None:
    before, now = time(recorded, name), time(today, name)
    if before is None or now is None:
        return None
    if moment and moment.holds(now):
        return Rule("time", "a time, and today's is the time of this replay")
    if _TIME_NAME.fullmatch(name):
        return Rule("time", f"a time, under the key {name}")
    return None


def _a_duration(name: str, recorded: Any, today: Any, moment: Moment | None) -> Rule | None:
    if _DURATION_NAME.fullmatch(name) and None not in (_number(recorded), _number(today)):
        return Rule("duration", f"a duration, under the key {name}")
    return None


def _an_id(name: str, recorded: Any, today: Any, moment: Moment | None) -> Rule | None:
    if isinstance(recorded, bool) or type(recorded) is not type(today) or not isinstance(recorded, (str, int)):
        return None
    if _RUN_ID_NAME.fullmatch(name):
        return Rule("id", f"an id that each run makes anew, under the key {name}")
    form = _form(recorded)
    if _ID_NAME.fullmatch(name) and form and form == _form(today) and len(str(recorded)) == len(str(today)):
        return Rule("id", f"an id that a machine made anew ({form})")
    return None


_TESTS: tuple[Callable[[str, Any, Any, Moment | None], Rule | None], ...] = (_a_time, _a_duration, _an_id)

"""Rules for volatile values: times, ids and durations that differ in every run although nothing changed.

A rule looks at the key and at both values, never at only one of them. The report shows the rule's reason.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from airflow_provider_vai.languages.machine_values import has_zone, id_form, time_of_number, time_of_text

Key = str | int

CLOCKS = timedelta(minutes=10)
"""The tolerated difference between the clocks of two machines."""

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


@dataclass(frozen=True)
class Rule:
    """The rule by which a difference does not count: its name, and the reason in words."""

    name: str
    reason: str


@dataclass(frozen=True)
class Moment:
    """The start and end of a replay. A time between them is a time of the replay, whatever its key."""

    started: datetime
    ended: datetime

    def holds(self, time: datetime) -> bool:
        """Return whether a time is within the replay, give or take :data:`CLOCKS`."""
        return self.started - CLOCKS <= time <= self.ended + CLOCKS


def rule(key: Key | None, recorded: Any, today: Any, moment: Moment | None = None) -> Rule | None:
    """Return the rule by which the difference between two values does not count; ``None``: it counts.

    :param key: The nearest key above the values; ``None``: there is none.
    :param recorded: The recorded value; not a list or an object.
    :param today: The value in today's result.
    :param moment: When the replay ran; ``None``: not known.
    """
    name = _words(key)
    return next((found for test in _TESTS if (found := test(name, recorded, today, moment))), None)


def sort_of(key: Key | None, value: Any) -> str | None:
    """Return the sort of volatile value that this may be, judged alone; ``None``: none. Used to match list elements."""
    name = _words(key)
    if time(value, name):
        return "time"
    if _DURATION_NAME.fullmatch(name) and _number(value) is not None:
        return "duration"
    return "id" if _RUN_ID_NAME.fullmatch(name) or (_ID_NAME.fullmatch(name) and id_form(value)) else None


def same_instant(recorded: Any, today: Any) -> bool:
    """Return whether two texts are the same time, such as ``2026-01-01T00:00Z`` and ``2026-01-01T01:00+01:00``."""
    one, other = (time(value, "") if isinstance(value, str) else None for value in (recorded, today))
    return one is not None and one == other and has_zone(recorded) == has_zone(today)


def time(value: Any, name: str) -> datetime | None:
    """Return the time that a value stands for; ``None``: it is not a time. A time without a zone is taken as UTC.

    :param value: A text; or a number of seconds or milliseconds, which counts only if ``name`` is the name of a time.
    :param name: The key of the value, in lower case with underscores; may be empty.
    """
    if isinstance(value, str):
        return time_of_text(value)
    number = _number(value) if _TIME_NAME.fullmatch(name) else None
    return None if number is None else time_of_number(number)


def _words(key: Key | None) -> str:
    """Return a key in lower case with underscores, such as ``created_at`` for ``createdAt``."""
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


def _a_time(name: str, recorded: Any, today: Any, moment: Moment | None) -> Rule | None:
    before, now = time(recorded, name), time(today, name)
    if before is None or now is None:
        return None
    if moment and moment.holds(now):
        return Rule("time", "a time, and today's is within this replay")
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
        return Rule("id", f"an id that is new in each run, under the key {name}")
    form = id_form(recorded)
    if _ID_NAME.fullmatch(name) and form and form == id_form(today) and len(str(recorded)) == len(str(today)):
        return Rule("id", f"a generated id ({form})")
    return None


_TESTS: tuple[Callable[[str, Any, Any, Moment | None], Rule | None], ...] = (_a_time, _a_duration, _an_id)

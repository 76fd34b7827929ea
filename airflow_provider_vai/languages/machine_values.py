"""Values that a machine makes: times of a clock, and generated ids, known by their form alone.

They differ from one run to the next without anything being different. Whether a difference counts is up to the caller,
who also knows the key and the other value.
"""

from __future__ import annotations

import re
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any

_ISO = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?\s?(Z|UTC|[+-]\d\d(:?\d\d)?)?")
_MAIL = re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{1,2} \w{3} \d{4} \d\d:\d\d:\d\d .{1,5}")
_ZONED = re.compile(r"(Z|UTC|[+-]\d\d(:?\d\d)?)$")
_LONGEST_TIME = 40
_ID_FORMS = {
    "hexadecimal": re.compile(r"(?=[a-f]*[0-9])(?=[0-9]*[a-f])[0-9a-f]{16,128}", re.IGNORECASE),
    "UUID": re.compile(r"[0-9a-f]{8}(-?)[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{12}", re.IGNORECASE),
    "ULID": re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}"),
    "random": re.compile(r"([a-z]{1,12}[_-])?(?=[^0-9]*[0-9])(?=[^a-z]*[a-z])(?=[^A-Z]*[A-Z])[0-9a-zA-Z]{16,128}"),
}
_LETTERS_AND_DIGITS = re.compile(r"([A-Za-z]{1,12}[_-])?(?=[A-Za-z]*\d)(?=\d*[A-Za-z])[A-Za-z0-9]{16,64}")
_EPOCH_SECONDS = (1_000_000_000, 4_102_444_800)  # ten digits: from 2001 to 2100


def time_of_text(text: str) -> datetime | None:
    """Return the time that a whole text names, in UTC; ``None`` if it names none.

    :param text: ISO 8601 with a time of day, or as in a mail's or HTTP's header. Without a zone it counts as UTC.
    """
    if len(text) > _LONGEST_TIME:
        return None
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


def has_zone(text: str) -> bool:
    """Return whether a time as text says its zone."""
    return bool(_MAIL.fullmatch(text) or _ZONED.search(text[10:]))


def time_of_number(number: float) -> datetime | None:
    """Return the time that a number may be, as seconds or milliseconds since 1970; ``None`` if it is far from today."""
    for scale in (1, 1000):
        if _EPOCH_SECONDS[0] * scale <= number <= _EPOCH_SECONDS[1] * scale:
            return datetime.fromtimestamp(number / scale, timezone.utc)
    return None


def id_form(value: Any) -> str | None:
    """Return the form of an id that a machine surely made: ``UUID``, ``hexadecimal``, ``ULID`` or ``random``.

    A number that counts up, or a name with a year in it, has no such form: ``None``.
    """
    if not isinstance(value, str):
        return None
    return next((name for name, form in _ID_FORMS.items() if form.fullmatch(value)), None)


def may_be_generated(value: Any) -> bool:
    """Return whether a text may be an id that a machine made: also letters of one case and digits, mixed.

    Wider than :func:`id_form`, for a caller who sees that the value differs in every run. ``report2026january`` is one.
    """
    return isinstance(value, str) and bool(id_form(value) or _LETTERS_AND_DIGITS.fullmatch(value))


def _iso(text: str) -> str:
    """Return a time as Python 3.10 reads it: six digits of a second, and a zone with a colon."""
    text = re.sub(r"\s?(Z|UTC)$", "+00:00", text)
    text = re.sub(r"\.(\d+)", lambda found: "." + found[1][:6].ljust(6, "0"), text)
    return re.sub(
        r"(:\d\d(?:\.\d+)?)\s?([+-]\d\d)(?::?(\d\d))?$", lambda found: f"{found[1]}{found[2]}:{found[3] or '00'}", text
    )

"""Recognises machine-made values by their form: timestamps and generated ids.

Such values differ from run to run even if nothing else does. Whether a difference counts is up to the caller, who also
knows the key and the other value.
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
_EPOCH_SECONDS = (1_000_000_000, 4_102_444_800)  # ten digits: from 2001 to 2099


def time_of_text(text: str) -> datetime | None:
    """Return the time that a text consists of, in UTC; ``None`` if the text is not a time.

    :param text: ISO 8601 with a time of day, or a time as in a mail or HTTP header. Without a time zone it is UTC.
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
    except (ValueError, OverflowError):  # looks like a time, but is not valid
        return None


def has_zone(text: str) -> bool:
    """Return whether a time in text form includes its time zone."""
    return bool(_MAIL.fullmatch(text) or _ZONED.search(text[10:]))


def time_of_number(number: float) -> datetime | None:
    """Return the time of a Unix timestamp in seconds or milliseconds, in UTC; ``None`` if not between 2001 and 2099."""
    for scale in (1, 1000):
        if _EPOCH_SECONDS[0] * scale <= number <= _EPOCH_SECONDS[1] * scale:
            return datetime.fromtimestamp(number / scale, timezone.utc)
    return None


def id_form(value: Any) -> str | None:
    """Return the form of a generated id: ``UUID``, ``hexadecimal``, ``ULID`` or ``random``; ``None`` for other values.

    Only certain forms count. A serial number, or a name with a year in it, has none.
    """
    if not isinstance(value, str):
        return None
    return next((name for name, form in _ID_FORMS.items() if form.fullmatch(value)), None)


def may_be_generated(value: Any) -> bool:
    """Return whether a value may be a generated id, which includes letters of one case mixed with digits.

    This is wider than :func:`id_form`, and accepts ``report2026january``. It is for callers that know that the value
    differs in every run.
    """
    return isinstance(value, str) and bool(id_form(value) or _LETTERS_AND_DIGITS.fullmatch(value))


def _iso(text: str) -> str:
    """Return a time in the form that Python 3.10 parses: six digits for the fraction, a colon in the zone."""
    text = re.sub(r"\s?(Z|UTC)$", "+00:00", text)
    text = re.sub(r"\.(\d+)", lambda found: "." + found[1][:6].ljust(6, "0"), text)
    return re.sub(
        r"(:\d\d(?:\.\d+)?)\s?([+-]\d\d)(?::?(\d\d))?$", lambda found: f"{found[1]}{found[2]}:{found[3] or '00'}", text
    )

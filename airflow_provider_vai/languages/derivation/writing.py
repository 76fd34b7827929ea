"""Write figures, dates and lists into texts, and find an address or the name of a file in a text."""

from __future__ import annotations

import datetime
import json
import re
from decimal import Decimal
from typing import Any, Literal

from airflow_provider_vai.exceptions import DerivationError
from airflow_provider_vai.languages.derivation.conditions import is_date, is_time
from airflow_provider_vai.languages.derivation.numbers import EXACT, Rounding, number, rounded_to
from airflow_provider_vai.languages.derivation.rows import checked_list, only
from airflow_provider_vai.languages.places import described
from airflow_provider_vai.languages.short_text import cut

Style = Literal["1,234.50", "1.234,50"]
Kind = Literal["url", "email", "iban", "phone", "date", "amount", "file"]

MOST_CHARACTERS = 200_000
SLOT = re.compile(r"\{\{|\}\}|\{([A-Za-z_]\w{0,200})\}|[{}]", re.ASCII)
FORM = re.compile(r"(\+?)(,?)(?:d|\.([0-9]{1,2})f)")
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
DIRECTIVE = re.compile(r"%(.?)", re.DOTALL)
FOUND: dict[str, re.Pattern[str]] = {
    "url": re.compile(r"https?://[^\s<>\"'`|\\^{}\[\]]{1,2000}"),
    "email": re.compile(r"(?<![\w.+-])[A-Za-z0-9_.+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}(?![\w-])"),
    "iban": re.compile(r"(?<!\w)[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?!\w)"),
    "phone": re.compile(r"(?<![\w+])\+[0-9](?:[ -]?[0-9]){6,14}(?!\w)"),
    "date": re.compile(r"(?<![\w-])[0-9]{4}-[0-9]{2}-[0-9]{2}(?![\w-])"),
    "amount": re.compile(r"(?<![\w.,])-?[0-9]{1,12}(?:,[0-9]{3}){0,4}\.[0-9]{2}(?![\w]|[.,][0-9])"),
    "file": re.compile(r"(?<![\w@./\\:+-])\w[\w.+-]{0,200}\.[A-Za-z][A-Za-z0-9]{0,9}(?!\.?\w)"),
}


def text(template: str, /, **slots: Any) -> str:
    """Return a text with its slots filled in.

    :param template: A text with slots in braces: ``Total {amount}``. Double braces stand for single ones.
    :param slots: By name: a text or a number.
    :raises DerivationError: a slot is missing or not used, or its value is neither a text nor a number.
    """
    _checked(template, "the template")
    used: set[str] = set()

    def filled(found: re.Match[str]) -> str:
        if found[0] in ("{{", "}}"):
            return found[0][0]
        name = found[1]
        if name is None or name not in slots:
            raise DerivationError(f"the text has no value for {found[0]!r}: write a single brace as two")
        used.add(name)
        return _written(slots[name], f"the slot {name!r}")

    made = SLOT.sub(filled, template)
    if unused := sorted(slots.keys() - used):
        raise DerivationError(f"the text does not use the slots {', '.join(unused)}")
    return made


def shown(value: Any, form: str = "d", style: Style = "1,234.50", how: Rounding = "half_even") -> str:
    """Return a number as text.

    :param form: Python's format for numbers: ``,.2f`` is 1,234.50; ``d`` an integer; a leading ``+`` shows the sign.
    :param style: How separators are written: ``1,234.50`` or ``1.234,50``.
    :param how: How the number is rounded, as for ``rounded``.
    :raises DerivationError: the value is not a number, or has decimals although the form is ``d``; or there is no such
        form.
    """
    found = FORM.fullmatch(form) if isinstance(form, str) else None
    if not found:
        raise DerivationError(f"there is no number format {cut(repr(form))}: use 'd', ',d', '.2f' or ',.2f'")
    exact = number(value, "the value")
    digits = int(found[3]) if found[3] is not None else 0
    made = rounded_to(exact, digits, how)
    if found[3] is None and made != exact:
        raise DerivationError("the value is not an integer: use a format with decimals, such as '.2f'")
    return _styled(format(made, f"{found[1]}{found[2]}.{digits}f"), style)


def percent(
    value: Any, digits: int = 0, *, space: bool = False, sign: bool = False, style: Style = "1,234.50",
    how: Rounding = "half_even",
) -> str:  # fmt: skip
    """Return a ratio as per cent: 0.294 is ``29%``.

    :param digits: The number of decimals.
    :param space: Whether there is a space before the sign ``%``.
    :param sign: Whether a positive number begins with ``+``.
    :raises DerivationError: the value is not a number.
    """
    made = rounded_to(EXACT.multiply(number(value, "the value"), Decimal(100)), digits, how)
    return _styled(format(made, f"{'+' if sign else ''}.{digits}f"), style) + (" %" if space else "%")


def month_of(date: str, form: str = "%B %Y") -> str:
    """Return an ISO date, or its month, as English text.

    :param form: ``%B`` is the month's name, ``%b`` its first three letters, ``%m`` its number, ``%d`` the day in two
        digits, ``%e`` without a leading zero, ``%Y`` the year.
    :raises DerivationError: it is not an ISO date, the form has another directive, or the date has no day.
    """
    if not (is_date(date) or is_time(date)):
        raise DerivationError(f"expected an ISO date: found {described(date)}")
    _checked(form, "the form")
    year, month, day = date[:4], date[5:7], date[8:10]
    known = {"Y": year, "m": month, "B": MONTHS[int(month) - 1], "b": MONTHS[int(month) - 1][:3], "d": day, "%": "%"}
    known["e"] = day.lstrip("0")

    def written(found: re.Match[str]) -> str:
        if found[1] not in known:
            raise DerivationError(f"there is no date directive {found[0]!r}: use %B, %b, %m, %d, %e and %Y")
        if found[1] in "de" and not day:
            raise DerivationError(f"the date {date} has no day")
        return known[found[1]]

    return DIRECTIVE.sub(written, form)


def days_after(date: str, days: int) -> str:
    """Return the ISO date this many days later, or earlier if ``days`` is negative; a time of day stays.

    :raises DerivationError: it is not an ISO date with a day.
    """
    if not (is_date(date) or is_time(date)) or len(date) < 10:
        raise DerivationError(f"expected an ISO date with a day: found {described(date)}")
    if isinstance(days, bool) or not isinstance(days, int):
        raise DerivationError(f"a number of days is an integer: found {described(days)}")
    try:
        moved = datetime.date.fromisoformat(date[:10]) + datetime.timedelta(days=days)
    except OverflowError:
        raise DerivationError(f"there is no date so many days after {date[:10]}") from None
    return moved.isoformat() + date[10:]


def joined(values: list[Any], separator: str = ", ") -> str:
    """Return texts and numbers as one text.

    :raises DerivationError: it is not a list, or an item is neither a text nor a number.
    """
    return _checked(separator, "the separator").join(
        _written(value, f"item {position + 1}") for position, value in enumerate(checked_list(values))
    )


def as_json(data: Any) -> str:
    """Return data as JSON text, for a model that reads it.

    :param data: Rows, or another part of a result.
    :raises DerivationError: the text has more than :data:`MOST_CHARACTERS` characters.
    """
    made = json.dumps(data, ensure_ascii=False)
    if len(made) > MOST_CHARACTERS:
        raise DerivationError(f"the data have more than {MOST_CHARACTERS:,} characters as JSON")
    return made


def found(text: str, kind: Kind, ending: str | None = None) -> str:
    """Return the one address, date, amount or file name in a text.

    :param kind: ``url``, ``email``, ``iban``, ``phone`` (international, with ``+``), ``date`` (ISO), ``amount`` (with
        two decimals) or ``file`` (a name without spaces and folders).
    :param ending: What the value ends with, such as ``.docx``, in upper or lower case: only such values count.
    :raises DerivationError: there is none, or there are several different ones.
    """
    if not isinstance(text, str) or len(text) > MOST_CHARACTERS:
        raise DerivationError(f"expected a text of at most {MOST_CHARACTERS:,} characters: found {described(text)}")
    if not isinstance(kind, str) or kind not in FOUND:
        raise DerivationError(f"{cut(repr(kind))} cannot be found in a text: use one of {', '.join(FOUND)}")
    wanted = "" if ending is None else _checked(ending, "the ending").lower()
    trailing = ".,;:!?)'\"" if kind == "url" else ""
    matches = dict.fromkeys(match[0].rstrip(trailing) for match in FOUND[kind].finditer(text))
    values = [value for value in matches if value.lower().endswith(wanted)]
    try:
        return str(only(values))
    except DerivationError:
        which = f"of the type {kind}" + (f" that end with {cut(wanted)!r}" if wanted else "")
        raise DerivationError(f"the text has {len(values) or 'no'} different values {which}") from None


def _checked(value: Any, what: str) -> str:
    if not isinstance(value, str):
        raise DerivationError(f"{what} is a text: found {described(value)}")
    return value


def _written(value: Any, what: str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise DerivationError(f"{what} is neither a text nor a number: found {described(value)}")
    return format(number(value, what), "f")


def _styled(written: str, style: Style) -> str:
    if style == "1,234.50":
        return written
    if style != "1.234,50":
        raise DerivationError(f"there is no number style {cut(repr(style))}: use '1,234.50' or '1.234,50'")
    return written.translate({ord(","): ".", ord("."): ","})

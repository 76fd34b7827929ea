"""Alter the data of an environment. The bench makes the changes itself, so it knows the old and new form of each value.

A value is altered only if it is in an argument of the recording, and only if neither the user nor the instructions said
it: what people said stays, with or without a leading ``#``. It is altered everywhere in the data, so that related data
stays consistent (the name of a hotel and the reviews that mention it). All values of a recording are altered at once.
Names and titles are also left alone if people said a word of them, or if a query of the recording is part of them,
because the query would then find nothing. Amounts are altered in their own fields only, whether people said them or
not: an argument that people said must stay, even if the same amount is in an altered record.
"""

from __future__ import annotations

import copy
import random
import re
import string
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from fnmatch import fnmatchcase
from typing import Any

from airflow_provider_vai.languages.places import value_at

SHAPES = {  # values that are recognized by their form, anywhere
    "email": re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
    "iban": re.compile(r"\b[A-Z]{2}\d{14,24}\b"),
    "host": re.compile(r"(?<![@\w.-])(?:www\.)?[a-z0-9-]{3,}(?:\.[a-z0-9-]+)*\.(?:com|org|net|info|io|edu)\b"),
    "date": re.compile(r"\b\d{4}-\d\d-\d\d\b"),
    "phone": re.compile(r"\+\d[\d -]{7,}\d"),
}
NAMES = {  # values that are recognized by their place
    "banking": ("bank_account.*.subject", "user_account.street", "user_account.city"),
    "slack": ("slack.users.*", "slack.channels.*"),
    "travel": (
        "*_list.*.name",
        "*_list.*.address",
        "user.address",
        "user.passport_number",
        "user.credit_card_number",
        "user.ID_number",
        "flights.*.flight_number",
        "calendar.initial_events.*.title",
        "calendar.initial_events.*.location",
    ),
    "workspace": (
        "inbox.initial_emails.*.subject",
        "calendar.initial_events.*.title",
        "calendar.initial_events.*.location",
        "cloud_drive.initial_files.*.filename",
    ),
}
AMOUNTS = ("amount", "balance")
IDS = {  # the argument that holds an id, and the place of the ids in the data
    "email_id": "inbox.initial_emails.*.id_",
    "event_id": "calendar.initial_events.*.id_",
    "file_id": "cloud_drive.initial_files.*.id_",
    "id": "bank_account.*.id",
}
SHIFTS = {"email_id": 300, "event_id": 500, "file_id": 700, "id": 900}
WEEKS = 209  # four years later, on the same day of the week
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
NEW_RECORDS = 6  # calls of a run may create records; their ids continue after the highest one

Path = tuple[str | int, ...]
Leaf = tuple[Path, Any]


@dataclass
class Table:
    """The altered values, each with its new value.

    :param texts: altered text to new text; ``kinds``: altered text to its kind.
    :param amounts: altered amount to new amount; the amounts that people said are in ``said``.
    :param ids: name of an argument that holds ids, to a map of old ids to new ones.
    """

    texts: dict[str, str] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    amounts: dict[float, float] = field(default_factory=dict)
    said: set[float] = field(default_factory=set)
    ids: dict[str, dict[str, str]] = field(default_factory=dict)

    def expected(self, path: Path, value: Any) -> Any:
        """Return the value that a leaf of an argument should have in the changed environment."""
        key = str(next((step for step in reversed(path) if isinstance(step, str)), ""))
        if key in IDS and str(value) in self.ids.get(key, {}):
            return type(value)(self.ids[key][str(value)])
        if isinstance(value, str):
            return self.changed(value)
        is_amount = isinstance(value, (int, float)) and not isinstance(value, bool) and key in AMOUNTS
        return self.amounts[value] if is_amount and value in self.amounts and value not in self.said else value

    def mapped(self, value: Any, path: Path = ()) -> Any:
        """Return an argument, or all of a call's arguments, as they should be in the changed environment."""
        if isinstance(value, dict):
            return {key: self.mapped(part, (*path, key)) for key, part in value.items()}
        if isinstance(value, list):
            return [self.mapped(part, (*path, index)) for index, part in enumerate(value)]
        return self.expected(path, value)

    def changed(self, text: str) -> str:
        """Return a text with every altered value replaced."""
        return _bounded(self.texts).sub(lambda found: self.texts[found[0]], text) if self.texts else text

    def changes(self, data: Any) -> list[Any]:
        """Return the changes to the environment's data in the server's form: values first, then keys."""
        values, keys = [], []
        for path, value in leaves(data):
            new = self._new(path, value)
            if new != value:
                values.append([list(path), new])
        for path in sorted(_key_paths(data), key=len, reverse=True):
            if self.changed(str(path[-1])) != path[-1]:
                keys.append([list(path), {"key": self.changed(str(path[-1]))}])
        return [*values, *keys]

    def _new(self, path: Path, value: Any) -> Any:
        for name, pattern in IDS.items():
            if _fits(path, pattern) and str(value) in self.ids.get(name, {}):
                return type(value)(self.ids[name][str(value)])
        if path[-2:-1] == ("attachments",) and str(value) in self.ids.get("file_id", {}):
            return self.ids["file_id"][str(value)]
        if isinstance(value, float) and path[-1] in AMOUNTS:
            return self.amounts.get(value, value)
        return self.changed(value) if isinstance(value, str) else value


def leaves(value: Any, path: Path = ()) -> Iterator[Leaf]:
    """Yield every leaf of a JSON value (neither list nor mapping), with its path."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield from leaves(part, (*path, key))
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from leaves(part, (*path, index))
    else:
        yield path, value


def holds(text: str, value: str) -> bool:
    """Return whether a text contains a value as a separate word."""
    return bool(_bounded([value]).search(text))


def table(suite: str, data: Any, arguments: Sequence[Leaf], said: str, seed: str) -> Table:
    """Return the alterations for one recording.

    :param data: the environment's data.
    :param arguments: the leaves of every argument of the recording.
    :param said: what the user and the instructions said.
    :param seed: the same seed gives the same new values.
    """
    made = Table()
    chance = random.Random(seed)
    everything = "\n".join(str(step) for path, value in leaves(data) for step in (*path, value))
    used = [str(value) for _, value in arguments]
    for kind, value in sorted(set(_candidates(suite, data))):
        if value in made.texts or not any(holds(text, value) for text in used):
            continue
        if not _said(kind, value, said) and not (kind == "name" and _is_searched(value, used)):
            taken = "\n".join([everything, *made.texts.values()])
            made.texts[value] = _new_text(kind, value, taken, chance)
            made.kinds[value] = kind
    for path, value in leaves(data):
        if path[-1] in AMOUNTS and isinstance(value, float) and value not in made.amounts:
            made.amounts[value] = round(value + chance.randrange(1, 4000) / 4 + 0.13, 2)
            if holds(said, f"{value:g}") or holds(said, f"{value:.2f}") or holds(said, str(value)):
                made.said.add(value)
    made.ids = {name: _new_ids(name, pattern, data, said) for name, pattern in IDS.items()}
    return made


def other_order(data: Any) -> list[Any]:
    """Return the changes that move the last record of every list to the front: the same records, in another order."""
    lists = [path for path in _paths(data) if _is_records(value_at(data, path), path)]
    return [[list(path), [value_at(data, path)[-1], *value_at(data, path)[:-1]]] for path in lists]


def _is_records(value: Any, path: Path) -> bool:
    if not isinstance(value, list) or len(value) < 2:
        return False
    return all(isinstance(entry, dict) for entry in value) or path in (("slack", "users"), ("slack", "channels"))


def _paths(value: Any, path: Path = ()) -> Iterator[Path]:
    """Yield the path of every list, inner ones first."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        yield from _paths(part, (*path, key))
    if isinstance(value, list):
        yield path


def value_table(results: Any, arguments: Sequence[Leaf], said: str, seed: str, *, names: bool = False) -> Table:
    """Return alterations for results without an environment: every longer text that an argument repeats.

    :param results: the recorded results.
    :param names: alter texts without a digit, ``_`` or ``@``, too: names and single words.
    """
    made = Table()
    chance = random.Random(seed)
    everything = "\n".join(str(step) for path, value in leaves(results) for step in (*path, value))
    for value in sorted({value for _, value in arguments if isinstance(value, str) and len(value) >= 4}):
        if holds(everything, value) and not _is_said(value, said) and (names or re.search(r"\d|_|@", value)):
            made.texts[value] = _new_text("phone", value, "\n".join([everything, *made.texts.values()]), chance)
            made.kinds[value] = "id"
    return made


def _is_said(value: str, said: str) -> bool:
    """Return whether people said a value. "Order W1234567" is the one that the shop calls ``#W1234567``."""
    return value.lower() in said.lower() or (value.startswith("#") and holds(said.lower(), value[1:].lower()))


def applied(data: Any, changes: Sequence[Any]) -> Any:
    """Return a copy of JSON data with the changes applied, as the server applies them."""
    copied = copy.deepcopy(data)
    for path, new in changes:
        place = value_at(copied, tuple(path[:-1]))
        if isinstance(new, dict):
            items = [(new["key"] if key == path[-1] else key, value) for key, value in place.items()]
            place.clear()
            place.update(items)
        else:
            place[path[-1]] = new
    return copied


def _candidates(suite: str, data: Any) -> Iterator[tuple[str, str]]:
    texts = [str(path[-1]) for path in _key_paths(data)]
    for path, value in leaves(data):
        if not isinstance(value, str):
            continue
        texts.append(value)
        if len(value) >= 4 and any(_fits(path, pattern) for pattern in NAMES[suite]):
            yield "name", value
    for text in texts:
        for kind, shape in SHAPES.items():
            yield from ((kind, found[0]) for found in shape.finditer(text))


def _said(kind: str, value: str, said: str) -> bool:
    lower = said.lower()
    if kind == "date":
        day = date.fromisoformat(value)
        spelled = re.search(rf"\b{MONTHS[day.month - 1]}", lower) and holds(_without_endings(lower), str(day.day))
        return value in said or bool(spelled)
    if kind == "name":
        return any(holds(lower, word) for word in re.findall(r"[^\W_]{3,}", value.lower())) or value.lower() in lower
    return value.lower() in lower


def _without_endings(text: str) -> str:
    return re.sub(r"\b0?(\d{1,2})(?:st|nd|rd|th)\b", r"\1", text)


def _is_searched(value: str, used: Sequence[str]) -> bool:
    """Return whether an argument is part of the value: a query that would no longer find it."""
    return any(text != value and len(text) >= 3 and text.lower() in value.lower() for text in used)


def _new_text(kind: str, value: str, taken: str, chance: random.Random) -> str:
    while True:
        new = _MAKERS[kind](value, chance)
        if new not in taken:
            return new


def changed_letters(text: str, chance: random.Random) -> str:
    """Return a text of the same form: letters become letters of their case, vowels stay vowels, digits stay digits."""
    pools = [("aeiou", "aeiou"), ("AEIOU", "AEIOU"), (string.digits, "123456789")]
    pools += [(string.ascii_lowercase, "bdfghklmnprstvz"), (string.ascii_uppercase, "BDFGHKLMNPRSTVZ")]
    return "".join(next((chance.choice(new) for old, new in pools if letter in old), letter) for letter in text)


def _new_date(value: str, chance: random.Random) -> str:
    return (date.fromisoformat(value) + timedelta(weeks=WEEKS)).isoformat()


def _new_host(value: str, chance: random.Random) -> str:
    start, rest = (value[:4], value[4:]) if value.startswith("www.") else ("", value)
    name, ending = rest.rsplit(".", 1)
    return f"{start}{changed_letters(name, chance)}.{ending}"


def _new_email(value: str, chance: random.Random) -> str:
    local, domain = value.split("@")  # the local part stays: a contact's name is made from it, and people say that
    return f"{local}@{_new_host(domain, chance)}"


def _new_name(value: str, chance: random.Random) -> str:
    stem, dot, ending = value.rpartition(".")
    is_file = dot and ending.isalnum() and len(ending) <= 4
    return f"{changed_letters(stem, chance)}.{ending}" if is_file else changed_letters(value, chance)


_MAKERS: dict[str, Callable[[str, random.Random], str]] = {
    "date": _new_date,
    "email": _new_email,
    "host": _new_host,
    "iban": lambda value, chance: value[:2] + changed_letters(value[2:], chance),
    "name": _new_name,
    "phone": changed_letters,
}


def _new_ids(name: str, pattern: str, data: Any, said: str) -> dict[str, str]:
    """Return the new id for each old one; ids of records that the run itself creates continue after the highest one."""
    old = sorted({int(value) for path, value in leaves(data) if _fits(path, pattern)})
    if not old:
        return {}
    shifted = {number: number + SHIFTS[name] * (not holds(said, str(number))) for number in old}
    first = max(shifted.values()) + 1
    shifted |= {old[-1] + 1 + more: first + more for more in range(NEW_RECORDS)}
    return {str(number): str(new) for number, new in shifted.items() if number != new}


def _fits(path: Path, pattern: str) -> bool:
    return fnmatchcase(".".join(map(str, path)), pattern)


def _key_paths(value: Any, path: Path = ()) -> Iterator[Path]:
    if isinstance(value, dict):
        for key, part in value.items():
            yield (*path, key)
            yield from _key_paths(part, (*path, key))
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _key_paths(part, (*path, index))


def _bounded(values: Any) -> re.Pattern[str]:
    longest_first = sorted(values, key=len, reverse=True)
    return re.compile(r"(?<![^\W_])(?:" + "|".join(map(re.escape, longest_first)) + r")(?![^\W_])")

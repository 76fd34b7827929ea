"""Finds credentials in JSON data: under a key, beside a name, in a text, or in a key itself."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from airflow_provider_vai.secrets.find import find
from airflow_provider_vai.secrets.headers import may_carry_credentials
from airflow_provider_vai.secrets.in_documents import is_kept_below
from airflow_provider_vai.secrets.in_objects import (
    COOKIES,
    has_plain_keys,
    in_words,
    is_in_column,
    is_manifest,
    kinds_of_list,
    kinds_of_object,
    may_be_a_credential,
    rows_of_object,
    spans_in_key,
)
from airflow_provider_vai.secrets.key_names import Family, family, names_an_identifier, spelled
from airflow_provider_vai.secrets.plausible import is_pin, is_stand_in
from airflow_provider_vai.secrets.randomness import is_random
from airflow_provider_vai.secrets.span import SecretSpan

Path = list[str | int]

_PARSED_CHARACTERS = 200_000


@dataclass(frozen=True)
class Sighting:
    """A credential in JSON data.

    ``at`` is the path of the value, or of the key if the credential is in a key. ``kind`` is one of:

    - ``whole``: the value is only the credential;
    - ``inside``: the credential is part of a longer text;
    - ``key``: it is in a key of an object;
    - ``number``: the value is a number under a key that names a credential.

    ``shown`` is the text with ``***`` in place of each credential, and ``secrets`` are the credentials themselves.
    """

    at: Path
    kind: Literal["whole", "inside", "key", "number"]
    shown: str
    secrets: tuple[SecretSpan, ...]


Answer = Callable[[Sighting], Any]


def visit(value: Any, at: Path, answer: Answer, *, transparent: Collection[str] = ()) -> Any:
    """Return a copy of JSON data with each credential replaced.

    :param value: JSON data.
    :param at: The path of the value: keys and list positions, the last key being the value's own name.
    :param answer: Called with each sighting; returns the replacement (a string if the credential is in a key).
    :param transparent: Keys that do not name the values below them. With ``value`` among them,
        ``{"account_id": {"value": "…"}}`` is treated like ``{"account_id": "…"}``.
    """
    name = next((part for part in reversed(at) if isinstance(part, str)), "")
    return _Visit(answer, transparent).value(value, at, family(name), name)


def secret_keys(value: Any) -> set[str]:
    """Return the keys in JSON data that are credentials or contain one. A path through such a key must not be shown."""
    if not any(find(key) or may_be_a_credential(key) for key in set(_keys(value))):
        return set()
    return set(_secret_keys(value, []))


def _keys(value: Any) -> Iterator[str]:
    """Yield every key in JSON data, without recursion."""
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            yield from part
            waiting += [inside for inside in part.values() if isinstance(inside, (dict, list))]
        elif isinstance(part, list):
            waiting += [inside for inside in part if isinstance(inside, (dict, list))]


def _secret_keys(value: Any, at: Path) -> Iterator[str]:
    if isinstance(value, dict):
        yield from (key for key in value if spans_in_key(key, at))
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        yield from _secret_keys(part, [*at, key])


def starred(text: str, spans: list[SecretSpan]) -> str:
    """Return the text with ``***`` in place of each span."""
    shown, end = [], 0
    for span in spans:
        shown += [text[end : span.start], "***"]
        end = span.end
    return "".join([*shown, text[end:]])


@dataclass(frozen=True)
class _Visit:
    answer: Answer
    transparent: Collection[str]

    def value(self, value: Any, at: Path, kind: Family | None, name: str) -> Any:
        """Return the value with each credential replaced.

        ``kind`` is the kind of credential that the keys above name, or ``None``; ``name`` is the nearest key above.
        """
        if isinstance(value, str):
            return self._text(value, at, kind, name) if value.strip() else value
        if isinstance(value, dict):
            if has_plain_keys(tuple(value), at) and not any(map(find, value)):
                return self._plain_object(value, at, name)
            return self._object(value, at, kind, name)
        if isinstance(value, list):
            return self._list(value, at, kind, name)
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if is_number and kind in ("password", "pin") and len(str(value)) >= 3:
            return self.answer(Sighting(at, "number", "***", (SecretSpan(0, 0, str(value), True),)))
        return value

    def _object(self, value: dict[str, Any], at: Path, kind: Family | None, name: str) -> dict[str, Any]:
        beside, rows = kinds_of_object(value, at, kind), rows_of_object(value)
        kept: dict[str, Any] = {}
        for key, part in value.items():
            place = [*at, key]
            shown = key
            if spans := spans_in_key(key, at):
                shown = self.answer(Sighting(place, "key", starred(key, spans), tuple(spans)))
            below = family(key)
            if below is None and key in beside:
                below = beside[key]
            elif below is None and at and COOKIES.search(spelled(str(at[-1]))):
                below = "token" if isinstance(part, str) and len(part) >= 8 else None
            if key in rows:
                kept[shown] = self._rows(part, place, rows[key], key)
            elif is_manifest(value) and key in ("data", "stringData") and isinstance(part, dict):
                kept[shown] = self._secret_data(part, place)
            elif key in self.transparent:
                kept[shown] = self.value(part, at, below, name)
            else:
                kept[shown] = self.value(part, place, below, key)
        return kept

    def _plain_object(self, value: dict[str, Any], at: Path, name: str) -> dict[str, Any]:
        kept: dict[str, Any] = {}
        for key, part in value.items():
            if type(part) not in (str, list, dict):
                kept[key] = part
            elif key in self.transparent:
                kept[key] = self.value(part, at, None, name)
            else:
                kept[key] = self.value(part, [*at, key], None, key)
        return kept

    def _list(self, value: list[Any], at: Path, kind: Family | None, name: str) -> list[Any]:
        pair = len(value) == 2 and all(isinstance(part, str) for part in value) and may_carry_credentials(value[0])
        kinds: list[Family | None] = [None, "token"] if pair else [kind] * len(value)
        after = {**_after_options(value), **kinds_of_list(value, at, name)}
        parts = in_words(value) if all(isinstance(part, str) for part in value) else {}
        kept = []
        for number, part in enumerate(value):  # no comprehension: it would add a stack frame, and data may be deep
            if number in parts and not after.get(number):
                kept.append(self._word(part, [*at, number], parts[number]))
            else:
                kept.append(self.value(part, [*at, number], kinds[number] or after.get(number), name))
        return kept

    def _word(self, text: str, at: Path, span: SecretSpan) -> Any:
        if span.secret == text:
            return self._whole(text, at, span.is_password)
        return self.answer(Sighting(at, "inside", starred(text, [span]), (span,)))

    def _rows(self, rows: list[Any], at: Path, kinds: list[Family | None], name: str) -> list[Any]:
        if any(isinstance(part, list) for part in rows):
            return [
                self._rows(part, [*at, number], kinds, name)
                if isinstance(part, list)
                else self.value(part, [*at, number], None, name)
                for number, part in enumerate(rows)
            ]
        same = len(rows) == len(kinds)
        return [
            self.value(part, [*at, number], kinds[number] if same and is_in_column(part, kinds[number]) else None, name)
            for number, part in enumerate(rows)
        ]

    def _secret_data(self, data: dict[str, Any], at: Path) -> dict[str, Any]:
        kept = {}
        for key, part in data.items():
            is_kept = isinstance(part, str) and is_kept_below(key, part, is_sure=True)
            kept.update(
                self._object({key: part}, at, None, "") if not is_kept else {key: self._whole(part, [*at, key])}
            )
        return kept

    def _text(self, text: str, at: Path, kind: Family | None, name: str) -> Any:
        if kind in ("password", "token") or (kind == "pin" and is_pin(text)):
            return self._whole(text, at, is_password=kind != "token")
        spans = find(text)
        if not spans and is_random(text) and not names_an_identifier(name):
            return self._whole(text, at)
        if not spans:
            spans = _in_json(text)
        if not spans:
            return text
        covered = "".join(text[span.start : span.end] for span in spans)
        if len(spans) == 1 and re.fullmatch(
            r"(?i)(?:bearer|basic|token|apikey)?", text.replace(covered, "", 1).strip()
        ):
            return self._whole(text, at, spans[0].is_password)
        return self.answer(Sighting(at, "inside", starred(text, spans), tuple(spans)))

    def _whole(self, text: str, at: Path, is_password: bool = False) -> Any:
        bare = re.sub(r"(?i)^(?:bearer|basic|token|apikey) +", "", text.strip())
        return self.answer(Sighting(at, "whole", "***", (SecretSpan(0, len(text), bare, is_password),)))


def _after_options(value: list[Any]) -> dict[int, Family]:
    """Return the positions of arguments that follow an option like ``--password``, with the kind of credential."""
    found: dict[int, Family] = {}
    for number, part in enumerate(value[:-1]):
        if isinstance(part, str) and part.startswith("--") and (kind := family(part)):
            found[number + 1] = kind
    return found


def _in_json(text: str) -> list[SecretSpan]:
    """Return the whole text as one span if it is JSON that contains a credential; else an empty list."""
    if not text.lstrip().startswith(("{", "[")) or len(text) > _PARSED_CHARACTERS:
        return []
    try:
        secrets = _secrets(json.loads(text))
    except (ValueError, RecursionError):
        return []
    real = [secret for secret in secrets if not is_stand_in(secret.secret)]
    return [SecretSpan(0, len(text), secret.secret, secret.is_password) for secret in real[:1]]


def _secrets(value: Any) -> list[SecretSpan]:
    seen: list[SecretSpan] = []

    def note(sighting: Sighting) -> Any:
        seen.extend(sighting.secrets)
        return sighting.shown

    visit(value, [], note)
    return seen

"""Finds encoded credentials: in base64, base64url, hex, percent-encoding, or several of these nested."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import unquote, unquote_plus

from airflow_provider_vai.secrets.distinct_words import long_words
from airflow_provider_vai.secrets.patterns import deferred
from airflow_provider_vai.secrets.randomness import from_base64, is_printable
from airflow_provider_vai.secrets.span import SecretSpan

SHORTEST_ENCODED = 12
"""Characters of the shortest text that is decoded, except for percent-encoded text."""

SHORTEST_HEX = 16
"""Digits of the shortest hexadecimal text that is decoded."""

SHORTEST_LINE = 60
"""Characters of the shortest line of base64 that continues on the next one."""

_BASE64 = deferred(r"(?<![A-Za-z0-9+/_=-])[A-Za-z0-9+/_-]{12,}={0,2}")
_WRAPPED = deferred(r"(?<![A-Za-z0-9+/_=-])(?:[A-Za-z0-9+/]{60,76}(?:\r?\n|\\n)){1,4096}[A-Za-z0-9+/]{1,76}={0,2}")
_HEX = deferred(r"(?<![A-Za-z0-9])(?:0x|\\x|X')?((?:[0-9a-fA-F]{2}){8,})(?![A-Za-z0-9])")
_HEX_DIGITS = deferred(r"[0-9a-fA-F]{16}")
_ESCAPED_HEX = deferred(r"(?:\\x[0-9a-fA-F]{2}){6,}|(?:\\u00[0-9a-fA-F]{2}){4,}")
_PERCENT = deferred(r"(?<![^\s\"'<>])[^\s\"'<>]*%[0-9A-Fa-f]{2}[^\s\"'<>]*")


def encoded(text: str, find: Callable[[str], Iterable[SecretSpan]]) -> Iterator[SecretSpan]:
    """Yield the parts of a text that contain a credential once they are decoded.

    :param find: Returns the credentials in a decoded text.
    """
    for run, decoded in _decoded(text):
        inner = list(find(decoded))
        if inner:
            longest = max(inner, key=lambda one: len(one.secret))
            yield SecretSpan(*run, longest.secret, longest.is_password)


def _decoded(text: str) -> Iterator[tuple[tuple[int, int], str]]:
    has_long_line = False
    for found in _BASE64.finditer(text):
        has_long_line = has_long_line or len(found[0]) >= SHORTEST_LINE
        yield from _readable(found.span(), from_base64(found[0]))
    for found in _WRAPPED.finditer(text) if has_long_line else ():
        yield from _readable(found.span(), from_base64(re.sub(r"\s|\\n", "", found[0])))
    for found in _HEX.finditer(text) if _HEX_DIGITS.search(long_words(text, SHORTEST_HEX)) else ():
        yield from _readable(found.span(), bytes.fromhex(found[1]))
    for found in _ESCAPED_HEX.finditer(text) if "\\" in text else ():
        yield from _readable(found.span(), bytes.fromhex(re.sub(r"\\x|\\u00", "", found[0])))
    if "%" in text:
        for found in _PERCENT.finditer(text):
            for decoded in {unquote(found[0]), unquote_plus(found[0])}:
                if decoded != found[0]:
                    yield found.span(), decoded


def _readable(run: tuple[int, int], data: bytes | None) -> Iterator[tuple[tuple[int, int], str]]:
    if data and is_printable(data):
        yield run, data.decode("utf-8")

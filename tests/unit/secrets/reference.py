"""The slow way of finding credentials: every pattern searches the whole text, wherever it may match.

It is the reference for the fast way, which looks for words and signs first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from airflow_provider_vai.secrets import (
    distinct_words,
    hints,
    in_code,
    in_commands,
    in_documents,
    in_statements,
    in_text,
    in_urls,
    issuer_patterns,
)
from airflow_provider_vai.secrets.find import _found
from airflow_provider_vai.secrets.span import SecretSpan

_ALWAYS = re.compile("")

_PLAIN = (
    (in_text, "_OPTION", r"-(?<![\w\-]-)-?", r"(?<![\w\-])-{1,2}"),
    (in_text, "_COOKIE_OPTION", r"-(?<!\S-)(?:b|-cookie)", r"(?<!\S)(?:-b|--cookie)"),
    (in_text, "_BASIC", r"[Bb](?<!\w[Bb])asic", r"\b[Bb]asic"),
    (in_documents, "_AUTH", r"auth(?:(?<![\w-]auth)|(?<=_auth)(?<![\w-]_auth))", r"(?<![\w-])_?auth"),
    (in_urls, "_USER", r"://([^", r"(?<=://)([^"),
    (in_urls, "_TOKEN_AS_USER", r"://([A-Z", r"(?<=://)([A-Z"),
    (in_urls, "_PARAMETER", r"[?&#;]([", r"(?:[?&#;]|&amp;)(["),
    (
        hints,
        "_CLE",
        r"[cC](?:(?<![A-Za-z][cC])(?:le|LE)|(?<=[a-z]C)le) ",
        r"(?<![A-Za-z])[cC](?:le|LE) |(?<=[a-z])Cle ",
    ),
)
"""Patterns that begin with a character so that they are searched for fast: that beginning, and what it stands for."""


def slow(text: str) -> list[SecretSpan]:
    """Return the credentials in a text, without what saves time.

    :param text: The text.
    """
    with pytest.MonkeyPatch.context() as patch:
        for module in (in_code, in_documents, in_statements, in_text, in_urls):
            patch.setattr(module, "may_match", lambda text, words: True)
        patch.setattr(in_code, "_OPENS", _ALWAYS)
        patch.setattr(in_code, "_NEXT", _ALWAYS)
        patch.setattr(in_documents, "_VALUE_AFTER", _ALWAYS)
        patch.setattr(in_statements, "_OPENS", _ALWAYS)
        patch.setattr(in_commands, "_hinted_lines", lambda text: [(0, text)])
        patch.setattr(hints, "LONG", 10**9)
        patch.setattr(issuer_patterns, "_BEGINNING", _ALWAYS)
        patch.setattr(distinct_words, "SHORT", 10**9)
        patch.setattr(in_commands, "_may_command", lambda line: True)
        for gate in ("_BLOCK_OPENS", "_SECTION_OPENS", "_PGPASS_PORT"):
            patch.setattr(in_documents, gate, _ALWAYS)
        patch.setattr(in_documents, "_next_heading", lambda text, place: place if place <= len(text) else -1)
        for module, name, fast, plain in _PLAIN:
            pattern = getattr(module, name)
            patch.setattr(module, name, re.compile(_replaced(pattern.pattern, fast, plain), pattern.flags))
        patch.setattr(in_text, "_may_be_beside", lambda text: True)
        patch.setattr(in_text, "_values_beside", in_text._BESIDE.finditer)
        patch.setattr(in_text, "_assigned", in_text._ASSIGNED.search)
        patch.setattr(in_text, "_told", lambda text, place, hinted: in_text._IN_PROSE.search(text, place))
        return _found(text, encodings=4)


def _replaced(pattern: str, fast: str, plain: str) -> str:
    assert fast in pattern
    return pattern.replace(fast, plain, 1)


def texts(value: object) -> Iterator[str]:
    """Yield each text in JSON data, and each key.

    :param value: The data.
    """
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, part in value.items():
            yield key
            yield from texts(part)
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from texts(part)

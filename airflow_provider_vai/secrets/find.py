"""Finds all credentials in a text."""

from __future__ import annotations

from functools import partial

from airflow_provider_vai.secrets.disguises import plain
from airflow_provider_vai.secrets.distinct_words import distinct_words, long_words
from airflow_provider_vai.secrets.encodings import SHORTEST_ENCODED, encoded
from airflow_provider_vai.secrets.hints import may_name_a_credential
from airflow_provider_vai.secrets.in_code import in_code
from airflow_provider_vai.secrets.in_commands import in_commands
from airflow_provider_vai.secrets.in_documents import in_documents
from airflow_provider_vai.secrets.in_statements import in_statements
from airflow_provider_vai.secrets.in_text import in_text, is_near_a_word
from airflow_provider_vai.secrets.in_urls import in_urls
from airflow_provider_vai.secrets.issuer_patterns import shaped
from airflow_provider_vai.secrets.known_credentials import already_read, recognised
from airflow_provider_vai.secrets.patterns import deferred
from airflow_provider_vai.secrets.randomness import SHORTEST, is_random
from airflow_provider_vai.secrets.span import SecretSpan, merged

ENCODINGS = 4
"""How many nested encodings are decoded."""

LONGEST_REMEMBERED = 2_000_000
"""In characters. Longer texts are searched again each time, because the cache keeps them in memory."""

_FINDERS = (shaped, recognised, in_urls, in_commands)
_FINDERS_BY_NAME = (in_text, in_statements, in_documents, in_code)
_RUN = deferred(r"(?<![A-Za-z0-9+/_=.~-])[A-Za-z0-9+/_.~-]{32,200}={0,2}(?![A-Za-z0-9+/_=~-])")


def find(text: str, encodings: int = ENCODINGS) -> list[SecretSpan]:
    """Return the spans of the credentials in a text, in order and without overlaps.

    :param text: Any text: a sentence, a URL, SQL, a command, JSON.
    :param encodings: How many nested encodings to decode.
    """
    if len(text) < 4:
        return []
    read = already_read()
    if read is None or len(text) > LONGEST_REMEMBERED:
        return _found(text, encodings)
    asked = text, encodings
    spans = read.get(asked)
    if spans is None:
        spans = read[asked] = _found(text, encodings)
    return list(spans) if spans else []


def _found(text: str, encodings: int) -> list[SecretSpan]:
    """Return the credentials in a text as it is written, and as it looks."""
    spans = _as_written(text, encodings)
    looks = plain(text)
    if looks is None:
        return spans
    for span in _as_written(looks.text, encodings):
        start, end = looks.places[span.start], looks.places[span.end - 1] + 1
        is_decoded = span.secret != looks.text[span.start : span.end]
        spans.append(SecretSpan(start, end, span.secret if is_decoded else text[start:end], span.is_password))
    return merged(spans)


def _as_written(text: str, encodings: int) -> list[SecretSpan]:
    finders = _FINDERS + (_FINDERS_BY_NAME if may_name_a_credential(text) else ())
    spans = [span for finder in finders for span in finder(text)]
    longest = max(map(len, distinct_words(text)), default=0)
    if encodings and (longest >= SHORTEST_ENCODED or "%" in text):
        spans += encoded(text, partial(find, encodings=encodings - 1))
    if longest < SHORTEST or not _RUN.search(long_words(text, SHORTEST)):
        return merged(spans) if spans else spans
    spans += [
        SecretSpan(*found.span(), found[0])
        for found in _RUN.finditer(text)
        if is_near_a_word(text, found.start()) and is_random(found[0])
    ]
    return merged(spans)

"""All credentials of one text."""

from __future__ import annotations

import re
from functools import partial

from airflow_provider_vai.secrets.encodings import encoded
from airflow_provider_vai.secrets.known import recognised
from airflow_provider_vai.secrets.randomness import is_random
from airflow_provider_vai.secrets.shapes import shaped
from airflow_provider_vai.secrets.span import Span, merged
from airflow_provider_vai.secrets.text_places import in_text, is_near_a_word
from airflow_provider_vai.secrets.url_places import in_urls

ENCODINGS = 4
"""How many encodings, one in another, are undone."""

_RUN = re.compile(r"(?<![A-Za-z0-9+/_=.~-])[A-Za-z0-9+/_.~-]{32,200}={0,2}(?![A-Za-z0-9+/_=~-])")


def find(text: str, encodings: int = ENCODINGS) -> list[Span]:
    """Return where credentials stand in a text, in order, none overlapping another.

    :param text: any text: a sentence, a URL, SQL, a command, JSON.
    :param encodings: how many encodings to undo.
    """
    if len(text) < 4:
        return []
    spans = [*shaped(text), *recognised(text), *in_urls(text), *in_text(text)]
    if encodings:
        spans += encoded(text, partial(find, encodings=encodings - 1))
    spans += [
        Span(*found.span(), found[0])
        for found in _RUN.finditer(text)
        if is_near_a_word(text, found.start()) and is_random(found[0])
    ]
    return merged(spans)

"""The slow way of finding credentials: every pattern searches the whole text, wherever it may match.

It is the reference for the fast way, which looks for words and signs first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from airflow_provider_vai.secrets import (
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
        patch.setattr(in_text, "LONG", 10**9)
        patch.setattr(in_text, "_BESIDE", re.compile(rf"(?<=[ \t]){in_text._VALUE}"))
        patch.setattr(issuer_patterns, "LONG", 10**9)
        patch.setattr(in_text, "_assigned", in_text._ASSIGNED.search)
        patch.setattr(in_text, "_told", lambda text, lower, place, hinted: in_text._IN_PROSE.search(text, place))
        return _found(text, encodings=4)


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

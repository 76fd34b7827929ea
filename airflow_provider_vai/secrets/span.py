"""The position of a credential in a text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class SecretSpan(NamedTuple):
    """A part of a text that must not be shown: the characters from ``start`` up to but excluding ``end``.

    ``secret`` is the credential in it, decoded. ``is_password``: it was called a password, so it may be an ordinary
    word.
    """

    start: int
    end: int
    secret: str
    is_password: bool = False


def merged(spans: Iterable[SecretSpan]) -> list[SecretSpan]:
    """Return the spans in order; spans that overlap or touch are merged."""
    joined: list[SecretSpan] = []
    for span in sorted(spans):
        if joined and span.start <= joined[-1].end:
            last = joined[-1]
            longer = max(last, span, key=lambda one: len(one.secret))
            joined[-1] = SecretSpan(last.start, max(last.end, span.end), longer.secret, longer.is_password)
        else:
            joined.append(span)
    return joined

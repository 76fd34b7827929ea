"""Where a credential stands in a text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class SecretSpan(NamedTuple):
    """The characters from ``start`` to before ``end`` must not be shown; ``secret`` is the credential among them.

    ``is_password``: it was called a password, so that a plain word may be one.
    """

    start: int
    end: int
    secret: str
    is_password: bool = False


def merged(spans: Iterable[SecretSpan]) -> list[SecretSpan]:
    """Return the spans in order, those that overlap or touch as one."""
    joined: list[SecretSpan] = []
    for span in sorted(spans):
        if joined and span.start <= joined[-1].end:
            last = joined[-1]
            longer = max(last, span, key=lambda one: len(one.secret))
            joined[-1] = SecretSpan(last.start, max(last.end, span.end), longer.secret, longer.is_password)
        else:
            joined.append(span)
    return joined

"""HTTP headers that carry credentials: the one list of their names."""

from __future__ import annotations

import re

_ALWAYS = re.compile(
    r"authorization|cookie|api[-_]?key|(auth|access)[-_]?key|token|secret|\b(password|session)\b", re.IGNORECASE
)
_KNOWN = "(?:proxy-)?authorization|(?:set-)?cookie|api-?key"
_WORDS = "key|token|auth|secret|session|signature"
_NAME = re.compile(rf"{_KNOWN}|x-[\w-]*(?:{_WORDS})[\w-]*", re.IGNORECASE)

IN_TEXT = rf"(?:{_KNOWN}|x-[\w-]{{0,40}}(?:{_WORDS})[\w-]{{0,20}})"
"""The names of :func:`may_carry_credentials` as a pattern for longer texts, bounded so that no text takes long."""


def carries_credentials(header: str) -> bool:
    """Return whether a header of that name is one that only the connection may supply.

    :param header: the name of a header of a request. Its value does not matter: it is dropped or refused as it is, so
        ``X-Idempotency-Key`` and the like, which carry none, are not among these names.
    """
    return _ALWAYS.search(header) is not None


def may_carry_credentials(name: str) -> bool:
    """Return whether text beside a name is likely to be a credential because the name is such a header's.

    :param name: any text that may be the name of a header: the first of a pair, say. A word in it proves nothing there,
        so this asks for the whole name, and takes more names than :func:`carries_credentials`, ``X-Signature`` for one.
    """
    return _NAME.fullmatch(name) is not None

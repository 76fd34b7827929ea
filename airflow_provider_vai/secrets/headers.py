"""The names of HTTP headers that carry credentials."""

from __future__ import annotations

import re

from airflow_provider_vai.secrets.patterns import deferred

_ALWAYS = deferred(
    r"authorization|cookie|api[-_]?key|(auth|access)[-_]?key|token|secret|\b(password|session)\b", re.IGNORECASE
)
_KNOWN = "(?:proxy-)?authorization|(?:set-)?cookie|api-?key"
_WORDS = "key|token|auth|secret|session|signature"
_NAME = deferred(rf"{_KNOWN}|x-[\w-]*(?:{_WORDS})[\w-]*", re.IGNORECASE)

IN_TEXT = rf"(?:{_KNOWN}|x-[\w-]{{0,40}}(?:{_WORDS})[\w-]{{0,20}})"
"""The names of :func:`may_carry_credentials` as a pattern for use in longer texts, bounded so that it stays fast."""


def carries_credentials(header: str) -> bool:
    """Return whether only the connection may supply a header of this name.

    :param header: The name of a request header. Such a header is dropped or refused whatever its value is, so names
        like ``X-Idempotency-Key``, which do not carry credentials, do not count.
    """
    return _ALWAYS.search(header) is not None


def may_carry_credentials(name: str) -> bool:
    """Return whether a text is the name of a header whose value is likely to be a credential.

    :param name: Any text that may be a header's name, such as the first item of a pair. A single word in it proves
        nothing, so the whole text must match. More names match than in :func:`carries_credentials`, for example
        ``X-Signature``.
    """
    return _NAME.fullmatch(name) is not None

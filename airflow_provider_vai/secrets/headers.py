"""HTTP headers that carry credentials."""

from __future__ import annotations

import re

_CREDENTIALS = re.compile(
    r"authorization|cookie|api[-_]?key|(auth|access)[-_]?(key|token)|\b(token|secret|password|session)\b",
    re.IGNORECASE,
)


def carries_credentials(header: str) -> bool:
    """Return whether a header of that name is one that only the connection may supply."""
    return _CREDENTIALS.search(header) is not None

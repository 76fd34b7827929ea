"""The verbs in names of tools and in addresses that tell whether a call changes something."""

from __future__ import annotations

import re

_READS = """
browse check count describe download explain fetch find get inspect list look lookup open query read retrieve search
select show view
"""
_WRITES = """
add append apply approve assign buy cancel commit create delete deploy disable edit enable execute grant insert invite
issue merge modify move notify patch pay publish purchase push put refund register reject remove rename replace reply
revoke save send start stop submit sync transfer update upload upsert withdraw write
"""
_NOUNS_TOO = """
archive book call change charge close copy drop email exchange file import mail message order place post reserve reset
return run schedule set share store trigger
"""

READS = frozenset(_READS.split())
WRITES = frozenset(_WRITES.split())
NOUNS_TOO = frozenset(_NOUNS_TOO.split())
"""Verbs that change something if a name begins with them, and nouns elsewhere: ``get_order``."""


def words(name: str) -> list[str]:
    """Return the lower-case ASCII words of a name in snake_case, kebab-case or camelCase."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)]


def begins_with_a_write(name: str) -> bool:
    """Return whether a name begins with a verb that changes something whatever follows, such as ``delete``."""
    return any(word in WRITES for word in words(name)[:1])

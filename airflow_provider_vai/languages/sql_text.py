"""What the text of a SQL statement tells without a parser."""

from __future__ import annotations

import re

from airflow_provider_vai.secrets.patterns import deferred

_BEFORE = deferred(r"(?:[\s(;]+|--[^\n]*(?:\n|\Z)|/\*.*?\*/)*", re.DOTALL)
"""What may stand before the first keyword: space, brackets and comments."""

_WORD = deferred(r"[A-Za-z]+")

_WRITES = """
ALTER CALL COPY CREATE DELETE DROP EXEC EXECUTE GRANT INSERT MERGE RENAME REPLACE REVOKE TRUNCATE UPDATE UPSERT VACUUM
"""

WRITES = frozenset(_WRITES.split())
"""The keywords with which statements that change something begin."""


def writing_keyword(sql: str) -> str | None:
    """Return the keyword with which a statement that changes something begins; ``None``: it begins otherwise.

    A statement that begins with ``WITH`` is not looked into.
    """
    start = _BEFORE.match(sql)
    found = _WORD.match(sql, start.end() if start else 0)
    word = found[0].upper() if found else ""
    return word if word in WRITES else None

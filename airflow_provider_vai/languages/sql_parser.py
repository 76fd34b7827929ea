"""Parses SQL with sqlglot, without its log: sqlglot logs the text of a statement that it does not fully know.

Such statements, ``CREATE USER … PASSWORD '…'`` among them, are the ones that contain credentials.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


def parse(sql: str, dialect: str | None) -> list[Any]:
    """Return sqlglot's trees of the statements in a text; ``None`` in place of an empty one.

    :param dialect: sqlglot's name of the SQL dialect; ``None``: generic SQL.
    :raises sqlglot.errors.SqlglotError: The text cannot be parsed.
    :raises RecursionError: It is nested too deeply.
    :raises ImportError: sqlglot is not installed.
    """
    import sqlglot

    with _without_log():
        return list(sqlglot.parse(sql, dialect=dialect))


@contextmanager
def _without_log() -> Iterator[None]:
    """Drop what sqlglot logs in this thread."""
    thread = threading.get_ident()

    def is_shown(record: logging.LogRecord) -> bool:
        return record.thread != thread

    log = logging.getLogger("sqlglot")
    log.addFilter(is_shown)
    try:
        yield
    finally:
        log.removeFilter(is_shown)

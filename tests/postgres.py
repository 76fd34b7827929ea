"""A PostgreSQL server of a test's own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.paths import ROOT


@contextmanager
def server() -> Iterator[Path]:
    """Start a server on a socket in a new folder; yield the folder. The user `postgres` may do everything.

    The test is skipped where PostgreSQL or its driver is not installed.
    """
    pytest.importorskip("psycopg")
    if (dev := str(ROOT / "dev")) not in sys.path:
        sys.path.insert(0, dev)
    import postgresql

    with ExitStack() as stack:
        try:
            folder = stack.enter_context(postgresql.server())
        except postgresql.NotInstalledError as error:
            pytest.skip(str(error))
        yield folder

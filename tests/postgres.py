"""A PostgreSQL server of a test's own."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def server() -> Iterator[Path]:
    """Start a server on a socket in a new folder; yield the folder. The user `postgres` may do everything.

    The test is skipped where PostgreSQL or its driver is not installed.
    """
    pytest.importorskip("psycopg")
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if not programs or (user and not shutil.which("runuser")):
        pytest.skip("PostgreSQL is not installed")
    folder = Path(tempfile.mkdtemp(prefix="vai-pg-"))
    if user:
        shutil.chown(folder, "postgres")
    data, options = str(folder / "data"), f"-k {folder} -c listen_addresses="

    def call(program: str, *arguments: str) -> None:
        command = [*user, str(programs[-1] / program), "-D", data, *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder)

    call("initdb", "-A", "trust", "-U", "postgres")
    call("pg_ctl", "-w", "-o", options, "start")
    try:
        yield folder
    finally:
        call("pg_ctl", "-w", "-m", "immediate", "stop")
        shutil.rmtree(folder)

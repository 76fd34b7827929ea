"""A private PostgreSQL server for tests: start it, create databases in it, stop it, and leave nothing behind.

It uses Debian's programs and listens on a socket in its own folder, and on an address only if one is given. Standard
library only.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

USER = "postgres"
# a test's server loses nothing that matters, and several Airflows share it
OPTIONS = "-c fsync=off -c synchronous_commit=off -c max_connections=400"


class NotInstalledError(Exception):
    """PostgreSQL is not installed here; the message says what is missing."""


@contextmanager
def server(address: str = "", clients: str = "") -> Iterator[Path]:
    """Start a server on a socket in a new folder; yield the folder. The user ``postgres`` may do everything.

    :param address: an address to listen on as well, at port 5432.
    :param clients: the network whose machines may use that address, such as ``10.77.0.0/24``.
    :raises NotInstalledError: there is no PostgreSQL, or no way to run it as another user than root.
    """
    programs = _programs()
    folder = Path(tempfile.mkdtemp(prefix="vai-pg-"))
    if user := _user():
        shutil.chown(folder, USER)
    data = str(folder / "data")

    def call(program: str, *arguments: str) -> None:
        command = [*user, str(programs / program), "-D", data, *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder)

    call("initdb", "-A", "trust", "-U", USER, "--encoding", "UTF8", "--no-sync")
    if clients:
        with Path(data, "pg_hba.conf").open("a", encoding="utf-8") as rules:
            rules.write(f"host all all {clients} trust\n")
    call("pg_ctl", "-w", "-o", f"-k {folder} -c listen_addresses={address} {OPTIONS}", "start")
    try:
        yield folder
    finally:
        call("pg_ctl", "-w", "-m", "immediate", "stop")
        shutil.rmtree(folder)


def create_database(folder: Path, name: str) -> None:
    """Create a database in the server of ``folder``; do nothing if it exists.

    :raises subprocess.CalledProcessError: the server refused.
    """
    psql = [*_user(), str(_programs() / "psql"), "-h", str(folder), "-U", USER, "-XAtc"]
    found = subprocess.run(
        [*psql, f"SELECT 1 FROM pg_database WHERE datname = '{name}'"], check=True, capture_output=True, cwd=folder
    )
    if not found.stdout.strip():
        subprocess.run([*psql, f'CREATE DATABASE "{name}"'], check=True, capture_output=True, cwd=folder)


def url(host: Path | str, name: str) -> str:
    """Return SQLAlchemy's address of a database; the driver is psycopg, for both kinds of connection.

    :param host: the server's folder or address.
    :param name: the database.
    """
    return f"postgresql+psycopg://{USER}@/{name}?host={host}"


def _programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not found or (os.geteuid() == 0 and not shutil.which("runuser")):
        raise NotInstalledError("PostgreSQL is not installed (Debian: the package `postgresql`)")
    return found[-1]


def _user() -> list[str]:
    """Return the start of a command that runs as another user than root, whom PostgreSQL refuses."""
    return ["runuser", "-u", USER, "--"] if os.geteuid() == 0 else []

"""The script that a host's bash reads, run here by bash itself, and what is made of how it ends."""

from __future__ import annotations

import logging
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import BaseHook

from airflow_provider_vai.model.time_limit import TookTooLong
from airflow_provider_vai.operators.runtime.errors import MissingExtra, NothingSent, NothingSentYet
from airflow_provider_vai.operators.shell import remote

LOG = logging.getLogger(__name__)
PLACE = remote.RemotePlace("host", "dag/run%3A1", "")


class Channel:
    """The answer of a host: what bash writes when it gets the script."""

    def __init__(self, home: Path) -> None:
        self.home, self.text, self.rest, self.code = home, "", b"", 0

    def write(self, text: str) -> None:
        """Take the script."""
        self.text += text

    def shutdown_write(self) -> None:
        """Run the script."""
        environment = {"HOME": str(self.home), "PATH": "/usr/bin:/bin"}
        ran = subprocess.run(
            ["bash", "-s"], check=False, input=self.text.encode(), env=environment, stdout=subprocess.PIPE
        )
        self.rest, self.code = ran.stdout, ran.returncode

    def settimeout(self, seconds: float) -> None:
        """Do nothing."""

    def recv(self, size: int) -> bytes:
        """Return the next bytes; few at once, so that lines and characters are torn apart."""
        block, self.rest = self.rest[:3], self.rest[3:]
        return block

    def recv_exit_status(self) -> int:
        """Return the exit code."""
        return self.code


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home on a host that an SSH connection leads to."""

    class Client:
        def __enter__(self) -> Client:
            return self

        def __exit__(self, *exception: object) -> None:
            """Close the connection."""

        def exec_command(self, command: str) -> tuple[Any, ...]:
            assert command == "bash -s"
            channel = Channel(tmp_path)
            stdin = SimpleNamespace(write=channel.write, channel=channel)
            return stdin, SimpleNamespace(channel=channel), None

    provide(monkeypatch, get_conn=Client)
    return tmp_path


def provide(monkeypatch: pytest.MonkeyPatch, conn_type: str = "ssh", **hook: Any) -> None:
    """Let every connection be of a type, with a hook that has these methods; without any, its provider is missing."""

    def get_hook() -> Any:
        if not hook:
            raise RuntimeError("Unknown hook type 'ssh'")
        return SimpleNamespace(**hook)

    connection = SimpleNamespace(conn_type=conn_type, get_hook=get_hook)
    monkeypatch.setattr(BaseHook, "get_connection", lambda conn_id: connection)


def run(command: str, place: remote.RemotePlace = PLACE, seconds: float = 30, **variables: str) -> Any:
    """Run a command on the host."""
    return remote.run(command, place, variables, seconds, LOG)


def test_the_folder_stays_for_the_next_step(host: Path) -> None:
    """The working folder is below the home, for the user alone; variables and quotes arrive as they are."""
    ended = run("mkdir -p sub; echo \"$A\" > 'sub/it'\"'\"'s é'; pwd", A='x \' $B `c` \\ "y"')
    folder = host / "vai/work/dag/run%3A1"

    assert (ended.exit_code, ended.output) == (0, str(folder))
    assert (folder / "sub/it's é").read_text() == 'x \' $B `c` \\ "y"\n'
    assert folder.stat().st_mode & 0o777 == 0o700
    assert run("cat *", remote.RemotePlace("host", "dag/run%3A1", "sub")).output == 'x \' $B `c` \\ "y"'


def test_errors_and_the_time_limit(host: Path) -> None:
    """The exit code is the command's; standard error is kept; a slow command and what it started are ended."""
    assert run("echo why >&2; exit 7")[:2] == (7, "why")
    assert run("true", remote.RemotePlace("host", "d/r", "nowhere")).exit_code == 1
    with pytest.raises(TookTooLong, match="longer than 1 seconds"):
        run("sleep 30 & sleep 30", seconds=1)


def test_a_host_that_cannot_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that cannot be used is final; a host that does not answer may be tried again."""

    def missing(conn_id: str) -> Any:
        raise KeyError(conn_id)

    def down() -> Any:
        raise OSError("refused")

    monkeypatch.setattr(BaseHook, "get_connection", missing)
    with pytest.raises(NothingSent, match="'host' cannot be used"):
        run("true")
    provide(monkeypatch, "http")
    with pytest.raises(NothingSent, match="is of the type http, not ssh"):
        run("true")
    provide(monkeypatch)
    with pytest.raises(MissingExtra, match="pip install apache-airflow-providers-ssh"):
        run("true")
    provide(monkeypatch, get_conn=down)
    with pytest.raises(NothingSentYet, match="cannot be reached: refused"):
        run("true")

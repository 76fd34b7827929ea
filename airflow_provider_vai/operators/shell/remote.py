"""A command on another host, through Airflow's SSH connection.

The script goes to the host through standard input, so no variable is in the host's list of processes. The host's own
``timeout`` ends the command with its process group, also if the connection is lost.
"""

from __future__ import annotations

import shlex
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

from airflow_provider_vai.model.time_limit import TookTooLong
from airflow_provider_vai.operators.runtime.errors import MissingExtra, NothingSent, NothingSentYet
from airflow_provider_vai.operators.shell.local import GRACE_SECONDS, CommandEnd, KeptOutput

FOLDER = "vai/work"
"""The folder of all working folders on the host, below the home of the connection's user."""

_TIMED_OUT, _KILLED = 124, 137
_BLOCK = 32_768


class RemotePlace(NamedTuple):
    """Where a command runs.

    :param conn_id: the SSH connection.
    :param folder: the name of the working folder, below :data:`FOLDER`.
    :param cwd: a folder below it; empty: the working folder itself.
    """

    conn_id: str
    folder: str
    cwd: str


def run(command: str, place: RemotePlace, environment: Mapping[str, str], seconds: float, log: Any) -> CommandEnd:
    """Run a command line with bash on a host, and wait until it ends.

    :param command: the command line.
    :param place: the host and the folder.
    :param environment: its variables, beside those that the host sets.
    :param seconds: how long it may take.
    :param log: the task's logger.
    :raises NothingSent: the connection cannot be used.
    :raises NothingSentYet: the host cannot be reached.
    :raises TookTooLong: it took longer.
    """
    hook = _hook(place.conn_id)
    try:
        client = hook.get_conn()
    except Exception as error:
        raise NothingSentYet(f"nothing was run: the host of {place.conn_id!r} cannot be reached: {error}") from error
    output, started = KeptOutput(log), time.monotonic()
    with client:
        stdin, stdout, _ = client.exec_command("bash -s")
        stdin.write(script(command, place, environment, seconds))
        stdin.channel.shutdown_write()
        _read(stdout, output, seconds + 2 * GRACE_SECONDS)
        code = stdout.channel.recv_exit_status()
    if code == _TIMED_OUT or (code == _KILLED and time.monotonic() - started >= seconds):
        raise TookTooLong(f"the command took longer than {seconds:g} seconds, and was ended")
    return CommandEnd(code, output.text(), output.characters)


def script(command: str, place: RemotePlace, environment: Mapping[str, str], seconds: float) -> str:
    """Return the script that the host's bash reads."""
    folder = f"{FOLDER}/{place.folder}"
    return "\n".join([
        "exec 2>&1",
        f'cd "$HOME" && mkdir -p -m 700 -- {shlex.quote(folder)} && cd -- {shlex.quote(folder)} || exit 1',
        *([f"cd -- {shlex.quote(place.cwd)} || exit 1"] if place.cwd else []),
        *(f"export {name}={shlex.quote(value)}" for name, value in environment.items()),
        f"VAI_COMMAND={shlex.quote(command)}",
        f'exec timeout --kill-after={GRACE_SECONDS:g} {seconds:g} bash -c "$VAI_COMMAND" </dev/null',
        "",
    ])  # fmt: skip


def _hook(conn_id: str) -> Any:
    """Return Airflow's hook of an SSH connection.

    :raises NothingSent: there is no such connection, or it is of another type.
    :raises MissingExtra: its provider is not installed.
    """
    from airflow.sdk import BaseHook

    try:
        connection = BaseHook.get_connection(conn_id)
    except Exception as error:
        raise NothingSent(f"nothing was run: the connection {conn_id!r} cannot be used: {error}") from error
    if connection.conn_type != "ssh":
        raise NothingSent(f"nothing was run: the connection {conn_id!r} is of the type {connection.conn_type}, not ssh")
    try:
        return connection.get_hook()
    except Exception as error:  # without the provider, the type of the hook is unknown
        raise MissingExtra(f"{error}: pip install apache-airflow-providers-ssh") from error


def _read(stdout: Any, output: KeptOutput, seconds: float) -> None:
    """Pass on the command's output, line by line, until it ends.

    :raises TookTooLong: it is silent for longer than the command may take.
    """
    stdout.channel.settimeout(seconds)
    rest = b""
    try:
        while block := stdout.channel.recv(_BLOCK):
            *lines, rest = (rest + block).split(b"\n")
            for line in lines:
                output.info("%s", line.decode(errors="backslashreplace"))
    except TimeoutError:  # of the channel
        raise TookTooLong(f"the host was silent for more than {seconds:g} seconds; the command may still run") from None
    if rest:
        output.info("%s", rest.decode(errors="backslashreplace"))

"""A command on the worker: Airflow's own hook runs it, and this module bounds its time and keeps its output."""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from airflow_provider_vai.model.time_limit import TookTooLong
from airflow_provider_vai.operators.runtime.errors import MissingExtra, NothingSent
from airflow_provider_vai.operators.runtime.masking import masked

KEPT_CHARACTERS = 32_000
"""How much of a command's output is kept; the log has all of it."""

GRACE_SECONDS = 5.0
"""How long a process has between SIGTERM and SIGKILL."""

_POLL_SECONDS = 0.5

INHERITED = ("PATH", "HOME")
"""The variables of the worker's environment that a command sees."""


class CommandEnd(NamedTuple):
    """How a command ended.

    :param exit_code: its exit code.
    :param output: the end of what it wrote to standard output and standard error.
    :param characters: how long the whole output was.
    """

    exit_code: int
    output: str
    characters: int


class KeptOutput:
    """The end of a command's output, without the secrets that Airflow knows. It passes on each line to a logger, as
    Airflow's hooks expect of one.

    :param log: the task's logger.
    """

    def __init__(self, log: Any) -> None:
        self.log = log
        self.characters = 0
        self._lines: deque[str] = deque()
        self._kept = 0

    def info(self, message: str, *values: Any) -> None:
        """Log a message of the hook; what is only a value is a line of the command's output."""
        if message == "%s" and len(values) == 1:
            values = (masked(values[0]),)
            self.add(str(values[0]))
        self.log.info(message, *values)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.log, name)

    def add(self, line: str) -> None:
        """Keep a line, and drop the oldest lines that no longer fit."""
        self.characters += len(line) + 1
        self._lines.append(line[-KEPT_CHARACTERS:])
        self._kept += len(self._lines[-1]) + 1
        while self._kept - len(self._lines[0]) - 1 > KEPT_CHARACTERS:
            self._kept -= len(self._lines.popleft()) + 1

    def text(self) -> str:
        """Return what is kept."""
        return "\n".join(self._lines)[-KEPT_CHARACTERS:]


class LocalCommand:
    """One command in a process group of its own.

    :param log: the task's logger.
    """

    def __init__(self, log: Any) -> None:
        self.output = KeptOutput(log)
        self._hook = _hook(self.output)
        self._work: _Work | None = None

    def run(self, command: str, folder: Path, environment: Mapping[str, str], seconds: float) -> CommandEnd:
        """Run a command line with bash, and wait until it ends. Whatever it started ends with it.

        :param command: the command line.
        :param folder: the folder in which it runs.
        :param environment: its variables, beside :data:`INHERITED`.
        :param seconds: how long it may take.
        :raises NothingSent: bash is not installed.
        :raises TookTooLong: it took longer.
        """
        inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
        variables = {**inherited, **environment}
        bash = shutil.which("bash", path=variables.get("PATH"))
        if bash is None:
            raise NothingSent("nothing was run: the worker has no bash in its PATH")
        self._work = _Work(lambda: self._hook.run_command([bash, "-c", command], env=variables, cwd=str(folder)))
        try:
            code = self._exit_code(self._work, seconds)
        finally:
            self.end()
        return CommandEnd(code, self.output.text(), self.output.characters)

    def _exit_code(self, work: _Work, seconds: float) -> int:
        """Wait until the command ends. What it left running keeps its output open, so the group is ended then."""
        deadline = time.monotonic() + seconds
        while not work.done.wait(min(_POLL_SECONDS, max(deadline - time.monotonic(), 0))):
            process = self._hook.sub_process
            if process is not None and process.poll() is not None:
                _signalled(process.pid, signal.SIGKILL)
                if work.done.wait(GRACE_SECONDS):
                    break
                return int(process.returncode)  # a process that left the group still has the output
            if time.monotonic() >= deadline:
                raise TookTooLong(f"the command took longer than {seconds:g} seconds, and was ended")
        return int(work.result().exit_code)

    def end(self) -> None:
        """End the processes of the group: those that ignore SIGTERM after some seconds with SIGKILL."""
        while self._work and self._hook.sub_process is None and not self._work.done.wait(_POLL_SECONDS):
            continue  # it is just being started
        process = self._hook.sub_process
        if process is None:
            return
        if process.poll() is None and _signalled(process.pid, signal.SIGTERM):
            _wait(process, GRACE_SECONDS)
        _signalled(process.pid, signal.SIGKILL)


class _Work:
    """A call in a thread of its own, so that a process that left its group cannot make the task wait for it."""

    def __init__(self, call: Any) -> None:
        self.done = threading.Event()
        self._outcome: list[Any] = []
        self._error: BaseException | None = None
        threading.Thread(target=self._run, args=(call,), daemon=True).start()

    def _run(self, call: Any) -> None:
        try:
            self._outcome.append(call())
        except BaseException as error:
            self._error = error
        finally:
            self.done.set()

    def result(self) -> Any:
        """Return what the call returned.

        :raises BaseException: what it raised.
        """
        if self._error is not None:
            raise self._error
        return self._outcome[0]


def _hook(output: KeptOutput) -> Any:
    """Return Airflow's hook, which writes its log and the command's output to ``output``."""
    try:
        from airflow.providers.standard.hooks.subprocess import SubprocessHook
    except ImportError as error:
        raise MissingExtra(f"{error}: pip install apache-airflow-providers-standard") from error

    class KeepingHook(SubprocessHook):
        """Airflow's hook with a log that keeps the output."""

        @property
        def log(self) -> Any:
            """The log."""
            return output

    return KeepingHook()


def _signalled(group: int, number: signal.Signals) -> bool:
    """Send a signal to a process group, and return whether it exists."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _wait(process: Any, seconds: float) -> None:
    import subprocess

    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return

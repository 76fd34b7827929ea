"""Run Airflow's four components until standard input closes; ``airflow_process.Airflow`` starts this script.

Usage: ``python airflow_supervisor.py AIRFLOW_HOME PYTHON [COMPONENT [ARGUMENT ...]]``, with Airflow's settings in the
environment. It migrates the database first. If a component is given, it runs only that one, on an existing database.
The process that starts it holds the other end of its standard input. When that process ends, however it ends, the
components are stopped. (``airflow standalone`` would outlive a killed parent, and its log servers listen on every
address.)
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time

COMPONENTS = (
    ("api-server",),
    ("scheduler", "--skip-serve-logs"),
    ("dag-processor",),
    ("triggerer", "--skip-serve-logs"),
)
STOP_LIMIT = 20.0
"""Seconds that the components get to stop by themselves."""


class _StopAsked(BaseException):
    """The supervisor should stop: the pipe closed, or a signal came."""


def main(home: str, python: str, *component: str) -> int:
    """Run the components, or one, and stop them all when one ends or the caller is gone."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, _asked)
    running: list[subprocess.Popen[bytes]] = []
    try:
        if not component:
            running.append(_start(python, home, "db", "migrate"))
            if _watch(running):
                return 1
        running = [_start(python, home, *arguments) for arguments in ([component] if component else COMPONENTS)]
        _watch(running)
        return 1
    except _StopAsked:
        return 0
    finally:
        _stop(running)


def _asked(number: int, frame: object) -> None:
    raise _StopAsked


def _start(python: str, home: str, *arguments: str) -> subprocess.Popen[bytes]:
    print(f"supervisor: airflow {' '.join(arguments)}", flush=True)
    return subprocess.Popen([python, "-m", "airflow", *arguments], stdin=subprocess.DEVNULL, cwd=home)


def _watch(running: list[subprocess.Popen[bytes]]) -> int:
    """Return the exit code of the first process that ends; raise when the caller is gone."""
    while True:
        readable, _, _ = select.select([sys.stdin.fileno()], [], [], 0.5)
        if readable and not os.read(sys.stdin.fileno(), 1):
            raise _StopAsked
        for process in running:
            code = process.poll()
            if code is not None:
                print(f"supervisor: {' '.join(map(str, process.args[3:]))} ended with {code}", flush=True)  # type: ignore[index]
                return code


def _stop(running: list[subprocess.Popen[bytes]]) -> None:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    for process in running:
        if process.poll() is None:
            process.terminate()
    deadline = time.monotonic() + STOP_LIMIT
    for process in running:
        try:
            process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
    print("supervisor: stopped", flush=True)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

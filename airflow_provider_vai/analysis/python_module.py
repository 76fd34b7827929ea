"""Runs a Python module, such as Airflow, in another process: code that prepares DAG files never imports Airflow."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from importlib.util import find_spec

from airflow_provider_vai.model.pydantic_plugins import inherited_environment
from airflow_provider_vai.secrets.masking import mask

INSTALL_AIRFLOW = "Run this where Airflow is installed, or install it: pip install 'airflow-provider-vai[airflow]'."
"""The remedy for :func:`airflow_problem`."""

MAX_CHARACTERS = 20_000
"""Only this many characters at the end of a log are read."""


def run_module(
    module: str, *arguments: str, seconds: float, environment: Mapping[str, str] | None = None, text: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run ``python -m module`` without a shell, wait until it ends, and return its exit code and output.

    :param module: The dotted name of the module.
    :param arguments: Its command-line arguments.
    :param seconds: The time limit.
    :param environment: The environment variables; ``None``: those with which this process was started.
    :param text: The text for its standard input.
    :raises OSError: if Python cannot be run.
    :raises subprocess.TimeoutExpired: if the time limit was exceeded; the process was killed.
    """
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(  # noqa: S603 - only modules of this package and of Airflow, and no shell
        command,
        env=inherited_environment() if environment is None else environment,
        input=text,
        capture_output=True,
        text=True,
        check=False,
        timeout=seconds,
    )


def airflow_problem() -> str | None:
    """Return that Airflow is not installed here; ``None``: it is. Nothing is imported."""
    return None if find_spec("airflow") else "Airflow is not installed here"


def last_lines(log: str, count: int) -> list[str]:
    """Return at most ``count`` lines from the end of a log, without blank lines and with credentials masked."""
    lines = [line for line in mask(log[-MAX_CHARACTERS:]).splitlines() if line.strip()]
    return lines[-count:]

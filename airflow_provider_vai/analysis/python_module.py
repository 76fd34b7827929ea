"""Runs a module in another process of this Python: Airflow itself, which this side of the DAG file never imports."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping

from airflow_provider_vai.secrets.masking import mask

MOST_CHARACTERS = 20_000
"""Of a log only its end is looked at."""


def run_module(
    module: str, *arguments: str, seconds: float, environment: Mapping[str, str] | None = None, text: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run ``python -m module`` to its end, without a shell, and return its exit code and output.

    :param seconds: the limit of its time. :param environment: ``None``: this process's. :param text: its input.
    :raises OSError: Python cannot be run.
    :raises subprocess.TimeoutExpired: it took longer, and was ended.
    """
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(  # noqa: S603 - modules of this package and of Airflow; arguments are never read by a shell
        command, env=environment, input=text, capture_output=True, text=True, check=False, timeout=seconds
    )


def last_lines(log: str, most: int) -> list[str]:
    """Return the last lines of a log that are not blank, without credentials."""
    lines = [line for line in mask(log[-MOST_CHARACTERS:]).splitlines() if line.strip()]
    return lines[-most:]

"""The runs of a DAG, from Airflow's command line: this side of the DAG file imports nothing of Airflow."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import Any

from airflow_provider_vai.exceptions import PublishError

SECONDS = 300
"""For one call of ``airflow``, which takes several seconds to start."""


def list_runs(dag_id: str) -> list[dict[str, Any]]:
    """Return the runs of a DAG in the Airflow of this environment, as ``airflow dags list-runs -o json`` prints them.

    :raises PublishError: Airflow cannot be run, or does not know the DAG.
    """
    command = [sys.executable, "-m", "airflow", "dags", "list-runs", dag_id, "--output", "json"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SECONDS)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _refused(f"`airflow dags list-runs` could not be run: {error}") from None
    if done.returncode:
        lines = (done.stderr.strip() or done.stdout.strip() or "it says nothing").splitlines()
        raise _refused(f"`airflow dags list-runs {dag_id}` failed: {lines[-1]}")
    return printed(done.stdout)


def printed(output: str) -> list[dict[str, Any]]:
    """Return the list of objects in what a command of Airflow printed, which may log to the same place.

    :return: empty where there is none: Airflow then says so in words.
    """
    for start in re.finditer(r"^\[", output, re.MULTILINE):
        try:
            found, _ = json.JSONDecoder().raw_decode(output, start.start())
        except json.JSONDecodeError:
            continue
        if isinstance(found, list) and all(isinstance(entry, dict) for entry in found):
            return found
    return []


def _refused(problem: str) -> PublishError:
    return PublishError(
        problem, remedy="Run this where Airflow is configured and knows the DAG; or name the runs with --runs FILE."
    )

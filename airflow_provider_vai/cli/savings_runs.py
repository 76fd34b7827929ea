"""The runs of a DAG whose savings are asked for: from Airflow, or from a file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from airflow_provider_vai.exceptions import SpecError, VaiError
from airflow_provider_vai.languages import json_text


def dag_runs(dag_id: str, file: Path | None = None) -> list[dict[str, Any]]:
    """Return a DAG's runs from Airflow, by its command line; or from a file that holds them.

    :param file: a JSON list, as ``airflow dags list-runs DAG -o json`` prints it, or as :func:`ledger` takes it.
    :raises SpecError: the file is no such list. :raises PublishError: Airflow cannot be asked.
    """
    if file is None:
        from airflow_provider_vai.cli.airflow_command import list_runs

        return [_entry(entry) for entry in list_runs(dag_id)]
    try:
        found = json_text.loads(file.read_text(encoding="utf-8"), where=str(file))
    except (OSError, UnicodeDecodeError, VaiError) as error:
        problem = error.problem if isinstance(error, VaiError) else str(error)
        raise SpecError(problem, where=str(file), remedy="Name a JSON file of runs.") from None
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        raise SpecError(
            "not a list of runs", where=str(file), remedy="`airflow dags list-runs DAG -o json` prints one."
        )
    mine = [entry for entry in found if entry.get("dag_id", dag_id) == dag_id]
    return [_entry(entry) for entry in mine]


def _entry(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "run_id": entry.get("run_id"),
        "state": entry.get("state"),
        "started": entry.get("started") or entry.get("start_date") or None,
        "ended": entry.get("ended") or entry.get("end_date") or None,
        "residual": entry.get("residual"),
    }

"""Reads the DAG runs for ``vai savings``, from Airflow or from a file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from airflow_provider_vai.exceptions import SpecError, VaiError
from airflow_provider_vai.languages import json_text


def dag_runs(dag_id: str, file: Path | None = None) -> list[dict[str, Any]]:
    """Return the runs of a DAG in the form that :func:`~airflow_provider_vai.analysis.savings.ledger` takes.

    :param dag_id: The DAG id; runs of other DAGs in the file are left out.
    :param file: A JSON list, as ``airflow dags list-runs DAG -o json`` prints it or as ``ledger`` takes it; ``None``:
        run Airflow's command line.
    :raises SpecError: if the file is not such a list.
    :raises PublishError: if Airflow cannot be run, or does not know the DAG.
    """
    if file is None:
        from airflow_provider_vai.cli.airflow_command import list_runs

        return [_entry(entry) for entry in list_runs(dag_id)]
    try:
        found = json_text.loads(file.read_text(encoding="utf-8"), where=str(file))
    except (OSError, UnicodeDecodeError, VaiError) as error:
        problem = error.problem if isinstance(error, VaiError) else str(error)
        raise SpecError(problem, where=str(file), remedy="Give a JSON file with DAG runs.") from None
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        raise SpecError(
            "the file does not contain a list of DAG runs",
            where=str(file),
            remedy="`airflow dags list-runs DAG -o json` prints one.",
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

"""The process in which a DAG is replayed: ``python -m airflow_provider_vai.analysis.verify.child REPLY``.

Only :mod:`.replay` starts it, with a private environment. It reads a JSON request from standard input: ``{"dag",
"dag_id", "environment", "writes", "stand_ins": {task_id: value}, "lists": [task_id], "live_writes", "live_artifacts",
"approver", "conf"}``. It writes the reply to the file ``REPLY``: ``{"refused": [...]}``, or what happened.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import Any


def main() -> None:
    """Read the request, replay the DAG, and write the reply."""
    request = json.load(sys.stdin)
    os.environ.update(request["environment"])  # set before Airflow is imported; too long for a command line
    sys.stdin.close()
    Path(sys.argv[1]).write_text(json.dumps(_reply(request)), encoding="ascii")


def _reply(request: dict[str, Any]) -> dict[str, Any]:
    dag = _loaded(request["dag"], request["dag_id"])
    if isinstance(dag, str):
        return {"refused": [dag]}
    from airflow_provider_vai.analysis.verify import stand_ins

    live = {"live_writes": request["live_writes"], "live_artifacts": request["live_artifacts"]}
    fates = stand_ins.plan(dag, request["writes"], **live)
    missing = [name for name, fate in fates.items() if fate == "stand in" and name not in request["stand_ins"]]
    gates = [name for name, fate in fates.items() if fate == "gate"]
    if missing or (gates and request["live_writes"] and not request["approver"]):
        return {"refused": [], "missing": missing, "gates": gates}
    approver = request["approver"] if request["live_writes"] else None
    report = stand_ins.install(dag, fates, request["stand_ins"], request["lists"], approver)
    return {"fates": fates, **_run(dag, request["conf"]), "arguments": _shown(report.arguments)}


def _loaded(file: str, dag_id: str) -> Any:
    """Return the DAG; if it cannot be loaded, return the reason as text."""
    bag = _bag(file)
    if bag.import_errors:
        return f"the DAG file cannot be imported: {next(iter(bag.import_errors.values())).strip().splitlines()[-1]}"
    return bag.dags.get(dag_id) or f"the file does not contain the DAG {dag_id!r}; it contains {sorted(bag.dags)}"


def _bag(file: str) -> Any:
    """Return the DAGs of a file. In Airflow 3.1 also put them into the database, where its ``DAG.test`` looks."""
    try:
        from airflow.dag_processing.dagbag import DagBag
    except ImportError:  # Airflow 3.1
        from airflow.dag_processing.bundles.manager import DagBundlesManager
        from airflow.models.dagbag import DagBag, sync_bag_to_db

        bag = DagBag(dag_folder=file, safe_mode=False)
        bundles = DagBundlesManager()
        bundles.sync_bundles_to_db()
        sync_bag_to_db(bag, next(iter(bundles.get_all_dag_bundles())).name, None)
        return bag
    return DagBag(dag_folder=file, safe_mode=False)


def _run(dag: Any, conf: Any) -> dict[str, Any]:
    errors = _listening()
    started = datetime.now(timezone.utc)
    try:
        dag_run = dag.test(run_conf=conf)
    except Exception as error:
        return {"refused": [f"Airflow could not start the DAG run: {type(error).__name__}: {_masked(str(error))}"]}
    ended = datetime.now(timezone.utc)
    states: dict[str, dict[int, str]] = {}
    for ti in dag_run.get_task_instances():
        states.setdefault(ti.task_id, {})[ti.map_index] = str(getattr(ti.state, "value", ti.state))
    return {
        "run_id": dag_run.run_id,
        "state": str(getattr(dag_run.state, "value", dag_run.state)),
        "started": started.isoformat(),
        "ended": ended.isoformat(),
        "states": {task_id: [by[index] for index in sorted(by)] for task_id, by in states.items()},
        "results": _results(dag_run),
        "errors": {task_id: _masked(texts) for task_id, texts in errors.items()},
    }


def _listening() -> dict[str, list[str]]:
    """Register an Airflow listener for failed tasks; return the dict that it fills: error texts by task id."""
    from airflow.listeners import hookimpl

    try:
        from airflow.sdk.listener import get_listener_manager
    except ImportError:  # Airflow 3.1
        from airflow.listeners.listener import get_listener_manager
    errors: dict[str, list[str]] = {}

    class Failures:
        @hookimpl  # type: ignore[untyped-decorator]
        def on_task_instance_failed(self, task_instance: Any, error: Any) -> None:
            text = f"{type(error).__name__}: {error}" if isinstance(error, BaseException) else str(error)
            errors.setdefault(task_instance.task_id, []).append(text)

    get_listener_manager().add_listener(Failures())
    return errors


def _results(dag_run: Any) -> dict[str, list[Any]]:
    """Return the results in XCom by task id, with one entry for each map index that has a result."""
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session
    from sqlalchemy import select

    found: dict[str, list[Any]] = {}
    with create_session() as session:
        query = select(XComModel).where(XComModel.run_id == dag_run.run_id, XComModel.dag_id == dag_run.dag_id)
        rows = session.scalars(query.where(XComModel.key == "return_value")).all()
        for row in sorted(rows, key=lambda row: row.map_index):
            found.setdefault(row.task_id, []).append(_data(XComModel.deserialize_value(row)))
    return found


def _data(value: Any) -> Any:
    """Return a result; if it was stored as a data file, read it. Of other artifacts, return what XCom contains."""
    from airflow_provider_vai.operators.runtime import results

    if isinstance(value, dict) and value.get("artifact") not in (None, "json", "parquet"):
        return value
    return results.json_safe(results.load(value))


def _shown(arguments: dict[str, list[Any]]) -> dict[str, Any]:
    """Return the arguments that the writes would have had, as JSON data with passwords masked."""
    from airflow_provider_vai.languages import json_text

    return {task_id: _masked(json.loads(json_text.canonical(found))) for task_id, found in arguments.items()}


def _masked(value: Any) -> Any:
    from airflow_provider_vai.operators.runtime.masking import masked

    return masked(value)


if __name__ == "__main__":
    main()

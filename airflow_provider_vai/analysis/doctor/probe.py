"""Asks Airflow, in a process of its own: ``python -m airflow_provider_vai.analysis.doctor.probe``.

Reads the question as JSON from standard input, and prints the diagnoses as a JSON list in the last line of its output.
It imports Airflow and users' modules, which the process that asks must not do.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Any

from airflow_provider_vai.analysis.doctor import folders
from airflow_provider_vai.analysis.doctor.diagnosis import Diagnosis
from airflow_provider_vai.analysis.doctor.needs import few
from airflow_provider_vai.analysis.lint.installed import PACKAGE
from airflow_provider_vai.model.tool_names import CALLABLE_PLACE

PLUGIN = "vai"
AS_SERVER = ("_AIRFLOW_PROCESS_CONTEXT", "server")
"""As in Airflow's own commands: connections are looked up in Airflow's database, too."""


def main() -> int:
    """Answer the question on standard input, and return the exit code."""
    question = json.load(sys.stdin)
    os.environ.setdefault(*AS_SERVER)
    with redirect_stdout(sys.stderr):  # Airflow and users' modules may print
        answers = [asdict(answer) for answer in answered(question)]
    sys.stdout.write(f"\n{json.dumps(answers)}\n")
    return 0


def answered(question: dict[str, Any]) -> Iterator[Diagnosis]:
    """Yield the diagnoses that answer a question.

    :param question: What :func:`.examination.examine` asks: ``connections``, ``names``, ``python_path``, ``folder``,
        ``dag_files`` and ``stores``.
    """
    yield _provider()
    yield _plugin()
    database = _database()
    yield database
    if question["folder"]:
        yield _is_read(Path(question["folder"]))
    yield from (folders.store(option, url) for option, url in question["stores"])
    for conn_id, users in question["connections"].items():
        yield _connection(conn_id, users)
    sys.path[:0] = [place for place in question["python_path"] if place not in sys.path]
    for name, users in question["names"].items():
        yield _importable(name, users)
    if database.level == "ok":
        yield from _dag_files(question["dag_files"])


def _provider() -> Diagnosis:
    from airflow.providers_manager import ProvidersManager

    if PACKAGE in ProvidersManager().providers:
        return Diagnosis("DOC602", "ok", "provider", "Airflow knows it")
    message = "Airflow does not know it, so connection types, settings and `airflow vai` are missing"
    return Diagnosis("DOC602", "error", "provider", message, f"Run pip install {PACKAGE} in Airflow's environment.")


def _plugin() -> Diagnosis:
    from airflow import plugins_manager

    plugins_manager.ensure_plugins_loaded()
    if PLUGIN in {plugin.get("name") for plugin in plugins_manager.get_plugin_info()}:
        return Diagnosis("DOC603", "ok", "plugin", "Airflow loads it")
    errors = getattr(plugins_manager, "get_import_errors", lambda: getattr(plugins_manager, "import_errors", {}))()
    reason = next((str(error) for place, error in errors.items() if PLUGIN in place), "no such entry point was found")
    message = f"Airflow does not load it, so the HTTP API and webhooks are missing: {reason}"
    return Diagnosis("DOC603", "error", "plugin", message, "Run `airflow plugins`, and correct the error.")


def _database() -> Diagnosis:
    from airflow.utils.db import _get_current_revision, _get_script_object
    from airflow.utils.session import create_session

    try:
        with create_session(scoped=False) as session:
            here = _get_current_revision(session)
            wanted = _get_script_object().get_current_head()
    except Exception as error:  # each database driver has its own errors
        message = f"it cannot be reached: {str(error).splitlines()[0]}"
        remedy = "Start it, and check [database] sql_alchemy_conn."
        return Diagnosis("DOC604", "error", "database", message, remedy)
    if here == wanted:
        return Diagnosis("DOC604", "ok", "database", "reached and migrated")
    message = "it is empty" if here is None else f"it is at revision {here}, and this Airflow needs {wanted}"
    return Diagnosis("DOC604", "error", "database", message, "Run `airflow db migrate`.")


def _is_read(folder: Path) -> Diagnosis:
    from airflow.dag_processing.bundles.manager import DagBundlesManager

    bundles = [(bundle.name, Path(bundle.path).resolve()) for bundle in DagBundlesManager().get_all_dag_bundles()]
    subject = "DAG bundles"
    if name := next((name for name, path in bundles if folder.is_relative_to(path)), None):
        return Diagnosis("DOC206", "ok", subject, f"Airflow reads {folder} in the bundle {name}")
    message = f"Airflow does not read {folder}: it is in none of its DAG bundles"
    remedy = "Put it below [core] dags_folder, or add a bundle to [dag_processor] dag_bundle_config_list."
    return Diagnosis("DOC206", "error", subject, message, remedy)


def _connection(conn_id: str, users: list[str]) -> Diagnosis:
    from airflow.exceptions import AirflowNotFoundException
    from airflow.models.connection import Connection

    subject = f"connection {conn_id}"
    try:
        found = Connection.get_connection_from_secrets(conn_id)
    except AirflowNotFoundException:
        message, remedy = f"it does not exist; needed by {few(users)}", _how_to_add(conn_id)
        return Diagnosis("DOC401", "error", subject, message, remedy)
    except Exception as error:  # each secrets backend has its own errors
        message = f"it cannot be looked up ({type(error).__name__}); needed by {few(users)}"
        return Diagnosis("DOC401", "error", subject, message, "Check Airflow's secrets backend and database.")
    return Diagnosis("DOC401", "ok", subject, f"exists (type {found.conn_type or 'unknown'}); needed by {few(users)}")


def _how_to_add(conn_id: str) -> str:
    return f"Add it on Airflow's page Admin > Connections, or with `airflow connections add {conn_id} --conn-type ...`."


def _importable(name: str, users: list[str]) -> Diagnosis:
    """Return whether a function or class can be imported; importing its module runs the module, as in a task."""
    module, _, attribute = name.rpartition(":" if ":" in name else ".")
    subject, remedy = f"function {name}", f"Write {CALLABLE_PLACE}."
    try:
        found: Any = import_module(module)
        for part in attribute.split("."):
            found = getattr(found, part)
    except (Exception, SystemExit) as error:  # whatever the module raises
        if not (isinstance(error, ModuleNotFoundError) and f"{module}.".startswith(f"{error.name}.")):
            remedy = "Correct the module, or install what it imports where the DAGs run."
        message = f"it cannot be imported ({type(error).__name__}: {error}); needed by {few(users)}"
        return Diagnosis("DOC501", "error", subject, message, remedy)
    if callable(found):
        return Diagnosis("DOC501", "ok", subject, f"can be imported; needed by {few(users)}")
    message = f"it is not a function, but {type(found).__name__}; needed by {few(users)}"
    return Diagnosis("DOC501", "error", subject, message, "Name a function.")


def _dag_files(dag_files: dict[str, str]) -> Iterator[Diagnosis]:
    """Yield what Airflow's DAG processor recorded about each DAG file."""
    from airflow.models.dag import DagModel
    from airflow.models.errors import ParseImportError
    from airflow.utils.session import create_session

    with create_session(scoped=False) as session:
        known = {dag_id for (dag_id,) in session.query(DagModel.dag_id).filter(DagModel.dag_id.in_(dag_files))}
        errors = [(error.filename or "", error.stacktrace or "") for error in session.query(ParseImportError)]
    for dag_id, file in dag_files.items():
        subject = f"automation {dag_id}"
        reasons = [text for name, text in errors if name and Path(file).as_posix().endswith(f"/{name.lstrip('/')}")]
        if reasons:
            last = (reasons[0].strip().splitlines() or ["no reason is recorded"])[-1]
            remedy = "Run `vai lint` on it, and `airflow dags list-import-errors` for the whole error."
            yield Diagnosis("DOC605", "error", subject, f"Airflow cannot import {file}: {last}", remedy)
        elif dag_id in known:
            yield Diagnosis("DOC605", "ok", subject, "Airflow knows the DAG")
        else:
            message = f"Airflow has not read {file} yet"
            remedy = "Wait until the DAG processor has read it, and check that the DAG processor runs."
            yield Diagnosis("DOC605", "warning", subject, message, remedy)


if __name__ == "__main__":
    sys.exit(main())

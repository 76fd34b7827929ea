"""A request to read a DAG file is made in Airflow's database, also for a file that Airflow does not know."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from airflow_provider_vai.store.parse_request import request_parsing

pytestmark = pytest.mark.integration


def requested() -> list[tuple[str, str]]:
    """Return the requests in the database, as bundle and path."""
    from airflow.models.dagbag import DagPriorityParsingRequest
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        rows = session.scalars(select(DagPriorityParsingRequest)).all()
        return sorted((row.bundle_name, row.relative_fileloc) for row in rows)


def test_a_new_file_is_requested_once(database: Path) -> None:
    """Two requests for one file are one; the program makes the same request; other folders are in no bundle."""
    folder = database / "dags/vai"
    folder.mkdir(parents=True, exist_ok=True)

    assert request_parsing(folder / "new.py")
    assert request_parsing(folder / "new.py")
    module = "airflow_provider_vai.store.parse_request"
    done = [
        subprocess.run([sys.executable, "-m", module, str(file)], check=False).returncode
        for file in (folder / "other.py", database / "elsewhere.py")
    ]

    assert done == [0, 1]
    assert not request_parsing(database / "elsewhere.py")
    assert requested() == [("dags-folder", "vai/new.py"), ("dags-folder", "vai/other.py")]


def test_without_a_database_the_reason_is_said(tmp_path: Path) -> None:
    """Before Airflow was ever started there is no table for the request; the last line says what to do."""
    home = {**os.environ, "AIRFLOW_HOME": str(tmp_path), "AIRFLOW__CORE__DAGS_FOLDER": str(tmp_path / "dags")}
    home.pop("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", None)
    command = [sys.executable, "-m", "airflow_provider_vai.store.parse_request", str(tmp_path / "dags/new.py")]

    done = subprocess.run(command, check=False, env=home, capture_output=True, text=True)

    assert done.returncode == 1
    assert "airflow db migrate" in done.stderr.splitlines()[-1]

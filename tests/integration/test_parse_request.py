"""A request to read a DAG file is made in Airflow's database, also for a file that Airflow does not know."""

from __future__ import annotations

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

"""A migrated database with Airflow's auth manager, and a client of the API for each role."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

BUNDLE = "dags-folder"


@pytest.fixture(scope="session")
def database(airflow_home: Path) -> Path:
    """Airflow's database, migrated once, and its auth manager."""
    subprocess.run([sys.executable, "-m", "airflow", "db", "migrate"], check=True, capture_output=True)
    from airflow import settings
    from airflow.api_fastapi.app import create_auth_manager

    settings.configure_orm()
    create_auth_manager()
    return airflow_home


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the automations; recordings stand beside it."""
    monkeypatch.setenv("AIRFLOW__VAI__AUTOMATIONS_PATH", str(tmp_path / "automations"))
    monkeypatch.setenv("AIRFLOW__VAI__ARTIFACTS_PATH", f"file://{tmp_path / 'artifacts'}")
    return tmp_path / "automations"


@pytest.fixture
def as_role(database: Path, folder: Path) -> Iterator[Any]:
    """Return a function that gives a client for a role: admin, op, user, viewer."""
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
    from airflow.api_fastapi.core_api.security import get_user

    from airflow_provider_vai.plugin.app import app

    def client(role: str | None, **headers: str) -> TestClient:
        if role is None:
            app.dependency_overrides.pop(get_user, None)
        else:
            user = SimpleAuthManagerUser(username=f"{role}-person", role=role)
            app.dependency_overrides[get_user] = lambda: user
        given = headers or {"Authorization": "Bearer of-a-test"}
        return TestClient(app, headers=given, raise_server_exceptions=True)

    yield client
    app.dependency_overrides.clear()


@pytest.fixture
def op(as_role: Any) -> TestClient:
    """A client for somebody who may author."""
    return as_role("op")


@pytest.fixture
def read_by_airflow(database: Path, folder: Path) -> Iterator[Any]:
    """Return a function that makes Airflow read an automation's file, as its DAG processor does."""
    from airflow.api.common.delete_dag import delete_dag
    from airflow.exceptions import DagNotFound
    from airflow.models.dagbundle import DagBundleModel
    from airflow.models.errors import ParseImportError
    from airflow.utils.session import create_session
    from sqlalchemy import delete

    seen = set()

    def read(dag_id: str = "nightly") -> None:
        from airflow.dag_processing.bundles.manager import DagBundlesManager

        from tests.airflow_names import bag_of, sync_bag_to_db

        with create_session() as session:
            if session.get(DagBundleModel, BUNDLE) is None:
                DagBundlesManager().sync_bundles_to_db(session=session)
        bag = bag_of(folder / f"{dag_id}.py", BUNDLE)
        assert not bag.import_errors
        sync_bag_to_db(bag, BUNDLE, None)
        seen.add(dag_id)

    yield read
    with create_session() as session:
        session.execute(delete(ParseImportError))
    for dag_id in seen:
        with suppress(DagNotFound):
            delete_dag(dag_id)


@pytest.fixture
def queries(database: Path) -> Iterator[list[str]]:
    """The statements that Airflow's database has carried out since the test began."""
    from airflow import settings
    from sqlalchemy import event

    found: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *more: Any) -> None:
        found.append(statement)

    event.listen(settings.engine, "before_cursor_execute", note)
    yield found
    event.remove(settings.engine, "before_cursor_execute", note)

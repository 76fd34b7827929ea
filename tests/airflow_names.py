"""What Airflow's oldest supported release has under other names, for the tests."""

from __future__ import annotations

from importlib.util import find_spec
from inspect import signature
from pathlib import Path
from typing import Any

try:
    from airflow.dag_processing.dagbag import DagBag
except ImportError:  # Airflow 3.1
    from airflow.models.dagbag import DagBag

try:
    from airflow.serialization.serialized_objects import DagSerialization
except ImportError:  # Airflow 3.1
    from airflow.serialization.serialized_objects import SerializedDAG as DagSerialization

__all__ = ["DagBag", "DagSerialization", "bag_of", "needs_database", "store_result", "sync_bag_to_db", "to_database"]


def bag_of(path: Path, bundle_name: str) -> Any:
    """Return the bag of a DAG file in a bundle that is the file's folder."""
    named = {"bundle_name": bundle_name} if "bundle_name" in signature(DagBag).parameters else {}  # not in 3.1.0
    return DagBag(str(path), bundle_path=path.parent, **named)


def sync_bag_to_db(bag: Any, bundle_name: str, bundle_version: str | None = None) -> None:
    """Write the DAGs of a bag to Airflow's database."""
    try:
        from airflow.dag_processing.dagbag import sync_bag_to_db as sync
    except ImportError:  # Airflow 3.1
        from airflow.models.dagbag import sync_bag_to_db as sync
    sync(bag, bundle_name, bundle_version)


def needs_database() -> bool:
    """Return whether ``DAG.test`` runs only what the database has, as in Airflow 3.1."""
    return find_spec("airflow.dag_processing.dagbag") is None


def to_database(path: Path) -> None:
    """Write a file's DAGs to Airflow's database if ``DAG.test`` needs them there."""
    from airflow.dag_processing.bundles.manager import DagBundlesManager

    if needs_database():
        sync_bag_to_db(DagBag(dag_folder=str(path)), next(iter(DagBundlesManager().get_all_dag_bundles())).name)


def store_result(session: Any, value: Any, key: str = "return_value", **names: Any) -> None:
    """Store a result of a task instance in Airflow's database as the API of tasks does, which gets JSON."""
    from airflow.models.xcom import XComModel

    if "serialize" in signature(XComModel.set).parameters:
        XComModel.set(key=key, value=value, session=session, serialize=False, **names)
    else:  # Airflow 3.1
        XComModel.set(key=key, value=value, session=session, **names)
        session.query(XComModel).filter_by(key=key, **names).one().value = value

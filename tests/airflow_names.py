"""What Airflow's oldest supported release has under other names, for the tests."""

from __future__ import annotations

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

__all__ = ["DagBag", "DagSerialization", "bag_of", "sync_bag_to_db"]


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

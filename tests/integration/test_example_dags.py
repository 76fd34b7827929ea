"""Airflow loads the packaged example DAGs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.airflow_names import DagBag
from tests.paths import ROOT

pytestmark = pytest.mark.integration


def test_airflow_loads_them(database: Path) -> None:
    """There is no import error, and the DAGs are those of the three files."""
    folder = ROOT / "airflow_provider_vai" / "example_dags"
    bag = DagBag(dag_folder=str(folder))

    assert bag.import_errors == {}
    assert sorted(bag.dags) == ["example_vai_approval", "example_vai_dashboard", "example_vai_webhook"]

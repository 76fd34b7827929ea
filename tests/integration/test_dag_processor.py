"""A real `airflow dag-processor` holds the operators of automations, and its children parse DAG files with them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.paths import ROOT

pytestmark = pytest.mark.integration

DAG_FILE = """
import json, os, sys
from pathlib import Path

held = [name for name in json.loads(os.environ["VAI_TEST_MODULES"]) if name in sys.modules]
from datetime import datetime
from airflow.sdk import DAG

Path(os.environ["VAI_TEST_FOUND"]).write_text(json.dumps(held))
with DAG("found", schedule=None, start_date=datetime(2025, 1, 1)):
    pass
"""
MODULES = [
    "airflow_provider_vai.operators.python_tool",
    "airflow_provider_vai.operators.http_request",
    "airflow_provider_vai.sensors.approval",
    "airflow.providers.standard.operators.trigger_dagrun",
    "airflow.providers.standard.sensors.external_task",
]


@pytest.mark.parametrize(("switch", "expected"), [("True", MODULES), ("False", [])])
def test_what_a_child_finds(switch: str, expected: list[str], tmp_path: Path) -> None:
    """A DAG file that imports none of it finds it in its process; with the option off, it does not."""
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags/found.py").write_text(DAG_FILE)
    environ = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    environ |= {
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(tmp_path / "dags"),
        "AIRFLOW__VAI__PRELOAD_IN_DAG_PROCESSOR": switch,
        "PYTHONPATH": str(ROOT),
        "VAI_TEST_FOUND": str(tmp_path / "found.json"),
        "VAI_TEST_MODULES": json.dumps(MODULES),
    }
    for command in (["db", "migrate"], ["dag-processor", "--num-runs", "1"]):
        done = subprocess.run(
            [sys.executable, "-m", "airflow", *command],
            env=environ, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-3000:]

    assert json.loads((tmp_path / "found.json").read_text()) == expected

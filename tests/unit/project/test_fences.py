"""The modules that DAG files import stay light, because every parse of a DAG file imports them again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import airflow_provider_vai

PACKAGE = Path(airflow_provider_vai.__file__).parent
MODULES = [
    f"airflow_provider_vai.{folder}.{path.stem}"
    for folder in ("operators", "sensors")
    for path in sorted((PACKAGE / folder).glob("*.py"))
    if path.stem != "__init__"
]
HEAVY = (
    "dlt",
    "pyarrow",
    "trafilatura",
    "pydantic_ai",
    "duckdb",
    "sqlglot",
    "requests",
    "vl_convert",
    "fastmcp",
    "airflow.providers.http",
    "airflow.providers.common.sql",
    "airflow.providers.common.ai",
)
SCRIPT = """
import importlib, sys
import airflow.sdk
from airflow.sdk import BaseOperator, BaseSensorOperator
before = set(sys.modules)
for name in sys.argv[2:]:
    importlib.import_module(name)
    new = set(sys.modules) - before
    print(name, sorted(m for m in new if any(m == h or m.startswith(h + ".") for h in sys.argv[1].split(","))))
"""


@pytest.fixture(scope="module")
def imported() -> dict[str, str]:
    """For each module: the heavy modules that it, or a module before it, imported in a new process."""
    command = [sys.executable, "-c", SCRIPT, ",".join(HEAVY), *MODULES]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return dict(line.split(" ", 1) for line in output.splitlines() if line.startswith("airflow_provider_vai."))


@pytest.mark.parametrize("module", MODULES)
def test_module_imports_nothing_heavy(module: str, imported: dict[str, str]) -> None:
    """No operator or sensor module imports a library that only a running task needs."""
    assert imported[module] == "[]"


LIGHT = """
import importlib, sys
import airflow.sdk, airflow.sdk.bases.sensor, airflow.sdk.bases.skipmixin, airflow.sdk.bases.branch
from airflow.sdk import Asset, BaseOperator, BaseSensorOperator
before = set(sys.modules)
importlib.import_module(sys.argv[1])
new = set(sys.modules) - before
print(len([name for name in new if name.startswith("airflow_provider_vai.")]), "difflib" in new)
print(sorted(name for name in new if name.startswith("airflow_provider_vai.secrets")))
"""


@pytest.mark.parametrize(
    ("module", "most"),
    [
        ("operators.python_tool", 9),
        ("operators.generate_query", 11),
        ("operators.http_request", 17),
        ("operators.file_sync", 16),
        ("sensors.approval", 11),
    ],
)
def test_module_imports_few_of_ours(module: str, most: int) -> None:
    """What only a running task needs is imported then: how many modules of the package a parse imports is bounded."""
    command = [sys.executable, "-c", LIGHT, f"airflow_provider_vai.{module}"]
    counted, names = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    count, has_difflib = counted.split()

    assert int(count) <= most
    assert has_difflib == "False"
    assert names == "[]"


def test_page_needs_no_airflow() -> None:
    """The module that makes the flashboard page does not import Airflow."""
    script = (
        "import sys; import airflow_provider_vai.operators.flashboard.page;"
        "assert not [m for m in sys.modules if m.split('.')[0] == 'airflow']"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_a_task_asks_no_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    """Creating a task with its asset does not load the descriptions of all providers in each parse."""
    from airflow.sdk import DAG
    from airflow.sdk.definitions import asset

    from airflow_provider_vai.operators.python_tool import PythonToolOperator

    def asked(scheme: str) -> None:
        raise AssertionError(f"asked who spells {scheme}")

    monkeypatch.setattr(asset, "_get_uri_normalizer", asked)
    with DAG("d", schedule=None):
        step = PythonToolOperator(task_id="t", python_callable="m:f")

    assert [outlet.uri for outlet in step.outlets] == ["vai://actions/python_tool/d/t"]
    with pytest.raises(AssertionError, match="asked who spells"):
        asset.Asset("vai://actions/python_tool/d/t")


AT_RUN_TIME = """
import sys
from airflow_provider_vai.operators.web import guard, response, shape
assert guard.checked_headers({}) == {}
assert "airflow_provider_vai.secrets.find" not in sys.modules, "the patterns of credentials were imported"
assert guard.checked_headers({"Accept": "text/plain"}) == {"Accept": "text/plain"}
"""


def test_a_plain_request_needs_no_patterns_of_credentials() -> None:
    """A step that sends a request without headers does not pay for compiling what credentials look like."""
    subprocess.run([sys.executable, "-c", AT_RUN_TIME], check=True, capture_output=True)

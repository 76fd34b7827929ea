"""Run the tests that depend on versions with each supported Airflow and Python, for ``dev/test --matrix``.

A cell is named after its Airflow and its Python: ``3.2-3.11``. Each has an environment of its own, ``.venv-3.2-3.11``,
which is kept. Standard library only.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import airflows
import environment
from airflows import MATRIX, NEWEST, PYTHONS, USUAL

ROOT = Path(__file__).resolve().parents[1]
RIGHT = ("operators", "sensors", "hooks", "plugin", "recorder")
"""Rooms whose unit tests depend on Airflow: those to the right of the DAG file."""

NOT_HERE = ("dev", "project")
"""Unit tests of the repository itself, not of what is installed."""

INTEGRATION = (
    *("airflow_names", "approval", "assets", "call_agent", "call_automation", "conditional_branch", "dag_processor"),
    *("dag_versions", "dags_test", "date_templates", "derived", "dlt_extract", "doctor", "duckdb_transform"),
    *("example_dags", "file_sync", "generate_query", "goldens", "http_request", "mcp_tool", "object_storage"),
    *("operators", "python_tool", "rendered_files", "schedules", "serialization"),
)
"""Integration tests whose answer can differ between versions: ``tests/integration/test_<name>.py``."""

CELL_SECONDS = 60 * 60


@dataclass(frozen=True)
class Cell:
    """One Airflow on one Python."""

    airflow: airflows.Airflow
    python: str

    @property
    def name(self) -> str:
        """The cell's name on the command line, and of its environment."""
        return f"{self.airflow.name}-{self.python}"

    def tests(self) -> list[str]:
        """Return the test files and folders: what needs Airflow, and on the newest Airflow also what needs none.

        A local run has each Airflow on one Python; the rooms left of the DAG file depend on the Python alone.
        """
        unit = sorted(path.name for path in (ROOT / "tests/unit").iterdir() if (path / "__init__.py").exists())
        rooms = [room for room in unit if room not in NOT_HERE and (room in RIGHT or self.airflow is NEWEST)]
        return [
            *(f"tests/unit/{room}" for room in rooms),
            *(f"tests/integration/test_{name}.py" for name in INTEGRATION),
        ]


@dataclass(frozen=True)
class Outcome:
    """What a cell's tests came to; ``remark`` says why there are no figures, or which tests failed."""

    cell: Cell
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    remark: str = ""

    @property
    def is_available(self) -> bool:
        """Whether the tests ran at all."""
        return bool(self.passed or self.failed)

    def row(self) -> list[str]:
        """Return the outcome's line of the table."""
        figures = [str(figure) if self.is_available else "-" for figure in (self.passed, self.failed, self.skipped)]
        allowed = "allowed to fail; " if self.cell.airflow.is_optional and not self.is_good else ""
        return [self.cell.airflow.version, self.cell.python, *figures, allowed + self.remark]

    @property
    def is_good(self) -> bool:
        """Whether every test that ran passed."""
        return self.is_available and not self.failed


def chosen(names: Iterable[str]) -> list[Cell]:
    """Return the cells with these names; without any, each Airflow on the usual Python, and the newest on every one.

    :param names: cells (``3.2-3.12``) or Airflows (``3.2``, on each Python).
    :raises SystemExit: there is no such cell.
    """
    names = list(names)
    if not names:
        others = [Cell(NEWEST, python) for python in PYTHONS if python != USUAL]
        return [*(Cell(row, USUAL) for row in MATRIX.values()), *others]
    found = []
    for name in names:
        airflow, dash, python = name.partition("-")
        if airflow not in MATRIX or (dash and python not in PYTHONS):
            known = f"Airflow {', '.join(MATRIX)}; Python {', '.join(PYTHONS)}"
            sys.exit(f"dev/test: there is no cell {name!r} in the matrix: write AIRFLOW or AIRFLOW-PYTHON ({known})")
        found += [Cell(MATRIX[airflow], each) for each in ([python] if python else PYTHONS)]
    return found


def run(cell: Cell, arguments: Sequence[str]) -> Outcome:
    """Make a cell's environment, run its tests, and return what they came to.

    :param cell: the cell.
    :param arguments: further arguments of pytest.
    """
    try:
        python = environment.of(cell.airflow, cell.python)
    except environment.InstallError as error:
        return Outcome(cell, remark=f"not available: {error}")
    with tempfile.TemporaryDirectory(prefix="vai-matrix-") as home:
        report = Path(home) / "report.xml"
        settings = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
        settings |= {"AIRFLOW_HOME": home, "PYTHONPATH": str(ROOT)}
        processes = ["-n", os.environ.get("VAI_TEST_PROCESSES", "auto"), "--dist", "loadfile"]
        command = [python, "-m", "pytest", "-q", f"--junitxml={report}", *processes, *cell.tests(), *arguments]
        try:
            code = subprocess.run(command, cwd=ROOT, env=settings, check=False, timeout=CELL_SECONDS).returncode
        except subprocess.TimeoutExpired:
            return Outcome(cell, remark=f"stopped after {CELL_SECONDS} s")
        return counted(cell, report) if report.exists() else Outcome(cell, remark=f"pytest ended with {code}")


def counted(cell: Cell, report: Path) -> Outcome:
    """Return what a report of pytest says.

    :param cell: the cell.
    :param report: the file, as JUnit's XML.
    """
    failed, passed, skipped = [], 0, 0
    for case in ElementTree.parse(report).iter("testcase"):
        kinds = {child.tag for child in case}
        if kinds & {"failure", "error"}:
            failed.append(f"{case.get('classname', '').rpartition('.')[2]}::{case.get('name')}")
        elif "skipped" in kinds:
            skipped += 1
        else:
            passed += 1
    return Outcome(cell, passed, len(failed), skipped, ", ".join(failed[:5]) + (" ..." if len(failed) > 5 else ""))


def table(outcomes: Iterable[Outcome]) -> str:
    """Return the outcomes as one table."""
    rows = [["Airflow", "Python", "passed", "failed", "skipped", "remarks"], *(outcome.row() for outcome in outcomes)]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = [
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[5]]) for row in rows
    ]
    return "\n".join(line.rstrip() for line in lines)


def main(arguments: Sequence[str]) -> int:
    """Run the cells that the arguments name; arguments from the first option on are passed to pytest.

    :return: 1 if a test failed in a cell that is not allowed to fail, or if no cell could run.
    """
    first = next((place for place, argument in enumerate(arguments) if argument.startswith("-")), len(arguments))
    cells = chosen(arguments[:first])
    outcomes = []
    for cell in cells:
        print(f"\n== Airflow {cell.airflow.version}, Python {cell.python}", flush=True)
        outcomes.append(run(cell, arguments[first:]))
    print(f"\n{table(outcomes)}", flush=True)
    bad = [outcome for outcome in outcomes if not outcome.is_good and not outcome.cell.airflow.is_optional]
    named = first > 0
    failed = [outcome for outcome in bad if outcome.is_available or named or not outcome.remark.startswith("not avail")]
    return 1 if failed or not any(outcome.is_available for outcome in outcomes) else 0

"""What happens at scale: many gates that wait, large query results, and a DAG of many steps.

    dev/bench scale                  1,000 gates, 10 million rows, 2,000 steps (hours)
    dev/bench scale --quick          small sizes (minutes)
    dev/bench scale rows steps       these parts only: gates, rows, steps
    dev/bench scale --until 50       stop the run of the large DAG after 50 steps
    dev/bench scale --json FILE      write the figures to a file, too

An Airflow of its own runs on this machine, on PostgreSQL if it is installed, otherwise on SQLite. Each figure is a
ratio: to the same Airflow in which nothing waits, to a small query, to a small DAG. Exits 1 if one is above its bound.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
sys.path.insert(0, str(HERE))
import environment  # noqa: E402
import postgresql  # noqa: E402
from airflow_process import SeparateAirflow  # noqa: E402
from figures import PATIENCE, Figure, ids, say  # noqa: E402
from gates import GATES, of_gates  # noqa: E402
from rows import of_rows  # noqa: E402
from steps import of_steps  # noqa: E402

ROOT = HERE.parents[1]
COMPONENTS = ("api-server", "scheduler", "dag-processor", "triggerer")
FULL = {"gates": 1_000, "rows": 10_000_000, "steps": 2_000}
QUICK = {"gates": 20, "rows": 3_000_000, "steps": 200}


@contextlib.contextmanager
def started(folder: Path, gates: int) -> Iterator[SeparateAirflow]:
    """Start an Airflow on PostgreSQL, or on SQLite if there is none."""
    (folder / "dags/vai").mkdir(parents=True)
    (folder / "dags/gates.py").write_text(GATES.format(count=gates + 1))
    (folder / "scale_tools.py").write_text("def look(number):\n    return {'n': number}\n")
    settings = {
        "AIRFLOW__CORE__DAGS_FOLDER": str(folder / "dags"),
        "AIRFLOW__CORE__MAX_ACTIVE_TASKS_PER_DAG": str(gates + 100),
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "10",
        "AIRFLOW__VAI__ARTIFACTS_PATH": f"file://{folder / 'artifacts'}",
        "PYTHONPATH": f"{ROOT}:{folder}",
    }
    with contextlib.ExitStack() as stack:
        try:
            settings["VAI_POSTGRESQL"] = str(stack.enter_context(postgresql.server()))
        except postgresql.NotInstalledError:
            settings["VAI_POSTGRESQL"] = ""
        airflow = SeparateAirflow(folder / "airflow", Path(sys.executable), settings, components=COMPONENTS)
        with airflow:
            airflow.wait_healthy(report=say)
            client = airflow.client
            airflow.wait("the DAG of the gates", lambda: len(ids(client.call("GET", "/dags"))) == 2, PATIENCE, say)
            yield airflow


def measure(options: argparse.Namespace) -> int:
    """Measure the parts, print a table and return the exit code."""
    sizes, parts = QUICK if options.quick else FULL, options.parts or list(FULL)
    found: list[Figure] = []
    print(f"{'figure':52}{'':8}{'bound':>8}")

    def note(figures: Iterator[Figure]) -> None:
        for figure in figures:
            figure.show()
            found.append(figure)

    with tempfile.TemporaryDirectory(prefix="vai-bench-") as name:
        folder = Path(name)
        if "rows" in parts:
            note(of_rows(folder, sizes["rows"]))
        if {"gates", "steps"} & set(parts):
            with started(folder, sizes["gates"]) as airflow:
                if "gates" in parts:
                    note(of_gates(airflow, sizes["gates"]))
                if "steps" in parts:
                    note(of_steps(airflow, folder, sizes["steps"], options.until))
    if options.json:
        Path(options.json).write_text(json.dumps([asdict(one) | {"missed": one.is_missed} for one in found], indent=1))
    return int(any(figure.is_missed for figure in found))


def main() -> int:
    """Measure in the project's environment."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(FULL)} (default: all)")
    parser.add_argument("--quick", action="store_true", help=f"small sizes: {QUICK}")
    parser.add_argument("--until", type=int, default=0, help="stop the run of the large DAG after so many steps")
    parser.add_argument("--json", help="write the figures to this file")
    options = parser.parse_args()
    if unknown := set(options.parts) - set(FULL):
        parser.error(f"there is no part {', '.join(sorted(unknown))}: write {', '.join(FULL)}")
    if os.environ.get("VAI_BENCH_INSIDE"):
        return measure(options)
    python = environment.python_or_exit(["all"])
    settings = {**os.environ, "VAI_BENCH_INSIDE": "1", "PYTHONPATH": str(ROOT)}
    return subprocess.run([python, HERE, *sys.argv[1:]], env=settings, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())

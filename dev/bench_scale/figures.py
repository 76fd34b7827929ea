"""The lines of the table, and what its parts ask of an Airflow and its processes."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from airflow_process import SeparateAirflow

FLAT = 1.2
"""The bound of what must not grow: memory, the scheduler's time, the time of a step."""

PATIENCE = 6 * 3600.0
"""Seconds to wait for anything."""


@dataclass
class Figure:
    """One line of the table: its name, the figure, its bound (``None``: not bounded), and what is behind it."""

    name: str
    value: float
    bound: float | None
    detail: str

    @property
    def is_missed(self) -> bool:
        """Whether the figure is above its bound."""
        return self.bound is not None and round(self.value, 2) > self.bound

    def show(self) -> None:
        """Print the line."""
        bound = "" if self.bound is None else f"{self.bound:8g}  {'MISSED' if self.is_missed else 'ok'}"
        print(f"{self.name:52}{self.value:8.2f}{bound:18}{self.detail}", flush=True)


def say(text: str) -> None:
    """Print what goes on to standard error."""
    print(f"bench: {text}", file=sys.stderr, flush=True)


def process_of(airflow: SeparateAirflow, component: str) -> int:
    """Return the process id of a component: the child of its supervisor."""
    supervisor = airflow._processes[component].pid
    return int(Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text().split()[0])


def memory(airflow: SeparateAirflow, component: str) -> int:
    """Return the bytes of memory that a component and its processes take, each shared page counted once."""
    found, waiting = 0, [process_of(airflow, component)]
    while waiting:
        pid = waiting.pop()
        with contextlib.suppress(OSError):  # it has just ended
            waiting += map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            found += next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024
    return found


def busy(airflow: SeparateAirflow, component: str, seconds: float) -> float:
    """Return the share of a processor that a component takes while nothing happens."""
    pid, tick = process_of(airflow, component), os.sysconf("SC_CLK_TCK")

    def spent() -> float:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / tick

    before = spent()
    time.sleep(seconds)
    return (spent() - before) / seconds


def begin(airflow: SeparateAirflow, dag_id: str, run_ids: list[str]) -> None:
    """Start DAG runs."""
    for run_id in run_ids:
        body = {"dag_run_id": run_id, "logical_date": None}
        airflow.client.call("POST", f"/dags/{dag_id}/dagRuns", body)


def ids(page: Any) -> set[str]:
    """Return the DAG ids of a page of Airflow's list."""
    return {one["dag_id"] for one in page["dags"] if one["last_parse_duration"]}

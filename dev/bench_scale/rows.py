"""A query of many rows to an artifact, which a second step reads; this script runs one such query."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from figures import FLAT, Figure

FEW_ROWS, MORE_ROWS = 10_000, 1_000_000


def of_rows(folder: Path, rows: int) -> Iterator[Figure]:
    """Yield how much more memory a process takes for a large query than for a smaller one.

    DuckDB's buffers fill up to the bound of :data:`MORE_ROWS` rows. From there on, the memory must not grow.
    """
    peaks = {}
    for count in (FEW_ROWS, MORE_ROWS, rows):
        command = [sys.executable, __file__, str(count)]
        place: dict[str, Any] = {"conn_type": "duckdb", "host": str(folder / f"{count}.duckdb")}
        place["extra"] = {"config": {"enable_external_access": True}}  # the second step reads the file of the first
        known = {"AIRFLOW_HOME": str(folder), "AIRFLOW_CONN_WAREHOUSE": json.dumps(place), "VAI_BENCH_INSIDE": "1"}
        known |= {"AIRFLOW__VAI__ARTIFACTS_PATH": f"file://{folder}/artifacts"}
        done = subprocess.run(command, env=os.environ | known, check=True, stdout=subprocess.PIPE, text=True)
        peaks[count] = int(done.stdout.split()[-1])
    few, more, many = (size / 1024 for size in peaks.values())
    yield Figure(f"{rows:,} rows, memory against {MORE_ROWS:,}", many / more, FLAT, f"{many:.0f} / {more:.0f} MiB")
    yield Figure(f"{rows:,} rows, memory against {FEW_ROWS:,}", many / few, None, f"{many:.0f} / {few:.0f} MiB")


def one_query(count: int) -> int:
    """Write so many rows to an artifact, read it in a second step, and print the peak of this process's memory."""
    from types import SimpleNamespace

    import duckdb

    from airflow_provider_vai.operators.duckdb_transform import DuckdbTransformOperator
    from airflow_provider_vai.operators.runtime import results

    duckdb.connect(json.loads(os.environ["AIRFLOW_CONN_WAREHOUSE"])["host"]).close()
    place = SimpleNamespace(dag_id="rows", run_id=f"run_{count}", map_index=-1, try_number=1, max_tries=0)
    target = f"{results.artifacts_root()}/rows_{count}.parquet"
    made = f"SELECT range AS id, range % 97 AS region, md5(range::text) AS name FROM range({count})"
    asked = f"SELECT region, count(*) AS n, max(name) AS last FROM '{target.removeprefix('file://')}' GROUP BY region"
    for task_id, options in (("write", {"sql": made, "path": target}), ("read", {"sql": asked, "table": "by_region"})):
        step = DuckdbTransformOperator(task_id=task_id, conn_id="warehouse", mode="replace", **options)
        context: Any = {"ti": SimpleNamespace(task_id=task_id, **vars(place)), "task": step, "task_state_store": None}
        step.execute.__wrapped__(step, context)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    return 0


if __name__ == "__main__":
    sys.exit(one_query(int(sys.argv[1])))

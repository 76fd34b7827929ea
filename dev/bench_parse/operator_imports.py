"""Prints, as JSON, the CPU seconds of importing each operator module after ``airflow.sdk``, and the modules it loads.

Each import takes place in a fork; the figure is the lowest of several. ``stock`` is Airflow's ``BashOperator``.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import sys
import time

ROUNDS = 9
STOCK = "airflow.providers.standard.operators.bash"


def main() -> None:
    """Print the figures."""
    import airflow.dag_processing.processor  # noqa: F401 - what the parent of each parse holds
    from airflow.sdk import DAG, Asset, BaseOperator, chain  # noqa: F401

    from airflow_provider_vai.get_provider_info import OPERATORS

    for name in [name for name in sys.modules if name.partition(".")[0] == "airflow_provider_vai"]:
        del sys.modules[name]
    modules = {name: f"airflow_provider_vai.operators.{name}" for name in sorted(OPERATORS)}
    modules |= {"approval": "airflow_provider_vai.sensors.approval", "stock": STOCK}
    gc.collect()
    gc.freeze()  # as the DAG processor does before it forks
    rounds = [{name: imported(module) for name, module in modules.items()} for _ in range(ROUNDS)]
    print(json.dumps({name: min(one[name] for one in rounds) for name in modules}))


def imported(module: str) -> tuple[float, int]:
    """Return the CPU seconds of an import in a fork, and how many modules it loads."""
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        before, started = len(sys.modules), time.process_time()
        importlib.import_module(module)
        os.write(write_end, json.dumps([time.process_time() - started, len(sys.modules) - before]).encode())
        os._exit(0)
    os.close(write_end)
    with os.fdopen(read_end) as pipe:
        seconds, count = json.loads(pipe.read())
    os.waitpid(child, 0)
    return float(seconds), int(count)


if __name__ == "__main__":
    main()

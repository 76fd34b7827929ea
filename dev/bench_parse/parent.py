"""One long-lived parent process, as Airflow's DAG processor: parses each file in a forked child, once for each line.

Standard input gets one line a round. The answer is one line of JSON: the CPU seconds of all children from fork to exit,
and the bytes of the message that the last one sends to its manager.
"""

from __future__ import annotations

import gc
import importlib
import json
import logging
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

LAZY = ("airflow.providers.standard.operators.trigger_dagrun", "airflow.providers.standard.sensors.external_task")
"""What serialization imports in each child, unless a DAG file has named it."""


def main() -> None:
    """Serve rounds until standard input ends."""
    settings = json.loads(sys.argv[1])
    folder = Path(settings["folder"])
    os.environ.setdefault("_AIRFLOW_PROCESS_CONTEXT", "client")
    import structlog
    from airflow.dag_processing import processor  # what the DAG processor itself has imported
    from airflow.utils.file import iter_airflow_imports

    logging.disable(logging.CRITICAL)
    if settings["parent"] == "rich":
        for module in LAZY:
            importlib.import_module(module)
    if settings["parent"] == "warm":
        from airflow_provider_vai.plugin.events import warm_up

        warm_up.import_core()
    files = sorted(file for file in folder.glob("*.py") if not settings["only"] or file.name in settings["only"])
    log = structlog.get_logger("task")
    print("ready", flush=True)
    for _ in sys.stdin:
        gc.collect()
        gc.freeze()
        seconds, answer = 0.0, {}
        for file in files:
            for module in iter_airflow_imports(str(file)):
                with suppress(ImportError):
                    importlib.import_module(module)
            used, answer = in_child(lambda file=file: parse(processor, file, folder, log))
            seconds += used
        print(json.dumps({**answer, "seconds": seconds}), flush=True)


def parse(processor: Any, file: Path, folder: Path, log: Any) -> dict[str, Any]:
    """Parse one file and encode the message about it, as the DAG processor's child does."""
    from airflow.sdk.execution_time.comms import _RequestFrame

    request = processor.DagFileParseRequest(file=str(file), bundle_path=folder, bundle_name="bench")
    result = processor._parse_file(request, log)
    message = _RequestFrame(id=1, body=result.model_dump()).as_bytes()
    errors = [str(error)[-500:] for error in (result.import_errors or {}).values()]
    return {"dags": len(result.serialized_dags), "bytes": len(message), "errors": errors}


def in_child(work: Any) -> tuple[float, dict[str, Any]]:
    """Run a function in a forked child; return the child's CPU seconds and the function's answer."""
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read_end)
        try:
            answer = work()
        except BaseException as error:  # the parent reports it
            answer = {"errors": [repr(error)]}
        os.write(write_end, json.dumps(answer).encode())
        os._exit(0)
    os.close(write_end)
    with os.fdopen(read_end) as pipe:
        answer = json.loads(pipe.read())
    used = os.wait4(child, 0)[2]
    return used.ru_utime + used.ru_stime, answer


if __name__ == "__main__":
    main()

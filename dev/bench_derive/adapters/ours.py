"""The product: crystallizes the run, imports the DAG file, and fills arguments in as its tasks would."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import types
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from unittest import mock

from bench_derive.adapters import Perform

OPTIONS = ("--force", "--allow-unsuccessful", "--format", "openai_chat")


class Automation:
    """A DAG file."""

    def __init__(self, program: Path, work: Path) -> None:
        """Crystallize a program's run.

        :raises RuntimeError: it is refused.
        """
        from airflow_provider_vai.cli.main import main

        said = io.StringIO()
        given = (str(program / "run.json"), "--tools", str(program.parent / "vai-tools.toml"))
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            code = main(["crystallize", *OPTIONS, *given, "--out", str(work), "--dag-id", program.name])
        if code:
            raise RuntimeError(f"{program.name} is refused: {said.getvalue()[-400:]}")
        self.tasks, self.params = _loaded(work / f"{program.name}.py")

    def run(self, version: int, perform: Perform) -> None:
        """Fill in the arguments of each task in order, and hand its answer on to later ones."""
        from airflow_provider_vai.operators import arguments

        results: dict[str, Any] = {}
        with mock.patch.object(arguments, "result_of", lambda task_id, _: results.get(task_id)):
            for task in self.tasks:
                tool = str(arguments.as_argument(task.python_callable).value).partition(":")[2]
                answer = perform(tool, _filled(task, self.params))
                if answer is not None:
                    results[task.task_id] = answer


def _loaded(file: Path) -> tuple[list[Any], dict[str, Any]]:
    """Import a DAG file and return its tasks in order, and the values of its params."""
    from airflow.sdk import BaseOperator

    from airflow_provider_vai.operators.base import VaiOperator

    spec = importlib.util.spec_from_file_location(file.stem, file)
    if spec is None or spec.loader is None:
        raise RuntimeError(f"{file} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    dag = next(value.dag for value in vars(module).values() if isinstance(value, BaseOperator))
    tasks = [task for task in dag.topological_sort() if isinstance(task, VaiOperator)]
    return tasks, {name: getattr(param, "value", param) for name, param in dag.params.items()}


def _filled(task: Any, params: dict[str, Any]) -> dict[str, Any] | None:
    """Return a task's arguments; ``None`` if it fails."""
    day = datetime(2026, 11, 30, tzinfo=timezone.utc)
    run = types.SimpleNamespace(run_after=day, logical_date=None, conf={})
    context = {"task": task, "params": params, "dag_run": run, "ti": types.SimpleNamespace(map_index=-1)}
    try:
        return dict(task.resolved_arguments(context)["arguments"])
    except Exception:
        return None

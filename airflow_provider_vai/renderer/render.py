"""Renders an automation to the text of its DAG file, and checks the text.

The DAG templates can output only :class:`.PythonSource`. Any other value in an output expression raises an error, so
every value has to go through the filter ``py``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_provider_vai.exceptions import RenderError
from airflow_provider_vai.languages.identifiers import Names, identifier
from airflow_provider_vai.model.automation import Automation, Step
from airflow_provider_vai.model.refusals import refusals
from airflow_provider_vai.renderer import dag_settings, derived_source, python_source
from airflow_provider_vai.renderer.audit import Expected, ExpectedTask, audit
from airflow_provider_vai.renderer.edges import edges
from airflow_provider_vai.renderer.frame import framed
from airflow_provider_vai.renderer.importable import FUNCTIONS
from airflow_provider_vai.renderer.python_source import PythonSource, SourcePlace
from airflow_provider_vai.renderer.task_source import TaskSource, task_sources

if TYPE_CHECKING:
    from jinja2 import Environment

TASKS = "tasks/"
GENERAL = f"{TASKS}_call.jinja"
"""The template of the tasks whose action kind has none of its own."""

Imports = dict[str, set[str]]
"""The names that a DAG file imports, by module."""


@dataclass(frozen=True)
class FileSource:
    """The content of a DAG file, as the DAG templates use it."""

    docstring: PythonSource
    standard_imports: list[PythonSource]
    imports: list[PythonSource]
    start_date: PythonSource
    settings: dict[str, Any]
    tasks: list[TaskSource]
    edges: list[PythonSource]


def render(automation: Automation) -> str:
    """Return the text of an automation's DAG file.

    The same automation always gives the same text. Before the text is returned, it is parsed and compared with the
    automation, statement by statement: it contains nothing else, and every value reads back equal.

    :param automation: The automation.
    :raises RenderError: if a value cannot be written as a literal, something in the automation cannot be rendered, or
        Airflow or its database would refuse it (see :mod:`airflow_provider_vai.model.refusals`).
    """
    _check_accepted(automation)
    frame = framed(automation)
    variables = _variables(frame.steps)
    tasks = task_sources(frame, variables, automation.dag_id, list(automation.params))
    lines = edges(frame.steps, variables)
    settings = dag_settings.settings(automation)
    imported = _imported(frame.steps, tasks, lines, settings)
    standard = {"datetime": imported.pop("datetime")}
    file = FileSource(
        docstring=python_source.docstring(dag_settings.docstring(automation)),
        standard_imports=_import_lines(standard),
        imports=_import_lines(imported),
        start_date=dag_settings.start_date(automation),
        settings=settings,
        tasks=tasks,
        edges=lines,
    )
    text: str = _environment().get_template("dag.py.jinja").render(file=file)
    text = text.rstrip("\n") + "\n"
    audit(text, _expected(frame.steps, file, standard | imported, variables))
    return text


def _check_accepted(automation: Automation) -> None:
    for refusal in refusals(automation):
        raise RenderError(refusal.problem, where=refusal.where, remedy=refusal.remedy)


def templates_sha256() -> str:
    """Return the digest of the names and contents of all DAG templates."""
    digest = hashlib.sha256()
    folder = templates_folder()
    for path in sorted(folder.rglob("*.jinja")):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def templates_folder() -> Path:
    """Return the folder of the DAG templates: in an installed package inside it, in a checkout beside it."""
    inside = Path(__file__).parents[1] / "dag_templates"
    return inside if inside.is_dir() else Path(__file__).parents[2] / "dag_templates"


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    folder = templates_folder()
    texts = {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in folder.rglob("*.jinja")}
    environment = Environment(
        # a kind without a template of its own has the general one: otherwise each of its tasks is looked for in vain
        loader=FunctionLoader(lambda name: texts.get(name, texts[GENERAL] if name.startswith(TASKS) else None)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_only_source,
        auto_reload=False,
    )
    environment.filters = {"py": python_source.literal, "name": python_source.name}
    return environment


def _only_source(value: Any) -> PythonSource:
    if not isinstance(value, PythonSource):
        raise RenderError(f"a DAG template outputs the value {value!r} without the filter `py`")
    return value


def _expected(steps: Sequence[Step], file: FileSource, imported: Imports, variables: dict[str, str]) -> Expected:
    return Expected(
        imports={(module, name) for module, names in imported.items() for name in names},
        start_date=file.start_date,
        dag=file.settings,
        tasks={
            str(task.variable): ExpectedTask(
                operator=task.operator,
                arguments={"task_id": task.task_id, **task.values},
                gate=task.gate,
                each=task.each,
                assigned={str(variable): value for variable, value in task.assigned},
            )
            for task in file.tasks
        },
        edges={(variables[key], variables[step.key]) for step in steps for key in step.depends_on},
    )


def _variables(steps: Sequence[Step]) -> dict[str, str]:
    names = Names(derived_source.functions(steps), make=identifier)  # so that the variables of existing files stay
    return {step.key: names.give(step.key) for step in steps}


def _import_lines(imported: Imports) -> list[PythonSource]:
    return [
        PythonSource(f"from {'.'.join(map(python_source.name, module.split('.')))} import {_sorted(names)}")
        for module, names in sorted(imported.items())
    ]


def _sorted(names: set[str]) -> str:
    """Return imported names in the order of import sorters: constants, classes, functions."""
    named = map(python_source.name, names)
    return ", ".join(sorted(named, key=lambda name: (not name.isupper(), not name[0].isupper(), name)))


def _imported(
    steps: Sequence[Step], tasks: Sequence[TaskSource], edges: Sequence[PythonSource], settings: Any
) -> Imports:
    """Return the names that the file has to import, by module.

    :raises RenderError: if the file needs the same name from two modules.
    """
    modules: Imports = {
        "airflow.sdk": {"DAG", "chain"} if any(edge.startswith("chain(") for edge in edges) else {"DAG"},
        "datetime": {"datetime", "timezone"},
    }
    assigned = [value for task in tasks for _, value in task.assigned]
    for reference in _references([settings, *(task.values for task in tasks), *assigned]):
        modules.setdefault(reference.module or FUNCTIONS[reference.function], set()).add(reference.function)
    for step in steps:
        module, _, operator = step.operator.rpartition(".")
        modules.setdefault(module, set()).add(operator)
    every = sorted((name, module) for module, names in modules.items() for name in names)
    for (name, module), (other, another) in pairwise(every):
        if name == other:
            raise RenderError(
                f"the name {name} would be imported from two modules: {module} and {another}",
                where="notifications",
                remedy="Use another notifier, or a subclass of it with another name.",
            )
    return modules


def _references(value: Any) -> Iterator[SourcePlace]:
    """Yield every function call in a value, without recursion."""
    waiting: list[Any] = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part
        elif isinstance(part, SourcePlace):
            waiting += (*part.values, *part.keywords.values())
            if part.function:
                yield part

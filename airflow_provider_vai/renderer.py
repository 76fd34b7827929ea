"""render: from an Automation to the text of its DAG file, checked before anybody sees it.

The one Jinja environment of the project. A template writes nothing but ``python_source.Source``: whatever else reaches
an output expression raises, so no value can slip past the one filter.
"""

from __future__ import annotations

import hashlib
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_provider_vai import python_source
from airflow_provider_vai.audit import Expected, ExpectedTask, audit
from airflow_provider_vai.automation import Argument, Automation, Param, Step
from airflow_provider_vai.ending import COMPLETED, outlets, with_one_end
from airflow_provider_vai.exceptions import RenderError
from airflow_provider_vai.identifiers import Names
from airflow_provider_vai.kinds import by_name
from airflow_provider_vai.python_source import Reference, Source
from airflow_provider_vai.scheduling import schedule

if TYPE_CHECKING:
    from jinja2 import Environment

ARGUMENTS_MODULE = "airflow_provider_vai.operators.arguments"
FUNCTIONS = {
    "asset": "airflow_provider_vai.operators.assets",
    "AssetAny": "airflow.sdk",
    "AssetOrTimeSchedule": "airflow.timetables.assets",
    "CronTriggerTimetable": "airflow.timetables.trigger",
    "MultipleCronTriggerTimetable": "airflow.timetables.trigger",
    "Param": "airflow.sdk",
    "parameter": ARGUMENTS_MODULE,
    "connection_secret": ARGUMENTS_MODULE,
    "template": ARGUMENTS_MODULE,
    "wired": ARGUMENTS_MODULE,
}
"""What a value in a DAG file may call, and the module that it is imported from."""

FIRST_DAY = datetime(2025, 1, 1, tzinfo=timezone.utc)
"""The start date of an automation without a recording. It must not change from one rendering to the next."""

LINE_LENGTH = 110
MAX_DOC_CHARACTERS = 1000


@dataclass(frozen=True)
class TaskSource:
    """One operator call, in the words of the templates."""

    template: str
    variable: Source
    operator: Source
    task_id: str
    arguments: dict[str, Any]
    gate: Source | None
    comments: list[Source]
    outlets: list[Reference]

    @property
    def values(self) -> dict[str, Any]:
        """Everything that is written as a literal, but the task id."""
        return {**self.arguments, **({"outlets": self.outlets} if self.outlets else {})}


@dataclass(frozen=True)
class FileSource:
    """The whole file, in the words of the templates."""

    docstring: Source
    imports: list[Source]
    dag_id: str
    description: str
    schedule: Any
    start_date: Source
    params: dict[str, Reference]
    tags: list[str]
    tasks: list[TaskSource]
    edges: list[Source]


def render(automation: Automation) -> str:
    """Return the DAG file of an automation.

    The same automation gives the same text. Before it is returned it is parsed, and compared statement by statement
    with the automation: nothing else is in it, and every value reads back equal.

    :raises RenderError: a value has no literal form, or the automation uses something that this version cannot render.
    """
    _refuse_unknown(automation)
    steps = with_one_end(automation.steps)
    variables = _variables(steps)
    emitted = outlets(steps, automation.dag_id)
    tasks = [_task(step, variables, emitted.get(step.key, [])) for step in steps]
    edges = _edges(steps, variables)
    when, params = schedule(automation.triggers), {name: _param(param) for name, param in automation.params.items()}
    imported = _imported(steps, tasks, edges, [when, params])
    file = FileSource(
        docstring=python_source.docstring(_docstring(automation)),
        imports=_imports(imported),
        dag_id=automation.dag_id,
        description=automation.description,
        schedule=when,
        start_date=_start_date(automation),
        params=params,
        tags=["vai", automation.source_type.lower()],
        tasks=tasks,
        edges=edges,
    )
    text: str = _environment().get_template("dag.py.jinja").render(file=file)
    text = text.rstrip("\n") + "\n"
    audit(text, _expected(steps, file, imported, variables))
    return text


def templates_sha256() -> str:
    """Return the digest of all templates: their names and contents."""
    digest = hashlib.sha256()
    folder = templates_folder()
    for path in sorted(folder.rglob("*.jinja")):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def templates_folder() -> Path:
    """Return the folder of the templates: inside the package when installed, beside it in a checkout."""
    inside = Path(__file__).parent / "dag_templates"
    return inside if inside.is_dir() else Path(__file__).parents[1] / "dag_templates"


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(templates_folder()),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_only_source,
    )
    environment.filters = {"py": python_source.literal, "name": python_source.name}
    return environment


def _only_source(value: Any) -> Source:
    if not isinstance(value, Source):
        raise RenderError(f"a template writes the value {value!r} without the `py` filter")
    return value


def _expected(
    steps: Sequence[Step], file: FileSource, imported: dict[str, set[str]], variables: dict[str, str]
) -> Expected:
    pairs = {(module, name) for module, names in imported.items() for name in names}
    return Expected(
        imports=pairs | {("datetime", "datetime"), ("datetime", "timezone")},
        start_date=file.start_date,
        dag={
            "dag_id": file.dag_id,
            "description": file.description,
            "schedule": file.schedule,
            **({"params": file.params} if file.params else {}),
            "catchup": False,
            "is_paused_upon_creation": True,
            "max_active_runs": 1,
            "tags": file.tags,
        },
        tasks={
            str(task.variable): ExpectedTask(
                operator=task.operator, arguments={"task_id": task.task_id, **task.values}, gate=task.gate
            )
            for task in file.tasks
        },
        edges={(variables[key], variables[step.key]) for step in steps for key in step.depends_on},
    )


def _refuse_unknown(automation: Automation) -> None:
    if automation.conditions:
        raise RenderError(
            "the automation has conditions, and this version renders none",
            where=f"{automation.dag_id}: conditions",
            remedy="Remove them from the spec, or make a conditional_branch of them.",
        )


def _variables(steps: Sequence[Step]) -> dict[str, str]:
    names = Names()
    return {step.key: names.give(step.key) for step in steps}


def _task(step: Step, variables: dict[str, str], emitted: list[Reference]) -> TaskSource:
    kind = COMPLETED if step.kind == COMPLETED.name else by_name().get(step.kind)
    if kind is None:
        raise RenderError(
            f"no action kind {step.kind!r}", where=f"step {step.key}", remedy="`vai kinds` lists the kinds."
        )
    if step.operator != kind.operator:
        raise RenderError(
            f"the kind {kind.name} is run by {kind.operator}, not by {step.operator!r}",
            where=f"step {step.key}",
            remedy="Change the step's kind, or leave its operator as it was.",
        )
    gate = step.approval.gate
    return TaskSource(
        template=kind.template,
        variable=python_source.name(variables[step.key]),
        operator=python_source.name(step.operator.rpartition(".")[2]),
        task_id=step.task_id,
        arguments={name: _with_references(argument, variables) for name, argument in step.arguments.items()},
        gate=python_source.name(variables[gate]) if gate else None,
        comments=_comments(step) if step.non_deterministic else [],
        outlets=emitted,
    )


def _comments(step: Step) -> list[Source]:
    text = f"{step.determinism.replace('_', '-')}: {step.non_deterministic_reason}"
    lines = textwrap.wrap(text, LINE_LENGTH - 6, break_long_words=False, break_on_hyphens=False)
    return [python_source.comment(line) for line in lines]


def _with_references(argument: Argument, variables: dict[str, str]) -> Any:
    if argument.class_ == "template":
        return Reference("template", None, argument.value)
    if argument.class_ == "parameter":
        return Reference("parameter", None, argument.param)
    if argument.from_:
        return Reference("wired", variables[argument.from_.step], *argument.from_.path)
    value = argument.value
    for wire in argument.wires:
        value = _placed(value, wire.at, Reference("wired", variables[wire.from_.step], *wire.from_.path))
    for secret in argument.secrets:
        value = _placed(value, secret.at, Reference("connection_secret", None, secret.connection))
    return value


def _placed(value: Any, at: Sequence[str | int], reference: Reference) -> Any:
    """Return a copy of ``value`` with the reference at the place ``at``."""
    if not at:
        return reference
    copy = value.copy()
    copy[at[0]] = _placed(value[at[0]], at[1:], reference)
    return copy


def _imports(imported: dict[str, set[str]]) -> list[Source]:
    return [
        Source(f"from {'.'.join(map(python_source.name, module.split('.')))} import {_sorted(names)}")
        for module, names in sorted(imported.items())
    ]


def _sorted(names: set[str]) -> str:
    """Return imported names as import sorters order them: constants, classes, functions."""
    return ", ".join(sorted(names, key=lambda name: (not name.isupper(), not name[0].isupper(), name)))


def _imported(
    steps: Sequence[Step], tasks: Sequence[TaskSource], edges: Sequence[Source], facts: Sequence[Any]
) -> dict[str, set[str]]:
    """Return the names that the file needs from each module; ``facts`` are the DAG's own values."""
    modules = {"airflow.sdk": {"DAG", "chain"} if any(edge.startswith("chain(") for edge in edges) else {"DAG"}}
    for reference in (part for values in [*facts, *(task.values for task in tasks)] for part in _references(values)):
        modules.setdefault(FUNCTIONS[reference.function], set()).add(reference.function)
    for step in steps:
        module, _, operator = step.operator.rpartition(".")
        modules.setdefault(module, set()).add(operator)
    return modules


def _references(value: Any) -> list[Reference]:
    if isinstance(value, Reference):
        return [value, *_references([*value.values, *value.keywords.values()])]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [reference for part in parts for reference in _references(part)]


def _param(param: Param) -> Reference:
    described = {"description": param.description} if param.description else {}
    return Reference("Param", None, param.default, **described, schema=param.schema_)


def _start_date(automation: Automation) -> Source:
    recorded = automation.source.captured_at if automation.source else None
    day = recorded or FIRST_DAY
    return Source(f"datetime({day.year}, {day.month}, {day.day}, tzinfo=timezone.utc)")


def _chains(steps: Sequence[Step]) -> list[list[Any]]:
    """Return the edges as chains of keys; a list in a chain stands for several steps that one step waits for."""
    chains: list[list[Any]] = []
    for step in steps:
        before = step.depends_on
        if len(before) == 1 and chains and chains[-1][-1] == before[0]:
            chains[-1].append(step.key)
        elif before:
            chains.append([before[0] if len(before) == 1 else before, step.key])
    return chains


def _chain_line(chain: Sequence[Any]) -> str:
    return " >> ".join(part if isinstance(part, str) else f"[{', '.join(part)}]" for part in chain)


def _edges(steps: Sequence[Step], variables: dict[str, str]) -> list[Source]:
    edges = []
    for chain in _chains(steps):
        named = [variables[part] if isinstance(part, str) else [variables[key] for key in part] for part in chain]
        line = _chain_line(named)
        if len(line) > LINE_LENGTH:
            parts = "\n".join(f"        {_chain_line([part])}," for part in named)
            line = f"chain(\n{parts}\n    )"
        edges.append(Source(line))
    return edges


def _docstring(automation: Automation) -> str:
    paragraphs = [_wrapped(automation.description or automation.dag_id)]
    source = automation.source
    if source:
        what = "agent run" if source.kind == "agent_run" else "chat thread"
        by = f" of {source.agent}" if source.agent else ""
        model = f", model {source.model}" if source.model else ""
        at = f", recorded on {source.captured_at:%Y-%m-%d}" if source.captured_at else ""
        paragraphs.append(
            _wrapped(
                f"Crystallized from the {what} {source.id}{by} ({source.format}{model}){at}. Each task repeats one "
                "successful tool call of that recording with the arguments that were executed then."
            )
        )
    if automation.review:
        entries = [_wrapped(f"- {entry}", indent="  ") for entry in automation.review]
        paragraphs.append("\n".join(["Review before you activate it:", *entries]))
    paragraphs.append(f"Provenance, and the calls that became no task: {automation.dag_id}.vai.json")
    return "\n\n".join(paragraphs)


def _wrapped(text: str, indent: str = "") -> str:
    return textwrap.fill(
        text[:MAX_DOC_CHARACTERS],
        width=LINE_LENGTH - 10,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )

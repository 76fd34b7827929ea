"""Turns the steps of an automation into the operator calls that the DAG templates write."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from airflow_provider_vai.exceptions import RenderError
from airflow_provider_vai.languages.places import value_at, with_value
from airflow_provider_vai.model.argument import Argument, Output, Wire
from airflow_provider_vai.model.authors import authors
from airflow_provider_vai.model.automation import Step
from airflow_provider_vai.model.kinds import by_name
from airflow_provider_vai.model.outside import REMEDY, outside_problem
from airflow_provider_vai.renderer import python_source
from airflow_provider_vai.renderer.derived_source import Assignment, Expressions
from airflow_provider_vai.renderer.frame import FRAME, Frame, outlets
from airflow_provider_vai.renderer.importable import FUNCTIONS
from airflow_provider_vai.renderer.python_source import LINE_LENGTH, PythonSource, SourcePlace
from airflow_provider_vai.renderer.trigger_rules import trigger_rules

AUTHORS = "authors"
"""The argument of a gate that is not part of the spec: it follows from the steps that the gate guards."""


@dataclass(frozen=True)
class TaskSource:
    """One operator call.

    :param template: The DAG template of the action kind, if it has one.
    :param variable: The variable that the task is assigned to.
    :param operator: The name of the operator class.
    :param task_id: The task id.
    :param names: The names of the arguments, in the order in which they are written.
    :param arguments: The arguments of the action kind, by name.
    :param options: The arguments of any Airflow operator, such as ``retries``, by name.
    :param gate: The variable of the gate; ``None``: there is none.
    :param each: The variable of the task whose result the task is mapped over; ``None``: it is not mapped.
    :param comments: The comment lines before the task.
    :param assigned: The variables that are assigned before the task, with their values: parts of derived values.
    """

    template: str
    variable: PythonSource
    operator: PythonSource
    task_id: str
    names: list[str]
    arguments: dict[str, Any]
    options: dict[str, Any]
    gate: PythonSource | None
    each: PythonSource | None
    comments: Sequence[PythonSource]
    assigned: Sequence[Assignment] = ()

    @property
    def values(self) -> dict[str, Any]:
        """All values that are written as literals, except the task id."""
        return {**self.arguments, **self.options}


def task_sources(
    frame: Frame, variables: Mapping[str, str], dag_id: str, params: Sequence[str] = ()
) -> list[TaskSource]:
    """Return the operator calls of a DAG file.

    :param frame: The steps and the tasks around them.
    :param variables: The variable of each step in the file, by step key.
    :param dag_id: The DAG id.
    :param params: The names of the DAG params; no variable is named like one.
    :raises RenderError: if the action kind of a step is unknown, its operator does not belong to its action kind, or an
        argument that decides what it does comes from outside the spec.
    """
    rules, emitted = trigger_rules(frame.steps), outlets(frame.steps, dag_id)
    expressions = Expressions(frame.steps, variables, [*params, *FUNCTIONS])
    sources = []
    for step in frame.steps:
        options = {
            "task_display_name": step.title,
            "trigger_rule": rules.get(step.key),
            "retries": step.retries,
            "retry_delay": seconds(step.retry_delay_seconds),
            "execution_timeout": seconds(step.timeout_seconds),
            "max_active_tis_per_dagrun": step.concurrency,
            "outlets": emitted.get(step.key),
        }
        sources.append(
            _task(
                step,
                variables,
                {name: value for name, value in options.items() if value is not None},
                frame,
                expressions,
            )
        )
    return sources


def seconds(number: float | None) -> SourcePlace | None:
    """Return a number of seconds as a ``timedelta``; ``None`` stays ``None``."""
    if number is None:
        return None
    return SourcePlace("timedelta", None, seconds=int(number) if number == int(number) else number)


def _task(
    step: Step, variables: Mapping[str, str], options: dict[str, Any], frame: Frame, expressions: Expressions
) -> TaskSource:
    kind = FRAME.get(step.kind) or by_name().get(step.kind)
    if kind is None:
        raise RenderError(
            f"unknown action kind {step.kind!r}", where=f"step {step.key}", remedy="`vai kinds` lists the action kinds."
        )
    if step.operator != kind.operator:
        raise RenderError(
            f"the operator of the action kind {kind.name} is {kind.operator}, not {step.operator!r}",
            where=f"step {step.key}",
            remedy="Correct the operator of the step, or change its action kind.",
        )
    for name, argument in step.arguments.items():
        if outside := outside_problem(kind, name, argument):
            raise RenderError(outside[1], where=f"step {step.key}: {name}", remedy=REMEDY)
    gate, each = step.approval.gate, frame.lists.get(step.key)
    return TaskSource(
        template=kind.template,
        variable=python_source.name(variables[step.key]),
        operator=python_source.name(step.operator.rpartition(".")[2]),
        task_id=step.task_id,
        names=[*kind.written_names, AUTHORS],
        arguments=_arguments(step, variables, frame, expressions),
        options=options,
        gate=python_source.name(variables[gate]) if gate else None,
        each=python_source.name(variables[each]) if each else None,
        comments=_comments(step.determinism, step.non_deterministic_reason) if step.non_deterministic else (),
        assigned=expressions.assignments(),
    )


def _arguments(step: Step, variables: Mapping[str, str], frame: Frame, expressions: Expressions) -> dict[str, Any]:
    """Return the arguments of a step; a gate also gets who wrote the texts of the steps that it guards."""
    found = {name: _with_references(argument, variables, expressions) for name, argument in step.arguments.items()}
    known = {guarded.task_id: authors(guarded) for guarded in frame.guarded.get(step.key, ())}
    known = {task_id: places for task_id, places in known.items() if places}
    return {**found, AUTHORS: known} if known else found


@lru_cache(maxsize=256)
def _comments(determinism: str, reason: str | None) -> tuple[PythonSource, ...]:
    text = f"{determinism.replace('_', '-')}: {reason}"
    lines = textwrap.wrap(text, LINE_LENGTH - 6, break_long_words=False, break_on_hyphens=False)
    return tuple(python_source.comment(line) for line in lines)


def _with_references(argument: Argument, variables: Mapping[str, str], expressions: Expressions) -> Any:
    if argument.derive is not None:
        return expressions.write(argument.derive)
    if argument.class_ == "template":
        return SourcePlace("template", None, argument.value)
    if argument.class_ == "parameter":
        return SourcePlace("parameter", None, argument.param, *argument.path)
    if argument.from_:
        return _output(argument.from_, variables)
    value = argument.value
    for wire in argument.wires:
        value = _placed(value, wire.at, _reference(wire, variables, expressions))
    for secret in argument.secrets:
        value = _placed(value, secret.at, SourcePlace("connection_secret", None, secret.connection))
    return value


def _reference(wire: Wire, variables: Mapping[str, str], expressions: Expressions) -> SourcePlace:
    if wire.derive is not None:
        written: SourcePlace = expressions.write(wire.derive)
        return written
    if wire.from_:
        return _output(wire.from_, variables)
    if wire.param is not None:
        return SourcePlace("parameter", None, wire.param, *wire.path)
    return SourcePlace("template", None, wire.template)


def _output(output: Output, variables: Mapping[str, str]) -> SourcePlace:
    if output.step is None:
        return SourcePlace("item", None, *output.path)
    return SourcePlace("wired", variables[output.step], *output.path)


def _placed(value: Any, at: Sequence[str | int], reference: SourcePlace) -> Any:
    """Return a copy of ``value`` with the reference at the place ``at``, which must exist."""
    try:
        value_at(value, at)
    except LookupError as error:
        raise RenderError(
            f"a wire or secret refers to the place {'.'.join(map(str, at))!r}, which does not exist: {error}",
            where=reference.function,
            remedy="Correct its `at`. A place can have only one wire or secret, and none inside another.",
        ) from None
    return with_value(value, at, reference)

"""One task of a DAG file, in the words of the templates: what is written, and by which names."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from airflow_provider_vai.exceptions import RenderError
from airflow_provider_vai.languages.places import value_at, with_value
from airflow_provider_vai.model.automation import Argument, Output, Step, Wire
from airflow_provider_vai.model.kinds import by_name
from airflow_provider_vai.model.outside import REMEDY, outside_problem
from airflow_provider_vai.renderer import python_source
from airflow_provider_vai.renderer.frame import FRAME, Frame, outlets
from airflow_provider_vai.renderer.python_source import LINE_LENGTH, PythonSource, SourcePlace
from airflow_provider_vai.renderer.trigger_rules import trigger_rules


@dataclass(frozen=True)
class TaskSource:
    """One operator call.

    :param template: the kind's own template, if it has one. :param names: of the arguments, in the order of writing.
    :param arguments: the operator's own, by name. :param options: Airflow's own (``retries`` and the like).
    :param gate: the variable of the gate. :param each: the variable of the list that the task is mapped over.
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

    @property
    def values(self) -> dict[str, Any]:
        """Everything that is written as a literal, but the task id."""
        return {**self.arguments, **self.options}


def task_sources(frame: Frame, variables: Mapping[str, str], dag_id: str) -> list[TaskSource]:
    """Return the tasks of a DAG file.

    :param variables: the file's variable for each step's key.
    :raises RenderError: a step's kind is not known, its operator is not the kind's, or what decides what it does is
        filled in from outside.
    """
    rules, emitted = trigger_rules(frame.steps), outlets(frame.steps, dag_id)
    sources = []
    for step in frame.steps:
        options = {
            "trigger_rule": rules.get(step.key),
            "retries": step.retries,
            "retry_delay": seconds(step.retry_delay_seconds),
            "execution_timeout": seconds(step.timeout_seconds),
            "max_active_tis_per_dagrun": step.concurrency,
            "outlets": emitted.get(step.key),
        }
        sources.append(
            _task(step, variables, {name: value for name, value in options.items() if value is not None}, frame)
        )
    return sources


def seconds(number: float | None) -> SourcePlace | None:
    """Return a duration as it stands in a DAG file."""
    if number is None:
        return None
    return SourcePlace("timedelta", None, seconds=int(number) if number == int(number) else number)


def _task(step: Step, variables: Mapping[str, str], options: dict[str, Any], frame: Frame) -> TaskSource:
    kind = FRAME.get(step.kind) or by_name().get(step.kind)
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
    for name, argument in step.arguments.items():
        if outside := outside_problem(kind, name, argument):
            raise RenderError(outside[1], where=f"step {step.key}: {name}", remedy=REMEDY)
    gate, each = step.approval.gate, frame.lists.get(step.key)
    return TaskSource(
        template=kind.template,
        variable=python_source.name(variables[step.key]),
        operator=python_source.name(step.operator.rpartition(".")[2]),
        task_id=step.task_id,
        names=kind.written_names,
        arguments={name: _with_references(argument, variables) for name, argument in step.arguments.items()},
        options=options,
        gate=python_source.name(variables[gate]) if gate else None,
        each=python_source.name(variables[each]) if each else None,
        comments=_comments(step.determinism, step.non_deterministic_reason) if step.non_deterministic else (),
    )


@lru_cache(maxsize=256)
def _comments(determinism: str, reason: str | None) -> tuple[PythonSource, ...]:
    text = f"{determinism.replace('_', '-')}: {reason}"
    lines = textwrap.wrap(text, LINE_LENGTH - 6, break_long_words=False, break_on_hyphens=False)
    return tuple(python_source.comment(line) for line in lines)


def _with_references(argument: Argument, variables: Mapping[str, str]) -> Any:
    if argument.class_ == "template":
        return SourcePlace("template", None, argument.value)
    if argument.class_ == "parameter":
        return SourcePlace("parameter", None, argument.param, *argument.path)
    if argument.from_:
        return _output(argument.from_, variables)
    value = argument.value
    for wire in argument.wires:
        value = _placed(value, wire.at, _reference(wire, variables))
    for secret in argument.secrets:
        value = _placed(value, secret.at, SourcePlace("connection_secret", None, secret.connection))
    return value


def _reference(wire: Wire, variables: Mapping[str, str]) -> SourcePlace:
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
    """Return a copy of ``value`` with the reference at the place ``at``, which must be there."""
    try:
        value_at(value, at)
    except LookupError as error:
        raise RenderError(
            f"a wire or secret is for the place {'.'.join(map(str, at))!r}, which the argument does not have: {error}",
            where=reference.function,
            remedy="Correct the wire's `at`; a place may have one reference, and none inside another.",
        ) from None
    return with_value(value, at, reference)

"""Runs the steps of an Automation one after the other, without Airflow, as the generated tasks would.

Arguments are filled in as ``Argument.resolve`` of the operators does it: a wire takes the part of an earlier step's
result that ``results.select`` finds, a parameter its value of this run, a template what Jinja gives, a secret the
password of its connection. What a tool does is the caller's.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from jinja2 import StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

from airflow_provider_vai.languages.places import with_value
from airflow_provider_vai.model.automation import Argument, Automation, Output, Step
from airflow_provider_vai.model.base import Path
from airflow_provider_vai.operators.runtime import results

GATE = "approval_gate"
ELEMENT = "(the element)"

Perform = Callable[[Step, dict[str, Any]], Any]
"""Given a step and its arguments, does what the step does and returns its result."""


@dataclass
class Context:
    """What a run of the DAG knows.

    :param results: what each step left, by key.
    :param params: the DAG params of this run; those that are left out have their default.
    :param templates: what else a template may name (``ds`` and the like).
    :param passwords: of a connection's id, its password.
    :param closed: keys of gates that nobody opens: what they guard is skipped, and all that waits for it.
    """

    results: dict[str, Any] = field(default_factory=dict)
    params: dict[str, Any] = field(default_factory=dict)
    templates: dict[str, Any] = field(default_factory=dict)
    passwords: Mapping[str, str] = field(default_factory=dict)
    closed: frozenset[str] = frozenset()


def run(automation: Automation, perform: Perform, context: Context) -> list[str]:
    """Run every step in order; return the keys of those that were skipped.

    :param perform: called for each step but gates, for a mapped step once for each element.
    :raises LookupError: a wire found nothing, or a parameter has no value.
    """
    context.params = defaults(automation) | context.params
    skipped: list[str] = []
    for step in automation.steps:
        if step.key in context.closed or any(key in skipped for key in step.depends_on):
            skipped.append(step.key)
        elif step.kind != GATE:
            context.results[step.key] = _run_step(step, perform, context)
    return skipped


def defaults(automation: Automation) -> dict[str, Any]:
    """Return the params of a run for which nobody chose others."""
    return {name: param.default for name, param in automation.params.items()}


def arguments(step: Step, context: Context, element: Any = None) -> dict[str, Any]:
    """Return a step's arguments, filled in.

    :param element: the element at hand, of a mapped step.
    :raises LookupError: a wire found nothing, or a parameter has no value.
    """
    return {name: _filled(argument, context, element) for name, argument in step.arguments.items()}


def _run_step(step: Step, perform: Perform, context: Context) -> Any:
    if step.each is None:
        return perform(step, arguments(step, context))
    return [perform(step, arguments(step, context, element)) for element in _taken(step.each, context, None)]


def _filled(argument: Argument, context: Context, element: Any) -> Any:
    match argument.class_:
        case "parameter":
            return _param(argument.param or "", argument.path, context)
        case "template":
            return _rendered(argument.value, context)
        case "wired" if argument.from_ is not None:
            return _taken(argument.from_, context, element)
    value = copy.deepcopy(argument.value)
    for wire in argument.wires:
        if wire.from_ is not None:
            part = _taken(wire.from_, context, element)
        elif wire.param is not None:
            part = _param(wire.param, wire.path, context)
        else:
            part = _rendered(wire.template, context)
        value = with_value(value, wire.at, part)
    for secret in argument.secrets:
        value = with_value(value, secret.at, context.passwords[secret.connection])
    return value


def _taken(output: Output, context: Context, element: Any) -> Any:
    if output.step is None:
        return results.select(element, output.path, step=ELEMENT)
    if output.step not in context.results:
        raise LookupError(f"the step {output.step!r} left no result")
    return results.select(context.results[output.step], output.path, step=output.step)


def _param(name: str, path: Path, context: Context) -> Any:
    if name not in context.params:
        raise LookupError(f"the parameter {name!r} has no value")
    return results.select(context.params[name], path, step=f"params.{name}")


def _rendered(template: Any, context: Context) -> str:
    environment = SandboxedEnvironment(undefined=StrictUndefined)
    return environment.from_string(str(template)).render(params=context.params, **context.templates)

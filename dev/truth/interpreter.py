"""Run the steps of an Automation one after the other, without Airflow, as the generated tasks would.

Arguments are filled in as the operators' ``Argument.resolve`` does: a wire with the part of an earlier step's result
that ``results.select`` finds, a derived value with what its tree gives, a parameter with its value in this run, a
template with the text that Jinja renders, a secret with the password of its connection. The caller runs the tools.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from jinja2 import StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

from airflow_provider_vai.exceptions import DerivationError
from airflow_provider_vai.languages.derivation import Node, evaluate
from airflow_provider_vai.languages.places import with_value
from airflow_provider_vai.model.argument import Argument, Output
from airflow_provider_vai.model.automation import Automation, Step
from airflow_provider_vai.model.base import JsonPath
from airflow_provider_vai.operators.runtime import results

GATE = "approval_gate"
ELEMENT = "(the element)"

Perform = Callable[[Step, dict[str, Any]], Any]
"""Runs a step with its arguments and returns its result."""


@dataclass
class Context:
    """The state of a DAG run.

    :param results: each step's result, by key.
    :param given: the arguments of each step that is not mapped, by key.
    :param params: the DAG params of this run; missing ones have their default.
    :param templates: further names for templates (``ds`` and the like).
    :param passwords: connection id to password.
    :param closed: keys of gates that nobody approves: the steps that they guard are skipped, with all that depends on
        them.
    """

    results: dict[str, Any] = field(default_factory=dict)
    given: dict[str, dict[str, Any]] = field(default_factory=dict)
    params: dict[str, Any] = field(default_factory=dict)
    templates: dict[str, Any] = field(default_factory=dict)
    passwords: Mapping[str, str] = field(default_factory=dict)
    closed: frozenset[str] = frozenset()


def run(automation: Automation, perform: Perform, context: Context) -> list[str]:
    """Run every step in order; return the keys of those that were skipped.

    :param perform: called for each step except gates; for a mapped step, once for each element.
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
    """Return the params' defaults."""
    return {name: param.default for name, param in automation.params.items()}


def arguments(step: Step, context: Context, element: Any = None) -> dict[str, Any]:
    """Return a step's arguments, filled in.

    :param element: the current element, for a mapped step.
    :raises LookupError: a wire found nothing, or a parameter has no value.
    """
    return {name: _filled(argument, context, element) for name, argument in step.arguments.items()}


def each_arguments(step: Step, context: Context) -> list[dict[str, Any]]:
    """Return the arguments of each call that a step makes: one, or for a mapped step one for each element.

    :raises LookupError: a wire found nothing, or a parameter has no value.
    """
    if step.each is None:
        return [arguments(step, context)]
    return [arguments(step, context, element) for element in _taken(step.each, context, None)]


def _run_step(step: Step, perform: Perform, context: Context) -> Any:
    several = each_arguments(step, context)
    if step.each is None:
        context.given[step.key] = several[0]
    made = [perform(step, given) for given in several]
    return made[0] if step.each is None else made


def _filled(argument: Argument, context: Context, element: Any) -> Any:
    if argument.derive is not None:
        return _derived(argument.derive, context, element)
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
        elif wire.derive is not None:
            part = _derived(wire.derive, context, element)
        elif wire.param is not None:
            part = _param(wire.param, wire.path, context)
        else:
            part = _rendered(wire.template, context)
        value = with_value(value, wire.at, part)
    for secret in argument.secrets:
        value = with_value(value, secret.at, context.passwords[secret.connection])
    return value


def _derived(tree: Node, context: Context, element: Any) -> Any:
    """Return a derived value.

    :raises LookupError: it cannot be worked out from these results.
    """

    def resolved(reference: Node) -> Any:
        path = list(reference.get("path", []))
        match reference["function"]:
            case "wired":
                return _taken(Output(step=reference["step"], path=path), context, element)
            case "argument_of":
                if reference["step"] not in context.given:
                    raise LookupError(f"the arguments of the step {reference['step']!r} are not known")
                return results.select(context.given[reference["step"]][reference["name"]], path, step=reference["step"])
            case "item":
                return _taken(Output(path=path), context, element)
            case "parameter":
                return _param(reference["name"], path, context)
            case "template":
                return _rendered(reference["text"], context)
        raise NotImplementedError(f"the bench does not follow {reference['function']}")

    try:
        return evaluate(tree, resolved)
    except DerivationError as error:
        raise LookupError(str(error)) from None


def _taken(output: Output, context: Context, element: Any) -> Any:
    if output.step is None:
        return results.select(element, output.path, step=ELEMENT)
    if output.step not in context.results:
        raise LookupError(f"the step {output.step!r} has no result")
    return results.select(context.results[output.step], output.path, step=output.step)


def _param(name: str, path: JsonPath, context: Context) -> Any:
    if name not in context.params:
        raise LookupError(f"the parameter {name!r} has no value")
    return results.select(context.params[name], path, step=f"params.{name}")


def _rendered(template: Any, context: Context) -> str:
    environment = SandboxedEnvironment(undefined=StrictUndefined)
    return environment.from_string(str(template)).render(params=context.params, **context.templates)

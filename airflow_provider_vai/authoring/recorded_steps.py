"""The steps of an automation as they were recorded: their calls in the run, and the values of their arguments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow_provider_vai.crystallizer.draft import Draft
from airflow_provider_vai.crystallizer.evidence.evidence import Evidence
from airflow_provider_vai.crystallizer.evidence.value_places import leaves
from airflow_provider_vai.exceptions import DerivationError, SpecError
from airflow_provider_vai.languages import derivation, json_text
from airflow_provider_vai.languages.derivation.drawing import Known, recorded
from airflow_provider_vai.languages.places import value_at, value_or
from airflow_provider_vai.model.argument import Argument, Output
from airflow_provider_vai.model.automation import Automation, Step
from airflow_provider_vai.model.base import JsonPath
from airflow_provider_vai.model.kinds import by_name
from airflow_provider_vai.model.run import Run, ToolCall
from airflow_provider_vai.model.step_graph import dotted
from airflow_provider_vai.secrets.masking import mask

SHOWN_PLACES = 12
NOTHING = object()
TRACE = "Give the trace that it was made from."


def recorded_steps(automation: Automation, run: Run) -> list[Draft]:
    """Return the recorded steps of an automation as drafts, in the order of the run's calls.

    :param automation: the automation.
    :param run: the run that it was made from.
    :raises SpecError: the run has none of its calls, or other results.
    """
    by_id = {mask(call.id): call for call in run.calls}
    positions = {id(call): number for number, call in enumerate(run.calls)}
    pairs = [(step, [by_id[id_] for id_ in step.call_ids if id_ in by_id]) for step in automation.steps]
    if other := [step.key for step, calls in pairs if calls and not _is_of(step, calls)]:
        problem = f"the recording has other results of {', '.join(other)}"
        raise SpecError(problem, where=automation.dag_id, remedy=TRACE)
    made = [_draft(step, calls) for step, calls in pairs if calls and step.kind in by_name()]
    if not made:
        raise SpecError("the recording has none of its calls", where=automation.dag_id, remedy=TRACE)
    return sorted(made, key=lambda one: positions[id(one.call)])


def known_values(automation: Automation, evidence: Evidence) -> Known:
    """Return how to look up what a reference gave in the recorded run.

    :param automation: the automation.
    :param evidence: the evidence of the run with its steps.
    """
    arguments = {one.key: {name: part.value for name, part in one.arguments.items()} for one in automation.steps}
    return recorded({one.step or "": one.left for one in evidence.results.readable}, arguments)


def recorded_value(argument: Argument, path: JsonPath, known: Known, where: str) -> Any:
    """Return the value that a place had in the recorded run, also if each run fills it in now.

    :param argument: the argument.
    :param path: the place, the argument's name first.
    :param known: what references gave.
    :param where: the place for messages.
    :raises SpecError: nobody knows the value, or the place holds several.
    """
    inside = argument.is_filled_in or any(list(wire.at) == path[1 : len(wire.at) + 1] for wire in argument.wires)
    if not inside and value_or(argument.value, path[1:], NOTHING) is NOTHING:
        raise SpecError(
            "there is nothing at this place", where=where, remedy=f"Name one of {_places(argument.value, path[:1])}."
        )
    try:
        value = _value(argument, path[1:], known)
    except (LookupError, DerivationError) as error:
        problem = f"its recorded value is not known ({error})"
        raise SpecError(problem, where=where, remedy="Freeze the value with `vai edit --set` first.") from None
    if isinstance(value, dict):
        raise SpecError("it holds several values", where=where, remedy=f"Name one of {_places(value, path)}.")
    return value


def _places(value: Any, at: JsonPath) -> str:
    """Return the places of the plain values in a value, for messages."""
    return ", ".join([dotted(place) for place, _ in leaves(value, at)][:SHOWN_PLACES]) or "its places"


def _draft(step: Step, calls: Sequence[ToolCall]) -> Draft:
    return Draft(
        key=step.key,
        call=calls[0],
        kind=by_name()[step.kind],
        rule=None,
        effect=step.effect,
        values={name: argument.value for name, argument in step.arguments.items()},
        arguments=step.arguments,
        each=step.each,
        repeats=tuple(calls[1:]) if step.each else (),
    )


def _is_of(step: Step, calls: Sequence[ToolCall]) -> bool:
    """Return whether a step was made from one of these calls; of a mapped step, only the calls' ids are known."""
    if step.recorded is None or step.each:
        return True
    return any(json_text.digest(call.result) == step.recorded.result_sha256 for call in calls)


def _value(argument: Argument, path: JsonPath, known: Known) -> Any:
    if argument.class_ in ("parameter", "template"):
        raise LookupError("a DAG param or a template fills it in")
    if argument.class_ == "derived" and "value" in argument.model_fields_set:
        return value_at(argument.value, path)
    places: list[tuple[JsonPath, Output | None, Any]] = [([], argument.from_, argument.derive)]
    places = [
        *(places if argument.is_filled_in else []),
        *((wire.at, wire.from_, wire.derive) for wire in argument.wires),
    ]
    for at, output, tree in places:
        if list(at) != path[: len(at)]:
            continue
        if output is None and tree is None:
            raise LookupError("a DAG param or a template fills it in")
        node = tree or {
            "function": "wired",
            "step": output.step if output else None,
            "path": output.path if output else [],
        }
        return value_at(derivation.evaluate(node, known), path[len(at) :])
    return value_at(argument.value, path)

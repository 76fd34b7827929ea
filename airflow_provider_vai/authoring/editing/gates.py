"""Adds and removes gates in edits, and keeps a gate's question consistent with the steps that it guards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from airflow_provider_vai.authoring.editing.secrets import refuse_data
from airflow_provider_vai.crystallizer.gate_question import COMPARED_CHARACTERS
from airflow_provider_vai.languages import json_text, places
from airflow_provider_vai.languages.identifiers import Names
from airflow_provider_vai.model.argument import Argument
from airflow_provider_vai.model.automation import Step
from airflow_provider_vai.model.flags import stale_sentences
from airflow_provider_vai.model.kind_arguments.gate import ApprovalGateArguments
from airflow_provider_vai.model.review_item import ReviewItem, review_item
from airflow_provider_vai.model.step_approval import StepApproval
from airflow_provider_vai.model.step_graph import (
    Steps,
    changed,
    depending,
    found,
    gate_step,
    gate_subject,
    guarded_by,
    refuse,
    renamed_in_branches,
)
from airflow_provider_vai.model.validation import problems
from airflow_provider_vai.secrets.masking import masked

RECORDED_CALL = ("recorded", "editable", "denied")
"""The arguments of a gate that contain copies of the recorded call."""


def unguarded_reason(by: str) -> str:
    """Return why a write has no gate, for the reviewer."""
    return f"left without a gate by {by}"


def gate_arguments(key: str, settings: Mapping[str, Any], reason: str) -> dict[str, Argument]:
    """Return the arguments of a step's gate.

    :param key: The step.
    :param settings: Arguments of the gate, as ``vai kinds`` lists them for ``approval_gate``.
    :param reason: Why the gate asks, unless ``settings`` contains a reason.
    :raises SpecError: a setting is unknown, has a wrong type or looks like a credential.
    """
    values = {"subject": gate_subject(key), "reason": _sentence(reason), **settings}
    refuse_data(dict(settings), f"gate of {key}")
    try:
        ApprovalGateArguments.model_validate(values)
    except ValidationError as error:
        takes = ", ".join(ApprovalGateArguments.model_fields)
        refuse(f"the gate's arguments are invalid: {problems(error)}", f"gate of {key}", f"A gate takes {takes}.")
    return {name: Argument.frozen(value) for name, value in values.items() if value is not None}


def new_gate(steps: Sequence[Step], step: Step, settings: Mapping[str, Any], reason: str) -> tuple[Step, Step]:
    """Return a gate for a step, and the step behind that gate. The gate waits for what the step waited for."""
    taken = frozenset({*(other.key for other in steps), *(other.task_id for other in steps), step.key, step.task_id})
    key = Names(taken).give(f"approve_{step.key}")
    gate = gate_step(key, step, gate_arguments(step.key, settings, reason))
    approval = StepApproval(recorded=step.approval.recorded, gate=key, reason=reason)
    return gate, step.model_copy(update={"depends_on": [key], "approval": approval})


def guarded(steps: Sequence[Step], key: str, settings: Mapping[str, Any], reason: str) -> Steps:
    """Return the steps with a gate directly before one of them. Branches that led to the step lead to its gate."""
    step = found(steps, key)
    gate, behind = new_gate(steps, step, settings, reason)
    led = renamed_in_branches(steps, step.task_id, gate.task_id)
    at = next(index for index, other in enumerate(led) if other.key == key)
    return [*led[:at], gate, *changed(led[at:], {key: behind})]


def ungated(steps: Sequence[Step], gate: str, by: str) -> Steps:
    """Return the steps without a gate. The steps that it guarded wait for what the gate waited for.

    ``by`` is recorded in those steps as the person who removed the gate.
    """
    guards, asked = guarded_by(steps, gate), found(steps, gate)
    changes = {}
    for key in guards:
        step = found(steps, key)
        waits = [other for name in step.depends_on for other in (asked.depends_on if name == gate else [name])]
        approval = StepApproval(recorded=step.approval.recorded, reason=f"its gate was removed by {by}")
        changes[key] = depending(step, waits).model_copy(update={"approval": approval})
    if len(guards) == 1:
        steps = renamed_in_branches(steps, asked.task_id, found(steps, guards[0]).task_id)
    rest = [step for step in changed(steps, changes) if step.key != gate]
    return [
        depending(step, [other for name in step.depends_on for other in (asked.depends_on if name == gate else [name])])
        for step in rest
    ]


def follow_values(steps: Steps, before: Step, now: Step, values: Mapping[str, Any]) -> tuple[Steps, list[ReviewItem]]:
    """Return the steps with the gate's question adapted to a step's new arguments, and notes for the review.

    The question shows the recorded value of an edited argument for comparison. A form field gets the new value's type,
    and is removed if its place no longer exists.

    :param before: The step before the edit.
    :param now: The step after the edit.
    :param values: The step's values, with a placeholder text for values that are known only in a run.
    :raises SpecError: the new arguments are those of a call that a person denied.
    """
    if now.approval.gate is None:
        return steps, []
    gate = found(steps, now.approval.gate)
    arguments = dict(gate.arguments)
    _refuse_denied(gate, now)
    arguments |= _stale(gate, before, now)
    recorded = _compared(_value(arguments, "recorded"), before, now)
    if recorded:
        arguments["recorded"] = _with(arguments.get("recorded"), recorded)
    else:
        arguments.pop("recorded", None)
    fields = _value(arguments, "editable")
    kept, gone = _fields(fields, before, now, values, alone=len(guarded_by(steps, gate.key)) == 1)
    if kept != fields:
        arguments["editable"] = _with(arguments.get("editable"), kept)
        if not kept:
            del arguments["editable"]
    notes = [review_item("field_gone", step=gate.key, field=place, guarded=now.key) for place in gone]
    if arguments == gate.arguments:
        return steps, notes
    return changed(steps, {gate.key: gate.model_copy(update={"arguments": arguments})}), notes


def with_stale(steps: Steps, before: Step, now: Step) -> Steps:
    """Return the steps with the gate's reason naming the texts that repeat the recorded day's figures as they are now.

    :param before: The step before the edit.
    :param now: The step after the edit.
    """
    if now.approval.gate is None:
        return steps
    gate = found(steps, now.approval.gate)
    arguments = {**gate.arguments, **_stale(gate, before, now)}
    return changed(steps, {gate.key: gate.model_copy(update={"arguments": arguments})})


def with_facts(steps: Steps, now: Step, facts: Sequence[Mapping[str, Any]]) -> Steps:
    """Return the steps with the recorded facts about a step's derived values added to what its gate shows.

    :param now: The step after the edit.
    :param facts: The facts, see :mod:`airflow_provider_vai.crystallizer.gate_facts`.
    """
    if now.approval.gate is None:
        return steps
    gate = found(steps, now.approval.gate)
    recorded = _value(gate.arguments, "recorded")
    shown = {**recorded, "derived": [*(recorded.get("derived") or []), *map(dict, facts)]}
    arguments = {**gate.arguments, "recorded": _with(gate.arguments.get("recorded"), shown)}
    return changed(steps, {gate.key: gate.model_copy(update={"arguments": arguments})})


def for_other_call(gate: Step, step: Step, reason: str) -> tuple[Step, list[ReviewItem]]:
    """Return the gate of a replaced step without its copies of the recorded call, and notes for the review.

    :param step: The new step.
    :param reason: Why the new step is guarded.
    """
    dropped = [name for name in RECORDED_CALL if name in gate.arguments]
    arguments = {name: argument for name, argument in gate.arguments.items() if name not in dropped}
    arguments["reason"] = Argument.frozen(_sentence(reason))
    notes = [review_item("gate_reset", step=gate.key, names=dropped)] if dropped else []
    return gate.model_copy(update={"arguments": arguments, "call_ids": step.call_ids}), notes


def _sentence(reason: str) -> str:
    return reason[:1].upper() + reason[1:] + "."


def _value(arguments: Mapping[str, Argument], name: str) -> dict[str, Any]:
    value = arguments[name].value if name in arguments else None
    return value if isinstance(value, dict) else {}


def _stale(gate: Step, before: Step, now: Step) -> dict[str, Argument]:
    """Return the gate's reason with other sentences about stale texts; empty if a person wrote the reason."""
    old, new, reason = stale_sentences(before.arguments), stale_sentences(now.arguments), gate.arguments.get("reason")
    text = reason.value if reason is not None else None
    if old == new or not isinstance(text, str) or (old and not text.endswith(old)):
        return {}
    return {"reason": _with(reason, text.removesuffix(old) + new)}


def _with(argument: Argument | None, value: Any) -> Argument:
    return argument.model_copy(update={"value": value}) if argument else Argument.frozen(value)


def _is_plain(argument: Argument | None) -> bool:
    return argument is not None and argument.class_ == "frozen" and not argument.secrets


def _refuse_denied(gate: Step, now: Step) -> None:
    denied = gate.arguments["denied"].value if "denied" in gate.arguments else None
    text = {name: json_text.canonical(given.value) for name, given in now.arguments.items() if _is_plain(given)}
    for call in denied if isinstance(denied, list) else []:
        if all(text.get(name) == json_text.canonical(value) for name, value in call.items()):
            refuse(
                "these are the arguments of a call that a person denied in the recorded run",
                f"step {now.key}",
                f"If the call may run now, remove it from the argument denied of {gate.key!r} first.",
            )


def _compared(recorded: dict[str, Any], before: Step, now: Step) -> dict[str, Any]:
    """Return the gate's ``recorded`` argument, with the recorded value of each argument that has been edited."""
    shown = dict(recorded.get("arguments") or {})
    for name, argument in before.arguments.items():
        was_recorded = _is_plain(argument) and argument.origin != "user" and before.call_ids
        if name in shown or not was_recorded or now.arguments.get(name) == argument:
            continue
        if len(json_text.canonical(argument.value)) <= COMPARED_CHARACTERS:
            shown[name] = masked(argument.value)
    return _with_facts_of(now, before, {**recorded, "arguments": shown} if shown else recorded)


def _with_facts_of(now: Step, before: Step, recorded: dict[str, Any]) -> dict[str, Any]:
    """Return the gate's ``recorded`` argument without facts about values that are not derived as before."""
    facts = recorded.get("derived")
    if not isinstance(facts, list):
        return recorded
    old, new = _trees(before), _trees(now)
    kept = [one for one in facts if (at := tuple(map(str, one["at"]))) in new and new[at] == old.get(at)]
    rest = {name: value for name, value in recorded.items() if name != "derived"}
    return {**rest, "derived": kept} if kept else rest


def _trees(step: Step) -> dict[tuple[str, ...], Any]:
    pairs = ((name, *pair) for name, argument in step.arguments.items() for pair in argument.trees())
    return {(name, *map(str, at)): tree for name, at, tree in pairs}


def _fields(
    fields: dict[str, Any], before: Step, now: Step, values: Mapping[str, Any], *, alone: bool
) -> tuple[dict[str, Any], list[str]]:
    """Return the form fields adapted to the edited step, and the places of fields that were removed."""
    kept, gone = {}, []
    for name, schema in fields.items():
        head, colon, place = name.rpartition(":")
        top = place.partition(".")[0]
        ours = head == now.task_id if colon else alone
        if not ours or now.arguments.get(top) == before.arguments.get(top):
            kept[name] = schema
            continue
        argument = now.arguments.get(top)
        try:
            value = places.at(dict(values), place)
        except LookupError:
            gone.append(place)
            continue
        if argument is not None and argument.secrets:  # a gate fails if its form would show a credential
            gone.append(place)
        else:
            kept[name] = _fitting(schema, value) if _is_plain(argument) else schema
    return kept, gone


def _fitting(schema: dict[str, Any], value: Any) -> dict[str, Any]:
    wanted = json_text.schema(value)
    types = schema.get("type")
    allowed = {types} if isinstance(types, str) else set(types or ())
    fits = not allowed or wanted["type"] in allowed or (wanted["type"] == "integer" and "number" in allowed)
    return schema if fits else wanted

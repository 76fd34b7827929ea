"""Checks the names of steps, and renames a step everywhere in an automation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from airflow_provider_vai.languages.identifiers import Names, slug
from airflow_provider_vai.model import derivation, review
from airflow_provider_vai.model.argument import Argument, Output, Wire
from airflow_provider_vai.model.automation import Automation, Step
from airflow_provider_vai.model.review_item import ReviewItem
from airflow_provider_vai.model.step_graph import (
    GATE,
    finished,
    found,
    gate_subject,
    guarded_by,
    refuse,
    refuse_mentions,
    renamed_in_branches,
)


def rename_step(automation: Automation, key: str, new: str) -> Automation:
    """Return the automation with a step's key and task id changed.

    Wires, dependencies, gates and branches are updated. A gate that is named after the step is renamed as well.

    :param key: The current key.
    :param new: The new key and task id.
    :raises SpecError: the new name is taken or not an identifier, or a template names the task.
    """
    step = found(automation.steps, key)
    check_name(automation, new, but=step)
    names = {key: new}
    gate = step.approval.gate
    if gate == f"approve_{key}" and len(guarded_by(automation.steps, gate)) == 1:
        names[gate] = Names(frozenset({*names_of(automation), new} - {gate})).give(f"approve_{new}")
    tasks = {found(automation.steps, name).task_id: now for name, now in names.items()}
    steps = list(automation.steps)
    for task_id in tasks:
        refuse_mentions(steps, task_id, "renaming")
    for task_id, now in tasks.items():
        steps = renamed_in_branches(steps, task_id, now)
    steps = [_asking(_renamed(other, names), key, new, tasks) for other in steps]
    renamed = automation.model_copy(update={"steps": steps})  # so that branches do not seem to lose their tasks
    notes = [
        item.model_copy(update={"step": names.get(item.step or "", item.step)}) for item in review.notes(automation)
    ]
    renamed = renamed.model_copy(update={"review": notes})
    return finished(renamed, steps)


def names_of(automation: Automation) -> set[str]:
    """Return the keys and task ids of all steps."""
    return {name for step in automation.steps for name in (step.key, step.task_id)}


def check_name(automation: Automation, name: str, but: Step | None = None) -> None:
    """Check that a name is an identifier that no other step has.

    :param but: A step whose own names count as free.
    :raises SpecError: the name is not an identifier or is taken; the message suggests another one.
    """
    wanted = slug(name, "step")
    if wanted != name:
        refuse(f"{name!r} cannot name a step", f"step {name}", f"Try {wanted!r}.")
    taken = names_of(automation) - ({but.key, but.task_id} if but else set())
    if Names(frozenset(taken)).give(name) != name:
        refuse(f"there is already a step {name!r}", f"step {name}", f"Try {Names(frozenset(taken)).give(name)!r}.")


def _renamed(step: Step, names: Mapping[str, str]) -> Step:
    def output(place: Output) -> Output:
        return place.model_copy(update={"step": names.get(place.step or "", place.step)})

    def wired(wire: Wire) -> Wire:
        if wire.derive:
            return wire.model_copy(update={"derive": derivation.renamed(wire.derive, names)})
        return wire.model_copy(update={"from_": output(wire.from_)}) if wire.from_ else wire

    def argument(given: Argument) -> Argument:
        update: dict[str, Any] = {"from_": output(given.from_)} if given.from_ else {}
        if given.derive:
            update["derive"] = derivation.renamed(given.derive, names)
        if given.wires:
            update["wires"] = [wired(wire) for wire in given.wires]
        if given.undecided:
            update["undecided"] = [
                place.model_copy(update={"candidates": [wired(wire) for wire in place.candidates]})
                for place in given.undecided
            ]
        return given.model_copy(update=update) if update else given

    gate = step.approval.gate
    arguments = {name: argument(given) for name, given in step.arguments.items()}
    update: dict[str, Any] = {
        "depends_on": [names.get(name, name) for name in step.depends_on],
        "arguments": arguments,
        "approval": step.approval.model_copy(update={"gate": names.get(gate, gate) if gate else None}),
    }
    if step.each:
        update["each"] = output(step.each)
    if step.key in names:
        update |= {"key": names[step.key], "task_id": names[step.key]}
    return step.model_copy(update=update)


def _asking(step: Step, old: str, new: str, tasks: Mapping[str, str]) -> Step:
    """Return a gate with the step's new name in its question; other steps are returned unchanged."""
    if step.kind != GATE:
        return step
    values: dict[str, Any] = {}
    if "subject" in step.arguments and step.arguments["subject"].value == gate_subject(old):
        values["subject"] = gate_subject(new)
    fields = step.arguments["editable"].value if "editable" in step.arguments else None
    if isinstance(fields, dict):
        values["editable"] = {_field(name, tasks): schema for name, schema in fields.items()}
    arguments = {name: step.arguments[name].model_copy(update={"value": value}) for name, value in values.items()}
    return step.model_copy(update={"arguments": {**step.arguments, **arguments}})


def _field(name: str, tasks: Mapping[str, str]) -> str:
    """Return the name of a form field after the renaming. It begins with a task id if the gate guards several steps."""
    task_id, colon, place = name.rpartition(":")
    return f"{tasks.get(task_id, task_id)}{colon}{place}"


def is_about(item: ReviewItem, keys: Sequence[str]) -> bool:
    """Return whether a review item is about one of these steps."""
    return item.step in keys

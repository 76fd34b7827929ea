"""Edits of an automation: each function takes an automation and returns an edited copy, or raises an error.

Nothing is lost silently. A step whose result is read, a gate before a write, and a branch that decides what runs are
removed only if the caller states what should replace them. Every result is validated as if it had been read from a
file, and everything that follows from the steps (flags, connections, review) is computed again.

The arguments of a step are edited by :mod:`authoring.editing.steps`, and settings of the whole automation by
:mod:`airflow_provider_vai.authoring.editing.settings`. Their functions are exported here as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from airflow_provider_vai.authoring.editing.gates import (
    for_other_call,
    gate_arguments,
    guarded,
    new_gate,
    ungated,
    unguarded_reason,
)
from airflow_provider_vai.authoring.editing.names import check_name, is_about, names_of, rename_step
from airflow_provider_vai.authoring.editing.settings import (
    set_conditions,
    set_options,
    set_params,
    set_step_options,
    set_triggers,
)
from airflow_provider_vai.authoring.editing.steps import check_step, kind_of, measured, set_argument, unset_argument
from airflow_provider_vai.languages.identifiers import Names
from airflow_provider_vai.languages.plural import plural
from airflow_provider_vai.model import review
from airflow_provider_vai.model.argument import Argument
from airflow_provider_vai.model.automation import Automation, LeftOut, Step
from airflow_provider_vai.model.review_item import ReviewItem, review_item
from airflow_provider_vai.model.step_approval import StepApproval
from airflow_provider_vai.model.step_graph import (
    GATE,
    changed,
    depending,
    finished,
    followers,
    found,
    guarded_by,
    put_in,
    readers,
    refuse,
    refuse_mentions,
    renamed_in_branches,
    taken_out,
    unit,
)

__all__ = [
    "add_step",
    "guard_step",
    "move_step",
    "new_step",
    "remove_step",
    "rename_step",
    "replace_step",
    "set_argument",
    "set_conditions",
    "set_options",
    "set_params",
    "set_step_options",
    "set_triggers",
    "unset_argument",
]


LEFT_OUT_BY = {"removed": "step_removed", "replaced": "step_replaced"}


def new_step(
    automation: Automation, kind: str, arguments: Mapping[str, Any] | None = None, *, key: str | None = None
) -> Step:
    """Return a step for :func:`add_step` or :func:`replace_step`.

    :param automation: The automation that the step is for.
    :param kind: An action kind's name, or one of its legacy names.
    :param arguments: Argument name -> JSON data, which is frozen, or :class:`Argument`.
    :param key: The step's key and task id. Default: a free name made from the kind's name.
    :raises SpecError: there is no such kind, or the arguments do not match it.
    """
    name = key or Names(frozenset(names_of(automation))).give(kind)
    given = {
        at: value if isinstance(value, Argument) else Argument.frozen(value) for at, value in (arguments or {}).items()
    }
    approval = StepApproval(recorded="not_required", reason="was added by an editor")
    step = Step(key=name, task_id=name, kind=kind, operator="", approval=approval, arguments=given)
    found_kind = kind_of(step)
    step = step.model_copy(update={"kind": found_kind.name, "operator": found_kind.operator})
    check_step(step, found_kind)
    return measured(step, found_kind)


def add_step(
    automation: Automation,
    step: Step,
    *,
    after: str | None = None,
    before: str | None = None,
    parallel: bool = False,
    gate: Mapping[str, Any] | None = None,
    ungated: bool = False,
    by: str = "an editor",
) -> Automation:
    """Return the automation with an additional step.

    - ``after`` X: the step waits for X, and the steps that waited for X wait for the new step.
    - ``before`` Y: the step waits for what Y waited for, and Y (or Y's gate) waits for the new step. A branch that led
      to Y leads to the new step.
    - Both: the step goes between X and Y, and X's other downstream steps stay as they are.
    - Neither: the step is the last one.
    - ``parallel``: existing steps do not wait for the new step.

    In any case, the step waits for the steps that it depends on or whose results it reads.

    :param step: The step, for example from :func:`new_step`. Its effect and flags follow from its kind and arguments.
    :param gate: Arguments of an approval gate before the step. A write gets a gate even without them.
    :param ungated: Add a write without a gate; the review reports this.
    :param by: Who edits.
    :raises SpecError: the key is taken or not an identifier, the arguments do not match the kind or contain a
        credential, the step is a gate, or it would come before a step that it reads.
    """
    check_name(automation, step.key)
    check_name(automation, step.task_id)
    step = _checked(step)
    if step.approval.gate:
        refuse("a new step cannot name a gate", f"step {step.key}", "Give the gate's arguments to create one.")
    if gate is not None and ungated:
        refuse("both gate and ungated are given", f"step {step.key}", "Give either the gate's arguments or ungated.")
    new = [step]
    if gate is not None or (step.effect == "write" and not ungated):
        reason = "it changes something outside" if step.effect == "write" else f"{by} asked for approval"
        new = list(new_gate(automation.steps, step, gate or {}, reason))
    elif step.effect == "write":
        approval = StepApproval(recorded=step.approval.recorded, reason=unguarded_reason(by))
        new = [step.model_copy(update={"approval": approval})]
    return finished(automation, put_in(automation.steps, new, after=after, before=before, parallel=parallel))


def remove_step(
    automation: Automation,
    key: str,
    *,
    freeze: Mapping[str, Any] | None = None,
    ungate: bool = False,
    unbranch: bool = False,
    by: str = "an editor",
) -> Automation:
    """Return the automation without a step. The steps that waited for it wait for what it waited for.

    The gate of a guarded step is removed with it. The recorded calls of the step are listed among the calls that did
    not become a step.

    :param key: The step.
    :param freeze: Values to use instead of the step's result: place that reads it (``step.argument.place``) -> value.
        Every such place needs a value.
    :param ungate: Remove a gate even if it guards a write; the review reports this.
    :param unbranch: Remove a branch even if it decides which steps run; the steps on both sides then run.
    :param by: Who edits.
    :raises SpecError: other steps read its result (each place is named), a branch or a template names it, or it is a
        gate or branch and the matching option is not given.
    """
    steps = automation.steps
    step = found(steps, key)
    keys = [key] if step.kind == GATE else unit(steps, key)
    automation = _without_readers(automation, keys, dict(freeze or {}), by)
    steps = automation.steps
    for gone in keys:
        refuse_mentions([other for other in steps if other.key not in keys], found(steps, gone).task_id, "removing")
    if step.kind == GATE and guarded_by(steps, key):
        return _without_gate(automation, key, ungate=ungate, by=by)
    _refuse_branch(automation, key, unbranch=unbranch)
    steps = _branches_past(automation, keys)
    automation = _left_out(automation, step, "removed", by)
    return finished(automation, taken_out(steps, keys), keep=lambda item: not is_about(item, keys))


def move_step(automation: Automation, key: str, *, after: str | None = None, before: str | None = None) -> Automation:
    """Return the automation with a step moved to another place. A guarded step and its gate move together.

    The steps that waited for it wait for what it waited for. Then it is inserted like a new step in :func:`add_step`.

    :raises SpecError: it would come before a step that it reads or after a step that reads it, a branch leads to it, or
        neither ``after`` nor ``before`` is given.
    """
    keys = unit(automation.steps, key)
    where = f"step {key}"
    if after is None and before is None:
        refuse("no place is given", where, "Give after or before, with the key of another step.")
    for anchor in (after, before):
        if anchor is not None and anchor in keys:
            refuse(f"{anchor!r} itself moves", where, "Name another step.")
    gate = found(automation.steps, key).approval.gate
    if gate is not None and gate not in keys:
        others = ", ".join(other for other in guarded_by(automation.steps, gate) if other != key)
        refuse(f"its gate {gate!r} also guards {others}", where, f"Give {key!r} a gate of its own first.")
    moved = [found(automation.steps, name) for name in keys]
    rest = taken_out(_branches_past(automation, keys), keys)
    head = depending(moved[0], [])
    return finished(automation, put_in(rest, [head, *moved[1:]], after=after, before=before, parallel=False))


def replace_step(
    automation: Automation, key: str, step: Step, *, ungated: bool = False, by: str = "an editor"
) -> Automation:
    """Return the automation with a step replaced by another. Dependencies, downstream steps, branches and gate stay.

    The gate's question no longer shows the recorded call. A write without a gate gets one.

    :param key: The step to replace.
    :param step: The new step. Its own key, task id, dependencies and approval are ignored.
    :param ungated: Leave a write without a gate; the review reports this.
    :param by: Who edits.
    :raises SpecError: as in :func:`add_step`; or one of the two is a gate, or the old step is a branch that leads to
        other steps.
    """
    old = found(automation.steps, key)
    if old.kind == GATE:
        refuse("a gate cannot be replaced", f"step {key}", "Set its arguments, or remove it.")
    if step.kind != old.kind:
        _refuse_branch(automation, key, unbranch=False)
    reason = f"{by} replaced the recorded step with another one"
    approval = StepApproval(recorded="not_required", gate=old.approval.gate, reason=reason)
    kept = {"key": key, "task_id": old.task_id, "depends_on": old.depends_on, "approval": approval}
    new = _checked(step.model_copy(update=kept))
    steps, added = changed(automation.steps, {key: new}), _to_check(automation, key)
    if new.approval.gate:
        gate, notes = for_other_call(found(steps, new.approval.gate), new, reason)
        steps, added = changed(steps, {gate.key: gate}), [*added, *notes]
    elif new.effect == "write" and not ungated:
        steps = guarded(steps, key, {}, f"it became a write when {by} replaced it")
    elif new.effect == "write":
        approval = StepApproval(recorded=new.approval.recorded, reason=unguarded_reason(by))
        steps = changed(steps, {key: new.model_copy(update={"approval": approval})})
    return finished(_left_out(automation, old, "replaced", by, new.call_ids), steps, added=added)


def guard_step(
    automation: Automation, key: str, settings: Mapping[str, Any] | None = None, *, by: str = "an editor"
) -> Automation:
    """Return the automation with an approval gate directly before a step, or with the step's gate changed.

    :param key: The step.
    :param settings: The gate's arguments. If the step already has a gate, these are the arguments to change; ``None``
        unsets one.
    :param by: Who edits.
    :raises SpecError: the step is a gate, or a setting is not an argument of a gate.
    """
    step = found(automation.steps, key)
    if step.kind == GATE:
        refuse("a gate cannot have a gate", f"step {key}", "Name the step that it guards.")
    if step.approval.gate is None:
        return finished(automation, guarded(automation.steps, key, settings or {}, f"{by} asked for approval"))
    gate = found(automation.steps, step.approval.gate)
    values = {name: argument.value for name, argument in gate.arguments.items()} | dict(settings or {})
    made = gate_arguments(key, values, str(values.get("reason") or step.approval.reason))
    old = gate.arguments
    arguments = {
        name: old[name] if name in old and old[name].value == argument.value else argument
        for name, argument in made.items()
    }
    return finished(automation, changed(automation.steps, {gate.key: gate.model_copy(update={"arguments": arguments})}))


# --- Checks -----------------------------------------------------------------------------------------------------------


def _checked(step: Step) -> Step:
    kind = kind_of(step)
    if kind.name == GATE:
        refuse("a gate cannot be added by itself", f"step {step.key}", "Guard the step that needs approval instead.")
    if step.operator != kind.operator:
        refuse(
            f"the operator of the kind {kind.name} is {kind.operator}",
            f"step {step.key}",
            "Correct the step's operator.",
        )
    check_step(step, kind)
    return measured(step, kind)


def _without_readers(automation: Automation, keys: list[str], freeze: dict[str, Any], by: str) -> Automation:
    """Return the automation with the places that read a step's result frozen to the given values."""
    read = readers(automation.steps, keys)
    left = [place for place in read if place not in freeze]
    if left:
        refuse(
            f"{plural(len(left), 'place reads', 'places read')} its result: {', '.join(left)}",
            f"step {keys[-1]}",
            "Set these places to something else first, or give values to freeze there instead.",
        )
    if unknown := sorted(freeze.keys() - set(read)):
        refuse(f"nothing reads it at {', '.join(unknown)}", f"step {keys[-1]}", "Name the places that read it.")
    for place, value in freeze.items():
        reader, _, argument = place.partition(".")
        if argument == "each":
            refuse(f"{reader!r} is mapped over its result", f"step {reader}: each", "Unset each of that step first.")
        automation = set_argument(automation, reader, argument, value, by=by)
    return automation


def _without_gate(automation: Automation, gate: str, *, ungate: bool, by: str) -> Automation:
    writes = [key for key in guarded_by(automation.steps, gate) if found(automation.steps, key).effect == "write"]
    if writes and not ungate:
        refuse(
            f"it guards {', '.join(writes)}, which {'change' if len(writes) > 1 else 'changes'} something outside",
            f"step {gate}",
            "Use ungate to let it run without approval, or remove the guarded step.",
        )
    steps = ungated(automation.steps, gate, by)
    return finished(automation, steps, keep=lambda item: not is_about(item, [gate]))


def _refuse_branch(automation: Automation, key: str, *, unbranch: bool) -> None:
    lists = review.branch_lists(found(automation.steps, key))
    named = [task for tasks in lists.values() for task in tasks]
    follow = followers(automation.steps, key)
    if named and follow and not unbranch:
        refuse(
            f"the branch decides whether {', '.join(follow)} run, and without it they always do",
            f"step {key}",
            "Remove those steps first, or use unbranch to let them always run.",
        )


def _branches_past(automation: Automation, keys: list[str]) -> list[Step]:
    """Return the steps, with branches that lead to a step (and its gate) leading to its only downstream step instead.

    A branch that leads to a step with several downstream steps, or none, is refused.
    """
    steps = automation.steps
    task_id = found(steps, keys[0]).task_id
    led = [
        step for step in steps if task_id in {name for names in review.branch_lists(step).values() for name in names}
    ]
    behind = [other for other in followers(steps, keys[-1]) if other not in keys]
    if led and len(behind) != 1:
        branch = led[0]
        name = next(name for name, tasks in review.branch_lists(branch).items() if task_id in tasks)
        refuse(
            f"the branch {branch.key!r} names it in {name}",
            f"step {branch.key}: {name}",
            f"Remove it from {name} of {branch.key!r} first.",
        )
    return renamed_in_branches(steps, task_id, found(steps, behind[0]).task_id) if led else steps


def _to_check(automation: Automation, key: str) -> list[ReviewItem]:
    read = readers(automation.steps, [key])
    return [review_item("step_replaced", step=key, readers=read)] if read else []


def _left_out(
    automation: Automation, step: Step, done: Literal["removed", "replaced"], by: str, still: Sequence[str] = ()
) -> Automation:
    """Return the automation with the recorded calls of a step listed among those that did not become a step."""
    tool = step.arguments.get("tool")
    named = tool.value if tool and isinstance(tool.value, str) else step.kind
    left = [
        LeftOut(call_id=call, tool=named, code=LEFT_OUT_BY[done], reason=f"its step {step.key} was {done} by {by}")
        for call in step.call_ids
        if call not in still
    ]
    return automation.model_copy(update={"not_crystallized": [*automation.not_crystallized, *left]})

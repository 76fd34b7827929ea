"""The steps of an automation as a graph: dependencies, gates and the steps that they guard, branches.

All functions here are pure: they take a list of steps and return a new list.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NoReturn

from pydantic import ValidationError

from airflow_provider_vai.exceptions import SpecError
from airflow_provider_vai.model import review
from airflow_provider_vai.model.argument import Argument, Output
from airflow_provider_vai.model.automation import Automation, Step
from airflow_provider_vai.model.base import JsonPath
from airflow_provider_vai.model.kinds import by_name
from airflow_provider_vai.model.outside import templates_of
from airflow_provider_vai.model.refusals import accepted
from airflow_provider_vai.model.review_item import ReviewItem
from airflow_provider_vai.model.step_approval import StepApproval
from airflow_provider_vai.model.upstream import is_upstream, reachable
from airflow_provider_vai.model.validation import problems

GATE = "approval_gate"
Steps = list[Step]


def refuse(problem: str, where: str, remedy: str) -> NoReturn:
    """Refuse an edit.

    :raises SpecError: always, with the given problem, place and remedy.
    """
    raise SpecError(problem, where=where, remedy=remedy)


def gate_subject(key: str) -> str:
    """Return the default question of a step's gate."""
    return f"Run {key}?"


def gate_step(key: str, step: Step, arguments: Mapping[str, Argument]) -> Step:
    """Return the gate in front of a step.

    :param key: the gate's key and task id. :param step: the guarded step; the gate depends on what the step depends on.
    :param arguments: the gate's own.
    """
    return Step(
        key=key,
        task_id=key,
        kind=GATE,
        operator=by_name()[GATE].operator,
        depends_on=step.depends_on,
        approval=StepApproval(recorded="not_required", reason="asks for the approval itself"),
        arguments=dict(arguments),
        call_ids=step.call_ids,
    )


def found(steps: Sequence[Step], key: str) -> Step:
    """Return the step with a key.

    :raises SpecError: there is no step with this key; the message lists the existing keys.
    """
    for step in steps:
        if step.key == key:
            return step
    known = ", ".join(step.key for step in steps) or "none"
    refuse(f"there is no step {key!r}", "steps", f"The steps are: {known}.")


def changed(steps: Sequence[Step], changes: Mapping[str, Step]) -> Steps:
    """Return the steps with some of them replaced.

    :param changes: the new steps, by the keys of those that they replace.
    """
    return [changes.get(step.key, step) for step in steps]


def depending(step: Step, on: Iterable[str]) -> Step:
    """Return the step with new dependencies, without duplicates."""
    return step.model_copy(update={"depends_on": list(dict.fromkeys(on))})


def waited_for(keys: Iterable[str], steps: Sequence[Step]) -> set[str]:
    """Return the keys and the keys of all steps upstream of them."""
    return reachable(keys, {step.key: step.depends_on for step in steps})


def followers(steps: Sequence[Step], key: str) -> list[str]:
    """Return the keys of the steps that directly depend on a step."""
    return [step.key for step in steps if key in step.depends_on]


def last_steps(steps: Sequence[Step]) -> list[str]:
    """Return the keys of the steps that no other step depends on, in order."""
    followed = {key for step in steps for key in step.depends_on}
    return [step.key for step in steps if step.key not in followed]


def guarded_by(steps: Sequence[Step], gate: str) -> list[str]:
    """Return the keys of the steps that a gate guards."""
    return [step.key for step in steps if step.approval.gate == gate]


def unit(steps: Sequence[Step], key: str) -> list[str]:
    """Return the keys that must be moved or removed together: a gate and the step it guards, or a single step.

    A gate that guards several steps is not part of the unit of any of them.
    """
    step = found(steps, key)
    guards = guarded_by(steps, key)
    if step.kind == GATE and len(guards) == 1:
        return [key, guards[0]]
    gate = step.approval.gate
    return [gate, key] if gate and len(guarded_by(steps, gate)) == 1 else [key]


def wires_from(step: Step) -> list[tuple[JsonPath, Output]]:
    """Return the places of a step that are filled in from earlier results, with their sources.

    A place starts with the argument's name (or ``each``). A derived value may have several sources.
    """
    inside: list[tuple[JsonPath, Output]] = [
        ([name, *at], output) for name, argument in step.arguments.items() for at, output in argument.placed_outputs()
    ]
    mapped: list[tuple[JsonPath, Output]] = [(["each"], step.each)] if step.each else []
    return [*mapped, *inside]


def dotted(path: JsonPath) -> str:
    """Return a place as dotted text, such as ``arguments.items.0``."""
    return ".".join(map(str, path))


def readers(steps: Sequence[Step], keys: Iterable[str]) -> list[str]:
    """Return the places of other steps that are wired to the steps with these keys, as ``step.argument.place``."""
    wanted = set(keys)
    return [
        dotted([step.key, *place])
        for step in steps
        if step.key not in wanted
        for place, output in wires_from(step)
        if output.step in wanted
    ]


def taken_out(steps: Sequence[Step], keys: Sequence[str]) -> Steps:
    """Return the steps without those of a unit. Steps that depended on the unit inherit its dependencies.

    Inherited dependencies that follow from another one are left out.
    """
    gone = set(keys)
    inherited = [other for key in keys for other in found(steps, key).depends_on if other not in gone]
    rest = [step for step in steps if step.key not in gone]
    result = []
    for step in rest:
        if not gone.intersection(step.depends_on):
            result.append(step)
            continue
        own = [key for key in step.depends_on if key not in gone]
        held = waited_for(own, steps)
        new = [key for key in dict.fromkeys(inherited) if key not in held]
        new = [key for key in new if key not in waited_for([other for other in new if other != key], steps)]
        place = min(step.depends_on.index(key) for key in gone.intersection(step.depends_on))
        before = [key for key in step.depends_on[:place] if key not in gone]
        result.append(depending(step, [*before, *new, *own[len(before) :]]))
    return result


def put_in(
    steps: Sequence[Step], new: Sequence[Step], *, after: str | None, before: str | None, parallel: bool
) -> Steps:
    """Return the steps with a unit inserted.

    :param new: the unit: a step, or a gate and the step that it guards.
    :param after: the key of the step that the unit shall follow, if any.
    :param before: the key of the step that the unit shall precede, if any.
    :param parallel: add no dependencies to the existing steps. See
        :func:`airflow_provider_vai.authoring.editing.add_step`.
    """
    head, tail = new[0], new[-1]
    rest = list(steps)
    at = len(rest)
    if after is not None:
        _refuse_behind_gate(rest, after)
        waits, late = [after], followers(rest, after)
        at = _index(rest, after) + 1
    if before is not None:
        first = found(rest, found(rest, before).approval.gate or before)
        at = _index(rest, first.key)
        waits, late = ([after] if after is not None else first.depends_on), [first.key]
    if after is None and before is None:
        waits, late = ([] if parallel else last_steps(rest)), []
    if not parallel:
        gone = [after] if after is not None else waits
        if before is not None:
            rest = _in_branches(rest, first.task_id, head.task_id, gone)
        rest = changed(rest, {key: _replaced(found(rest, key), gone, tail.key) for key in late})
    own = [key for key in head.depends_on if key not in waited_for(waits, rest)]
    return [*rest[:at], depending(head, [*waits, *own]), *new[1:], *rest[at:]]


def _index(steps: Sequence[Step], key: str) -> int:
    return steps.index(found(steps, key))


def _replaced(step: Step, gone: Sequence[str], new: str) -> Step:
    """Return the step with the dependencies ``gone`` replaced by ``new``."""
    kept = [key for key in step.depends_on if key not in gone]
    at = min((step.depends_on.index(key) for key in gone if key in step.depends_on), default=len(kept))
    return depending(step, [*kept[:at], new, *kept[at:]])


def _refuse_behind_gate(steps: Sequence[Step], key: str) -> None:
    guards = guarded_by(steps, key)
    if found(steps, key).kind == GATE and guards:
        refuse(
            f"a step cannot be put between the gate {key!r} and what it guards ({', '.join(guards)})",
            f"after {key}",
            f"Put it after {guards[0]!r}.",
        )


def in_order(steps: Sequence[Step]) -> Steps:
    """Return the steps sorted so that each comes after those it refers to. A list in a valid order is not changed.

    :raises SpecError: the dependencies form a cycle.
    """
    place = {step.key: index for index, step in enumerate(steps)}
    needs = {step.key: _needs(step) & place.keys() for step in steps}
    late: dict[str, list[str]] = {key: [] for key in place}
    for key, needed in needs.items():
        for other in needed:
            late[other].append(key)
    ready = [index for key, index in place.items() if not needs[key]]
    heapq.heapify(ready)
    result: Steps = []
    open_ = {key: len(needed) for key, needed in needs.items()}
    while ready:
        step = steps[heapq.heappop(ready)]
        result.append(step)
        for key in late[step.key]:
            open_[key] -= 1
            if not open_[key]:
                heapq.heappush(ready, place[key])
    if len(result) < len(steps):
        done = {step.key for step in result}
        circle = ", ".join(step.key for step in steps if step.key not in done)
        refuse(f"these steps would wait for each other: {circle}", "steps", "Choose another place.")
    return result


def _needs(step: Step) -> set[str]:
    gate = {step.approval.gate} if step.approval.gate else set()
    return {*step.depends_on, *gate, *(output.step for output in step.outputs() if output.step)}


def waiting_for_sources(steps: Sequence[Step]) -> Steps:
    """Return the steps with dependencies added so that each waits for every step that it is wired to.

    A guarded step's gate, which shows the values, waits for them as well.

    :raises SpecError: a step is wired to a step that comes after it, or to its own gate.
    """
    result = {step.key: step for step in steps}
    waits = {step.key: step.depends_on for step in steps}
    for step in steps:
        first = step.approval.gate or step.key
        for place, output in wires_from(step):
            if output.step is None:
                continue
            for key in (output.step, first):
                if key not in result:
                    found(steps, key)  # refuses
            if output.step != first and is_upstream(output.step, waits[first], waits):
                continue
            if is_upstream(first, [output.step], waits):
                refuse(
                    f"{step.key!r} takes {dotted(place)} from {output.step!r}, but would come before it",
                    f"step {step.key}",
                    f"Keep {step.key!r} after {output.step!r}, or set {dotted(place)} to something else first.",
                )
            result[first] = depending(result[first], [*waits[first], output.step])
            waits[first] = result[first].depends_on
    return list(result.values())


# --- branches ---------------------------------------------------------------------------------------------------------


def renamed_in_branches(steps: Sequence[Step], old: str, new: str) -> Steps:
    """Return the steps with a task id replaced in ``if_true`` and ``if_false`` of every branch."""
    return _in_branches(steps, old, new, [step.key for step in steps])


def _in_branches(steps: Sequence[Step], old: str, new: str, branches: Sequence[str]) -> Steps:
    changes = {}
    for step in steps:
        lists = {name: tasks for name, tasks in review.branch_lists(step).items() if old in tasks}
        if step.key in branches and lists:
            arguments = dict(step.arguments)
            for name, tasks in lists.items():
                value = [new if task == old else task for task in tasks]
                arguments[name] = arguments[name].model_copy(update={"value": value})
            changes[step.key] = step.model_copy(update={"arguments": arguments})
    return changed(steps, changes)


def _broken(steps: Sequence[Step]) -> set[tuple[str, str, str]]:
    """Return the branch, list and task id of each task that a branch lists but that does not directly follow it."""
    follow = {(key, step.task_id) for step in steps for key in step.depends_on}
    return {
        (step.key, name, task)
        for step in steps
        for name, tasks in review.branch_lists(step).items()
        for task in tasks
        if (step.key, task) not in follow
    }


def check_branches(before: Sequence[Step], after: Sequence[Step]) -> None:
    """Refuse an edit after which a branch lists a task that does not directly follow it.

    :raises SpecError: there is such a task; the message names the branch, the list and the task.
    """
    for branch, name, task in sorted(_broken(after) - _broken(before)):
        refuse(
            f"the branch {branch!r} lists {task!r} in {name}, but {task!r} would no longer directly follow it",
            f"step {branch}: {name}",
            f"Change {name} of {branch!r}, or choose a place after {task!r} or directly before it.",
        )


def refuse_mentions(steps: Sequence[Step], task_id: str, doing: str) -> None:
    """Refuse an edit of a task whose id appears in quotes in a template of another step.

    :param doing: what the edit does, as a gerund, such as ``removing``; it becomes part of the remedy.
    :raises SpecError: a template contains the id; the message names the step and the argument.
    """
    quoted = re.compile(rf"""(['"]){re.escape(task_id)}(\.[^'"]*)?\1""")
    for step in steps:
        for name, argument in step.arguments.items():
            if any(quoted.search(text) for _, text in templates_of(argument)):
                refuse(
                    f"a template of {step.key!r} refers to the task {task_id!r}",
                    f"step {step.key}: {name}",
                    f"Change the template before {doing} it.",
                )


# --- the end of every edit --------------------------------------------------------------------------------------------


def finished(
    automation: Automation,
    steps: Sequence[Step],
    *,
    added: Iterable[ReviewItem] = (),
    keep: Callable[[ReviewItem], bool] = lambda item: True,
) -> Automation:
    """Return the automation with the steps of an edit, sorted, summarized and validated.

    :param added: notes to add to the review list.
    :param keep: returns whether an existing note still applies; see
        :func:`airflow_provider_vai.model.review.summarized`.
    :raises SpecError: a step refers to a step that does not exist or comes later, or a branch would be broken.
    """
    ordered = in_order(waiting_for_sources(steps))
    check_branches(automation.steps, ordered)
    changed_one = review.summarized(automation, ordered, added=added, keep=keep)
    return validated(changed_one, known=automation)


def validated(automation: Automation, known: Automation | None = None) -> Automation:
    """Return the automation, validated as if it had been read from a file.

    :param known: a valid automation that it was made from: the steps that they share are not validated again.
    :raises SpecError: it breaks the schema, refers to a step that does not exist, or would be refused by Airflow.
    """
    try:
        read = Automation.model_validate(_unread(automation, known.steps if known else ()))
    except ValidationError as error:
        refuse(problems(error), automation.dag_id, "Correct the edit; `vai schema automation` prints the schema.")
    return accepted(read)


def _unread(automation: Automation, known: Iterable[Step]) -> dict[str, Any]:
    """Return an automation as data, except for the steps that are known to be valid."""
    valid = {id(step) for step in known}
    steps = [step if id(step) in valid else step.model_dump() for step in automation.steps]
    return {**automation.model_dump(exclude={"steps"}), "steps": steps}

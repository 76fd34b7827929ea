"""The steps that a gate guards, with their arguments as resolved in the current DAG run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow_provider_vai.languages import json_text
from airflow_provider_vai.languages.meaning import repeats, shared_texts
from airflow_provider_vai.languages.places import edited
from airflow_provider_vai.operators.runtime.errors import ApprovalImpossible

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_vai.operators.derived import ExplainedPart

SAME_IN_ALL = ("tool", "conn_id", "method", "python_callable", "schema_sha256", "source_sha256", "effect")
"""Arguments that say which tool is called: all of its calls have them in common."""


@dataclass(frozen=True)
class Guarded:
    """The guarded steps by task id, and the resolved arguments of each. A mapped step has one entry per element.

    ``authors`` is who wrote their frozen texts, as the gate's argument of that name says.
    ``derived`` has the parts of each argument that this run works out, by task id and argument.
    """

    steps: Mapping[str, Any]
    arguments: Mapping[str, dict[str, Any]]
    authors: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    derived: Mapping[str, Mapping[str, Sequence[ExplainedPart]]] = field(default_factory=dict)

    @cached_property
    def digests(self) -> dict[str, str]:
        """SHA-256 of each step's arguments, by task id. The step compares it with its own."""
        return {task_id: json_text.digest(arguments) for task_id, arguments in self.arguments.items()}

    @property
    def sha256(self) -> str:
        """One digest of all steps: the approver sees it, and an out-of-band answer must repeat it."""
        return json_text.digest(self.digests)

    def covers(self, approvers: Sequence[Any]) -> str | None:
        """Return the digest of everything that an approval covers: tools, arguments, schemas, and who may approve.

        ``None`` if a step has no identity, because what it would call is not known before it runs. Such an approval is
        never repeated.
        """
        identities = {task_id: step.identity() for task_id, step in self.steps.items()}
        if None in identities.values():
            return None
        steps = {task_id: [identity, self.digests[task_id]] for task_id, identity in identities.items()}
        return json_text.digest([steps, sorted(map(json_text.canonical, approvers))])

    def changed(self, edits: Mapping[str, Mapping[str, Any]]) -> Guarded:
        """Return the same steps with a person's edits (task id -> place -> ``{"from", "to"}``) applied."""
        arguments = {task_id: edited(values, edits.get(task_id, {})) for task_id, values in self.arguments.items()}
        return replace(self, arguments=arguments)

    def denied(self, calls: Sequence[Mapping[str, Any]]) -> str | None:
        """Return the id of the first step that would repeat one of ``calls``; ``None`` if there is none.

        A step repeats a call if it has all the arguments of that call, with the same values by meaning: ``1000.0`` is
        ``1000``.
        """
        found = (task_id for task_id, own in self.arguments.items() if any(repeats(own, call) for call in calls))
        return next(found, None)

    def like_denied(self, calls: Sequence[Mapping[str, Any]]) -> list[tuple[str, list[str], Mapping[str, Any]]]:
        """Return the steps that have something in common with one of ``calls``: the same recipient, another amount.

        :return: the step's task id, the places at which both have the same text, and the denied call.
        """
        return [
            (task_id, places, call)
            for task_id, own in self.arguments.items()
            for call in calls
            if (places := shared_texts(own, {key: part for key, part in call.items() if key not in SAME_IN_ALL}))
        ]


def guarded(gate: Any, context: Context) -> Guarded:
    """Return the steps that ``gate`` guards. A step mapped over a list has one entry for each element: ``step[0]``.

    :raises ApprovalImpossible: no step names the gate.
    """
    steps = {
        name: step
        for task in gate.dag.tasks
        if _gate_of(task) == gate.task_id
        for name, step in _unmapped(task, context)
    }
    if not steps:
        raise ApprovalImpossible(f"no step names the gate {gate.task_id!r}: pass it to a step (gate=...), or remove it")
    ordered = dict(sorted(steps.items(), key=lambda entry: natural(entry[0])))
    arguments = {name: _arguments(step, context) for name, step in ordered.items()}
    derived = {
        name: step.explained_arguments(context)
        for name, step in ordered.items()
        if hasattr(step, "explained_arguments")
    }
    worked_out = {name: parts for name, parts in derived.items() if parts}
    return Guarded(ordered, arguments, gate.text("authors") or {}, worked_out)


def natural(name: str) -> list[Any]:
    """Return a key that sorts ``step[2]`` before ``step[10]``."""
    return [int(part) if part.isdecimal() else part for part in re.split(r"\[(\d+)\]", name)]


def _gate_of(task: Any) -> str | None:
    gate = task.partial_kwargs.get("gate") if task.is_mapped else getattr(task, "gate", None)
    return getattr(gate, "task_id", gate)


def _unmapped(task: Any, context: Context) -> Iterator[tuple[str, Any]]:
    """Yield each step of a task with the name that the question uses; a mapped task has one for each element."""
    if not task.is_mapped:
        yield task.task_id, task
        return
    for index, element in enumerate(task.expand_input.value["item"].resolve(context) or ()):
        yield f"{task.task_id}[{index}]", task.unmap({"item": element})


def _arguments(step: Any, context: Context) -> dict[str, Any]:
    found: dict[str, Any] = step.resolved_arguments({**context, "task": step})
    return found

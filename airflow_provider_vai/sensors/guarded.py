"""What a gate is about: the steps that it guards, with their arguments as they are in this DAG run, now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow_provider_vai import json_text
from airflow_provider_vai.operators.compat import AirflowFailException
from airflow_provider_vai.operators.edits import edited

if TYPE_CHECKING:
    from airflow.sdk import Context


class ApprovalImpossible(AirflowFailException):
    """The gate guards nothing, cannot show what it guards, or may not pass it. It fails without a retry."""


@dataclass(frozen=True)
class Guarded:
    """The guarded steps by task id, and the resolved arguments of each."""

    steps: Mapping[str, Any]
    arguments: Mapping[str, dict[str, Any]]

    @cached_property
    def digests(self) -> dict[str, str]:
        """SHA-256 of each step's arguments; the step compares it with its own."""
        return {task_id: json_text.digest(arguments) for task_id, arguments in self.arguments.items()}

    @property
    def sha256(self) -> str:
        """One digest for all of it: what the approver is shown, and an out-of-band answer repeats."""
        return json_text.digest(self.digests)

    def covers(self, approvers: Sequence[Any]) -> str | None:
        """Return the digest of everything that an approval is about: tools, arguments, schemas, and who may approve.

        ``None`` where a step cannot say what it would do; such an approval is never repeated.
        """
        identities = {task_id: step.identity() for task_id, step in self.steps.items()}
        if None in identities.values():
            return None
        steps = {task_id: [identity, self.digests[task_id]] for task_id, identity in identities.items()}
        return json_text.digest([steps, sorted(map(json_text.canonical, approvers))])

    def changed(self, edits: Mapping[str, Mapping[str, Any]]) -> Guarded:
        """Return the same steps with a person's edits in their arguments."""
        arguments = {task_id: edited(values, edits.get(task_id, {})) for task_id, values in self.arguments.items()}
        return replace(self, arguments=arguments)

    def denied(self, calls: Sequence[Mapping[str, Any]]) -> str | None:
        """Return the step that would repeat one of these calls: all arguments of the call are the step's own."""
        for task_id, arguments in self.arguments.items():
            text = {name: json_text.canonical(value) for name, value in arguments.items()}
            for call in calls:
                if all(text.get(name) == json_text.canonical(value) for name, value in call.items()):
                    return task_id
        return None


def guarded(gate: Any, context: Context) -> Guarded:
    """Return what ``gate`` is about.

    :raises ApprovalImpossible: no step names the gate.
    """
    steps = {task.task_id: task for task in gate.dag.tasks if getattr(task, "gate", None) == gate.task_id}
    if not steps:
        raise ApprovalImpossible(f"no step names the gate {gate.task_id!r}: pass it to a step (gate=...), or remove it")
    ordered = dict(sorted(steps.items()))
    return Guarded(ordered, {task_id: step.resolved_arguments(context) for task_id, step in ordered.items()})

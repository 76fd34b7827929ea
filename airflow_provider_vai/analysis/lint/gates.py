"""Checks of approvals: a gate and what it guards, and writes that nobody approves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow_provider_vai.analysis.lint.finding import CheckResult
from airflow_provider_vai.analysis.lint.raw import RawStep, list_of, object_of
from airflow_provider_vai.analysis.lint.subjects import Subject
from airflow_provider_vai.authoring.specs.places import dotted, similar
from airflow_provider_vai.languages.printable import shown

SHOWN_PLACES = 5


def idle_gates(subject: Subject) -> Iterator[CheckResult]:
    """A gate guards no step."""
    guarded = {step.gate for step in subject.steps}
    for step in subject.steps:
        if step.is_gate and step.key not in guarded:
            problem = "the gate guards no step: there is nothing that a person could approve"
            yield CheckResult(
                step.field("key"), problem, "Name it in the approval of the step it is for, or remove it."
            )


def missing_gates(subject: Subject) -> Iterator[CheckResult]:
    """The gate of a step is not there, or is no gate."""
    gates = [step.key for step in subject.steps if step.is_gate and step.key]
    for step in subject.steps:
        if step.gate is not None and step.gate not in gates:
            what = "is no gate" if step.gate in subject.by_key else "is not there"
            remedy = similar(step.gate, gates) if gates else "Add an approval_gate step of that key before it."
            yield CheckResult(step.field("approval", "gate"), f"the gate {shown(step.gate)} {what}", remedy)


def loose_gates(subject: Subject) -> Iterator[CheckResult]:
    """A guarded step does not wait for its gate."""
    for step in subject.steps:
        if step.gate in subject.by_key and step.gate not in step.depends_on:
            problem = f"the step does not wait for its gate {shown(step.gate)}"
            yield CheckResult(step.field("depends_on"), problem, "Add the gate to depends_on.")


def unguarded_writes(subject: Subject) -> Iterator[CheckResult]:
    """A step changes something outside, and nobody approves it."""
    for step in _unguarded(subject):
        if not _only_from_tools(step):
            problem = "the step changes something outside, and no gate stands before it"
            yield CheckResult(step.field("approval", "gate"), problem, "Give it a gate, or be sure that it needs none.")


def untrusted_writes(subject: Subject) -> Iterator[CheckResult]:
    """A step sends outside what nobody but an earlier tool said, and nobody approves it."""
    for step in _unguarded(subject):
        if _only_from_tools(step):
            problem = "the step changes something outside with what a tool returned alone, and no gate stands before it"
            yield CheckResult(step.field("approval", "gate"), problem, "Give it a gate.")


def outsiders(subject: Subject) -> Iterator[CheckResult]:
    """A step rests on what nobody but outsiders said."""
    for step in subject.steps:
        untrusted = list_of(object_of(step.data.get("approval")).get("untrusted"))
        if untrusted and not step.is_gate:
            problem = f"only text that outsiders can write says {', '.join(_sources(untrusted))}"
            remedy = "Look where each value came from (`vai explain`) before you approve it or activate the automation."
            yield CheckResult(step.field("approval", "reason"), problem, remedy)


def _sources(untrusted: list[Any]) -> Iterator[str]:
    """Yield each value that only outsiders' text says: its place, and the call whose result holds it."""
    for value in map(object_of, untrusted[:SHOWN_PLACES]):
        yield f"{dotted(list_of(value.get('place')))} (call {shown(value.get('call_id'))})"
    if len(untrusted) > SHOWN_PLACES:
        yield f"and {len(untrusted) - SHOWN_PLACES} more"


def _unguarded(subject: Subject) -> Iterator[RawStep]:
    for step in subject.steps:
        if step.is_write and step.gate is None and step.data.get("kind") != "unmapped_tool":
            yield step


def _only_from_tools(step: RawStep) -> bool:
    """Return whether all that the step sends, not what decides what it does, is the output of tools."""
    fixed = step.kind.never_wired if step.kind else ("conn_id",)
    sent = [it for name, it in step.arguments.items() if name not in (*fixed, "effect", "source_sha256")]
    return bool(sent) and all(it.get("origin") == "tool_output" for it in sent)

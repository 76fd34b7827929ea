"""Checks of gates and of writes without a gate."""

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
            problem = "the gate guards no step, so there is nothing to approve"
            yield CheckResult(
                step.field("key"),
                problem,
                "Name it under `approval.gate` of the step that it should guard, or remove it.",
            )


def missing_gates(subject: Subject) -> Iterator[CheckResult]:
    """The gate of a step does not exist, or is not a gate."""
    gates = [step.key for step in subject.steps if step.is_gate and step.key]
    for step in subject.steps:
        if step.gate is not None and step.gate not in gates:
            what = "is not a gate" if step.gate in subject.by_key else "does not exist"
            remedy = similar(step.gate, gates) if gates else "Add an approval_gate step with this key before it."
            yield CheckResult(step.field("approval", "gate"), f"the gate {shown(step.gate)} {what}", remedy)


def loose_gates(subject: Subject) -> Iterator[CheckResult]:
    """A guarded step does not depend on its gate."""
    for step in subject.steps:
        if step.gate in subject.by_key and step.gate not in step.depends_on:
            problem = f"the step does not depend on its gate {shown(step.gate)}"
            yield CheckResult(step.field("depends_on"), problem, "Add the gate to depends_on.")


def unguarded_writes(subject: Subject) -> Iterator[CheckResult]:
    """A write has no gate."""
    for step in _unguarded(subject):
        if not _only_from_tools(step):
            problem = "the step writes, and no gate guards it"
            yield CheckResult(
                step.field("approval", "gate"),
                problem,
                "Put a gate before it, or make sure that nobody needs to approve it.",
            )


def untrusted_writes(subject: Subject) -> Iterator[CheckResult]:
    """An ungated write sends only tool output."""
    for step in _unguarded(subject):
        if _only_from_tools(step):
            problem = "the step writes only what tools returned, and no gate guards it"
            yield CheckResult(step.field("approval", "gate"), problem, "Put a gate before it.")


def gates_without_deadline(subject: Subject) -> Iterator[CheckResult]:
    """A gate without a deadline can hold back all later runs of an automation that starts by itself."""
    if not (subject.of_type("schedule") or subject.of_type("event")):
        return
    runs = subject.data.get("max_active_runs", 1)
    for step in subject.steps:
        if step.is_gate and object_of(step.arguments.get("response_timeout")).get("value") is None:
            problem = f"while nobody answers this gate, no more than {runs} active runs start, and it has no deadline"
            remedy = "Set response_timeout (seconds) and on_timeout, with remind_before to remind people."
            yield CheckResult(step.field("arguments", "response_timeout"), problem, remedy)


def gates_that_approve(subject: Subject) -> Iterator[CheckResult]:
    """A gate approves when its deadline passes, so the step that it guards runs although nobody looked at it."""
    for step in subject.steps:
        if step.is_gate and object_of(step.arguments.get("on_timeout")).get("value") == "approve":
            problem = "if nobody answers in time, this gate approves, and the steps that it guards run"
            remedy = "Set on_timeout to fail or reject, or make sure that nobody needs to approve them."
            yield CheckResult(step.field("arguments", "on_timeout"), problem, remedy)


def outsiders(subject: Subject) -> Iterator[CheckResult]:
    """A step depends on values that come only from text of outsiders."""
    for step in subject.steps:
        untrusted = list_of(object_of(step.data.get("approval")).get("untrusted"))
        if untrusted and not step.is_gate:
            problem = f"these values come only from text that outsiders can write: {', '.join(_sources(untrusted))}"
            remedy = "Check where each value comes from (`vai explain`) before you approve or activate this."
            yield CheckResult(step.field("approval", "reason"), problem, remedy)


def _sources(untrusted: list[Any]) -> Iterator[str]:
    """Yield the place of each value that comes only from outsiders' text, and the call whose result contains it."""
    for value in map(object_of, untrusted[:SHOWN_PLACES]):
        yield f"{dotted(list_of(value.get('place')))} (call {shown(value.get('call_id'))})"
    if len(untrusted) > SHOWN_PLACES:
        yield f"and {len(untrusted) - SHOWN_PLACES} more"


def _unguarded(subject: Subject) -> Iterator[RawStep]:
    for step in subject.steps:
        if step.is_write and step.gate is None and step.data.get("kind") != "unmapped_tool":
            yield step


def _only_from_tools(step: RawStep) -> bool:
    """Return whether tools returned everything that the step sends; arguments that decide what it does do not count."""
    fixed = step.kind.never_wired if step.kind else ("conn_id",)
    sent = [argument for name, argument in step.arguments.items() if name not in (*fixed, "effect", "source_sha256")]
    return bool(sent) and all(argument.get("origin") == "tool_output" for argument in sent)

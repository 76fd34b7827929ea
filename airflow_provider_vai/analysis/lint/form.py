"""Checks of the spec's structure: keys, action kinds, dependencies between steps, and arguments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from airflow_provider_vai.analysis.lint.finding import CheckResult
from airflow_provider_vai.analysis.lint.raw import RawStep, list_of, object_of, text_of
from airflow_provider_vai.analysis.lint.subjects import Subject
from airflow_provider_vai.authoring.specs.arguments import literal_problems
from airflow_provider_vai.authoring.specs.places import dotted, explained, similar
from airflow_provider_vai.languages.printable import shown
from airflow_provider_vai.languages.sql_text import writing_keyword
from airflow_provider_vai.model.automation import Automation
from airflow_provider_vai.model.kinds import by_name
from airflow_provider_vai.model.outside import REMEDY, outside_problem
from airflow_provider_vai.model.sidecar import SCHEMA_VERSION, Sidecar
from airflow_provider_vai.model.tool_names import FILE_NAME

MAX_PROBLEMS = 50
"""At most this many problems are reported per model; a file with more is hardly a spec."""


def newer(subject: Subject) -> Iterator[CheckResult]:
    """The sidecar has a newer schema than this version can read."""
    version = subject.data.get("schema_version")
    if isinstance(version, int) and version > SCHEMA_VERSION:
        problem = f"schema_version {version} is newer than {SCHEMA_VERSION}, the newest that this version can read"
        yield CheckResult("schema_version", problem, "Upgrade airflow-provider-vai.")


def unknown_names(subject: Subject) -> Iterator[CheckResult]:
    """A key of the spec is unknown."""
    for found, type_ in _problems(subject):
        if type_ == "extra_forbidden":
            yield found


def wrong_values(subject: Subject) -> Iterator[CheckResult]:
    """A key is missing, or its value has the wrong type."""
    for found, type_ in _problems(subject):
        if type_ != "extra_forbidden" and found.field:
            yield found


def root_problem(subject: Subject) -> CheckResult | None:
    """Return the first problem that the model reports for the spec as a whole rather than for a place in it."""
    return next((found for found, _ in _problems(subject) if not found.field), None)


def unknown_kinds(subject: Subject) -> Iterator[CheckResult]:
    """The action kind of a step is unknown."""
    for step in subject.steps:
        kind = text_of(step.data.get("kind"))
        if kind is not None and step.kind is None:
            yield CheckResult(step.field("kind"), f"unknown action kind {shown(kind)}", similar(kind, by_name()))


def wrong_operators(subject: Subject) -> Iterator[CheckResult]:
    """The operator of a step does not belong to its action kind."""
    for step in subject.steps:
        operator = text_of(step.data.get("operator"))
        if step.kind and operator is not None and operator != step.kind.operator:
            problem = f"{shown(operator)} is not the operator of the action kind {step.kind.name}"
            yield CheckResult(step.field("operator"), problem, f"Write {step.kind.operator}.")


def unmapped(subject: Subject) -> Iterator[CheckResult]:
    """A tool has no action kind, so its step fails when it runs."""
    for step in subject.steps:
        if step.data.get("kind") == "unmapped_tool":
            tool = step.arguments.get("tool", {}).get("value")
            from airflow_provider_vai.model.tools_file import suggestion

            lines = suggestion(
                text_of(tool) or "", format=text_of(object_of(subject.data.get("source")).get("format")) or ""
            )
            remedy = f"Add to {FILE_NAME} and crystallize the run again, or write the step by hand:\n{lines}"
            yield CheckResult(
                step.field("kind"), f"the tool {shown(tool)} has no action kind, so the step fails when it runs", remedy
            )


def missing_steps(subject: Subject) -> Iterator[CheckResult]:
    """A step depends on a step that does not exist."""
    for step in subject.steps:
        for index, name in enumerate(step.depends_on):
            if name not in subject.by_key:
                remedy = similar(name, subject.by_key)
                yield CheckResult(step.field("depends_on", index), f"there is no step {shown(name)}", remedy)


def cycles(subject: Subject) -> Iterator[CheckResult]:
    """Steps depend on each other in a cycle."""
    for cycle in _cycles(subject):
        shown_ = " → ".join(cycle if len(cycle) < 10 else [*cycle[:8], "…", cycle[-1]])
        place = subject.by_key[cycle[0]].field("depends_on")
        yield CheckResult(
            place, f"steps depend on each other in a cycle: {shown_}", "Remove one of these dependencies."
        )


def _cycles(subject: Subject) -> Iterator[list[str]]:
    """Yield each cycle as a list of step keys; the first key is repeated at the end."""
    done: set[str] = set()
    for start in subject.by_key:
        trail: list[str] = []
        pending = [(start, iter(_waits(subject, start)))] if start not in done else []
        trail += [start] if pending else []
        while pending:
            following = next((name for name in pending[-1][1] if name not in done), None)
            if following is None:
                done.add(pending.pop()[0])
                trail.pop()
            elif following in trail:
                yield [*trail[trail.index(following) :], following]
                done.add(following)
            else:
                trail.append(following)
                pending.append((following, iter(_waits(subject, following))))


def wrong_order(subject: Subject) -> Iterator[CheckResult]:
    """A step is listed before a step that it depends on."""
    position = {step.key: index for index, step in reversed(list(enumerate(subject.steps)))}
    in_cycles = {name for cycle in _cycles(subject) for name in cycle}
    for index, step in enumerate(subject.steps):
        late = [name for name in step.depends_on if position.get(name, -1) >= index and name != step.key]
        for name in late:
            if not (name in in_cycles and step.key in in_cycles):
                problem = f"the step is listed before {shown(name)}, which it depends on"
                yield CheckResult(step.field("depends_on"), problem, "Move it after that step.")


def same_names(subject: Subject) -> Iterator[CheckResult]:
    """Two steps have the same key or task id."""
    for name in ("key", "task_id"):
        seen: set[str] = set()
        for index, data in enumerate(list_of(subject.data.get("steps"))):
            value = text_of(object_of(data).get(name))
            if value is not None and value in seen:
                place = dotted(["steps", index, name])
                yield CheckResult(place, f"two steps have the {name} {shown(value)}", "Give each step its own.")
            seen |= {value} if value is not None else set()


def wrong_arguments(subject: Subject) -> Iterator[CheckResult]:
    """The arguments of a step do not match its action kind."""
    for step in subject.steps:
        if step.kind is None:
            continue
        values = step.values()
        error = literal_problems(step.kind, values, step.open_places())
        for problem in error.errors(include_url=False)[:MAX_PROBLEMS] if error else ():
            message, at, remedy = explained(problem, values, step.kind.arguments)
            yield CheckResult(step.field("arguments", *at), message, remedy)


def writing_queries(subject: Subject) -> Iterator[CheckResult]:
    """A query begins like a statement that writes, which its operator refuses."""
    for step in subject.steps:
        sql = step.values().get("sql")
        if isinstance(sql, str) and (keyword := writing_keyword(sql)):
            problem = f"the statement begins with {keyword}, but a step of this kind only reads"
            yield CheckResult(
                step.field("arguments", "sql"), problem, "Write a SELECT, or let a function do the write."
            )


def filled_in_from_outside(subject: Subject) -> Iterator[CheckResult]:
    """An argument that decides what a step does takes its value from outside the spec."""
    for step in subject.automation.steps if subject.automation else ():
        kind = by_name().get(step.kind)
        for name, argument in step.arguments.items():
            if kind and (outside := outside_problem(kind, name, argument)):
                at, problem = outside
                yield CheckResult(dotted(["steps", step.key, "arguments", name, *at]), problem, REMEDY)


def lost_places(subject: Subject) -> Iterator[CheckResult]:
    """A wire or secret refers to a place that does not exist in its argument."""
    for step in subject.steps:
        for name in step.arguments:
            for part in ("wires", "secrets"):
                yield from _lost(step, name, part)


def _lost(step: RawStep, name: str, part: str) -> Iterator[CheckResult]:
    argument = step.arguments[name]
    for index, entry in enumerate(list_of(argument.get(part))):
        value: Any = argument.get("value")
        for key in list_of(object_of(entry).get("at")):
            inside = (isinstance(value, dict) and isinstance(key, str) and key in value) or (
                isinstance(value, list) and type(key) is int and 0 <= key < len(value)
            )
            if not inside:
                place = step.field("arguments", name, part, index, "at")
                yield CheckResult(
                    place,
                    f"the value has no place {shown(key)}",
                    "Add the place with null as its value, or correct the path.",
                )
                break
            value = value[key]


def _waits(subject: Subject, key: str) -> list[str]:
    return [name for name in subject.by_key[key].depends_on if name in subject.by_key]


def _problems(subject: Subject) -> list[tuple[CheckResult, str]]:
    """Return the problems that the model reports, each with Pydantic's type of the error."""
    error = subject.validated
    if not isinstance(error, ValidationError):
        return []
    model = Sidecar if subject.form == "sidecar" else Automation
    found = []
    for problem in error.errors(include_url=False)[:MAX_PROBLEMS]:
        message, at, remedy = explained(problem, subject.data, model)
        found.append((CheckResult(dotted(_by_key(subject, at)), message, remedy), problem["type"]))
    return found


def _by_key(subject: Subject, at: list[str | int]) -> list[str | int]:
    """Return a place with the step's key instead of its number, as the other checks write it."""
    if len(at) >= 2 and at[0] == "steps" and isinstance(at[1], int):
        data = list_of(subject.data.get("steps"))[at[1]]
        step = next((step for step in subject.steps if step.data is data), None)
        return [*step.place, *at[2:]] if step else at
    return at

"""Checks of the values that steps use: params, results of earlier steps, connections and credentials."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from airflow_provider_vai.analysis.lint.finding import CheckResult
from airflow_provider_vai.analysis.lint.raw import RawOutput, RawStep, list_of, object_of, text_of, texts_of
from airflow_provider_vai.analysis.lint.subjects import Subject
from airflow_provider_vai.authoring.specs.places import dotted, similar
from airflow_provider_vai.authoring.specs.values import TO_A_CONNECTION, credentials
from airflow_provider_vai.languages.printable import shown
from airflow_provider_vai.languages.result_path import ONLY
from airflow_provider_vai.model import derivation
from airflow_provider_vai.model.base import JsonPath
from airflow_provider_vai.model.credential_templates import REMEDY, credential_templates
from airflow_provider_vai.model.kinds import Kind
from airflow_provider_vai.model.param_default import default_problem
from airflow_provider_vai.model.positions import positional
from airflow_provider_vai.model.step_result import TABLE_KEYS
from airflow_provider_vai.model.upstream import reachable
from airflow_provider_vai.secrets.patterns import deferred

NAME_IT = "Name the record, as in `[name=Spotify]`, or write `[only]` for the one item of the list."

IN_TEXT = deferred(r"\bparams(?:\.get\(\s*['\"]([^'\"]+)['\"]|\s*\[\s*['\"]([^'\"]+)['\"]\s*\]|\s*\.\s*(\w+))")


def undeclared_params(subject: Subject) -> Iterator[CheckResult]:
    """A param is used but not declared."""
    declared = {*subject.params, *(["payload"] if subject.of_type("webhook") else [])}
    for field, name in _used(subject):
        if name not in declared:
            yield CheckResult(
                field, f"the param {shown(name)} is not declared", f"Add it to params. {similar(name, declared)}"
            )


def unused_params(subject: Subject) -> Iterator[CheckResult]:
    """A declared param is never used."""
    used = {name for _, name in _used(subject)} if subject.params else set()
    doubtful = [name for name in subject.params if name not in used]
    if not doubtful:
        return  # looking through all texts takes long
    rest = {name: value for name, value in subject.data.items() if name not in ("params", "review", "history")}
    loose = {name for found in IN_TEXT.findall(json.dumps(rest, default=str).replace('\\"', '"')) for name in found}
    for name in doubtful:
        if name not in loose:
            remedy = "Use it in a step, a template or a condition, or remove it."
            yield CheckResult(dotted(["params", name]), f"the param {shown(name)} is never used", remedy)


def wrong_defaults(subject: Subject) -> Iterator[CheckResult]:
    """The default of a param does not match its schema."""
    for name, param in subject.params.items():
        if problem := default_problem(param.get("default"), object_of(param.get("schema"))):
            yield CheckResult(dotted(["params", name]), problem, "Correct the default or the schema.")


def missing_sources(subject: Subject) -> Iterator[CheckResult]:
    """A value comes from a step that does not exist, or that may not have run before."""
    waits = {key: step.depends_on for key, step in subject.by_key.items()}
    for step in subject.steps:
        before = reachable(step.depends_on, waits)
        for output in step.outputs():
            if output.step is None:
                continue
            if output.step not in subject.by_key:
                remedy = similar(output.step, subject.by_key)
                yield CheckResult(output.field, f"there is no step {shown(output.step)}", remedy)
            elif output.step not in before:
                problem = f"the step {shown(output.step)} may not have run before this one"
                yield CheckResult(output.field, problem, "Add it to depends_on.")


def missing_paths(subject: Subject) -> Iterator[CheckResult]:
    """A value comes from a place that does not exist in the recorded result."""
    for step in subject.steps:
        for output in step.outputs():
            missing = _missing(subject, output)
            if missing is not None:
                problem = f"the recorded result of {shown(output.step)} has no {shown(missing)} at this place"
                yield CheckResult(output.field, problem, "Correct the path, or record the run again.")


def positions(subject: Subject) -> Iterator[CheckResult]:
    """A value is taken by its position in a list, by a step without external side effects."""
    for key, output, picks in positional(_reads(subject)):
        if key == picks and not subject.by_key[key].is_write:
            problem = "the value is taken by its position in a list, so another record may be there in the next run"
            yield CheckResult(output.field, problem, NAME_IT)


def positions_in_writes(subject: Subject) -> Iterator[CheckResult]:
    """A write depends on a position in a list, directly or through a step that it reads."""
    for key, output, picks in positional(_reads(subject)):
        if subject.by_key[key].is_write:
            how = "by its position in a list" if key == picks else f"from {shown(picks)}, which picks it by position"
            problem = f"the write takes a value {how}, so it may change another record in the next run"
            yield CheckResult(output.field, problem, NAME_IT)


def _reads(subject: Subject) -> dict[str, list[RawOutput]]:
    return {step.key: list(step.reads()) for step in subject.steps if step.key}


def stray_elements(subject: Subject) -> Iterator[CheckResult]:
    """A step uses a list element, but is not mapped over a list."""
    for step in subject.steps:
        if isinstance(step.data.get("each"), dict):
            continue
        for output in step.outputs():
            if output.step is None:
                yield CheckResult(
                    output.field,
                    "the value is taken from a list element, but the step is not mapped over a list",
                    "Give the step an `each`.",
                )


def unlisted_connections(subject: Subject) -> Iterator[CheckResult]:
    """A connection is used but not listed under `connections`."""
    listed = texts_of(subject.data.get("connections"))
    for step in subject.steps:
        for field, conn_id in step.connections():
            if conn_id not in listed:
                problem = f"the connection {shown(conn_id)} is not in connections"
                yield CheckResult(field, problem, f"Add it. {similar(conn_id, listed) if listed else ''}".strip())


def unknown_connections(subject: Subject, known: frozenset[str]) -> Iterator[CheckResult]:
    """A connection that is used or listed does not exist."""
    named = [(field, conn_id) for step in subject.steps for field, conn_id in step.connections()]
    used = {conn_id for _, conn_id in named}
    listed = list_of(subject.data.get("connections"))
    named += [
        (dotted(["connections", index]), conn_id)
        for index, conn_id in enumerate(listed)
        if isinstance(conn_id, str) and conn_id not in used
    ]
    named += [
        (dotted(["triggers", index, "conn_id"]), str(trigger["conn_id"]))
        for index, trigger in subject.of_type("webhook")
        if isinstance(trigger.get("conn_id"), str) and trigger["conn_id"] not in listed
    ]
    for field, conn_id in named:
        if conn_id not in known:
            close = get_close_matches(conn_id, sorted(known), n=1)
            remedy = f"Create it in Airflow{f', or write {close[0]!r}' if close else ''}."
            yield CheckResult(field, f"there is no connection {shown(conn_id)}", remedy)


def literal_credentials(subject: Subject) -> Iterator[CheckResult]:
    """A literal looks like a credential."""
    for step in subject.steps:
        for at, what in _credentials_of_each(step.values(), step.kind):
            yield CheckResult(step.field("arguments", *at), what, TO_A_CONNECTION)
        yield from _in_references(step)
    for name, param in subject.params.items():
        for at, what in credentials({name: param.get("default")}):
            yield CheckResult(dotted(["params", *at]), what, TO_A_CONNECTION)
        description = param.get("description")
        for at, what in credentials({"description": description}) if description is not None else ():
            yield CheckResult(dotted(["params", name, *at]), what, TO_A_CONNECTION)
    names = ("title", "description", "conditions", "notifications", "review", "tags", "owner")
    for at, what in _credentials_of_each({name: subject.data.get(name) for name in names}):
        yield CheckResult(dotted(at), what, TO_A_CONNECTION)
    for line in subject.dag.credential_lines if subject.dag else ():
        place = f"{subject.dag_path.name}, line {line}"
        yield CheckResult(place, "the DAG file contains something that looks like a credential", TO_A_CONNECTION)


def templates_with_credentials(subject: Subject) -> Iterator[CheckResult]:
    """A template reads a credential."""
    for place, problem in credential_templates(subject.automation) if subject.automation else ():
        yield CheckResult(dotted(place), problem, REMEDY)
    for line, problem in subject.dag.credential_templates if subject.dag else ():
        yield CheckResult(f"{subject.dag_path.name}, line {line}", problem, REMEDY)


def _credentials_of_each(values: Mapping[str, Any], kind: Kind | None = None) -> Iterator[tuple[JsonPath, str]]:
    """Yield the credentials of each value. Most have none, so all are asked about at once first."""
    if credentials(values, kind):
        for name, value in values.items():
            yield from credentials({name: value}, kind)


def _in_references(step: RawStep) -> Iterator[CheckResult]:
    """Yield each template of a wire, and each derived value, with a literal that looks like a credential."""
    for field, _, tree in step.trees():
        texts = {str(number): text for number, text in enumerate(derivation.literals(tree))}
        if texts and credentials(texts):
            problem = "the derived value contains something that looks like a credential"
            yield CheckResult(field, problem, TO_A_CONNECTION)
    for field, template in step.templates():
        if ".wires" in field and credentials({"template": template}):
            yield CheckResult(field, "the template contains something that looks like a credential", TO_A_CONNECTION)


def _used(subject: Subject) -> Iterator[tuple[str, str]]:
    """Yield a pair of place and name for each use of a param in steps, their templates and the conditions."""
    for step in subject.steps:
        yield from step.params()
        for field, template in step.templates():
            for found in IN_TEXT.finditer(template):
                yield field, found[1] or found[2] or found[3]
        condition = step.arguments.get("condition", {}).get("value")
        hidden = object_of(step.arguments.get("inputs", {}).get("value"))
        if step.data.get("kind") == "conditional_branch" and isinstance(condition, str) and "params" not in hidden:
            for found in IN_TEXT.finditer(condition):
                yield step.field("arguments", "condition"), found[1] or found[2] or found[3]
    for index, condition in enumerate(list_of(subject.data.get("conditions"))):
        for found in IN_TEXT.finditer(condition) if isinstance(condition, str) else ():
            yield dotted(["conditions", index]), found[1] or found[2] or found[3]


def _missing(subject: Subject, output: RawOutput) -> str | int | None:
    """Return the first part of the path that does not exist in the recorded result; ``None``: none is missing."""
    source = subject.by_key.get(output.step or "")
    if source is None or source.kind is None or source.kind.result is None:
        return None
    shape: Any = object_of(object_of(source.data.get("recorded")).get("result_schema"))
    shape = _table(shape) if source.kind.result == "rows" else shape
    if isinstance(source.data.get("each"), dict):
        shape = {"type": "array", "items": shape}
    for part in output.path:
        if isinstance(part, str) and part.startswith(
            ("text:", "is:")
        ):  # it converts or checks the value instead of entering it
            return None
        entered = _entered(shape, part)
        if entered is None:
            return part
        shape = entered
    return None


def _table(recorded: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a table whose rows have the recorded schema; the tool's other output does not matter."""
    rows = recorded if recorded.get("type") == "array" else object_of(recorded.get("properties")).get("rows")
    return {"type": "object", "properties": {key: rows if key == "rows" else {} for key in TABLE_KEYS}}


def _entered(shape: dict[str, Any], part: str | int) -> dict[str, Any] | None:
    """Return the schema of a part; empty: it is not known; ``None``: the schema has no such part."""
    type_ = text_of(shape.get("type"))
    if type_ == "object" and isinstance(shape.get("properties"), dict):
        properties = shape["properties"]
        if part == ONLY and part not in properties:
            return object_of(next(iter(properties.values()))) if len(properties) == 1 else None
        return object_of(properties[part]) if isinstance(part, str) and part in properties else None
    if type_ == "array":
        picks = isinstance(part, int) or part == ONLY or (part.startswith("[") and "=" in part)
        return object_of(shape.get("items")) if picks else None
    return None if type_ in ("string", "integer", "number", "boolean") else {}

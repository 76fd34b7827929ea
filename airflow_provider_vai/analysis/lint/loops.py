"""Finds automations that start each other in a circle, by calls and by the events of their success."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import unquote

from airflow_provider_vai.analysis.lint.finding import Finding
from airflow_provider_vai.analysis.lint.raw import object_of, text_of
from airflow_provider_vai.analysis.lint.subjects import Subject
from airflow_provider_vai.authoring.specs.places import dotted
from airflow_provider_vai.languages.identifiers import ASSET_SCHEME
from airflow_provider_vai.languages.printable import shown

LOOP = "VAI704"
_REMEDY = "Remove one of the starts, or put a branch or gate on the way that ends the circle."


class Start(NamedTuple):
    """A place that makes a run of one automation start a run of another."""

    starting: str
    started: str
    subject: Subject
    field: str


def loops(subjects: Sequence[Subject]) -> Iterator[Finding]:
    """Yield a finding for each start that belongs to a circle.

    :param subjects: All automations that were found. A spec counts only if its sidecar is not among them.
    """
    rendered = {subject.dag_id for subject in subjects if subject.form == "sidecar"}
    starts = [
        start
        for subject in subjects
        if subject.form == "sidecar" or subject.dag_id not in rendered
        for start in _starts(subject)
    ]
    after: dict[str, set[str]] = {}
    for start in starts:
        after.setdefault(start.starting, set()).add(start.started)
    for start in starts:
        way = _way(start.started, start.starting, after)
        if way is None:
            continue
        if len(way) == 1:
            problem = "each run of this automation starts its next run"
        else:
            problem = f"these automations start each other: {' -> '.join(map(shown, [start.starting, *way]))}"
        yield Finding("warning", str(start.subject.path), start.field, problem, _REMEDY, LOOP)


def _starts(subject: Subject) -> Iterator[Start]:
    if subject.dag_id is None:
        return
    for step in subject.steps:
        if step.data.get("kind") != "call_automation":
            continue
        called = text_of(object_of(step.arguments.get("trigger_dag_id")).get("value"))
        if called is not None:
            yield Start(subject.dag_id, called, subject, step.field("arguments", "trigger_dag_id"))
    for index, trigger in subject.of_type("event"):
        if source := _source(trigger):
            yield Start(source, subject.dag_id, subject, dotted(["triggers", index]))


def _source(trigger: Mapping[str, Any]) -> str | None:
    """Return the automation whose success, or a step's success, starts a run.

    Other events are left out: the plugin emits them when a run has ended, and never for what started that run.
    """
    uri = text_of(trigger.get("uri"))
    if uri is not None:
        scheme, _, path = uri.partition("://")
        place = {"automations": 1, "actions": 2}.get(path.split("/")[0])
        parts = path.split("/")
        return unquote(parts[place]) if scheme == ASSET_SCHEME and place and len(parts) > place else None
    filters = object_of(trigger.get("filters"))
    is_of_step = trigger.get("event") == "action.completed" and filters.get("step") and filters.get("action_kind")
    return text_of(filters.get("automation")) if is_of_step or trigger.get("event") == "automation.completed" else None


def _way(start: str, end: str, after: Mapping[str, set[str]]) -> list[str] | None:
    """Return the shortest way from one automation to another, both included; ``None``: there is none."""
    ways = [[start]]
    seen = {start}
    for way in ways:  # grows while it is read
        if way[-1] == end:
            return way
        for following in sorted(after.get(way[-1], ())):
            if following not in seen:
                seen.add(following)
                ways.append([*way, following])
    return None

"""What each step of a DAG run did: its state, decisions at its gate, derived values, and changes of its result."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from airflow_provider_vai.analysis.verify.compare import Level, compare_schema
from airflow_provider_vai.analysis.verify.report import difference
from airflow_provider_vai.languages import derivation, json_text
from airflow_provider_vai.languages.derivation import words
from airflow_provider_vai.languages.places import edited, value_or
from airflow_provider_vai.model import approvals_record
from airflow_provider_vai.model.argument import Argument
from airflow_provider_vai.model.automation import Automation, Step
from airflow_provider_vai.model.sidecar import Sidecar
from airflow_provider_vai.model.step_graph import guarded_by
from airflow_provider_vai.operators.runtime import results
from airflow_provider_vai.plugin.api.json_response import ResponseModel
from airflow_provider_vai.plugin.api.problems import public
from airflow_provider_vai.plugin.api.run_facts import in_short
from airflow_provider_vai.plugin.api.run_values import UNKNOWN_VALUE, RunValues, values_of_run
from airflow_provider_vai.secrets.masking import masked

WORST = ("failed", "upstream_failed", "up_for_retry", "running", "awaiting_input", "deferred", "queued", "scheduled")
"""States that count more than others, the first one most: the state of a step with several task instances."""


class DecisionAtGate(ResponseModel):
    """A decision at a gate in this run."""

    at: str = Field(json_schema_extra={"format": "date-time"})
    decision: str | None
    by: str | None
    note: str | None
    automatic: bool
    timed_out: bool


class DerivedValue(ResponseModel):
    """A value that the run worked out, with the recorded one; ``problem`` says why it is not known now."""

    argument: str
    how: str
    recorded: Any
    now: Any
    problem: str | None


class ArgumentOfRun(ResponseModel):
    """An argument in a run, shortened: the recorded value beside the run's, and whether they differ.

    ``recorded`` is null if it is not stored; ``differs`` is null if one of them is not known, and ``problem`` says why
    the run's is not.
    """

    argument: str
    recorded: Any
    now: Any
    differs: bool | None
    problem: str | None


class StepOfRun(ResponseModel):
    """A step in a run. ``states`` counts the states of its task instances; it has several if it is mapped.

    ``result`` compares its result with the recorded one: null if there is none, or if the step is mapped.
    """

    key: str
    task_id: str
    title: str | None
    kind: str
    state: str | None
    states: dict[str, int]
    tries: int
    started_at: datetime | None
    ended_at: datetime | None
    decisions: list[DecisionAtGate]
    arguments: list[ArgumentOfRun]
    derived: list[DerivedValue]
    result: Level | None
    differences: list[str]


def steps_of(session: Session, sidecar: Sidecar, run: DagRun) -> list[StepOfRun]:
    """Return what each step of a run did, in the order of the steps.

    :param session: of Airflow's database.
    :param sidecar: of the version that ran.
    :param run: the DAG run.
    """
    instances = defaultdict(list)
    query = select(TaskInstance).where(TaskInstance.dag_id == run.dag_id, TaskInstance.run_id == run.run_id)
    for instance in session.scalars(query):
        instances[instance.task_id].append(instance)
    known = values_of_run(session, sidecar, run)
    records = _records(run)
    made = []
    for step in sidecar.steps:
        decisions = [_decision(record) for record in records if record["task_id"] == step.task_id]
        recorded = recorded_values(sidecar, step)
        edits = _edits(records, step.task_id)
        arguments = [_argument(name, one, recorded, known, edits) for name, one in step.arguments.items()]
        made.append(_step(step, instances[step.task_id], decisions, known, arguments))
    return made


def _step(
    step: Step,
    instances: list[TaskInstance],
    decisions: list[DecisionAtGate],
    known: RunValues,
    arguments: list[ArgumentOfRun],
) -> StepOfRun:
    states = Counter(str(instance.state or "none") for instance in instances)
    level, differences = _compared(step, known)
    has_run = bool(states.keys() - {"none", "skipped", "upstream_failed", "removed", "scheduled"})
    started = [instance.start_date for instance in instances if instance.start_date]
    ended = [instance.end_date for instance in instances if instance.end_date]
    return StepOfRun(
        key=step.key,
        task_id=step.task_id,
        title=step.title,
        kind=step.kind,
        state=next((name for name in WORST if states[name]), states.most_common(1)[0][0] if states else None),
        states=dict(states),
        tries=max((instance.try_number or 0 for instance in instances), default=0),
        started_at=min(started, default=None),
        ended_at=max(ended) if ended and len(ended) == len(instances) else None,
        decisions=decisions,
        arguments=arguments if has_run else [],
        derived=_derived(step, known) if has_run else [],
        result=level,
        differences=differences,
    )


def _records(run: DagRun) -> list[Mapping[str, Any]]:
    """Return the records of the decisions in a run, newest first. Files are read back to the start of the run."""
    found: list[Mapping[str, Any]] = []
    since = run.run_after or run.start_date
    for record in approvals_record.read(results.artifacts_root(), run.dag_id):
        if since is not None and str(record.get("at", "9")) < since.strftime("%Y-%m-%dT%H:%M:%S"):
            break
        if record.get("run_id") == run.run_id:
            found.append(record)
    return found


def _edits(records: Sequence[Mapping[str, Any]], task_id: str) -> Mapping[str, Any]:
    """Return what the newest approval changed in the arguments of a task, by place."""
    for record in records:
        steps = record.get("steps")
        if record.get("decision") == "approve" and isinstance(steps, dict) and task_id in steps:
            return dict(steps[task_id].get("edits") or {})
    return {}


def _decision(record: Mapping[str, Any]) -> DecisionAtGate:
    by = record.get("by")
    return DecisionAtGate(
        at=str(record.get("at")),
        decision=record.get("decision"),
        by=str(by.get("name") or by.get("id")) if isinstance(by, dict) else None,
        note=record.get("note") or None,
        automatic=bool(record.get("automatic")),
        timed_out=bool(record.get("timed_out")),
    )


def _compared(step: Step, known: RunValues) -> tuple[Level | None, list[str]]:
    """Return how a result differs from the recorded one, as far as the shape in the sidecar tells it."""
    if step.recorded is None or step.each is not None or known.results.get(step.task_id) is None:
        return None, []
    try:
        today = known.result(step.task_id)
        found = compare_schema(step.recorded.result_schema, step.recorded.result_sha256, today)
    except UNKNOWN_VALUE as error:
        return None, [public(f"The result cannot be compared: {error}")]
    return found.level, [difference(one) for one in found.differences] if found.level == "drifted" else []


def _derived(step: Step, known: RunValues) -> list[DerivedValue]:
    """Return the derived values of a step; of a text, each slot by itself, whose recorded value is the whole text."""
    return [
        _worked_out([name, *at, *([slot] if slot else [])], part, masked(value_or(argument.value, at)), known)
        for name, argument in step.arguments.items()
        for at, tree in argument.trees()
        for slot, part in words.parts(tree)
    ]


def _worked_out(place: list[Any], tree: Any, recorded: Any, known: RunValues) -> DerivedValue:
    now, problem = None, None
    try:
        now = masked(derivation.evaluate(tree, known.reference))
    except UNKNOWN_VALUE as error:
        problem = public(getattr(error, "problem", "") or str(error))
    return DerivedValue(
        argument=".".join(map(str, place)), how=words.words(tree), recorded=recorded, now=now, problem=problem
    )


def recorded_values(automation: Automation, step: Step) -> dict[str, Any]:
    """Return the recorded arguments of a step, by name, as far as the sidecar has them.

    Frozen and derived arguments contain theirs, a param has it as its default, and a gate shows the others.

    :param automation: the automation. :param step: one of its steps.
    """
    gate = next((one for one in automation.steps if one.key == step.approval.gate), None)
    beside = gate.arguments.get("recorded") if gate and len(guarded_by(automation.steps, gate.key)) == 1 else None
    shown = value_or(beside.value, ["arguments"]) if beside else None
    found = {name: value for name, value in shown.items() if name in step.arguments} if isinstance(shown, dict) else {}
    for name, argument in step.arguments.items():
        if argument.class_ in ("frozen", "derived") and not argument.secrets:
            found[name] = argument.value
        elif argument.param in automation.params:
            found[name] = value_or(automation.params[argument.param].default, argument.path)
    return found


def _argument(
    name: str, argument: Argument, recorded: Mapping[str, Any], known: RunValues, edits: Mapping[str, Any]
) -> ArgumentOfRun:
    before = masked({name: recorded.get(name)})[name]
    now, problem = None, None
    try:
        here = {place: edit for place, edit in edits.items() if place.split(".")[0] == name}
        now = masked(edited({name: known.argument(argument)}, here))[name]
    except UNKNOWN_VALUE as error:
        problem = public(getattr(error, "problem", "") or str(error))
    differs = None
    if problem is None and name in recorded:
        differs = json_text.canonical(before) != json_text.canonical(now)
    return ArgumentOfRun(argument=name, recorded=in_short(before), now=in_short(now), differs=differs, problem=problem)

"""What each step of a DAG run did: its state, decisions at its gate, derived values, and changes of its result."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from airflow.models.xcom import XComModel
from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from airflow_provider_vai.analysis.verify.compare import Level, compare_schema
from airflow_provider_vai.analysis.verify.report import difference
from airflow_provider_vai.exceptions import VaiError
from airflow_provider_vai.languages import derivation
from airflow_provider_vai.languages.derivation import words
from airflow_provider_vai.languages.places import value_at, value_or
from airflow_provider_vai.model import approvals_record
from airflow_provider_vai.model.automation import Step
from airflow_provider_vai.model.sidecar import Sidecar
from airflow_provider_vai.operators.runtime import results
from airflow_provider_vai.plugin.api.json_response import ResponseModel
from airflow_provider_vai.plugin.api.problems import public
from airflow_provider_vai.secrets.masking import masked

LARGEST_ARTIFACT = 5_000_000
"""Larger results, in bytes, are neither compared nor used for derived values here."""

WORST = ("failed", "upstream_failed", "up_for_retry", "running", "deferred", "queued", "scheduled")
"""States that count more than others, the first one most: the state of a step with several task instances."""

GIVEN = "what an earlier step was given is known only while the run is running"
TOO_LARGE = f"a result is larger than {LARGEST_ARTIFACT // 1_000_000} MB"


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
    derived: list[DerivedValue]
    result: Level | None
    differences: list[str]


@dataclass(frozen=True)
class _Known:
    """What is known of a run: results by task id, params by name, and the task id of each step's key."""

    results: Mapping[str, Any]
    params: Mapping[str, Any]
    task_ids: Mapping[str, str]


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
    defaults = {name: param.default for name, param in sidecar.params.items()}
    known = _Known(
        _results(session, sidecar, run), {**defaults, **_conf(run)}, {step.key: step.task_id for step in sidecar.steps}
    )
    decisions = _decisions(run)
    return [_step(step, instances[step.task_id], decisions[step.task_id], known) for step in sidecar.steps]


def _step(step: Step, instances: list[TaskInstance], decisions: list[DecisionAtGate], known: _Known) -> StepOfRun:
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
        derived=_derived(step, known) if has_run else [],
        result=level,
        differences=differences,
    )


def _conf(run: DagRun) -> dict[str, Any]:
    return run.conf if isinstance(run.conf, dict) else {}


def _results(session: Session, sidecar: Sidecar, run: DagRun) -> dict[str, Any]:
    """Return the results of the steps that are not mapped, by task id; large ones stay references."""
    query = select(XComModel).where(
        XComModel.dag_id == run.dag_id,
        XComModel.run_id == run.run_id,
        XComModel.key == "return_value",
        XComModel.map_index == -1,
        XComModel.task_id.in_([step.task_id for step in sidecar.steps]),
    )
    return {row.task_id: XComModel.deserialize_value(row) for row in session.scalars(query)}


def _decisions(run: DagRun) -> Mapping[str, list[DecisionAtGate]]:
    """Return the decisions of a run by task id. Files are read back to the start of the run, the newest first."""
    found: dict[str, list[DecisionAtGate]] = defaultdict(list)
    since = run.run_after or run.start_date
    for record in approvals_record.read(results.artifacts_root(), run.dag_id):
        if since is not None and str(record.get("at", "9")) < since.strftime("%Y-%m-%dT%H:%M:%S"):
            break
        if record.get("run_id") == run.run_id:
            found[record["task_id"]].append(_decision(record))
    return found


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


def _compared(step: Step, known: _Known) -> tuple[Level | None, list[str]]:
    """Return how a result differs from the recorded one, as far as the shape in the sidecar tells it."""
    if step.recorded is None or step.each is not None or known.results.get(step.task_id) is None:
        return None, []
    try:
        today = _loaded(known.results[step.task_id])
        found = compare_schema(step.recorded.result_schema, step.recorded.result_sha256, today)
    except (LookupError, ValueError, OSError, RecursionError, VaiError) as error:
        return None, [public(f"The result cannot be compared: {error}")]
    return found.level, [difference(one) for one in found.differences] if found.level == "drifted" else []


def _derived(step: Step, known: _Known) -> list[DerivedValue]:
    """Return the derived values of a step; of a text, each slot by itself, whose recorded value is the whole text."""
    return [
        _worked_out([name, *at, *([slot] if slot else [])], part, masked(value_or(argument.value, at)), known)
        for name, argument in step.arguments.items()
        for at, tree in argument.trees()
        for slot, part in words.parts(tree)
    ]


def _worked_out(place: list[Any], tree: Any, recorded: Any, known: _Known) -> DerivedValue:
    now, problem = None, None
    try:
        now = masked(derivation.evaluate(tree, lambda reference: _resolved(reference, known)))
    except (LookupError, ValueError, OSError, RecursionError, VaiError) as error:
        problem = public(getattr(error, "problem", "") or str(error))
    return DerivedValue(
        argument=".".join(map(str, place)), how=words.words(tree), recorded=recorded, now=now, problem=problem
    )


def _resolved(reference: Mapping[str, Any], known: _Known) -> Any:
    """Return the value of a reference in a derived value.

    :raises LookupError: it is not known here, or there is none.
    """
    name, path = reference["function"], list(reference.get("path", ()))
    if name == "parameter":
        return value_at(known.params.get(reference["name"]), path, of=f"the param {reference['name']}")
    if name != "wired":
        raise LookupError(GIVEN)
    task_id = known.task_ids.get(reference["step"], reference["step"])
    if known.results.get(task_id) is None:
        raise LookupError(f"the step {reference['step']} has no single result in this run")
    return _loaded(results.select(known.results[task_id], path, step=reference["step"]))


def _loaded(value: Any) -> Any:
    if results.is_reference(value) and value["bytes"] > LARGEST_ARTIFACT:
        raise LookupError(TOO_LARGE)
    return results.load(value)

"""What is known about the run of a question: the version that it runs, and what its earlier steps returned."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.models.dagcode import DagCode
from airflow.models.taskinstance import TaskInstance
from airflow.models.xcom import XComModel
from fastapi import HTTPException
from sqlalchemy import select
from sqlalchemy.orm import Session

from airflow_provider_vai.exceptions import VaiError
from airflow_provider_vai.languages.plural import plural
from airflow_provider_vai.languages.short_text import cut
from airflow_provider_vai.model.sidecar import Sidecar
from airflow_provider_vai.operators.runtime import results as stored_results
from airflow_provider_vai.plugin.api.access import is_allowed
from airflow_provider_vai.plugin.api.json_response import ResponseModel
from airflow_provider_vai.plugin.api.stored_automation import read_any_state
from airflow_provider_vai.plugin.api.task_places import in_round_first
from airflow_provider_vai.secrets.masking import masked
from airflow_provider_vai.store.edits import dag_sha256

GATE_KIND = "approval_gate"
DEFAULTS = {"on_timeout": "fail", "on_reject": "skip"}
"""What a gate does if its settings do not say it."""

MOST_STEPS = 8
MOST_TASK_INSTANCES = 500
MOST_ITEMS = 5
MOST_KEYS = 20
MOST_CHARACTERS = 300
DEEPEST = 4


class EarlierResult(ResponseModel):
    """What a step of the run returned, shortened.

    ``count`` is the number of results: more than one of a mapped step, of which ``result`` is the first. ``isRead``:
    the guarded steps take values from it.
    """

    task_id: str
    ended_at: datetime | None
    count: int
    result: Any
    is_read: bool


@dataclass(frozen=True)
class RanAutomation:
    """The version of an automation that a run uses; without ``sidecar``, its DAG file is none of the versions."""

    sidecar: Sidecar | None = None
    newest_version: int | None = None

    @property
    def version(self) -> int | None:
        """The number of the version."""
        return self.sidecar.version if self.sidecar else None

    def gate(self, task_id: str) -> dict[str, str]:
        """Return what a gate does on a timeout and on a rejection; empty if the version is not known."""
        for step in self.sidecar.steps if self.sidecar else ():
            if step.task_id == task_id and step.kind == GATE_KIND:
                given = {name: step.arguments[name].value for name in DEFAULTS if name in step.arguments}
                return {**DEFAULTS, **{name: str(value) for name, value in given.items()}}
        return {}

    def read_by_guarded(self, task_id: str) -> frozenset[str]:
        """Return the task ids of the steps from whose results the steps behind a gate take values."""
        steps = self.sidecar.steps if self.sidecar else []
        task_ids = {step.key: step.task_id for step in steps}
        guarded = [step for step in steps if step.approval.gate and task_ids.get(step.approval.gate) == task_id]
        read = {output.step for step in guarded for output in step.outputs()}
        return frozenset(task_id for key, task_id in task_ids.items() if key in read)


@dataclass
class RunFacts:
    """Finds the facts about runs, each once.

    :param user: who asks, which decides whether results may be seen.
    :param session: of Airflow's database.
    """

    user: Any
    session: Session
    _versions: dict[tuple[str, Any], RanAutomation] = field(default_factory=dict)
    _results: dict[tuple[str, str, frozenset[str], str | None], list[EarlierResult]] = field(default_factory=dict)

    def automation(self, dag_id: str, dag_version_id: Any) -> RanAutomation:
        """Return the version that a run uses.

        :param dag_version_id: the DAG version of the gate's task instance.
        """
        key = (dag_id, dag_version_id)
        if key not in self._versions:
            self._versions[key] = self._ran(dag_id, dag_version_id)
        return self._versions[key]

    def results(
        self, dag_id: str, run_id: str, read: frozenset[str], loop_round: str | None = None
    ) -> list[EarlierResult]:
        """Return what the steps of a run returned, the ones in ``read`` first, then the newest first.

        Empty if the user may not see results.

        :param loop_round: a round of a loop: of its steps, the results of this round are shown.
        """
        key = (dag_id, run_id, read, loop_round)
        if key not in self._results:
            self._results[key] = self._found(dag_id, run_id, read, loop_round)
        return self._results[key]

    def _ran(self, dag_id: str, dag_version_id: Any) -> RanAutomation:
        try:
            state = read_any_state(dag_id)
            newest = state.sidecar.version if state.sidecar else None
            source = select(DagCode.source_code).where(DagCode.dag_version_id == dag_version_id)
            text = self.session.scalars(source).first()
            digest = None if text is None else dag_sha256(text)
            entries = state.log.versions() if digest else ()
            found = next((entry for entry in entries if dag_sha256(entry.dag_file or "") == digest), None)
        except (HTTPException, VaiError):
            return RanAutomation()
        return RanAutomation(found.sidecar if found else None, newest)

    def _found(self, dag_id: str, run_id: str, read: Collection[str], loop_round: str | None) -> list[EarlierResult]:
        if not is_allowed(self.user, "GET", dag_id, DagAccessEntity.XCOM):
            return []
        query = (
            select(TaskInstance.task_id, TaskInstance.end_date)
            .where(
                TaskInstance.dag_id == dag_id, TaskInstance.run_id == run_id, TaskInstance.state == "success",
                TaskInstance.operator != "ApprovalGateSensor",
            )
            .order_by(TaskInstance.end_date.desc())
            .limit(MOST_TASK_INSTANCES)
        )  # fmt: skip
        ended: dict[str, list[datetime | None]] = defaultdict(list)
        for task_id, at in self.session.execute(query):
            ended[task_id].append(at)
        chosen = sorted(ended, key=lambda task_id: task_id not in read)[:MOST_STEPS]
        results = {task_id: self._first_result(dag_id, run_id, task_id, loop_round) for task_id in chosen}
        return [
            EarlierResult(
                task_id=task_id,
                ended_at=ended[task_id][0],
                count=len(ended[task_id]),
                result=result,
                is_read=task_id in read,
            )
            for task_id, result in results.items()
            if result is not None
        ]

    def _first_result(self, dag_id: str, run_id: str, task_id: str, loop_round: str | None) -> Any:
        query = (
            select(XComModel)
            .where(
                XComModel.dag_id == dag_id, XComModel.run_id == run_id, XComModel.task_id == task_id,
                XComModel.key == "return_value",
            )
            .order_by(*in_round_first(XComModel, loop_round), XComModel.map_index)
            .limit(1)
        )  # fmt: skip
        row = self.session.scalars(query).first()
        try:
            value = None if row is None else XComModel.deserialize_value(row)
        except (TypeError, ValueError):
            return "(cannot be read)"
        return in_short(masked(_json(value)))


def _json(value: Any) -> Any:
    """Return a stored result as JSON data: another tool may have stored what JSON does not have."""
    try:
        return stored_results.json_safe(value)
    except (TypeError, RecursionError):
        return str(value)


def in_short(value: Any, depth: int = 0) -> Any:
    """Return JSON data with long texts, lists and objects cut, and a note of how much was cut.

    Of a result that is stored as a file, the size, the columns and the first rows are shown.
    """
    if isinstance(value, str):
        return cut(value, MOST_CHARACTERS)
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if stored_results.is_reference(value):
        value = {name: value[name] for name in ("rows", "columns", "preview") if value[name] is not None}
    if isinstance(value, Mapping):
        if depth >= DEEPEST:
            return f"({plural(len(value), 'key')})"
        shown = {key: in_short(part, depth + 1) for key, part in list(value.items())[:MOST_KEYS]}
        return shown if len(value) <= MOST_KEYS else {**shown, "…": f"{plural(len(value) - MOST_KEYS, 'more key')}"}
    if isinstance(value, (list, tuple)):
        if depth >= DEEPEST:
            return f"({plural(len(value), 'item')})"
        rest = [f"… {plural(len(value) - MOST_ITEMS, 'more item')}"] if len(value) > MOST_ITEMS else []
        return [*(in_short(part, depth + 1) for part in value[:MOST_ITEMS]), *rest]
    return cut(str(value), MOST_CHARACTERS)

"""Turns an answer into a decision, and keeps who decided what about which arguments in the approvals record."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk.timezone import utcnow

from airflow_provider_vai.exceptions import UnusablePath
from airflow_provider_vai.model import approvals_record
from airflow_provider_vai.operators.runtime import instance, results
from airflow_provider_vai.operators.runtime.airflow_errors import DownstreamTasksSkipped
from airflow_provider_vai.operators.runtime.compat import AirflowFailException
from airflow_provider_vai.operators.runtime.masking import masked
from airflow_provider_vai.sensors.approval_question import APPROVE
from airflow_provider_vai.sensors.guarded import Guarded

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_vai.sensors.gate import Gate

CLOCKS_DIFFER = timedelta(minutes=5)
"""How far ahead the clock of another worker may be."""


@dataclass(frozen=True)
class GateAnswer:
    """One answer to a gate.

    ``decision`` is ``approve`` or ``reject``, ``by`` is ``{"id", "name"}``, ``at`` is ISO 8601, and ``edits`` is
    task id -> place -> ``{"from", "to"}``. ``rests_on`` is the id of the approval that an automatic approval repeats.
    """

    decision: str
    by: dict[str, Any] | None = None
    at: str | None = None
    note: str | None = None
    edits: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    timed_out: bool = False
    rests_on: str | None = None


def from_event(event: Mapping[str, Any]) -> GateAnswer:
    """Return the answer that was given on Airflow's pages or through its REST API."""
    from airflow_provider_vai.sensors import approval_form

    by, at = event.get("responded_by_user"), event.get("responded_at")
    return GateAnswer(
        decision="approve" if list(event["chosen_options"]) == [APPROVE] else "reject",
        by={key: by.get(key) for key in ("id", "name")} if isinstance(by, Mapping) else None,
        at=at.isoformat() if isinstance(at, datetime) else at,
        note=approval_form.note(event.get("params_input") or {}),
    )


def taken(gate: Gate, context: Context, now: Guarded) -> GateAnswer | None:
    """Return the answer in the task state store, if there is a valid one, and delete it.

    It is deleted because it would otherwise answer the next question as well. An answer is dropped with a warning if it
    is not about the current arguments (it may have been written before the question, about anything), or if the gate
    accepts only answers with an identity.
    """
    from airflow_provider_vai.sensors.approval_answers import ANSWER_KEY

    store = context.get("task_state_store")
    answer = store.get(ANSWER_KEY) if store is not None else None
    if answer is None:
        return None
    store.delete(ANSWER_KEY)
    answer = answer if isinstance(answer, dict) else {}
    if not gate.allow_unattributed:
        gate.log.warning("An answer was ignored: it does not say who gave it, and allow_unattributed is not set")
        return None
    decision, note = answer.get("decision"), answer.get("note")
    if decision == "reject" or (decision == "approve" and answer.get("sha256") == now.sha256):
        return GateAnswer(decision=decision, note=note if isinstance(note, str) else None)
    gate.log.warning("An answer was ignored: it is not a decision about the current arguments")
    return None


def trusted(gate: Gate, context: Context, now: Guarded) -> GateAnswer | None:
    """Return an automatic approval if a recent one by a person covers exactly this and may be repeated once more.

    A later rejection of the same arguments ends the trust, and so does a record that cannot be read.
    """
    if gate.trust_for is None or gate.trust_uses is None:
        return None
    covers, uses = now.covers(gate.assigned_users or ()), 0
    if covers is None:
        return None
    for record in approvals_record.read(results.artifacts_root(), context["ti"].dag_id, gate.task_id):
        if "unreadable" in record:
            return None
        age = utcnow() - datetime.fromisoformat(record["at"])
        if age > gate.trust_for or age < -CLOCKS_DIFFER:  # of a clock that was ahead: its age is not known
            return None
        if record["covers"] != covers:
            continue
        if record["automatic"]:
            uses += 1
        elif record["decision"] == "approve" and record["by"] and not record["timed_out"]:
            gate.log.info("The approval %s by %s has been repeated %s times", record["id"], record["by"], uses)
            return GateAnswer("approve", rests_on=record["id"]) if uses < gate.trust_uses else None
        else:
            return None
    return None


def decide(gate: Gate, context: Context, now: Guarded, answer: GateAnswer) -> dict[str, Any]:
    """Write the decision to the approvals record and return the gate's result.

    A rejection skips the guarded steps or fails the gate, as the gate's settings say.

    :raises AirflowFailException: the decision could not be written to the approvals record (nothing is approved without
        a record), or the gate fails on a rejection.
    """
    approved = now.changed(answer.edits)
    record = {
        "decision": answer.decision,
        "by": answer.by,
        "at": answer.at or utcnow().isoformat(),
        "note": answer.note,
        "timed_out": answer.timed_out,
        "automatic": answer.rests_on is not None,
        "rests_on": answer.rests_on,
        "edits": {task_id: dict(edits) for task_id, edits in answer.edits.items()},
        "arguments_sha256": approved.digests,
    }
    record["record"] = _kept(gate, context, approved, record)
    noted = f", with the note: {answer.note}" if answer.note else ""
    gate.log.info("Decision: %s by %s%s", answer.decision, answer.by, noted)
    for task_id, edits in masked(record["edits"]).items():
        for place, edit in edits.items():
            gate.log.info("Edited: %s %s from %r to %r", task_id, place, edit["from"], edit["to"])
    if answer.decision != "approve":
        gate.rejected(context, record)
        skip(gate, context)
    return record


def skip(gate: Gate, context: Context) -> None:
    """Skip the steps directly after a gate; in a mapped task group, those of the same iteration.

    ``SkipMixin`` alone is not enough there: it leaves a mapped step to be skipped when it is scheduled, and then looks
    for the skip record of an unmapped gate.

    :raises DownstreamTasksSkipped: the way in which a task skips mapped task instances in Airflow.
    """
    task, index = context["task"], context["ti"].map_index
    steps = [step for step in task.get_direct_relatives(upstream=False) if not step.is_teardown]
    gate.skip(ti=context["ti"], tasks=steps)
    group = task.get_closest_mapped_task_group()
    if mapped := [
        step.task_id for step in steps if group is not None and step.get_closest_mapped_task_group() is group
    ]:
        raise DownstreamTasksSkipped(tasks=[(task_id, index) for task_id in mapped])


def _kept(gate: Gate, context: Context, approved: Guarded, record: Mapping[str, Any]) -> str:
    ti = context["ti"]
    fields = ("decision", "by", "note", "timed_out", "automatic", "rests_on")
    kept = {
        "id": uuid.uuid4().hex[:16],
        "at": utcnow().isoformat(),
        **{name: record[name] for name in fields},
        "answered_at": record["at"],
        "dag_id": ti.dag_id,
        "run_id": ti.run_id,
        "task_id": ti.task_id,
        "map_index": -1 if ti.map_index is None else ti.map_index,
        **({"round": loop_round} if (loop_round := instance.round_of(ti)) else {}),
        "try_number": ti.try_number,
        "subject": masked(gate.text("subject")),
        "steps": {
            task_id: {
                "kind": step.kind,
                "arguments_sha256": approved.digests[task_id],
                "edits": masked(record["edits"].get(task_id, {})),
            }
            for task_id, step in approved.steps.items()
        },
        "covers": approved.covers(gate.assigned_users or ()),
    }
    try:
        return approvals_record.write(results.artifacts_root(), kept)
    except (OSError, UnusablePath) as error:
        raise AirflowFailException(
            f"the decision could not be written to the approvals record: {error}. Make [vai] artifacts_path writable,"
            " clear this task and answer again"
        ) from error

"""A write takes place at most once in a DAG run, unless a person asks for it again.

Before a write the task instance's state store (Airflow 3.3 and later) gets a marker under :data:`KEY`, after it the
marker says that it is done. The store outlives retries and clearing. What a later try finds decides:

===================  ==========================  ======================================================================
marker               the task was since then     then
===================  ==========================  ======================================================================
none                 (anything)                  the write is sent
``started``          retried                     :class:`UnknownOutcome`: it may have taken place
``started``          cleared, same arguments     :class:`UnknownOutcome`: clearing many tasks does not say that somebody
                                                 looked; deleting the key does
``started``          cleared, other arguments    the write is sent, with a warning: it is another one
``done``             retried                     nothing is sent; the step's result is the kept one
``done``             cleared                     the write is sent: a person asked for it again
===================  ==========================  ======================================================================

A guarded write also uses up its approval before it is sent, in a file beside the decision's record
(see :mod:`~airflow_provider_vai.model.approvals_record`). Whatever was cleared, patched or deleted since: an approval
is not used twice, and the step fails until its gate was cleared and answered anew. Only an operator whose
``idempotent`` is true may use it again, for the same arguments.

A clear is told from a retry by ``max_tries``: Airflow raises it when a task is cleared, never when it is retried. A
task that is cleared *while it runs* is stopped in its middle, so its marker says ``started``. An operator whose
``idempotent`` is true is sent again after ``started`` with the same arguments. With ``[state_store] clear_on_success``
Airflow itself drops the marker of a finished task: a cleared one that nobody guards is sent again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote

from airflow_provider_vai.languages import json_text
from airflow_provider_vai.operators.runtime.errors import ApprovalMissing, NothingSent, NothingSentYet, UnknownOutcome

if TYPE_CHECKING:
    from airflow.sdk import Context

KEY = "vai_effect"
KEPT_BYTES = 48 * 1024  # a larger result is not kept in the marker too
STARTED, DONE = "started", "done"


class Writing(Protocol):
    """A step that writes, as this module uses it; :class:`~airflow_provider_vai.operators.base.VaiOperator` is one."""

    idempotent: bool
    log: Any

    def perform(self, context: Context) -> Any:
        """Do the work and return the result."""
        ...


@dataclass(frozen=True)
class UsableApproval:
    """The approval that lets a guarded step write: the decision's file, and for which DAG, gate and step it counts."""

    record: str
    dag_id: str
    gate: str
    step: str

    def spend(self, context: Context, marker: Mapping[str, Any], *, idempotent: bool) -> bool:
        """Use the approval up and return whether this try did; ``False``: an idempotent write used it before.

        :raises ApprovalMissing: another try used it.
        :raises NothingSentYet: the use cannot be noted.
        """
        from airflow_provider_vai.model import approvals_record
        from airflow_provider_vai.operators.runtime import results

        note = {name: marker[name] for name in ("arguments_sha256", "try_number", "at")}
        note["run_id"] = context["ti"].run_id
        try:
            used = approvals_record.spend(results.artifacts_root(), self.record, note, **self._key())
        except OSError as error:
            raise NothingSentYet(f"the use of the approval could not be noted: {error}. Nothing was sent") from error
        if used is None:
            return True
        if idempotent and used.get("arguments_sha256") == note["arguments_sha256"]:
            return False
        raise ApprovalMissing(
            f"the approval of the gate {self.gate!r} was used by try {used.get('try_number')} at {used.get('at')}: one"
            f" approval is one write. Look at the target whether it took place. To write again clear the task"
            f" {self.gate!r} with this one, and answer it"
        )

    def release(self) -> None:
        """Take the use back: nothing was sent."""
        from airflow_provider_vai.model import approvals_record
        from airflow_provider_vai.operators.runtime import results

        approvals_record.release(results.artifacts_root(), self.record, **self._key())

    def _key(self) -> dict[str, str]:
        return {"dag_id": self.dag_id, "gate": self.gate, "step": self.step}


def at_most_once(step: Writing, context: Context, arguments: dict[str, Any], approval: UsableApproval | None) -> Any:
    """Return what the step leaves in XCom, from its work now or from an earlier try; see the module.

    :param step: the step, its arguments set.
    :param arguments: the resolved arguments; their digest tells one write from another.
    :param approval: the approval of a guarded step; ``None`` for a step without a gate.
    :raises UnknownOutcome: the write may have taken place.
    :raises ApprovalMissing: the approval was used already.
    """
    store = context.get("task_state_store")
    found = store.get(KEY) if store is not None else None
    marker = _marker(context, json_text.digest(arguments))
    if store is None:
        step.log.info("This version of Airflow keeps no task state: a repeated try is not recognised (3.3 does)")
    if found is not None and not _may_run(step, context, found, marker):
        step.log.info("The write took place in try %s: its kept result is this step's", found["try_number"])
        return found["result"]
    is_used = approval.spend(context, marker, idempotent=step.idempotent) if approval else False
    try:
        return _sent(step, context, store, found, marker)
    except (NothingSent, NothingSentYet):
        if approval and is_used:
            approval.release()
        raise


def _sent(step: Writing, context: Context, store: Any, found: Any, marker: dict[str, Any]) -> Any:
    """Send, and return what the step leaves in XCom; the marker in the store is right at every moment.

    :param store: the task's state store; ``None`` before Airflow 3.3. :param found: the marker of an earlier try.
    """
    from airflow_provider_vai.operators.runtime import results

    if store is None:
        return results.keep(step.perform(context), context)
    _put(store, marker)
    try:
        result = step.perform(context)
    except (NothingSent, NothingSentYet):
        if found is None:
            store.delete(KEY)
        else:
            _put(store, found)
        raise
    marker["state"] = DONE
    _put(store, marker)  # before the result is kept, which may fail too
    kept = results.keep(result, context)
    if len(json.dumps(kept)) <= KEPT_BYTES:
        _put(store, {**marker, "result": kept})
    return kept


def _marker(context: Context, digest: str) -> dict[str, Any]:
    from airflow.sdk.timezone import utcnow

    ti = context["ti"]
    return {
        "state": STARTED,
        "arguments_sha256": digest,
        "try_number": ti.try_number,
        "max_tries": ti.max_tries,
        "at": utcnow().isoformat(),
    }


def _put(store: Any, marker: dict[str, Any]) -> None:
    from airflow.sdk import NEVER_EXPIRE  # type: ignore[attr-defined]  # Airflow 3.3, as the store itself

    store.set(KEY, marker, retention=NEVER_EXPIRE)


def _may_run(step: Writing, context: Context, found: Any, marker: dict[str, Any]) -> bool:
    """Return whether to send; ``False``: the marker holds the result. Raise if nobody knows."""
    if not isinstance(found, dict) or not marker.keys() <= found.keys():
        raise UnknownOutcome(f"unknown outcome: the key {KEY!r} was not written by this step. {_remedy(context)}")
    cleared = found["max_tries"] != marker["max_tries"]
    same = found["arguments_sha256"] == marker["arguments_sha256"]
    earlier = f"the write was sent in try {found['try_number']} (begun {found['at']})"
    if found["state"] == DONE:
        if cleared:
            step.log.warning("Sending again: %s and finished, and the task was cleared since", earlier)
            return True
        if "result" not in found:
            raise UnknownOutcome(f"{earlier} and took place, but its result was lost. {_remedy(context)}")
        return False
    if step.idempotent and same:
        step.log.warning("Sending again: %s without an end, and the target takes it once", earlier)
        return True
    if cleared and not same:
        step.log.warning("Sending with other arguments: %s with an unknown outcome", earlier)
        return True
    raise UnknownOutcome(f"unknown outcome: {earlier}, and no try recorded its end. {_remedy(context)}")


def _remedy(context: Context) -> str:
    ti = context["ti"]
    dag, run, task = (quote(part, "") for part in (ti.dag_id, ti.run_id, ti.task_id))
    index = f"?map_index={ti.map_index}" if ti.map_index is not None and ti.map_index >= 0 else ""
    return (
        "Look at the target (Rendered Templates shows which) whether it took place. If it did, mark this task as"
        f" success. If it did not, delete the key (DELETE /api/v2/dags/{dag}/dagRuns/{run}/taskInstances/{task}"
        f"/state-store/{KEY}{index}) and clear this task, with its gate if it has one: it is then sent again"
    )

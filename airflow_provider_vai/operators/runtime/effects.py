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
``done``             cleared                     the write is sent: a person asked for it again; but a guarded step
                                                 fails until its gate was cleared and answered too: one approval, one
                                                 write
===================  ==========================  ======================================================================

A clear is told from a retry by ``max_tries``: Airflow raises it when a task is cleared, never when it is retried. A
task that is cleared *while it runs* is stopped in its middle, so its marker says ``started``. An operator whose
``idempotent`` is true is sent again after ``started`` with the same arguments. With ``[state_store] clear_on_success``
Airflow itself drops the marker of a finished task: a cleared one is sent again, on its old approval if it was guarded.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote

from airflow_provider_vai.languages import json_text
from airflow_provider_vai.operators.runtime.errors import NothingSent, NothingSentYet, UnknownOutcome

if TYPE_CHECKING:
    from airflow.sdk import Context

KEY = "vai_effect"
KEPT_BYTES = 48 * 1024  # a larger result is not kept in the marker too
STARTED, DONE = "started", "done"


class Writing(Protocol):
    """A step that writes, as this module uses it; :class:`~airflow_provider_vai.operators.base.VaiOperator` is one."""

    gate: Any
    idempotent: bool
    log: Any

    def perform(self, context: Context) -> Any:
        """Do the work and return the result."""
        ...


def at_most_once(step: Writing, context: Context, arguments: dict[str, Any], *, approved_at: str | None) -> Any:
    """Return what the step leaves in XCom, from its work now or from an earlier try; see the module.

    :param step: the step, its arguments set.
    :param arguments: the resolved arguments; their digest tells one write from another.
    :param approved_at: when the step's gate was answered; ``None`` for a step without one.
    :raises UnknownOutcome: the write may have taken place.
    """
    from airflow_provider_vai.operators.runtime import results

    store = context.get("task_state_store")
    if store is None:
        step.log.info("This version of Airflow keeps no task state: a repeated try is not recognised (3.3 does)")
        return results.keep(step.perform(context), context)
    found = store.get(KEY)
    marker = _marker(context, json_text.digest(arguments), approved_at)
    if found is not None and not _may_run(step, context, found, marker):
        step.log.info("The write took place in try %s: its kept result is this step's", found["try_number"])
        return found["result"]
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


def _marker(context: Context, digest: str, approved_at: str | None) -> dict[str, Any]:
    from airflow.sdk.timezone import utcnow

    ti = context["ti"]
    return {
        "state": STARTED,
        "arguments_sha256": digest,
        "try_number": ti.try_number,
        "max_tries": ti.max_tries,
        "at": utcnow().isoformat(),
        "approved_at": approved_at,
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
            _require_new_approval(step, found, marker)
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


def _require_new_approval(step: Writing, found: dict[str, Any], marker: dict[str, Any]) -> None:
    from airflow_provider_vai.operators.runtime.errors import ApprovalMissing

    if step.gate and found["approved_at"] == marker["approved_at"]:
        raise ApprovalMissing(
            f"the approval of {found['approved_at']} was for the write that took place in try {found['try_number']}:"
            f" to do it again clear the task {step.gate!r} with this one, and answer it"
        )


def _remedy(context: Context) -> str:
    ti = context["ti"]
    dag, run, task = (quote(part, "") for part in (ti.dag_id, ti.run_id, ti.task_id))
    index = f"?map_index={ti.map_index}" if ti.map_index is not None and ti.map_index >= 0 else ""
    return (
        "Look at the target (Rendered Templates shows which) whether it took place. If it did, mark this task as"
        f" success. If it did not, delete the key (DELETE /api/v2/dags/{dag}/dagRuns/{run}/taskInstances/{task}"
        f"/state-store/{KEY}{index}) and clear this task, with its gate if it has one: it is then sent again"
    )

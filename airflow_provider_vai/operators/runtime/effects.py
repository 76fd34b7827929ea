"""A write takes place at most once in a DAG run, unless a person asks for it again.

Before a write, a marker with the state ``started`` is stored under :data:`KEY` in the task instance's state store
(Airflow 3.3 and later). After the write its state is ``done``. The store survives retries and clearing, so a later try
finds the marker and decides:

===================  ==========================  ======================================================================
marker               the task was                then
===================  ==========================  ======================================================================
none                 (anything)                  the write is sent
``started``          retried                     :class:`UnknownOutcome`: the write may have taken place
``started``          cleared, same arguments     :class:`UnknownOutcome`: somebody who clears many tasks may not have
                                                 checked the target; deleting the key confirms a check
``started``          cleared, other arguments    the write is sent with a warning, because it is a different write
``done``             retried                     nothing is sent; the stored result is the step's result
``done``             cleared                     the write is sent, because a person asked for it again
===================  ==========================  ======================================================================

A guarded write also spends its approval before it is sent, in a file beside the decision's record (see
:mod:`~airflow_provider_vai.model.approvals_record`). An approval cannot be used twice, whatever was cleared, patched or
deleted in between: the step fails until its gate is cleared and answered again. Only an operator with ``idempotent``
set may use an approval again, with the same arguments.

``max_tries`` distinguishes a clear from a retry: Airflow increases it when a task is cleared, and not when it is
retried. A task that is cleared *while it runs* is stopped halfway, so its marker stays ``started``. If ``idempotent``
is set, a ``started`` write with the same arguments is sent again. Copies and loads without a gate have no marker. With
``[state_store] clear_on_success`` Airflow deletes the marker of a successful task, so an unguarded write is sent again
when its task is cleared.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from airflow_provider_vai.languages import json_text
from airflow_provider_vai.operators.runtime import instance
from airflow_provider_vai.operators.runtime.errors import NothingSent, NothingSentYet, UnknownOutcome

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_vai.operators.runtime.single_use import SingleUseApproval, Writing

KEY = "vai_effect"
KEPT_BYTES = 48 * 1024  # a larger result is not stored in the marker
STARTED, DONE = "started", "done"


def at_most_once(step: Writing, context: Context, arguments: dict[str, Any], approval: SingleUseApproval | None) -> Any:
    """Do the step's write, or return the result of an earlier try that did it; see the module.

    :param step: the step, with its arguments set.
    :param arguments: the resolved arguments. Their digest distinguishes one write from another.
    :param approval: the approval of a guarded step; ``None`` for a step without a gate.
    :return: the result in the form that goes to XCom.
    :raises UnknownOutcome: an earlier try may have done the write.
    :raises ApprovalMissing: the approval was already used.
    """
    store = context.get("task_state_store")
    earlier = store.get(KEY) if store is not None else None
    marker = _marker(context, json_text.digest(arguments))
    if store is None:
        step.log.info("Repeated tries cannot be detected: task state needs Airflow 3.3 or later")
    if earlier is not None and not _may_run(step, context, earlier, marker):
        step.log.info("Try %s already did the write; returning its stored result", earlier["try_number"])
        return earlier["result"]
    is_spent = approval.spend(context, marker, idempotent=step.idempotent) if approval else False
    try:
        return _send(step, context, store, earlier, marker)
    except (NothingSent, NothingSentYet):
        if approval and is_spent:
            approval.release()
        raise


def _send(step: Writing, context: Context, store: Any, earlier: Any, marker: dict[str, Any]) -> Any:
    """Do the write, keep the marker in the store up to date, and return the result in the form that goes to XCom.

    :param store: the task's state store; ``None`` before Airflow 3.3.
    :param earlier: the marker of an earlier try, if any.
    """
    from airflow_provider_vai.operators.runtime import results

    if store is None:
        return results.keep(step.perform(context), context)
    _put(store, marker)
    try:
        result = step.perform(context)
    except (NothingSent, NothingSentYet):
        if earlier is None:
            store.delete(KEY)
        else:
            _put(store, earlier)
        raise
    marker["state"] = DONE
    try:
        kept = results.keep(result, context, before_writing=lambda: _put(store, marker))
        is_small = len(json.dumps(kept)) <= KEPT_BYTES
    except BaseException:
        _put(store, marker)  # the write took place, even if its result is lost
        raise
    _put(store, {**marker, "result": kept} if is_small else marker)  # one request: each takes milliseconds
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
    from airflow.sdk import NEVER_EXPIRE  # type: ignore[attr-defined]  # since Airflow 3.3, like the store itself

    store.set(KEY, marker, retention=NEVER_EXPIRE)


def _may_run(step: Writing, context: Context, earlier: Any, marker: dict[str, Any]) -> bool:
    """Return whether to do the write; ``False`` if the earlier marker has the result.

    :param earlier: the marker of an earlier try.
    :raises UnknownOutcome: it is unknown whether the earlier try did the write, or its result is lost.
    """
    if not isinstance(earlier, dict) or not marker.keys() <= earlier.keys():
        raise UnknownOutcome(
            f"unknown outcome: the key {KEY!r} in the task's state was not written by this step. {_remedy(context)}"
        )
    is_cleared = earlier["max_tries"] != marker["max_tries"]
    is_same = earlier["arguments_sha256"] == marker["arguments_sha256"]
    earlier_try = f"try {earlier['try_number']} began the write at {earlier['at']}"
    if earlier["state"] == DONE:
        if is_cleared:
            step.log.warning("Sending again: %s and finished it, and the task was cleared since then", earlier_try)
            return True
        if "result" not in earlier:
            raise UnknownOutcome(f"{earlier_try} and finished it, but its result was lost. {_remedy(context)}")
        return False
    if step.idempotent and is_same:
        step.log.warning("Sending again: %s and did not finish; sending it again has no second effect", earlier_try)
        return True
    if is_cleared and not is_same:
        step.log.warning("Sending with other arguments: %s, and its outcome is unknown", earlier_try)
        return True
    raise UnknownOutcome(f"unknown outcome: {earlier_try} and did not record its end. {_remedy(context)}")


def _remedy(context: Context) -> str:
    ti = context["ti"]
    dag, run, task = (quote(part, "") for part in (ti.dag_id, ti.run_id, ti.task_id))
    query = instance.region_query(instance.round_of(ti), ti.map_index)
    if not query and instance.is_mapped(ti):
        query = f"map_index={ti.map_index}"
    query = f"?{query}" if query else ""
    return (
        "Check at the target whether the write took place; Rendered Templates shows the target. If it did, mark this"
        f" task as success. If not, delete the key (DELETE /api/v2/dags/{dag}/dagRuns/{run}/taskInstances/{task}"
        f"/state-store/{KEY}{query}) and clear this task, together with its gate if it has one, to send it again"
    )

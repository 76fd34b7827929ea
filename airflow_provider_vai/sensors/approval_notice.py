"""Notifies people that a gate waits: through Airflow's notifiers, and in the log of a gate without a page."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, cast

from airflow_provider_vai.operators.runtime.addresses import server

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_vai.sensors.gate import Gate
    from airflow_provider_vai.sensors.guarded import Guarded


def send(gate: Gate, context: Context, *, reminder: bool = False) -> None:
    """Call the gate's notifiers. If one fails, the error is logged and the question still opens."""
    from airflow_provider_vai.sensors import approval_text

    notice: dict[str, Any] = {
        **context,
        "required_action_url": link(gate, context),
        "approval_subject": approval_text.heading(gate.text("subject")),
        "approval_reminder": reminder,
    }
    for notifier in gate.notifiers:
        try:
            copy.copy(notifier)(cast("Context", notice))  # a copy, because notifiers render their templates in place
        except Exception:  # a person can still answer on the page, whatever goes wrong in a notifier
            gate.log.exception("The notifier %s failed", type(notifier).__name__)


def link(gate: Gate, context: Context) -> str:
    """Return the full URL of the gate's question."""
    from airflow_provider_vai.sensors.approval_answers import RequiredActionLink

    return server() + RequiredActionLink().get_link(gate, ti_key=context["ti"])


def tell_out_of_band(gate: Gate, context: Context, now: Guarded) -> None:
    """Call the notifiers, and log the question and how to answer it.

    This happens once: a rescheduled gate calls this function at every poke.

    :raises ApprovalImpossible: this version of Airflow has no task state store to answer in.
    """
    from airflow_provider_vai.operators.runtime.errors import ApprovalImpossible
    from airflow_provider_vai.sensors.approval_answers import ANSWER_KEY

    if "task_state_store" not in context:
        raise ApprovalImpossible("a gate with deferrable=False needs Airflow 3.3 or later: leave out deferrable=False")
    if gate.reschedule and context["ti"].get_first_reschedule_date(context) is not None:
        return
    send(gate, context)
    answer = {"value": {"decision": "approve", "sha256": now.sha256, "note": "…"}}
    gate.log.info("%s", gate.question(now))
    gate.log.info("Answer with PUT on this task instance's state-store/%s, body: %s", ANSWER_KEY, answer)

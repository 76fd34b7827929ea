"""The approval gate: a person reads what a step is about to do, and says yes or no."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NoReturn

from airflow.sdk import BaseOperatorLink, BaseSensorOperator, PokeReturnValue
from airflow.sdk.timezone import utcnow

from airflow_provider_vai import json_text
from airflow_provider_vai.operators.arguments import argument, as_argument
from airflow_provider_vai.operators.compat import AirflowFailException, SkipMixin

if TYPE_CHECKING:
    from airflow.sdk import Context

APPROVE, REJECT = "Approve", "Reject"  # exactly these two make Airflow's pages say "Approval Required"
ANSWER_KEY = "vai_decision"  # in the task state store, for the gates that occupy a worker


class ApprovalRejected(AirflowFailException):
    """A person rejected. The gate fails without a retry."""


class ApprovalTimeout(AirflowFailException):
    """Nobody answered in time. The gate fails without a retry."""


class ApprovalImpossible(AirflowFailException):
    """The gate guards nothing, or cannot show what it guards. It fails without a retry."""


class RequiredActionLink(BaseOperatorLink):
    """Leads from the gate's task instance to its question."""

    name = "Required action"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """Return the page's address inside Airflow's UI."""
        from urllib.parse import quote

        dag, run, task = (quote(part, "") for part in (ti_key.dag_id, ti_key.run_id, ti_key.task_id))
        mapped = f"/mapped/{ti_key.map_index}" if ti_key.map_index >= 0 else ""
        return f"/dags/{dag}/runs/{run}/tasks/{task}{mapped}/required_actions"


class ApprovalGateSensor(BaseSensorOperator, SkipMixin):
    """Waits until a person approves the exact arguments of the steps that it guards.

    A step names its gate (``gate=...``); the gate finds its steps, resolves their arguments as they are in
    this DAG run, shows them with their digests, and leaves in XCom which digests were approved. The step
    compares: what changed after the approval does not run. While it waits, the gate takes no worker slot; it
    is answered on Airflow's pages or by its REST API, and the answer carries the person's name.

    The record in XCom: ``{"decision": "approve" | "reject", "by": {"id", "name"} | None, "at", "note",
    "timed_out", "arguments_sha256": {task_id: digest}}``.

    :param subject: the question, one line.
    :param reason: why it is asked.
    :param recorded: what the recorded run says about the approval: ``state``, ``by``, ``at``, ``note``.
    :param assigned_users: who may answer: ids, or ``{"id", "name"}``. Left out: anyone who may answer in this
        DAG.
    :param response_timeout: how long to wait for an answer, over all tries to ask. Left out: forever.
    :param on_timeout: ``fail``, ``approve`` or ``reject``.
    :param on_reject: ``skip`` the guarded steps, or ``fail``.
    :param wake_every: wake up so often and look for an out-of-band answer (see ``deferrable``).
    :param deferrable: ``False`` keeps the sensor's own ``mode`` (``poke`` or ``reschedule``). Such a gate
        cannot read an answer from Airflow's pages; it takes one from the task state store, which records no
        identity.
    """

    inherits_from_skipmixin = True  # so that a cleared step looks again whether it was skipped
    template_fields: Sequence[str] = ("subject", "reason", "recorded")
    operator_extra_links = (RequiredActionLink(),)
    ui_color = "#f9e79f"

    def __init__(
        self,
        *,
        subject: str,
        reason: str | None = None,
        recorded: dict[str, Any] | None = None,
        assigned_users: Sequence[str | dict[str, str]] | None = None,
        response_timeout: timedelta | None = None,
        on_timeout: str = "fail",
        on_reject: str = "skip",
        wake_every: timedelta | None = None,
        deferrable: bool = True,
        **kwargs: Any,
    ) -> None:
        if on_timeout not in ("fail", "approve", "reject"):
            raise ValueError(f"on_timeout is 'fail', 'approve' or 'reject', not {on_timeout!r}")
        if on_reject not in ("skip", "fail"):
            raise ValueError(f"on_reject is 'skip' or 'fail', not {on_reject!r}")
        # The scheduler may take a parked task for a lost one and fail the try. A verdict is never retried.
        kwargs.setdefault("retries", 1)
        super().__init__(**kwargs)
        self.subject = argument(subject)
        self.reason = argument(reason)
        self.recorded = argument(recorded)
        self.assigned_users = assigned_users
        self.response_timeout = response_timeout
        self.on_timeout = on_timeout
        self.on_reject = on_reject
        self.wake_every = wake_every
        self.deferrable = deferrable

    # --- asking -------------------------------------------------------------------------------------------

    def execute(self, context: Context) -> Any:
        """Ask and park; or, if not deferrable, look for an out-of-band answer again and again."""
        from airflow_provider_vai.sensors import approval_text

        if self.deferrable:
            deadline = utcnow() + self.response_timeout if self.response_timeout else None
            self._ask(context, deadline)
        if "task_state_store" not in context:
            raise ApprovalImpossible("a gate that is not deferrable needs Airflow 3.3: leave out deferrable=False")
        digests = self._digests(context)
        self.log.info("%s", approval_text.body(context, self, digests))
        self.log.info(
            "Answer with PUT on this task instance's state-store/%s, body: %s",
            ANSWER_KEY,
            {"value": {"decision": "approve", "sha256": json_text.digest(digests)}},
        )
        return super().execute(context)

    def guarded_steps(self) -> list[Any]:
        """Return the tasks of this DAG that name this gate.

        :raises ApprovalImpossible: none does.
        """
        steps = [task for task in self.dag.tasks if getattr(task, "gate", None) == self.task_id]
        if not steps:
            raise ApprovalImpossible(
                f"no step names the gate {self.task_id!r}: pass it to a step (gate=...), or remove it"
            )
        return sorted(steps, key=lambda task: str(task.task_id))

    def _digests(self, context: Context) -> dict[str, str]:
        steps = self.guarded_steps()
        return {step.task_id: json_text.digest(step.resolved_arguments(context)) for step in steps}

    def _ask(self, context: Context, deadline: datetime | None) -> NoReturn:
        """Open the question, make sure that Airflow shows it, and park."""
        from airflow_provider_vai.sensors import approval_question, approval_text

        digests = self._digests(context)
        body = approval_text.body(context, self, digests)
        shown = approval_question.put(
            context["ti"].id,
            subject=approval_text.subject(self._value("subject")),
            body=body,
            defaults=self._defaults(),
            users=self.assigned_users or (),
        )
        if shown.rpartition("\n")[2] != body.rpartition("\n")[2]:
            raise ApprovalImpossible(
                "Airflow still holds this gate's earlier question, about other arguments, and before 3.4 it"
                " cannot be replaced. Nobody approves what they do not see: trigger a new run of this DAG"
            )
        self._park(context, digests, deadline)

    def _park(self, context: Context, digests: dict[str, str], deadline: datetime | None) -> NoReturn:
        from airflow_provider_vai.sensors import approval_question

        left = max(deadline - utcnow(), timedelta(seconds=1)) if deadline else None
        wait = min((span for span in (left, self.wake_every) if span is not None), default=None)
        kwargs = {"digests": digests, "deadline": deadline.isoformat() if deadline else None}
        approval_question.park(self, context["ti"].id, kwargs=kwargs, wait=wait, defaults=self._defaults())

    def _defaults(self) -> list[str] | None:
        # A gate that wakes up would take the first waking for the deadline.
        return None if self.wake_every else {"approve": [APPROVE], "reject": [REJECT]}.get(self.on_timeout)

    def _value(self, name: str) -> Any:
        return as_argument(getattr(self, name)).value

    # --- answering ----------------------------------------------------------------------------------------

    def execute_complete(
        self, context: Context, event: dict[str, Any], digests: dict[str, str], deadline: str | None = None
    ) -> Any:
        """Take the answer; ask again if the arguments are no longer those that were shown."""
        until = datetime.fromisoformat(deadline) if deadline else None
        if event.get("error_type") == "timeout":
            return self._woken(context, digests, until)
        if "error" in event:
            raise AirflowFailException(f"the question could not be answered: {event['error']}")
        decision = "approve" if list(event["chosen_options"]) == [APPROVE] else "reject"
        by, at = event.get("responded_by_user"), event.get("responded_at")
        if event.get("timedout"):
            return self._timed_out(context, decision, digests, at=at)
        if decision == "approve" and self._digests(context) != digests:
            self.log.warning("The arguments changed after the question was shown: asking again")
            self._ask(context, until)
        return self._decide(context, decision, digests, by=by, at=at)

    def _woken(self, context: Context, digests: dict[str, str], deadline: datetime | None) -> Any:
        if self.wake_every and (record := self._answered(context)):
            return record
        if self.wake_every and (deadline is None or utcnow() < deadline):
            self._park(context, digests, deadline)
        return self._timed_out(context, self.on_timeout, digests)

    def poke(self, context: Context) -> bool | PokeReturnValue:
        """Look for an out-of-band answer."""
        if record := self._answered(context):
            return PokeReturnValue(True, record)
        ti = context["ti"]
        since = (self.reschedule and ti.get_first_reschedule_date(context)) or ti.start_date
        if self.response_timeout and utcnow() - since >= self.response_timeout:
            return PokeReturnValue(True, self._timed_out(context, self.on_timeout, self._digests(context)))
        return False

    def _answered(self, context: Context) -> dict[str, Any] | None:
        digests = self._digests(context)
        answer = self._taken_answer(context, digests)
        if answer is None:
            return None
        return self._decide(context, answer["decision"], digests, by=answer.get("by"), note=answer.get("note"))

    def _taken_answer(self, context: Context, digests: dict[str, str]) -> dict[str, Any] | None:
        """Return the out-of-band answer, once: left in the store it would answer the next question too."""
        store = context.get("task_state_store")
        answer = store.get(ANSWER_KEY) if store is not None else None
        if answer is None:
            return None
        store.delete(ANSWER_KEY)
        answer = answer if isinstance(answer, dict) else {}
        if answer.get("decision") == "reject":
            return answer
        # An answer without the digest could have been written before the question, about anything.
        if answer.get("decision") == "approve" and answer.get("sha256") == json_text.digest(digests):
            return answer
        self.log.warning("Dropped an out-of-band answer: it is no decision about the arguments as they are now")
        return None

    def _timed_out(self, context: Context, decision: str, digests: dict[str, str], at: Any = None) -> Any:
        if decision == "fail":
            raise ApprovalTimeout(f"nobody answered within {self.response_timeout}: clear this task to ask again")
        if decision == "approve" and self._digests(context) != digests:
            raise ApprovalTimeout("nobody answered, and the arguments are no longer those that the question showed")
        return self._decide(context, decision, digests, at=at, timed_out=True)

    def _decide(
        self,
        context: Context,
        decision: str,
        digests: dict[str, str],
        *,
        by: Any = None,
        at: Any = None,
        note: Any = None,
        timed_out: bool = False,
    ) -> dict[str, Any]:
        at = at or utcnow()
        record = {
            "decision": decision,
            "by": {key: by.get(key) for key in ("id", "name")} if isinstance(by, dict) else None,
            "at": at.isoformat() if isinstance(at, datetime) else str(at),
            "note": note if isinstance(note, str) else None,
            "timed_out": timed_out,
            "arguments_sha256": digests,
        }
        self.log.info("Decision: %s by %s", decision, record["by"])
        if decision == "approve":
            return record
        # Skipping and failing both leave by an exception, which would lose the return value.
        context["ti"].xcom_push(key="return_value", value=record)
        if self.on_reject == "fail":
            raise ApprovalRejected(f"rejected by {record['by'] or 'the timeout'}")
        relatives = context["task"].get_direct_relatives(upstream=False)
        self.skip(ti=context["ti"], tasks=[task for task in relatives if not task.is_teardown])
        return record

"""The approval gate: a person reads what a step is about to do, and approves or rejects it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NoReturn

from airflow.sdk import BaseSensorOperator, PokeReturnValue
from airflow.sdk.timezone import utcnow

from airflow_provider_vai.operators.arguments import argument, as_argument
from airflow_provider_vai.operators.assets import emits_action
from airflow_provider_vai.operators.skipping import SkipMixin
from airflow_provider_vai.sensors.approval_answers import RequiredActionLink

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_vai.sensors.approval_decision import GateAnswer
    from airflow_provider_vai.sensors.approval_question import Waiting
    from airflow_provider_vai.sensors.guarded import Guarded

CHOICES = {"on_timeout": ("fail", "approve", "reject"), "on_reject": ("skip", "fail")}


class ApprovalGateSensor(BaseSensorOperator, SkipMixin):
    """Waits until a person approves the exact arguments of the steps that it guards.

    A step names its gate (``gate=...``). The gate finds its steps, resolves their arguments for this DAG run, shows
    them with their digests, and writes the approved digests to XCom. Each step compares its own digest with them, so
    a step whose arguments changed after the approval does not run. A waiting gate takes no worker slot. It is answered
    on Airflow's pages or through the REST API, and the answer carries the person's name.

    The XCom value: ``{"decision": "approve" | "reject", "by": {"id", "name"} | None, "at", "note", "timed_out",
    "automatic", "rests_on", "edits": {task_id: {place: {"from", "to"}}}, "arguments_sha256": {task_id: digest},
    "record": file}``. ``rests_on`` is the id of the approval that an automatic one repeats; ``record`` is the file in
    the approvals record, see :mod:`~airflow_provider_vai.model.approvals_record`.

    Durations are a ``timedelta`` or a number of seconds.

    :param subject: The question, in one line.
    :param reason: Why the gate asks.
    :param recorded: The approval in the recorded run: ``state``, ``by``, ``at``, ``note``; and ``arguments``, the
        recorded values of arguments that each run computes anew. The question shows how they differ.
    :param editable: The arguments that the approver may change: place -> JSON Schema of the form field. A place is
        ``argument.key.0``, see :mod:`~airflow_provider_vai.languages.places`. If the gate guards several steps, it is
        ``task_id:place``.
    :param denied: Arguments of calls that were denied in the recorded run. Such a call never passes the gate.
    :param authors: Who wrote the texts of the guarded steps: task id -> origin (``model``, ``user``, ``system``,
        ``tool_output``, ``constant``) -> places, each as a list of keys. A place stands for every text in it.
    :param assigned_users: Who may answer: ids, or ``{"id", "name"}``. Default: anyone who may answer in this DAG.
    :param response_timeout: How long one try waits for an answer, over all its questions. Default: forever.
    :param on_timeout: ``fail``, ``approve`` or ``reject``.
    :param on_reject: ``skip`` the guarded steps, or ``fail`` the gate.
    :param notifiers: Airflow notifiers, called when the question opens and, with ``remind_before``, once more before
        the deadline. Their templates can use ``required_action_url``, ``approval_subject`` and ``approval_reminder``.
    :param remind_before: How long before the deadline to send the reminder. Needs ``response_timeout``.
    :param trust_for: Pass without a question if a person approved exactly the same tool, arguments, argument names and
        ``assigned_users`` within this time. Default: ask each time. Needs ``trust_uses``.
    :param trust_uses: How many times one approval may be repeated in this way. Needs ``trust_for``.
    :param wake_every: How often a parked gate wakes up to look for an out-of-band answer. Default: never.
    :param allow_unattributed: Accept answers from the task state store. Such an answer has no verified identity: anyone
        who may write to the store can answer. Default: only answers with an identity are accepted.
    :param deferrable: ``False`` keeps the sensor's own ``mode`` (``poke`` or ``reschedule``). Such a gate cannot
        receive answers from Airflow's pages, so it needs ``allow_unattributed``.
    :param action_asset: Whether the task has the outlet ``vai://actions/approval_gate/<dag_id>/<task_id>``, see
        :class:`~airflow_provider_vai.operators.base.VaiOperator`.
    """

    kind = "approval_gate"
    inherits_from_skipmixin = True  # a cleared step then checks again whether the gate skipped it
    template_fields: Sequence[str] = ("subject", "reason", "recorded", "editable", "denied", "authors")
    operator_extra_links = (RequiredActionLink(),)
    ui_color = "#f9e79f"

    def __init__(
        self,
        *,
        subject: str,
        reason: str | None = None,
        recorded: dict[str, Any] | None = None,
        editable: dict[str, dict[str, Any]] | None = None,
        denied: list[dict[str, Any]] | None = None,
        authors: dict[str, dict[str, list[list[str | int]]]] | None = None,
        assigned_users: Sequence[str | dict[str, str]] | None = None,
        response_timeout: timedelta | float | None = None,
        on_timeout: str = "fail",
        on_reject: str = "skip",
        notifiers: Sequence[Callable[..., Any]] | Callable[..., Any] = (),
        remind_before: timedelta | float | None = None,
        trust_for: timedelta | float | None = None,
        trust_uses: int | None = None,
        wake_every: timedelta | float | None = None,
        allow_unattributed: bool = False,
        deferrable: bool = True,
        action_asset: bool = True,
        **kwargs: Any,
    ) -> None:
        # The scheduler may consider a gate that is answered at once as lost. A retry asks again; a verdict is final.
        kwargs = {"retries": 3, "retry_delay": timedelta(seconds=10), **kwargs}
        super().__init__(**kwargs)
        if action_asset:
            emits_action(self)
        self.subject = argument(subject)
        self.reason = argument(reason)
        self.recorded = argument(recorded)
        self.editable = argument(editable)
        self.denied = argument(denied)
        self.authors = argument(authors)
        self.assigned_users = assigned_users
        self.response_timeout = _span(response_timeout)
        self.on_timeout = on_timeout
        self.on_reject = on_reject
        self.notifiers = [notifiers] if callable(notifiers) else list(notifiers)
        self.remind_before = _span(remind_before)
        self.trust_for = _span(trust_for)
        self.trust_uses = trust_uses
        self.wake_every = _span(wake_every)
        self.allow_unattributed = allow_unattributed
        self.deferrable = deferrable
        self._check_settings()

    def _check_settings(self) -> None:
        for name, choices in CHOICES.items():
            if getattr(self, name) not in choices:
                raise ValueError(f"{name} must be one of {', '.join(choices)}, not {getattr(self, name)!r}")
        if (self.trust_for is None) != (self.trust_uses is None):
            raise ValueError("trust_for and trust_uses need each other: set both, or neither")
        if self.remind_before and not self.response_timeout:
            raise ValueError("remind_before needs a deadline: set response_timeout, or leave out remind_before")
        if not self.deferrable and not self.allow_unattributed:
            raise ValueError(
                "a gate with deferrable=False takes only out-of-band answers, which have no identity:"
                " set allow_unattributed=True, or leave out deferrable=False"
            )

    # --- The question --------------------------------------------------------------------------------------

    def execute(self, context: Context) -> Any:
        """Ask the question and park; if the gate is not deferrable, poll for an out-of-band answer instead.

        In a DAG test the question is asked on the terminal, see :mod:`.approval_terminal`.

        :return: the record of the decision, if the gate passes without a question, was polled, or asked on a terminal.
        :raises ApprovalImpossible: the gate guards no step, its steps would make a denied call, or the question cannot
            be shown.
        """
        from airflow_provider_vai.sensors import approval_decision, approval_notice, approval_terminal

        now = self._guarded(context)
        self._refuse_denied(now)
        is_like_denied = now.like_denied(self.text("denied") or ())
        if not is_like_denied and (answer := approval_decision.trusted(self, context, now)):
            return approval_decision.decide(self, context, now, answer)
        if approval_terminal.answers_here(context):
            return self._asked_on_terminal(context, now)
        if self.deferrable:
            approval_notice.send(self, context)
            self._ask(context, now, self._waiting(now))
        approval_notice.tell_out_of_band(self, context, now)
        return super().execute(context)

    def _guarded(self, context: Context) -> Guarded:
        from airflow_provider_vai.sensors.guarded import guarded

        return guarded(self, context)

    def text(self, name: str) -> Any:
        """Return a setting of the question, such as ``subject`` or ``reason``, with its templates rendered."""
        return as_argument(getattr(self, name)).value

    def _refuse_denied(self, now: Guarded) -> None:
        from airflow_provider_vai.operators.runtime.errors import ApprovalImpossible

        if task_id := now.denied(self.text("denied") or ()):
            raise ApprovalImpossible(
                f"{task_id!r} would make a call that was denied in the recorded run, and such a call never passes."
                " Change the step's arguments; the gate's `denied` lists the calls"
            )

    def _asked_on_terminal(self, context: Context, now: Guarded) -> Any:
        from airflow_provider_vai.sensors import approval_decision, approval_terminal, approval_text

        answer = approval_terminal.ask(
            self,
            self.question(now),
            subject=approval_text.heading(self.text("subject")),
            longest=self.response_timeout,
            has_form=bool(self.text("editable")),
        )
        if answer is None:
            return self._timed_out(context, now, now.digests)
        return approval_decision.decide(self, context, now, answer)

    def _waiting(self, now: Guarded) -> Waiting:
        from airflow_provider_vai.sensors.approval_question import Waiting

        deadline = utcnow() + self.response_timeout if self.response_timeout else None
        remind_at = deadline - self.remind_before if deadline and self.remind_before and self.notifiers else None
        return Waiting(now.digests, deadline, remind_at)

    def _ask(self, context: Context, now: Guarded, waiting: Waiting, problem: str | None = None) -> NoReturn:
        """Open the question, check that Airflow shows exactly this one, and park.

        ``problem`` is why an earlier answer did not count; ``None`` on the first question.
        """
        from airflow_provider_vai.operators.runtime.errors import ApprovalImpossible
        from airflow_provider_vai.sensors import approval_form, approval_question, approval_text

        try:
            form = approval_form.form(approval_form.fields(self.text("editable") or {}, now.arguments))
        except LookupError as error:
            raise ApprovalImpossible(str(error)) from None
        body = self._body(context, now, problem)
        shown = approval_question.put(
            context["ti"].id,
            subject=approval_text.heading(self.text("subject")),
            body=body,
            form=form,
            users=self.assigned_users or (),
        )
        if shown.rpartition("\n")[2] != body.rpartition("\n")[2]:
            raise ApprovalImpossible(
                "Airflow still shows this gate's earlier question, about other arguments, and Airflow before 3.4 cannot"
                " replace it. Nobody can approve arguments that are not shown: trigger a new run of this DAG"
            )
        approval_question.park(self, context["ti"].id, replace(waiting, digests=now.digests))

    def _body(self, context: Context, now: Guarded, problem: str | None) -> str:
        """Return the question with all arguments in full; if that is too long for Airflow, with a link to a page."""
        from airflow_provider_vai.exceptions import UnusablePath
        from airflow_provider_vai.operators.runtime.errors import ApprovalImpossible
        from airflow_provider_vai.sensors import approval_page, approval_text

        body = self.question(now, problem=problem, holds_back=self._holds_back())
        if len(body.encode()) <= approval_text.LONGEST_BODY:
            return body
        try:
            page = approval_page.write(now, context, subject=self.text("subject"), reason=self.text("reason"))
        except (OSError, UnusablePath) as error:
            raise ApprovalImpossible(
                f"the arguments are too long for Airflow's page, and a separate page could not be written: {error}."
                " Make [vai] artifacts_path writable, and clear this task"
            ) from error
        return self.question(now, problem=problem, page=page)

    def question(
        self, now: Guarded, *, problem: str | None = None, page: str | None = None, holds_back: bool = False
    ) -> str:
        """Return the text of the question, see :func:`.approval_text.body`.

        :param now: The guarded steps with their arguments.
        :param problem: Why an earlier answer to this question did not count.
        :param page: The address of the page that shows everything, if the text is to be cut.
        :param holds_back: Whether later runs wait until this gate is answered.
        """
        from airflow_provider_vai.sensors import approval_text

        return approval_text.body(
            now,
            reason=self.text("reason"),
            recorded=self.text("recorded"),
            problem=problem,
            denied=now.like_denied(self.text("denied") or ()),
            page=page,
            holds_back=holds_back,
        )

    def _holds_back(self) -> bool:
        """Return whether later runs of the DAG cannot start while nobody answers."""
        starts_by_itself = getattr(self.dag, "schedule", None) is not None
        return starts_by_itself and self.dag.max_active_runs == 1 and self.response_timeout is None

    # --- The answer ----------------------------------------------------------------------------------------

    def execute_complete(
        self,
        context: Context,
        event: dict[str, Any],
        digests: dict[str, str],
        deadline: str | None = None,
        remind_at: str | None = None,
    ) -> Any:
        """Decide from the answer; ask again if the arguments have changed since the question, or an edit is invalid.

        :param event: The answer, an error, or the end of the waiting time, as Airflow passes it to the resumed task.
        :param digests: The digests that the question showed, by task id.
        :param deadline: When to stop waiting, ISO 8601; ``None``: never.
        :param remind_at: When to remind people, ISO 8601; ``None``: no reminder, or already sent.
        :return: the record of the decision.
        :raises AirflowFailException: the question could not be answered, was rejected, or timed out.
        """
        from airflow_provider_vai.operators.runtime.compat import AirflowFailException
        from airflow_provider_vai.sensors.approval_question import Waiting

        now, waiting = self._guarded(context), Waiting.of(digests, deadline, remind_at)
        if event.get("error_type") == "timeout":
            return self._woken(context, now, waiting)
        if "error" in event:
            raise AirflowFailException(f"the question could not be answered: {event['error']}")
        return self._answered(context, now, waiting, event)

    def _answered(self, context: Context, now: Guarded, waiting: Waiting, event: Mapping[str, Any]) -> Any:
        from airflow_provider_vai.sensors import approval_decision, approval_form

        answer = approval_decision.from_event(event)
        if answer.decision == "approve":
            if now.digests != waiting.digests:
                self.log.warning("The arguments have changed since the question was shown: asking again")
                self._ask(context, now, waiting, "The arguments have changed since the question was shown.")
            try:
                answer = self._with_edits(now, answer, event.get("params_input") or {})
            except approval_form.InvalidEdit as error:
                self.log.warning("The edit was refused, asking again: %s", error)
                self._ask(context, now, waiting, str(error))
        return approval_decision.decide(self, context, now, answer)

    def _with_edits(self, now: Guarded, answer: GateAnswer, form: Mapping[str, Any]) -> GateAnswer:
        from airflow_provider_vai.sensors import approval_form

        edits = approval_form.changed(approval_form.fields(self.text("editable") or {}, now.arguments), form)
        if now.changed(edits).denied(self.text("denied") or ()):
            raise approval_form.InvalidEdit("with this edit, the step would make a call denied in the recorded run")
        return replace(answer, edits=edits)

    def _woken(self, context: Context, now: Guarded, waiting: Waiting) -> Any:
        from airflow_provider_vai.sensors import approval_decision, approval_notice, approval_question

        if self.wake_every and (answer := approval_decision.taken(self, context, now)):
            return approval_decision.decide(self, context, now, answer)
        if waiting.remind_at and utcnow() >= waiting.remind_at:
            approval_notice.send(self, context, reminder=True)
            waiting = replace(waiting, remind_at=None)
        if waiting.deadline is None or utcnow() < waiting.deadline:
            approval_question.park(self, context["ti"].id, waiting)
        return self._timed_out(context, now, waiting.digests)

    def poke(self, context: Context) -> bool | PokeReturnValue:
        """Look for an out-of-band answer, and return it as the sensor's result."""
        from airflow_provider_vai.sensors import approval_decision

        now = self._guarded(context)
        if answer := approval_decision.taken(self, context, now):
            return PokeReturnValue(True, approval_decision.decide(self, context, now, answer))
        ti = context["ti"]
        since = (self.reschedule and ti.get_first_reschedule_date(context)) or ti.start_date
        if self.response_timeout and utcnow() - since >= self.response_timeout:
            return PokeReturnValue(True, self._timed_out(context, now, now.digests))
        return False

    def _timed_out(self, context: Context, now: Guarded, digests: dict[str, str]) -> Any:
        from airflow_provider_vai.operators.runtime.errors import ApprovalTimeout
        from airflow_provider_vai.sensors import approval_decision

        if self.on_timeout == "fail":
            raise ApprovalTimeout(f"nobody answered within {self.response_timeout}: clear this task to ask again")
        if self.on_timeout == "approve" and now.digests != digests:
            raise ApprovalTimeout(
                "nobody answered, and the arguments have changed since the question was shown, so nothing is approved:"
                " clear this task to ask again"
            )
        answer = approval_decision.GateAnswer(decision=self.on_timeout, timed_out=True)
        return approval_decision.decide(self, context, now, answer)

    def rejected(self, context: Context, record: dict[str, Any]) -> None:
        """Push the record to XCom, and fail the gate if ``on_reject`` is ``fail``.

        The record is pushed here because a gate that skips or fails raises and so returns no result.
        """
        from airflow_provider_vai.operators.runtime.errors import ApprovalRejected

        context["ti"].xcom_push(key="return_value", value=record)
        if self.on_reject == "fail":
            why = f": {record['note']}" if record["note"] else ""
            raise ApprovalRejected(f"rejected by {(record['by'] or {}).get('name') or 'the timeout'}{why}")


def _span(value: timedelta | float | None) -> timedelta | None:
    return timedelta(seconds=value) if isinstance(value, (int, float)) else value

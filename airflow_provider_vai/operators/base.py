"""The base of every operator in a generated DAG file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from airflow_provider_vai import json_text
from airflow_provider_vai.operators.arguments import Argument, argument, as_argument, revealed
from airflow_provider_vai.operators.compat import AirflowFailException
from airflow_provider_vai.operators.effects import NothingSent, NothingSentYet, at_most_once

if TYPE_CHECKING:
    from airflow.sdk import Context


class ApprovalMissing(AirflowFailException):
    """The step is guarded and nobody approved what it would do now. It fails without a retry."""


class MissingExtra(NothingSent):
    """A library that the step needs is not installed; the message holds the command that installs it."""


class VaiOperator(BaseOperator):
    """Runs one crystallized step: checks its approval, does the work, keeps the result.

    A subclass names its arguments in ``template_fields``, assigns each in ``__init__`` through
    :func:`~airflow_provider_vai.operators.arguments.argument`, and does its work in :meth:`perform`, where
    ``self.<argument>`` is the plain value of this run. At module level it imports only what parsing needs: a DAG file
    is parsed in a fresh process each time.

    :param gate: the approval gate that guards this step, or its task id. The step then runs only if that gate approved,
        in this DAG run, exactly the arguments that the step is about to use; marking the gate as success by hand does
        not open it.
    :param effect: ``read``, ``artifact`` or ``write``; left out: the kind's own. A write is not retried unless
        ``retries`` is given here (the DAG's ``default_args`` do not count): after a failure nobody knows whether it
        took place. Where retries are given, a try that finds an earlier one's write without an end fails instead of
        sending it again, see :mod:`~airflow_provider_vai.operators.effects`; :meth:`perform` raises
        :class:`NothingSent` or :class:`NothingSentYet` for what fails before anything was sent.
    """

    template_fields: Sequence[str] = ()
    effect = "read"
    idempotent = False
    """Whether the target takes a write with the same arguments, in the same run, once however often it is sent."""
    ui_color = "#e8f4f8"

    def __init__(self, *, gate: BaseOperator | str | None = None, effect: str | None = None, **kwargs: Any) -> None:
        if (effect or self.effect) == "write":
            kwargs.setdefault("retries", 0)
        super().__init__(**kwargs)
        self.effect = effect or self.effect
        self.gate = gate.task_id if isinstance(gate, BaseOperator) else gate

    def perform(self, context: Context) -> Any:
        """Do the step's work and return its result as JSON data (see :func:`results.json_safe`)."""
        raise NotImplementedError

    def execute(self, context: Context) -> Any:
        """Run the step; see the class."""
        from airflow_provider_vai.operators import results

        arguments = self.resolved_arguments(context)
        self._require_approval(context, arguments)
        for name, value in arguments.items():
            setattr(self, name, results.load(revealed(value)))
        if self.effect == "write":
            return at_most_once(self, context, arguments)
        return results.keep(self.perform(context), context)

    def resolved_arguments(self, context: Context) -> dict[str, Any]:
        """Return every argument as it is in this DAG run, with artifact references still as references.

        The approval gate calls this on the step that it guards, to show what will run and to sign it.
        """
        fields = {name: as_argument(getattr(self, name)) for name in self.template_fields}
        return {name: field.resolve(context).value for name, field in fields.items()}

    def _require_approval(self, context: Context, arguments: dict[str, Any]) -> None:
        if self.gate is None:
            return
        remedy = f"clear the task {self.gate!r}, and answer it"
        answer = context["ti"].xcom_pull(task_ids=self.gate)
        if not isinstance(answer, dict) or answer.get("decision") != "approve":
            raise ApprovalMissing(f"the gate {self.gate!r} holds no approval in this run: {remedy}")
        if answer.get("arguments_sha256", {}).get(self.task_id) != json_text.digest(arguments):
            raise ApprovalMissing(
                f"the gate {self.gate!r} approved other arguments than this step would use now: {remedy} again"
            )


__all__ = ["ApprovalMissing", "Argument", "MissingExtra", "NothingSent", "NothingSentYet", "VaiOperator", "argument"]

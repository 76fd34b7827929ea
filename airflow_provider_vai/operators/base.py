"""The base of every operator in a generated DAG file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from airflow_provider_vai.languages import json_text
from airflow_provider_vai.languages.places import edited
from airflow_provider_vai.operators.arguments import as_argument, result_of, revealed
from airflow_provider_vai.operators.assets import emits_action
from airflow_provider_vai.operators.runtime.effects import UsableApproval, at_most_once
from airflow_provider_vai.operators.runtime.errors import ApprovalMissing
from airflow_provider_vai.operators.runtime.masking import masked

if TYPE_CHECKING:
    from airflow.sdk import Context


NO_ITEM = object()  # an element may be None


class VaiOperator(BaseOperator):
    """Runs one crystallized step: checks its approval, does the work, keeps the result.

    A subclass names its arguments in ``template_fields``, assigns each in ``__init__`` through
    :func:`~airflow_provider_vai.operators.arguments.argument`, and does its work in :meth:`perform`, where
    ``self.<argument>`` is the plain value of this run. At module level it imports only what parsing needs: a DAG file
    is parsed in a fresh process each time. Each success of the step emits the asset
    ``vai://actions/<kind>/<dag_id>/<task_id>``.

    :param gate: the approval gate that guards this step, or its task id. The step then runs only if that gate approved,
        in this DAG run, exactly the arguments that the step is about to use; marking the gate as success by hand does
        not open it.
    :param effect: ``read``, ``artifact`` or ``write``; left out: the kind's own. A write is not retried unless
        ``retries`` is given here (the DAG's ``default_args`` do not count): after a failure nobody knows whether it
        took place. Where retries are given, a try that finds an earlier one's write without an end fails instead of
        sending it again, see :mod:`~airflow_provider_vai.operators.runtime.effects`; :meth:`perform` raises
        :class:`NothingSent` or :class:`NothingSentYet` for what fails before anything was sent.
    :param item: given by ``.expand(item=...)`` alone: the element for which this task instance runs, see
        :func:`~airflow_provider_vai.operators.arguments.item`.
    """

    kind = "custom"
    template_fields: Sequence[str] = ()
    effect = "read"
    idempotent = False
    """Whether the target takes a write with the same arguments, in the same run, once however often it is sent."""
    ui_color = "#e8f4f8"

    def __init__(
        self, *, gate: BaseOperator | str | None = None, effect: str | None = None, item: Any = NO_ITEM, **kwargs: Any
    ) -> None:
        if (effect or self.effect) == "write":
            kwargs.setdefault("retries", 0)
        super().__init__(**kwargs)
        emits_action(self)
        self.effect = effect or self.effect
        self.gate = gate.task_id if isinstance(gate, BaseOperator) else gate
        self.item = item

    def perform(self, context: Context) -> Any:
        """Do the step's work and return its result as JSON data (see :func:`results.json_safe`)."""
        raise NotImplementedError

    def execute(self, context: Context) -> Any:
        """Run the step; see the class."""
        from airflow_provider_vai.operators.runtime import results

        approval = self._gate_record(context)
        arguments = self._approved(context, approval, self.resolved_arguments(context))
        for name, value in arguments.items():
            setattr(self, name, results.load(revealed(value)))
        if self.effect == "write":
            return at_most_once(self, context, arguments, self._approval(context, approval))
        return results.keep(self.perform(context), context)

    def resolved_arguments(self, context: Context) -> dict[str, Any]:
        """Return every argument as it is in this DAG run, with artifact references still as references.

        The approval gate calls this on the step that it guards, to show what will run and to sign it.
        """
        fields = {name: as_argument(getattr(self, name)) for name in self.template_fields}
        return {name: field.resolve(context).value for name, field in fields.items()}

    def identity(self) -> list[Any] | None:
        """Return what decides what the step does, besides its arguments: no approval is repeated when it is not equal.

        A subclass adds what may change without its arguments changing; ``None`` says that it is not known here.
        """
        return [f"{type(self).__module__}.{type(self).__qualname__}", sorted(self.template_fields)]

    def _gate_record(self, context: Context) -> dict[str, Any]:
        """Return what this step's gate left in this run; empty where it left nothing."""
        record = result_of(self.gate, context) if self.gate else None
        return record if isinstance(record, dict) else {}

    def _approved(self, context: Context, answer: dict[str, Any], arguments: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments with the approver's edits, if they are the ones that were approved.

        :param answer: what the gate left.
        """
        if self.gate is None:
            return arguments
        name, index = self._asked_as(context)
        remedy = f"clear the task {self.gate!r}, and answer it"
        if answer.get("decision") != "approve":
            raise ApprovalMissing(f"the gate {self.gate!r} holds no approval in this run: {remedy}")
        edits = answer.get("edits", {}).get(name, {})
        try:
            arguments = edited(arguments, edits)
        except LookupError as error:
            raise ApprovalMissing(f"the gate {self.gate!r} changed {error}: {remedy} again") from None
        for place, edit in edits.items():
            self.log.info("%s was changed at the approval: %s", place, masked(edit))
        digest = json_text.digest(arguments)
        if answer.get("arguments_sha256", {}).get(name) != digest:
            raise ApprovalMissing(
                f"the gate {self.gate!r} approved other arguments than this step would use now: {remedy} again"
            )
        if not self._is_recorded(context, answer, digest, name, index):
            raise ApprovalMissing(
                f"the approvals record holds no such decision of the gate {self.gate!r} in this run: {remedy} again."
                " [vai] artifacts_path must lead all workers to the same folder"
            )
        self.log.info("Approved by %s at %s, note: %s", answer.get("by"), answer.get("at"), answer.get("note"))
        return arguments

    def _approval(self, context: Context, answer: dict[str, Any]) -> UsableApproval | None:
        if self.gate is None:
            return None
        return UsableApproval(answer["record"], context["ti"].dag_id, str(self.gate), self._asked_as(context)[0])

    def _asked_as(self, context: Context) -> tuple[str, int]:
        """Return under which name the gate asked about this task instance, and the gate's own map index.

        A gate that is not mapped asks about every element of a mapped step at once (see ``sensors/guarded.py``).
        """
        index = context["ti"].map_index
        index = -1 if index is None else index
        return (self.task_id, index) if self.item is NO_ITEM else (f"{self.task_id}[{index}]", -1)

    def _is_recorded(self, context: Context, answer: dict[str, Any], digest: str, name: str, index: int) -> bool:
        from airflow_provider_vai.model import approvals_record
        from airflow_provider_vai.operators.runtime import results

        ti = context["ti"]
        return approvals_record.vouches(
            results.artifacts_root(),
            answer.get("record"),
            dag_id=ti.dag_id,
            gate=str(self.gate),
            expected={"run_id": ti.run_id, "map_index": index},
            step=name,
            sha256=digest,
        )

"""The base class of the operators in generated DAG files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from airflow_provider_vai.operators.arguments import TaskArgument, argument, as_argument, result_of, revealed
from airflow_provider_vai.operators.assets import emits_action

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_vai.operators.derived import ExplainedPart
    from airflow_provider_vai.operators.runtime.single_use import SingleUseApproval


NO_ITEM = object()  # None is a valid list element
NO_DEFAULTS: Mapping[str, Any] = {}


class VaiOperator(BaseOperator):
    """Runs one step: checks its approval, does the work and stores the result.

    A subclass lists its arguments in ``template_fields`` and passes each one through
    :func:`~airflow_provider_vai.operators.arguments.argument` in ``__init__``. It does the work in :meth:`perform`,
    where ``self.<argument>`` is the plain value in this DAG run. Its module imports only what parsing needs, because
    Airflow parses each DAG file in a new process. An argument that has its value of :attr:`defaults` is not stored, so
    it is not in the serialized DAG; the step fills it in when it runs.

    :param gate: The gate that guards this step, or its task id. The step runs only if the gate approved exactly the
        arguments that the step uses in this DAG run. Marking the gate as success by hand does not approve anything.
    :param effect: ``read``, ``artifact`` or ``write``; default: the effect of the kind and the arguments. After a
        failure it is unknown whether a write took place. Therefore the DAG's ``default_args`` do not make Airflow retry
        a write, unless it is ``idempotent``; ``retries`` passed to the task itself does. If an earlier try began the
        write and did not finish, a retry fails instead of sending it again, see
        :mod:`~airflow_provider_vai.operators.runtime.effects`. :meth:`perform` raises :class:`NothingSent` or
        :class:`NothingSentYet` for errors before anything was sent.
    :param action_asset: Whether the task has the outlet ``vai://actions/<kind>/<dag_id>/<task_id>``, which Airflow
        emits when it succeeds. Rendered DAG files set it to ``False`` in ``default_args`` and list the outlets that
        are needed.
    :param item: The list element that this task instance runs for. Set only by ``.expand(item=...)``, see
        :func:`~airflow_provider_vai.operators.arguments.item`.
    """

    kind = "custom"
    template_fields: Sequence[str] = ()
    defaults = NO_DEFAULTS
    """The values of arguments that are left out, if they are not ``None``."""
    effect = "read"
    idempotent = False
    """Whether the target performs a write once, even if it is sent several times in a DAG run with equal arguments."""
    ui_color = "#e8f4f8"

    def __init__(
        self,
        *,
        gate: BaseOperator | str | None = None,
        effect: str | None = None,
        action_asset: bool = True,
        item: Any = NO_ITEM,
        **kwargs: Any,
    ) -> None:
        if (effect or self.effect) == "write" and not self.idempotent:
            kwargs.setdefault("retries", 0)
        super().__init__(**kwargs)
        if action_asset:
            emits_action(self)
        self.effect = effect or self.effect
        self.gate = gate.task_id if isinstance(gate, BaseOperator) else gate
        self.item = item

    def takes_place_once(self) -> bool:
        """Return whether the tries of the step are recorded, so that a later one does not repeat it."""
        return self.effect == "write"

    def check_arguments(self) -> None:
        """Check the arguments of this DAG run before anything is done; here nothing is checked.

        :raises NothingSent: the step must not run with them.
        """

    def perform(self, context: Context) -> Any:
        """Do the step's work and return its result: JSON data, or types that :func:`results.json_safe` converts."""
        raise NotImplementedError

    def execute(self, context: Context) -> Any:
        """Check the approval, do the work and return the result for XCom.

        :raises ApprovalMissing: the step has a gate, and no unused approval of these arguments exists.
        :raises UnknownOutcome: an earlier try began the write, and its outcome is unknown.
        """
        from airflow_provider_vai.operators.runtime import results

        approval = self._gate_record(context)
        arguments = self._approved(context, approval, self.resolved_arguments(context))
        for name, value in arguments.items():
            setattr(self, name, results.load(revealed(value)))
        self.check_arguments()
        if self.takes_place_once():
            from airflow_provider_vai.operators.runtime.effects import at_most_once

            return at_most_once(self, context, arguments, self._single_use(context, approval))
        return results.keep(self.perform(context), context)

    def resolved_arguments(self, context: Context) -> dict[str, Any]:
        """Return every argument with its value in this DAG run; artifact references are not loaded.

        A gate calls this for the steps that it guards, to show the arguments and to compute their digests.
        """
        return {name: field.resolve(context).value for name, field in self._fields().items()}

    def explained_arguments(self, context: Context) -> dict[str, list[ExplainedPart]]:
        """Return the derived parts of every argument, in words and with their values, for the approver."""
        from airflow_provider_vai.operators.derived import explained

        own: Any = {**context, "task": self}
        fields = self._fields()
        found = {name: list(explained(field.value, own)) for name, field in fields.items()}
        return {name: parts for name, parts in found.items() if parts}

    def given_arguments(self, context: Context) -> dict[str, Any]:
        """Return the arguments that this step was given in this DAG run, with the edits of its approver.

        :param context: The context of a later step.
        :raises ApprovalMissing: the step has a gate that approved no such arguments.
        """
        own: Any = {**context, "task": self}
        return self._checked(own, self._gate_record(own), self.resolved_arguments(own))[0]

    def stored(self, name: str, value: Any) -> Any:
        """Return an argument in the form in which its template field stores it; ``None`` if it is the default.

        :param name: the argument's name.
        :param value: the value that was passed to the operator.
        """
        default = self.defaults.get(name)
        return None if type(value) is type(default) and value == default else argument(value)

    def _fields(self) -> dict[str, TaskArgument]:
        """Return the arguments as they are stored, with the defaults filled in."""
        stored = {name: getattr(self, name) for name in self.template_fields}
        given = {name: self.defaults.get(name) if field is None else field for name, field in stored.items()}
        return {name: as_argument(field) for name, field in given.items()}

    def identity(self) -> list[Any] | None:
        """Return everything besides the arguments that determines what the step does.

        A gate repeats an earlier approval only if this is unchanged. A subclass adds what can change independently of
        its arguments, such as a function's source. ``None``: unknown, so an approval is never repeated.
        """
        return [f"{type(self).__module__}.{type(self).__qualname__}", sorted(self.template_fields)]

    def _gate_record(self, context: Context) -> dict[str, Any]:
        """Return the gate's result in this DAG run; empty if there is none."""
        record = result_of(self.gate, context) if self.gate else None
        return record if isinstance(record, dict) else {}

    def _approved(self, context: Context, approval: dict[str, Any], arguments: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments with the approver's edits, see :meth:`_checked`, and log who approved them."""
        arguments, facts = self._checked(context, approval, arguments)
        for fact in facts:
            self.log.info(*fact)
        return arguments

    def _checked(
        self, context: Context, approval: dict[str, Any], arguments: dict[str, Any]
    ) -> tuple[dict[str, Any], list[tuple[Any, ...]]]:
        """Return the arguments with the approver's edits, after checking that exactly these were approved.

        :param approval: the gate's result.
        :return: the arguments, and what to log.
        """
        if self.gate is None:
            return arguments, []
        from airflow_provider_vai.languages import json_text
        from airflow_provider_vai.languages.places import edited
        from airflow_provider_vai.operators.runtime.errors import ApprovalMissing
        from airflow_provider_vai.operators.runtime.masking import masked

        name, index = self._name_at_gate(context)
        remedy = f"clear the task {self.gate!r} and answer it"
        if approval.get("decision") != "approve":
            raise ApprovalMissing(f"the gate {self.gate!r} has no approval in this DAG run: {remedy}")
        edits = approval.get("edits", {}).get(name, {})
        try:
            arguments = edited(arguments, edits)
        except LookupError as error:
            raise ApprovalMissing(
                f"an edit made at the gate {self.gate!r} no longer applies ({error}): {remedy} again"
            ) from None
        facts: list[tuple[Any, ...]] = [
            ("The approver edited %s: %s", place, masked(edit)) for place, edit in edits.items()
        ]
        digest = json_text.digest(arguments)
        if approval.get("arguments_sha256", {}).get(name) != digest:
            raise ApprovalMissing(
                f"the gate {self.gate!r} approved other arguments than the ones this step would use now: {remedy} again"
            )
        if not self._is_recorded(context, approval, digest, name, index):
            raise ApprovalMissing(
                f"the approvals record has no approval of these arguments by the gate {self.gate!r} in this DAG run:"
                f" {remedy} again. If that does not help, check that [vai] artifacts_path is the same folder for all"
                " workers. A step in a loop needs a gate in the same loop, because each round needs its own approval"
            )
        who = (approval.get("by"), approval.get("at"), approval.get("note"))
        return arguments, [*facts, ("Approved by %s at %s, note: %s", *who)]

    def _single_use(self, context: Context, approval: dict[str, Any]) -> SingleUseApproval | None:
        if self.gate is None:
            return None
        from airflow_provider_vai.operators.runtime.single_use import SingleUseApproval

        step, _ = self._name_at_gate(context)
        return SingleUseApproval(approval["record"], context["ti"].dag_id, str(self.gate), step)

    def _name_at_gate(self, context: Context) -> tuple[str, int]:
        """Return the name under which the gate lists this task instance, and the gate's own map index.

        A gate that is not mapped lists every element of a mapped step by itself (see ``sensors/guarded.py``).
        """
        index = context["ti"].map_index
        is_other = context["ti"].task_id != self.task_id and not any(self.iter_mapped_task_groups())
        index = -1 if index is None or is_other else index
        return (self.task_id, index) if self.item is NO_ITEM else (f"{self.task_id}[{index}]", -1)

    def _is_recorded(self, context: Context, approval: dict[str, Any], digest: str, name: str, index: int) -> bool:
        from airflow_provider_vai.model import approvals_record
        from airflow_provider_vai.operators.runtime import instance, results

        ti, is_in_loop = context["ti"], instance.is_in_loop(self)
        expected = {"run_id": ti.run_id, "map_index": index}
        if is_in_loop and not instance.is_mapped(ti):  # a mapped one has a region of its own: Airflow finds its gate
            expected["round"] = instance.round_of(ti)
        return approvals_record.vouches(
            results.artifacts_root(),
            approval.get("record"),
            dag_id=ti.dag_id,
            gate=str(self.gate),
            expected=expected,
            step=name,
            sha256=digest,
            is_in_loop=is_in_loop,
        )


class Lineage:
    """Mixin for operators of the kinds in :data:`.lineage.FLOWS`: reports their lineage when they succeed."""

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> Any:
        """Return the provider's ``OperatorLineage``. An error raised here is logged and does not fail the task."""
        from airflow.providers.common.compat.openlineage.facet import Dataset as OpenLineageDataset
        from airflow.providers.openlineage.extractors import OperatorLineage

        from airflow_provider_vai.operators.lineage import flow

        inputs, outputs = (
            [OpenLineageDataset(namespace=namespace, name=name) for namespace, name in dict.fromkeys(datasets)]
            for datasets in flow(self)
        )
        return OperatorLineage(inputs=inputs, outputs=outputs)

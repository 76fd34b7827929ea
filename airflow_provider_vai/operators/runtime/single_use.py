"""An approval permits one write, see :mod:`.effects`. Only steps with a gate import this module."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from airflow_provider_vai.exceptions import UnusablePath
from airflow_provider_vai.operators.runtime.errors import ApprovalMissing, NothingSentYet

if TYPE_CHECKING:
    from airflow.sdk import Context


class Writing(Protocol):
    """A step that writes. :class:`~airflow_provider_vai.operators.base.VaiOperator` implements this protocol."""

    idempotent: bool
    log: Any

    def perform(self, context: Context) -> Any:
        """Do the work and return the result."""
        ...


@dataclass(frozen=True)
class SingleUseApproval:
    """An approval that permits one write of a guarded step.

    :param record: the file of the decision in the approvals record.
    :param dag_id: the DAG of the gate and the step.
    :param gate: the gate's task id.
    :param step: the step's name at the gate: its task id, with an index such as ``pay[0]`` for one list element.
    """

    record: str
    dag_id: str
    gate: str
    step: str

    def spend(self, context: Context, marker: Mapping[str, Any], *, idempotent: bool) -> bool:
        """Record that this try uses the approval.

        :param marker: this try's marker: its number, its time and the digest of its arguments.
        :param idempotent: whether the same write may use the approval again.
        :return: ``True`` if this try spent the approval, ``False`` if an earlier try of the same idempotent write did.
        :raises ApprovalMissing: an earlier try has already used the approval.
        :raises NothingSentYet: the use could not be recorded.
        """
        from airflow_provider_vai.model import approvals_record
        from airflow_provider_vai.operators.runtime import results

        note = {name: marker[name] for name in ("arguments_sha256", "try_number", "at")}
        note["run_id"] = context["ti"].run_id
        try:
            used = approvals_record.spend(results.artifacts_root(), self.record, note, **self._key())
        except (OSError, UnusablePath) as error:
            raise NothingSentYet(
                f"nothing was sent, because the use of the approval could not be recorded: {error}"
            ) from error
        if used is None:
            return True
        if idempotent and used.get("arguments_sha256") == note["arguments_sha256"]:
            return False
        raise ApprovalMissing(
            f"the approval of the gate {self.gate!r} was used by try {used.get('try_number')} at {used.get('at')}, and"
            " each approval permits one write. Check at the target whether that write took place. To write again, clear"
            f" the task {self.gate!r} together with this one, and answer it"
        )

    def release(self) -> None:
        """Make the approval usable again, because nothing was sent."""
        from airflow_provider_vai.model import approvals_record
        from airflow_provider_vai.operators.runtime import results

        approvals_record.release(results.artifacts_root(), self.record, **self._key())

    def _key(self) -> dict[str, str]:
        return {"dag_id": self.dag_id, "gate": self.gate, "step": self.step}

"""What the parts of an approval gate share: the gate as they see it, and where its question is answered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

from airflow.sdk import BaseOperatorLink

from airflow_provider_vai.operators.runtime.addresses import path_prefix

if TYPE_CHECKING:
    from airflow.sdk import Context

ANSWER_KEY = "vai_decision"  # in the task state store, for answers that do not come through Airflow's pages


class Gate(Protocol):
    """An approval gate as its parts use it; :class:`.ApprovalGateSensor` is one."""

    task_id: str
    log: Any
    reschedule: bool
    notifiers: list[Any]
    assigned_users: Sequence[str | dict[str, str]] | None
    trust_for: timedelta | None
    trust_uses: int | None
    allow_unattributed: bool

    def text(self, name: str) -> Any:
        """Return a setting of the question with its templates rendered."""
        ...

    def rejected(self, context: Context, record: dict[str, Any]) -> None:
        """Fail the gate, if that is what a rejection does here."""
        ...

    def skip(self, *, ti: Any, tasks: Sequence[Any]) -> None:
        """Skip tasks, as :class:`airflow.models.SkipMixin` does."""
        ...


class RequiredActionLink(BaseOperatorLink):
    """Leads from the gate's task instance to its question."""

    name = "Required action"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """Return the page's address inside Airflow's UI."""
        from urllib.parse import quote

        dag, run, task = (quote(part, "") for part in (ti_key.dag_id, ti_key.run_id, ti_key.task_id))
        mapped = f"/mapped/{ti_key.map_index}" if ti_key.map_index >= 0 else ""
        return f"{path_prefix()}/dags/{dag}/runs/{run}/tasks/{task}{mapped}/required_actions"

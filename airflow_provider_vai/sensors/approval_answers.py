"""Shared by the modules of the approval gate: the gate's interface, and the place where its question is answered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

from airflow.sdk import BaseOperatorLink

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_vai.sensors.guarded import Guarded

ANSWER_KEY = "vai_decision"  # key in the task state store, for answers that bypass Airflow's pages


class Gate(Protocol):
    """The interface of an approval gate; :class:`.ApprovalGateSensor` implements it."""

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

    def question(self, now: Guarded) -> str:
        """Return the question about the guarded steps as Markdown."""
        ...

    def rejected(self, context: Context, record: dict[str, Any]) -> None:
        """Keep the record of a rejection, and fail the gate if its settings say so."""
        ...

    def skip(self, *, ti: Any, tasks: Sequence[Any]) -> None:
        """Skip tasks like :class:`airflow.models.SkipMixin`."""
        ...


class RequiredActionLink(BaseOperatorLink):
    """Links the gate's task instance to its question."""

    name = "Required action"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """Return the path of the question's page in Airflow's UI."""
        from urllib.parse import quote

        from airflow_provider_vai.operators.runtime.addresses import path_prefix

        dag, run, task = (quote(part, "") for part in (ti_key.dag_id, ti_key.run_id, ti_key.task_id))
        mapped = f"/mapped/{ti_key.map_index}" if ti_key.map_index >= 0 else ""
        return f"{path_prefix()}/dags/{dag}/runs/{run}/tasks/{task}{mapped}/required_actions"

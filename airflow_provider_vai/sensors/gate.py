"""The interface of an approval gate, for the modules that work for it. Only type checkers import this module."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_vai.sensors.guarded import Guarded


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

"""Records the run of an ``AgentOperator`` as a trace that ``vai crystallize`` reads.

DAG files write ``from airflow_provider_vai.recorder import Recorder``; that name is loaded on demand: it
needs pydantic-ai, and the recording's document does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow_provider_vai.recorder.recorder import Recorder

__all__ = ["Recorder"]


def __getattr__(name: str) -> Any:
    """Return :class:`~airflow_provider_vai.recorder.recorder.Recorder`, and whatever else that module has."""
    if name.startswith("__"):
        raise AttributeError(name)
    from airflow_provider_vai.recorder import recorder

    return getattr(recorder, name)

"""Records the run of an ``AgentOperator`` as a trace that ``vai crystallize`` reads.

DAG files write ``from airflow_provider_vai.recorder import Recorder``. That name is loaded on demand: it needs
pydantic-ai, and the recording's document does not.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow_provider_vai.recorder.recorder import Recorder

__all__ = ["Recorder"]


def __getattr__(name: str) -> Any:
    """Return :class:`~airflow_provider_vai.recorder.recorder.Recorder`.

    :raises AttributeError: another name was asked for.
    """
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.recorder"), name)

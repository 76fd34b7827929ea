"""Records the run of an ``AgentOperator`` as a trace for ``vai crystallize``.

DAG files use ``from airflow_provider_vai.recorder import Recorder``. ``Recorder`` is imported on demand, because it
needs pydantic-ai and the rest of this package does not.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow_provider_vai.recorder.recorder import Recorder

__all__ = ["Recorder"]


def __getattr__(name: str) -> Any:
    """Return :class:`~airflow_provider_vai.recorder.recorder.Recorder`.

    :raises AttributeError: the name is not ``Recorder``.
    :raises ImportError: pydantic-ai is not installed; the message has the command that installs it.
    """
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(import_module(f"{__name__}.recorder"), name)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "pydantic_ai":
            raise
        message = f"the Recorder needs pydantic-ai ({error}): pip install 'airflow-provider-vai[agent]'"
        raise ImportError(message, name=error.name) from error

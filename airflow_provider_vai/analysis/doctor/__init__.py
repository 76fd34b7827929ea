"""`vai doctor`: checks an installation, from versions and folders to what each automation needs where it runs.

:func:`examine` is the one entry point, for the command line and for pages of the web app. It never imports Airflow or
users' modules into the calling process: whatever needs them happens in a process of its own, see :mod:`.probe`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_vai.analysis.doctor.diagnosis import CODES, Diagnosis, is_healthy

if TYPE_CHECKING:
    from airflow_provider_vai.analysis.doctor.examination import examine

__all__ = ["CODES", "Diagnosis", "examine", "is_healthy"]


def __getattr__(name: str) -> Any:
    """Import :func:`examine` when it is first used: other commands need only a module of this package."""
    if name != "examine":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from airflow_provider_vai.analysis.doctor.examination import examine

    return examine

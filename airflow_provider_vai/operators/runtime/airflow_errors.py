"""Errors of Airflow that 3.1 has in another module, apart from :mod:`.compat`: operators do not need them to parse."""

from __future__ import annotations

try:
    from airflow.sdk.exceptions import DownstreamTasksSkipped, ParamValidationError
except ImportError:  # Airflow 3.1
    from airflow.exceptions import DownstreamTasksSkipped, ParamValidationError

__all__ = ["UNFIT", "DownstreamTasksSkipped", "ParamValidationError"]

UNFIT = (ParamValidationError, ValueError)
"""What Airflow raises if a run is started with values that do not fit its params: in 3.2, a ``ValueError``."""

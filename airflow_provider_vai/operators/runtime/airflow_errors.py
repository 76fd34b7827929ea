"""Errors of Airflow that 3.1 has in another module, apart from :mod:`.compat`: operators do not need them to parse."""

from __future__ import annotations

try:
    from airflow.sdk.exceptions import DownstreamTasksSkipped, ParamValidationError
except ImportError:  # Airflow 3.1
    from airflow.exceptions import DownstreamTasksSkipped, ParamValidationError

__all__ = ["DownstreamTasksSkipped", "ParamValidationError"]

"""`vai doctor`: checks an installation, from versions and folders to what each automation needs where it runs.

:func:`examine` is the one entry point, for the command line and for pages of the web app. It never imports Airflow or
users' modules into the calling process: whatever needs them happens in a process of its own, see :mod:`.probe`.
"""

from __future__ import annotations

from airflow_provider_vai.analysis.doctor.diagnosis import CODES, Diagnosis, is_healthy
from airflow_provider_vai.analysis.doctor.examination import examine

__all__ = ["CODES", "Diagnosis", "examine", "is_healthy"]

"""Airflow's mixin for operators that skip tasks, apart from :mod:`.runtime.compat`: most operators do not need it."""

from __future__ import annotations

try:
    from airflow.sdk import SkipMixin
except ImportError:  # Airflow 3.1
    from airflow.providers.standard.utils.skipmixin import SkipMixin

__all__ = ["SkipMixin"]

"""Secrets that Airflow knows (connections, variables, sensitive keys) never reach a page or a message."""

from __future__ import annotations

from typing import Any

DEPTH = 100  # Airflow's default of 5 leaves what lies deeper unmasked


def masked(value: Any) -> Any:
    """Return a copy of ``value`` with every known secret in it replaced by ``***``."""
    try:
        from airflow.sdk._shared.secrets_masker import redact
    except ImportError:  # Airflow 3.1
        from airflow.sdk.execution_time.secrets_masker import redact

    return redact(value, max_depth=DEPTH)

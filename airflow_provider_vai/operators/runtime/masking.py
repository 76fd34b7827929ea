"""Secrets that Airflow knows (connections, variables, sensitive keys) never reach a page or a message."""

from __future__ import annotations

from typing import Any

DEPTH = 100  # Airflow's default of 5 leaves what lies deeper unmasked


def masked_values(value: Any) -> Any:
    """Return a copy of JSON data without credentials, and with everything else in it as it is.

    Every secret that Airflow knows and everything that looks like a credential is replaced by ``***``. The name of a
    key alone hides nothing but a password or the like: :func:`masked` takes ``token_address`` for a secret, and nobody
    could approve a payment whose recipient is not shown.
    """
    from airflow_provider_vai.secrets.masking import masked as without_credentials

    return without_credentials(_known_masked(value))


def _known_masked(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _known_masked(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_known_masked(part) for part in value]
    return masked(value) if isinstance(value, str) else value


def masked(value: Any) -> Any:
    """Return a copy of ``value`` with every known secret in it replaced by ``***``."""
    try:
        from airflow.sdk._shared.secrets_masker import redact
    except ImportError:  # Airflow 3.1
        from airflow.sdk.execution_time.secrets_masker import redact

    return redact(value, max_depth=DEPTH)

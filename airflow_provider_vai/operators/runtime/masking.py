"""Masks secrets that Airflow knows (from connections, variables and sensitive keys) in pages and messages."""

from __future__ import annotations

from typing import Any

DEPTH = 100  # Airflow's default of 5 would leave deeper values unmasked


def masked_values(value: Any) -> Any:
    """Return a copy of JSON data in which credentials are replaced by ``***`` and everything else stays readable.

    Credentials are the secrets that Airflow knows, values that look like a credential, and values of keys such as
    ``password``. Unlike :func:`masked`, this leaves the value of ``token_address`` readable: an approver must see the
    recipient of a payment.
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
    """Return a copy of ``value`` in which Airflow replaced every secret that it knows by ``***``."""
    try:
        from airflow.sdk._shared.secrets_masker import redact
    except ImportError:  # Airflow 3.1
        from airflow.sdk.execution_time.secrets_masker import redact

    return redact(value, max_depth=DEPTH)

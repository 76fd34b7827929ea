"""Masks every credential in text or JSON data."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from airflow_provider_vai.secrets import find, visit
from airflow_provider_vai.secrets.in_json import starred


def mask(text: str) -> str:
    """Return free text (a title, an error, a person's note) with every credential in it masked."""
    spans = find(text)
    return starred(text, spans) if spans else text


def masked(value: Any, *, transparent: Collection[str] = ()) -> Any:
    """Return JSON data with every credential in its texts and keys masked, and all text under a key that names one.

    :param transparent: Keys that do not name the values below them, see :func:`~airflow_provider_vai.secrets.visit`.
    """
    return visit(value, [], lambda sighting: sighting.shown, transparent=transparent)

"""Default factories for the fields of models.

For every field, Pydantic looks whether its default factory has a parameter. It finds the signature of ``list`` and
``dict`` only by parsing their documentation, which takes longer than everything else about the field.
"""

from __future__ import annotations

from typing import Any


def new_list() -> list[Any]:
    """Return an empty list."""
    return []


def new_dict() -> dict[str, Any]:
    """Return an empty object."""
    return {}

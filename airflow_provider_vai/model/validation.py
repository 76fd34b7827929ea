"""Turns a pydantic validation error into one line for a message."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import ValidationError


def problems(error: ValidationError) -> str:
    """Return the first five problems of a validation as one line: the place, the problem and the value found.

    Credentials are masked, and long values are cut.
    """
    from airflow_provider_vai.secrets.masking import mask, masked

    shown = []
    for problem in error.errors()[:5]:
        place = mask(".".join(str(part) for part in problem["loc"]) or "the document")
        if problem["type"] == "missing":
            shown.append(f"{place} is missing")
        else:
            shown.append(f"{place}: {mask(problem['msg'])} (found {mask(str(masked(problem['input'])))[:60]!r})")
    return "; ".join(shown)

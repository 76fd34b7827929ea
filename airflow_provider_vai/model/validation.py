"""Turns a pydantic validation error into one line for a message."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import ValidationError


def problems(error: ValidationError, *, values: bool = True) -> str:
    """Return the first five problems of a validation as one line: the place, the problem and the value found.

    Credentials are masked, and long values are cut.

    :param values: whether to show the values that were found; not those of a recording, which may hold anything.
    """
    from airflow_provider_vai.secrets.masking import mask, masked

    shown = []
    for problem in error.errors()[:5]:
        place = mask(".".join(str(part) for part in problem["loc"]) or "the document")
        if problem["type"] == "missing":
            shown.append(f"{place} is missing")
            continue
        found = f" (found {mask(str(masked(problem['input'])))[:60]!r})" if values else ""
        shown.append(f"{place}: {mask(problem['msg'])}{found}")
    return "; ".join(shown)

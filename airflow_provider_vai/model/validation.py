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
        if problem["type"] == "extra_forbidden":
            shown.append(f"unknown key {place}")
            continue
        is_shown = values and problem["loc"]  # the beginning of a whole document says nothing
        found = f" (found {mask(str(masked(problem['input'])))[:60]!r})" if is_shown else ""
        text = mask(problem["msg"].removeprefix("Value error, "))
        says_all = not problem["loc"] and problem["type"] == "value_error"
        shown.append(text if says_all else f"{place}: {text}{found}")
    return "; ".join(shown)

"""Compares the values that one place has in several runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from airflow_provider_vai.languages import json_text
from airflow_provider_vai.model.flags import is_prose

LONGEST_PARAM = 80  # characters; a longer value that nobody said is prose by a model


def differ(values: Mapping[int, Any]) -> bool:
    """Return whether the values of the runs are not all equal."""
    return len({json_text.canonical(value) for value in values.values()}) > 1


def inside(values: Mapping[int, Any], key: str | int) -> dict[int, Any]:
    """Return the values at a key or position of the runs' values."""
    return {run: value[key] for run, value in values.items()}


def is_plain(value: Any) -> bool:
    """Return whether a value is a text, number or boolean, or a list of them."""
    return (
        value is not None
        and not isinstance(value, dict)
        and (not isinstance(value, list) or not any(isinstance(item, (dict, list)) for item in value))
    )


def has_prose(value: Any) -> bool:
    """Return whether a text, or one in a list, is too long for a param, or reads like sentences."""
    texts = value if isinstance(value, list) else [value]
    return any(isinstance(text, str) and (len(text) > LONGEST_PARAM or is_prose(text)) for text in texts)


def largest_limits(limits: Sequence[Any]) -> Any:
    """Return, by name, the largest of the runs' limits; the first run's if they are not objects."""
    if not all(isinstance(given, dict) for given in limits):
        return limits[0]
    names = {name: None for given in limits for name in given}
    return {name: max(given[name] for given in limits if name in given) for name in names}

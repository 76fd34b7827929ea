"""Writes values and sources of several runs as text for people, with credentials masked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from airflow_provider_vai.crystallizer.several.playback import Playback
from airflow_provider_vai.crystallizer.several.sources import CommonPlace
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.languages.short_text import cut
from airflow_provider_vai.secrets.masking import mask

SHOWN_VALUES = 5
SHOWN_RUNS = 3


def by_run(playbacks: Sequence[Playback], values: Mapping[int, Any]) -> list[str]:
    """Return the different values, each with the runs that have it, one line each.

    :param playbacks: the runs, newest first. :param values: the values by the number of their run.
    """
    by_value: dict[str, list[int]] = {}
    for run, value in values.items():
        by_value.setdefault(json_text.canonical(value), []).append(run)
    listed = [f"{shown(values[runs[0]])} in {run_names(playbacks, runs)}" for runs in by_value.values()]
    return [*listed[:SHOWN_VALUES], *(["…"] if len(listed) > SHOWN_VALUES else [])]


def run_names(playbacks: Sequence[Playback], runs: Sequence[int]) -> str:
    """Return the names of the first of these runs, separated by commas."""
    named = [playbacks[run].name for run in runs[:SHOWN_RUNS]]
    return f"{', '.join(named)}{', …' * (len(runs) > SHOWN_RUNS)}"


def shown(value: Any) -> str:
    """Return a value as a short text in quotes."""
    text = mask(value if isinstance(value, str) else json_text.canonical(value))
    return repr(cut(" ".join(text.split())))


def shown_source(found: CommonPlace) -> str:
    """Return a place in a result as ``step[key][key]``."""
    return mask(
        found.column.key + "".join(f"[{str(part)[:60]}]" for part in found.path if not str(part).startswith("is:"))
    )

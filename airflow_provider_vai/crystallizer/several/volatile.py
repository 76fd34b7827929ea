"""Detects volatile values, which differ in every run: times, generated ids and the order of lists."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, Literal

from airflow_provider_vai.crystallizer.evidence.result_values import place_text
from airflow_provider_vai.crystallizer.evidence.value_places import leaves
from airflow_provider_vai.crystallizer.several.align import AlignedStep
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.languages.machine_values import may_be_generated, time_of_number, time_of_text
from airflow_provider_vai.languages.places import value_or
from airflow_provider_vai.model.base import JsonPath
from airflow_provider_vai.model.review_item import ReviewItem, review_item

Volatile = Literal["clock", "id", "order"]

MOST_PLACES = 500
"""The most values of one result that are compared."""

SHOWN_PLACES = 5
"""The most places of one result that are listed."""

WHAT: dict[Volatile, str] = {
    "clock": "like a clock",
    "id": "like a generated id",
    "order": "in its order",
}


def volatile(values: Sequence[Any]) -> Volatile | None:
    """Return in which way the values of one place are volatile; ``None`` if they are not.

    :param values: one value for each run. Equal values are not volatile; ids and times differ in every run.
    """
    texts = [json_text.canonical(value) for value in values]
    if len(set(texts)) == 1:
        return None
    if all(isinstance(value, list) for value in values):
        sorted_ = {json_text.canonical(sorted(map(json_text.canonical, value))) for value in values}
        return "order" if len(sorted_) == 1 else None
    if len(set(texts)) < len(texts):
        return None
    if all(map(_is_clock, values)):
        return "clock"
    return "id" if all(map(may_be_generated, values)) else None


def in_results(columns: Sequence[AlignedStep]) -> Iterator[ReviewItem]:
    """Yield a review item for each step that had the same arguments in several runs but volatile results."""
    for column in columns:
        given = {json_text.canonical(played.values) for played in column.of.values()}
        results = [played.left for played in column.of.values()]
        if len(given) > 1 or len(results) < 2 or any(result is None for result in results):
            continue
        found = [f"{place_text(at)} {WHAT[kind]}" for at, kind in _differing(results)]
        more = [f"and {len(found) - SHOWN_PLACES} more"] if len(found) > SHOWN_PLACES else []
        if found:
            yield review_item("result_differs", step=column.newest.step.key, evidence=[*found[:SHOWN_PLACES], *more])


def _differing(results: Sequence[Any]) -> Iterator[tuple[JsonPath, Volatile]]:
    seen: set[str] = set()
    for at, _ in islice(leaves(results[0]), MOST_PLACES):
        for depth in range(len(at) + 1):
            place = at[:depth]
            shape = json_text.canonical(["*" if isinstance(part, int) else part for part in place])
            if shape in seen:
                break
            values = [value_or(result, place) for result in results]
            if kind := volatile(values):
                seen.add(shape)
                yield place, kind
                break


def _is_clock(value: Any) -> bool:
    if isinstance(value, str):
        return time_of_text(value) is not None
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return is_number and time_of_number(value) is not None

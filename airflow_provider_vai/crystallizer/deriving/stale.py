"""Finds texts that repeat the recorded day's data and that no derivation fills in: tomorrow they are out of date."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow_provider_vai.crystallizer.deriving.accept import FEW_DIGITS
from airflow_provider_vai.crystallizer.deriving.agreement import ValueInRuns
from airflow_provider_vai.crystallizer.deriving.digits import NUMBER, plain_number, significant
from airflow_provider_vai.crystallizer.deriving.seen import SeenBefore
from airflow_provider_vai.crystallizer.deriving.tables import ResultTable
from airflow_provider_vai.crystallizer.deriving.written import as_text, separates
from airflow_provider_vai.crystallizer.evidence.value_places import leaves
from airflow_provider_vai.model.base import JsonPath
from airflow_provider_vai.model.flags import is_prose

MOST_SHOWN = 5
LONGEST = 5000


def stale_texts(value: Any, name: str, seen: SeenBefore) -> Iterator[tuple[JsonPath, list[str]]]:
    """Yield the places of prose in an argument that repeat figures of the results, each with the figures.

    :param value: the argument's recorded value, without the places that are filled in.
    :param name: the argument's name, with which each place begins.
    """
    for at, text in leaves(value, [name]):
        if isinstance(text, str) and len(text) <= LONGEST and is_prose(text):
            figures = list(dict.fromkeys(repeated_figures(text, seen)))
            if figures:
                yield at, figures[:MOST_SHOWN]


def repeated_figures(text: str, seen: SeenBefore) -> Iterator[str]:
    """Yield the numbers in a text, as they are written, that a result holds or that are worked out from one.

    Numbers of one or two digits are left out, because they equal something in any table, and so is what people said.
    """
    separated = separates(text)
    for match in NUMBER.finditer(text):
        if significant(match[0], is_whole=False) < FEW_DIGITS or seen.was_said(plain_number(match)):
            continue
        figures = (one for table in seen.tables for one in seen.asked.figures(table))
        is_cell = any(_is_cell(plain_number(match), match[3], table) for table in seen.tables)
        if is_cell or any(as_text(one, match, ValueInRuns(match[0]), separated=separated) for one in figures):
            yield match[0]


def _is_cell(number: float, decimals: str, table: ResultTable) -> bool:
    """Return whether a number is in a table, rounded as it is written."""
    digits = max(0, len(decimals) - 1)
    return any(
        round(float(value), digits) == number for field in table.of_type("number") for value in table.columns[field]
    )

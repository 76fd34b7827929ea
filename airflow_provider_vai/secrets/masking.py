"""Masks every credential in text or JSON data."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from airflow_provider_vai.secrets import find, knowing, visit
from airflow_provider_vai.secrets.in_json import starred


def mask(text: str) -> str:
    """Return free text (a title, an error, a person's note) with every credential in it masked."""
    spans = find(text)
    return starred(text, spans) if spans else text


def masked_lines(lines: Sequence[str]) -> list[str]:
    """Return the lines of a text with every credential masked, also one that extends over several lines, such as a key.

    :param lines: The lines, in order; the result has as many.
    """
    spans = find("\n".join(lines))
    shown, start = [], 0
    for line in lines:
        end = start + len(line)
        inside = [
            span._replace(start=max(span.start - start, 0), end=min(span.end, end) - start)
            for span in spans
            if span.start < end and span.end > start
        ]
        shown.append(mask(starred(line, inside) if inside else line))
        start = end + 1
    return shown


def masked(value: Any, *, transparent: Collection[str] = ()) -> Any:
    """Return JSON data with every credential in its texts and keys masked, and all text under a key that names one.

    :param transparent: Keys that do not name the values below them, see :func:`~airflow_provider_vai.secrets.visit`.
    """
    with knowing(()):  # large data has the same texts and keys many times: each is searched once
        return visit(value, [], lambda sighting: sighting.shown, transparent=transparent)

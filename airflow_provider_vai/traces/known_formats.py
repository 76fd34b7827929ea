"""The formats that a trace can have: the built-in ones, whose table is data, and those of other distributions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from airflow_provider_vai.model.extensions import extensions
from airflow_provider_vai.traces.format_table import BUILT_IN
from airflow_provider_vai.traces.reading.coverage import Coverage

if TYPE_CHECKING:
    from airflow_provider_vai.traces.reading.trace import Adapter

GROUP = "airflow_provider_vai.adapters"
"""The entry points of other distributions' readers."""

SMALL = 64_000
"""The most bytes of a file that is searched for the words of formats."""

_ESCAPED = re.compile(rb"\\u00[2-7]|\\/|\x00")
"""Signs that a text may be written in other bytes: escaped letters of ASCII, and encodings of two bytes."""


def candidates(content: bytes) -> frozenset[str]:
    r"""Return the names of the built-in formats that a JSON or JSONL file may have, by its words.

    A file that may write a word in another way, such as ``\u006dessages``, may have any format. So may a file of more
    than :data:`SMALL` bytes: reading it takes longer than importing every reader.

    :param content: the file's bytes, unpacked.
    """
    if len(content) > SMALL or _ESCAPED.search(content):
        return frozenset(BUILT_IN)
    missing: dict[str, bool] = {}

    def is_missing(word: str) -> bool:
        if word not in missing:
            missing[word] = word.encode() not in content
        return missing[word]

    return frozenset(
        name
        for name, known in BUILT_IN.items()
        if any(not any(map(is_missing, tell.split())) for tell in known.tells.split("|"))
    )


@cache
def readers_of_others() -> tuple[Adapter, ...]:
    """Return the readers of other distributions, sorted by the names of their entry points."""
    return tuple(entry.load() for entry in extensions(GROUP))


def coverage_of(adapter: Adapter) -> Coverage:
    """Return what an adapter's format can record; if the adapter does not declare it, the least.

    :param adapter: the adapter.
    """
    return getattr(adapter, "coverage", Coverage(results="partly", batches="partly"))


def coverage_of_format(format: str) -> Coverage:
    """Return what a format can record; of an unknown format, the most that any can.

    :param format: the name of the format.
    """
    if format in BUILT_IN:
        return BUILT_IN[format].coverage
    return next((coverage_of(adapter) for adapter in readers_of_others() if adapter.name == format), Coverage())


def described() -> Iterator[tuple[str, Coverage, str]]:
    """Yield the name of each format, what it can record, and one line for people; the built-in ones first."""
    yield from ((name, known.coverage, known.description) for name, known in BUILT_IN.items())
    yield from ((adapter.name, coverage_of(adapter), adapter.description) for adapter in readers_of_others())

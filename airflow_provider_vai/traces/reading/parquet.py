"""Rows of a Parquet file, such as a data frame of spans, as JSON values."""

from __future__ import annotations

import base64
import math
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any

from airflow_provider_vai.exceptions import LibraryMissing, UnreadableTrace
from airflow_provider_vai.traces.reading.files import LIMIT_BYTES

ROWS = 1000
"""Rows that are read at once."""

MOST_VALUES = 5_000_000
"""The most values that a file may hold: a few bytes of Parquet can stand for very many."""

NESTED = ("attributes", "context", "resource", "scope")
"""Names before the dot of a column that is one value of an object, as in ``attributes.tool.name``."""


def rows(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a Parquet file. Empty cells of flattened columns are left out.

    :raises LibraryMissing: pyarrow is not installed.
    :raises UnreadableTrace: the file is broken, or too large.
    """
    try:
        parquet: Any = import_module("pyarrow.parquet")
        broken: Any = import_module("pyarrow").lib.ArrowException
    except ImportError:
        problem = "a Parquet file, which this Python cannot read without pyarrow"
        raise LibraryMissing(problem, where=str(path), extra="parquet") from None
    found: list[dict[str, Any]] = []
    remaining = [MOST_VALUES, LIMIT_BYTES]
    try:
        with parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=ROWS):
                if batch.nbytes > LIMIT_BYTES:
                    raise _too_large(path)
                found += [_row(row, remaining, path) for row in batch.to_pylist()]
    except (broken, OSError, ValueError, OverflowError) as error:
        remedy = "Write the file again, or export the spans as JSON."
        raise UnreadableTrace(f"not a readable Parquet file: {error}", where=str(path), remedy=remedy) from None
    return found


def _row(row: dict[str, Any], remaining: list[int], path: Path) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for column, value in row.items():
        outer, dot, inner = column.partition(".")
        if not dot or outer not in NESTED or not isinstance(nested.get(outer, {}), dict):
            nested[column] = _json(value, remaining, path)
        elif value is not None:
            nested.setdefault(outer, {})[inner] = _json(value, remaining, path)
    return nested


def _json(value: Any, remaining: list[int], path: Path) -> Any:
    """Return a cell as JSON. NaN is what data frames write for an empty cell."""
    remaining[0] -= 1
    if isinstance(value, (str, bytes)):
        remaining[1] -= len(value)
    if min(remaining) < 0:
        raise _too_large(path)
    if isinstance(value, dict):
        return {str(key): _json(part, remaining, path) for key, part in value.items()}
    if isinstance(value, list):
        if value and all(isinstance(pair, tuple) and len(pair) == 2 for pair in value):  # a column of maps
            return {str(key): _json(part, remaining, path) for key, part in value}
        return [_json(part, remaining, path) for part in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, bytes):
        return _text(value)
    return str(value) if isinstance(value, (Decimal, timedelta)) else value


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return base64.b64encode(value).decode()


def _too_large(path: Path) -> UnreadableTrace:
    problem = f"its rows hold more than {LIMIT_BYTES / 1e6:.0f} MB or {MOST_VALUES} values"
    return UnreadableTrace(problem, where=str(path), remedy="Export only the run you want, or split the file.")

"""A table as a Parquet file, for the results that come back from one exactly as they went in."""

from __future__ import annotations

import json
from typing import Any

DEPTH = 8  # lists and objects in a cell; deeper ones are no table's, and Arrow's readers recurse
_METADATA = b"vai"


def to_parquet(value: Any, content: bytes) -> bytes | None:
    """Return ``value`` as Parquet, or ``None`` if it is no table, would come back changed, or pyarrow is missing.

    A table is a list of objects with the same keys, or an object with ``columns`` and ``rows``, where a row is an
    object, or a list in the order of the columns. The rest of such an object stands in the file's metadata.

    :param value: JSON data.
    :param content: the value's JSON text, which the Parquet file must give back to the last character.
    """
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        return None
    records = _records(value)
    if records is None:
        return None
    envelope = {**value, "rows": None} if isinstance(value, dict) else None
    arrays = isinstance(value, dict) and isinstance(value["rows"][0], list)
    note = json.dumps({"envelope": envelope, "arrays": arrays})
    try:
        table = pyarrow.Table.from_pylist(records).replace_schema_metadata({_METADATA: note})
        sink = pyarrow.BufferOutputStream()
        parquet.write_table(table, sink)
        file = bytes(sink.getvalue())
        # Arrow infers a column's type from all its values: 1 beside 2.5 would come back as 1.0, a missing key as null.
        back = json.dumps(from_parquet(file), ensure_ascii=True, allow_nan=False).encode("ascii")
    except (pyarrow.ArrowException, ValueError, TypeError, OverflowError):
        return None
    return file if back == content else None


def from_parquet(file: bytes) -> Any:
    """Return the JSON data that :func:`to_parquet` wrote.

    :raises ValueError: the file is another one.
    """
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        from airflow_provider_vai.operators.runtime.errors import MissingExtra

        raise MissingExtra(f"{error}: pip install 'airflow-provider-vai[parquet]'") from error
    try:
        table = parquet.ParquetFile(pyarrow.BufferReader(file)).read()
        note = json.loads((table.schema.metadata or {})[_METADATA])
    except (pyarrow.ArrowException, KeyError) as error:
        raise ValueError(f"the artifact is no Parquet file of a step's result: {error}") from error
    rows = table.to_pylist()
    if note["arrays"]:
        rows = [list(row.values()) for row in rows]
    return rows if note["envelope"] is None else {**note["envelope"], "rows": rows}


def _records(value: Any) -> list[dict[str, Any]] | None:
    rows, columns = value, None
    if isinstance(value, dict):
        rows, columns = value.get("rows"), value.get("columns")
        if not isinstance(columns, list) or not all(isinstance(name, str) for name in columns):
            return None
    if not isinstance(rows, list) or not rows or not all(_shallow(row, DEPTH) for row in rows):
        return None
    if all(isinstance(row, dict) and row.keys() == rows[0].keys() for row in rows):
        return rows
    names = columns or []
    if len(set(names)) == len(names) and all(isinstance(row, list) and len(row) == len(names) for row in rows):
        return [dict(zip(names, row, strict=True)) for row in rows]
    return None


def _shallow(value: Any, depth: int) -> bool:
    if not isinstance(value, (dict, list)):
        return True
    parts = value.values() if isinstance(value, dict) else value
    return depth > 0 and all(_shallow(part, depth - 1) for part in parts)

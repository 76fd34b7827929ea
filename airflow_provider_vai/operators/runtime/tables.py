"""Tables as Parquet files, for results that Parquet preserves exactly."""

from __future__ import annotations

import json
from typing import Any

DEPTH = 8  # nested lists and objects in a row; deeper data is rarely a table, and Arrow reads it by recursion
_METADATA = b"vai"


def to_parquet(value: Any, content: bytes) -> bytes | None:
    """Return ``value`` as a Parquet file, or ``None`` if it is not a table that Parquet preserves exactly.

    It is also ``None`` if pyarrow is not installed. A table is a list of objects with the same keys, or an object with
    ``columns`` and ``rows``. A row is an object, or a list in the order of the columns. Other keys of an object with
    ``rows`` are stored in the file's metadata.

    :param value: JSON data.
    :param content: the value's JSON text. The data that is read back from the file must have exactly this text.
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
        # Arrow infers a column's type from all its values: beside 2.5, 1 would become 1.0; a missing key becomes null.
        read_back = json.dumps(from_parquet(file), ensure_ascii=True, allow_nan=False).encode("ascii")
    except (pyarrow.ArrowException, ValueError, TypeError, OverflowError):
        return None
    return file if read_back == content else None


def from_parquet(file: bytes) -> Any:
    """Return the JSON data that :func:`to_parquet` wrote.

    :param file: the content of the Parquet file.
    :raises MissingExtra: pyarrow is not installed.
    :raises ValueError: :func:`to_parquet` did not write this file.
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
        raise ValueError(f"the artifact is not a Parquet file with a step's result: {error}") from error
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

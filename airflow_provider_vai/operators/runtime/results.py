"""What a step leaves for the next one: small results in XCom, large ones as an artifact with a reference in XCom.

The next step reads either without knowing which. A reference is
``{"artifact": "json" | "parquet", "path", "sha256", "bytes", "rows", "columns", "preview"}``; it is read only when its
path lies under ``[vai] artifacts_path`` and its content has the recorded digest, so a tool cannot make a later step
read a file of its choice by imitating one. An artifact is Parquet where the result is a table that comes back from it
exactly, and pyarrow is installed (see :mod:`~airflow_provider_vai.operators.runtime.tables`); else JSON.
"""

from __future__ import annotations

import base64
import datetime
import decimal
import hashlib
import json
import math
import os
import re
import uuid
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from airflow_provider_vai.languages import result_path
from airflow_provider_vai.languages.identifiers import folder_name
from airflow_provider_vai.operators.runtime.compat import configuration

if TYPE_CHECKING:
    from airflow.sdk import Context, ObjectStoragePath

LIMIT_BYTES = 48 * 1024
"""Default of ``[vai] result_limit_bytes``: what an XCom row of a small database still carries without pain."""

PREVIEW_ROWS = 5
_UNSTORABLE = re.compile(
    "[\x00\ud800-\udfff]"
)  # PostgreSQL refuses NUL in JSON and text; lone surrogates have no UTF-8
_REFERENCE_KEYS = {"artifact", "path", "sha256", "bytes", "rows", "columns", "preview"}


def keep(value: Any, context: Context) -> Any:
    """Return what to leave in XCom for ``value``: the value itself, or a reference to the artifact it was written to.

    :param value: a step's result; turned into JSON by :func:`json_safe`.
    :param context: the running task's context; names the artifact.
    """
    from airflow_provider_vai.operators.runtime import tables

    value = json_safe(value)
    content = json.dumps(value, ensure_ascii=True, allow_nan=False).encode("ascii")
    limit = configuration().getint("vai", "result_limit_bytes", fallback=LIMIT_BYTES)
    if len(content) <= limit and _survives_xcom(value):
        return value
    file = tables.to_parquet(value, content)
    form, content = ("json", content) if file is None else ("parquet", file)
    path = artifact_path(context, form)
    write(path, content)
    table = value.get("rows") if isinstance(value, dict) else value
    rows = table if isinstance(table, list) else None
    columns = value.get("columns") if isinstance(value, dict) else None
    return {
        "artifact": form,
        "path": str(path),
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "rows": None if rows is None else len(rows),
        "columns": columns if isinstance(columns, list) and _survives_xcom(columns) else None,
        "preview": _preview(rows, limit),
    }


def select(result: Any, path: Sequence[str | int], *, step: str) -> Any:
    """Return the part of a step's result at ``path``; of a reference, the reference with the path noted in it.

    :param path: see :mod:`languages.result_path`: it may read a text, pick a record and check a type, too.
    :param step: the step's name, for messages.
    :raises LookupError: nothing is there, or of another type; the message says how far the path went and what stood
        there.
    """
    if is_reference(result):
        return {**result, "select": [*result.get("select", []), *path]} if path else result
    try:
        return result_path.follow(result, path)
    except LookupError as error:
        raise LookupError(f"the step {step!r} has {error}") from None


def load(value: Any) -> Any:
    """Return ``value`` with every artifact reference in it replaced by the artifact's content.

    :raises ValueError: a reference points outside ``[vai] artifacts_path``, or the artifact was changed.
    """
    if is_reference(value):
        return select(_read(value), value.get("select", []), step=value["path"])
    if isinstance(value, dict):
        return {key: load(part) for key, part in value.items()}
    if isinstance(value, list):
        return [load(part) for part in value]
    return value


def is_reference(value: Any) -> bool:
    """Return whether ``value`` is an artifact reference."""
    return isinstance(value, dict) and _REFERENCE_KEYS <= set(value) <= _REFERENCE_KEYS | {"select"}


def artifacts_root() -> ObjectStoragePath:
    """Return ``[vai] artifacts_path`` (default: ``$AIRFLOW_HOME/vai/artifacts``)."""
    from airflow.sdk import ObjectStoragePath

    home = os.path.expandvars(os.path.expanduser(os.environ.get("AIRFLOW_HOME", "~/airflow")))  # as Airflow finds it
    return ObjectStoragePath(
        configuration().get("vai", "artifacts_path", fallback="") or f"file://{home}/vai/artifacts"
    )


def artifact_path(context: Context, suffix: str) -> ObjectStoragePath:
    """Return where the running task keeps its artifact: one place a DAG run, task and map index; a retry replaces it.

    :param suffix: the file's ending, without the dot.
    """
    ti = context["ti"]
    return path_of(ti.dag_id, ti.run_id, ti.task_id, ti.map_index, suffix)


def path_of(
    dag_id: str,
    run_id: str,
    task_id: str,
    map_index: int | None,
    suffix: str,
    *,
    root: ObjectStoragePath | None = None,
) -> ObjectStoragePath:
    """Return where a task instance keeps its artifact, see :func:`artifact_path`; no name leads out of the folder.

    :param root: the folder for all of them; ``None``: the artifacts folder.
    """
    index = "" if map_index is None or map_index < 0 else f"-{map_index}"
    return (
        (root or artifacts_root()) / folder_name(dag_id) / folder_name(run_id) / f"{quote(task_id, '')}{index}.{suffix}"
    )


def write(path: ObjectStoragePath, content: bytes) -> None:
    """Write an artifact, making the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def json_safe(value: Any) -> Any:
    """Return ``value`` as JSON data: times in ISO 8601, decimals as numbers if exact, bytes in base64, NaN as null."""
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): json_safe(part) for key, part in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [json_safe(part) for part in value]
    if isinstance(value, decimal.Decimal):
        return _number(value)
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, (bytes, bytearray, memoryview)):
        return base64.b64encode(bytes(value)).decode("ascii")
    if isinstance(value, (datetime.timedelta, uuid.UUID)):
        return str(value)
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    raise TypeError(f"a result of type {type(value).__name__} is not JSON data: return plain values from the tool")


def _number(value: decimal.Decimal) -> int | float | str | None:
    if not value.is_finite():
        return None
    if value == value.to_integral_value():
        return int(value)
    return float(value) if decimal.Decimal(repr(float(value))) == value else str(value)


def _read(reference: dict[str, Any]) -> Any:
    from airflow.sdk import ObjectStoragePath

    from airflow_provider_vai.operators.runtime import tables

    root, path = str(artifacts_root()).rstrip("/") + "/", str(reference["path"])
    if not path.startswith(root) or ".." in path.split("/"):
        raise ValueError(f"the artifact {path!r} is not under [vai] artifacts_path ({root}): it is not read")
    content = ObjectStoragePath(path).read_bytes()
    if hashlib.sha256(content).hexdigest() != reference["sha256"]:
        raise ValueError(f"the artifact {path!r} was changed since it was written: clear the step that made it")
    if reference["artifact"] not in ("json", "parquet"):
        raise ValueError(f"the artifact {path!r} holds no JSON data: it is for people, not for a later step")
    return tables.from_parquet(content) if reference["artifact"] == "parquet" else json.loads(content)


def _preview(rows: list[Any] | None, limit: int) -> list[Any] | None:
    first = (rows or [])[:PREVIEW_ROWS]
    return first if rows and len(json.dumps(first)) <= limit and _survives_xcom(first) else None


def _survives_xcom(value: Any) -> bool:
    """Return whether XCom keeps the value as it is.

    The worker's protocol carries 64-bit integers, XCom's own serializer reserves keys, and neither PostgreSQL nor UTF-8
    holds every text that Python does. A value that would be refused after a write took place goes into a file instead.
    """
    if isinstance(value, dict):
        return all(
            not key.startswith("__") and _survives_xcom(key) and _survives_xcom(part) for key, part in value.items()
        )
    if isinstance(value, list):
        return all(_survives_xcom(part) for part in value)
    if isinstance(value, str):
        return _UNSTORABLE.search(value) is None
    return not isinstance(value, int) or abs(value) <= 2**63 - 1

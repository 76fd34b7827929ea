"""The results that steps pass on: small ones in XCom, large ones in an artifact file with a reference in XCom.

A later step reads both in the same way. A reference is
``{"artifact": "json" | "parquet", "path", "sha256", "bytes", "rows", "columns", "preview"}``. It is read only if its
path is under ``[vai] artifacts_path`` and the content matches the digest, so a tool that returns a forged reference
cannot make a later step read a file of its choice. An artifact is a Parquet file if pyarrow is installed and the result
is a table that Parquet preserves exactly (see :mod:`~airflow_provider_vai.operators.runtime.tables`), otherwise JSON.
"""

from __future__ import annotations

import base64
import datetime
import decimal
import hashlib
import json
import math
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from airflow_provider_vai.languages.storable import is_storable_number, text_problem
from airflow_provider_vai.operators.runtime import instance
from airflow_provider_vai.operators.runtime.compat import configuration

if TYPE_CHECKING:
    from airflow.sdk import Context, ObjectStoragePath

LIMIT_BYTES = 48 * 1024
"""Default of ``[vai] result_limit_bytes``: a size that also suits the XCom table of a small database."""

ARTIFACTS = "[vai] artifacts_path"
PREVIEW_ROWS = 5
_REFERENCE_KEYS = {"artifact", "path", "sha256", "bytes", "rows", "columns", "preview"}


def keep(value: Any, context: Context, before_writing: Callable[[], None] = lambda: None) -> Any:
    """Return what goes to XCom for ``value``: the value itself, or a reference to the artifact it was written to.

    :param value: a step's result; :func:`json_safe` converts it to JSON data.
    :param context: the running task's context, which determines the artifact's path.
    :param before_writing: called before a file is written, which takes a while and may fail.
    :raises TypeError: the value contains a type that is not JSON data.
    """
    from airflow_provider_vai.operators.runtime import tables

    value = json_safe(value)
    content = json.dumps(value, ensure_ascii=True, allow_nan=False).encode("ascii")
    limit = configuration().getint("vai", "result_limit_bytes", fallback=LIMIT_BYTES)
    if len(content) <= limit and _survives_xcom(value):
        return value
    parquet = tables.to_parquet(value, content)
    form, content = ("json", content) if parquet is None else ("parquet", parquet)
    path = artifact_path(context, form)
    before_writing()
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
    """Return the part of a step's result at ``path``. For a reference, return it with the path added.

    :param path: see :mod:`~airflow_provider_vai.languages.result_path`. It can also parse a text, select a record and
        check a type.
    :param step: the step's name, for messages.
    :raises LookupError: the path does not exist, or its value has another type. The message says how far the path
        leads, and what the result has there.
    """
    from airflow_provider_vai.languages import result_path

    if is_reference(result):
        return {**result, "select": [*result.get("select", []), *path]} if path else result
    try:
        return result_path.follow(result, path)
    except LookupError as error:
        raise LookupError(f"the step {step!r} has {error}") from None


def load(value: Any) -> Any:
    """Return ``value`` with every artifact reference in it replaced by the content that it refers to.

    :raises ValueError: a reference is outside ``[vai] artifacts_path``, or the artifact has changed.
    :raises LookupError: a path noted in a reference does not exist in the artifact.
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
    """Return ``[vai] artifacts_path`` (default: ``$AIRFLOW_HOME/vai/artifacts``), connected to its store.

    :raises UnusablePath: Airflow cannot open it.
    """
    from airflow_provider_vai.model import artifacts, storage

    configured = configuration().get("vai", "artifacts_path", fallback="")
    return storage.opened(configured or artifacts.default_path(), ARTIFACTS)


def runs_root() -> ObjectStoragePath:
    """Return ``[vai] runs_path`` (default: ``runs`` below ``[vai] artifacts_path``), connected to its store.

    :raises UnusablePath: Airflow cannot open it.
    """
    from airflow_provider_vai.model import storage

    configured = configuration().get("vai", "runs_path", fallback="")
    return storage.opened(configured, "[vai] runs_path") if configured else artifacts_root() / "runs"


def artifact_path(context: Context, suffix: str) -> ObjectStoragePath:
    """Return the path of the running task's artifact: one for each DAG run and task instance. A retry replaces it.

    :param suffix: the file extension, without the dot.
    """
    ti = context["ti"]
    return path_of(ti.dag_id, ti.run_id, ti.task_id, ti.map_index, suffix, loop_round=instance.round_of(ti))


def path_of(
    dag_id: str,
    run_id: str,
    task_id: str,
    map_index: int | None,
    suffix: str,
    *,
    loop_round: str | None = None,
    root: ObjectStoragePath | None = None,
) -> ObjectStoragePath:
    """Return the path of a task instance's artifact, see :func:`artifact_path`.

    Ids are quoted, so none of them can lead out of the folder.

    :param map_index: ``None`` or negative for a task that is not mapped.
    :param loop_round: the round of a task in a loop, see :func:`.instance.round_of`.
    :param root: the folder of all artifacts; ``None``: ``[vai] artifacts_path``.
    """
    from airflow_provider_vai.languages.identifiers import folder_name

    index = "" if map_index is None or map_index < 0 else f"-{map_index}"
    in_round = f"@{quote(loop_round, '')}" if loop_round else ""
    file = f"{quote(task_id, '')}{index}{in_round}.{suffix}"
    return (root or artifacts_root()) / folder_name(dag_id) / folder_name(run_id) / file


def write(path: ObjectStoragePath, content: bytes) -> None:
    """Write an artifact and create its parent folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def json_safe(value: Any) -> Any:
    """Return ``value`` as JSON data.

    Dates and times become ISO 8601 text, decimals numbers if that is exact and text otherwise, bytes base64, and NaN
    and infinity ``None``.

    :raises TypeError: a part has a type that cannot be converted.
    """
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
    raise TypeError(
        f"a result contains a value of type {type(value).__name__}, which is not JSON data: return dicts, lists, texts"
        " and numbers instead"
    )


def _number(value: decimal.Decimal) -> int | float | str | None:
    if not value.is_finite():
        return None
    if value == value.to_integral_value():
        return int(value)
    return float(value) if decimal.Decimal(repr(float(value))) == value else str(value)


def _read(reference: dict[str, Any]) -> Any:
    from airflow_provider_vai.model import storage
    from airflow_provider_vai.operators.runtime import tables

    root, path = str(artifacts_root()).rstrip("/") + "/", str(reference["path"])
    if not path.startswith(root) or ".." in path.split("/"):
        raise ValueError(
            f"the artifact {path!r} is not read, because it is not under [vai] artifacts_path ({root}): if the option"
            " has changed, clear the step that wrote the artifact"
        )
    content = storage.opened(path, ARTIFACTS).read_bytes()
    if hashlib.sha256(content).hexdigest() != reference["sha256"]:
        raise ValueError(f"the artifact {path!r} has changed since it was written: clear the step that wrote it")
    if reference["artifact"] not in ("json", "parquet"):
        raise ValueError(
            f"the artifact {path!r} has the form {reference['artifact']!r}, which later steps cannot read: only 'json'"
            " and 'parquet' can be read"
        )
    return tables.from_parquet(content) if reference["artifact"] == "parquet" else json.loads(content)


def _preview(rows: list[Any] | None, limit: int) -> list[Any] | None:
    first = (rows or [])[:PREVIEW_ROWS]
    return first if rows and len(json.dumps(first)) <= limit and _survives_xcom(first) else None


def _survives_xcom(value: Any) -> bool:
    """Return whether XCom stores the value unchanged.

    XCom's serializer reserves keys that start with ``__``; for texts and numbers see
    :mod:`~airflow_provider_vai.languages.storable`. Another value goes into a file, because XCom would refuse it only
    after the write took place.
    """
    if isinstance(value, dict):
        return all(
            not key.startswith("__") and _survives_xcom(key) and _survives_xcom(part) for key, part in value.items()
        )
    if isinstance(value, list):
        return all(_survives_xcom(part) for part in value)
    if isinstance(value, str):
        return text_problem(value) is None
    return not isinstance(value, (int, float)) or is_storable_number(value)

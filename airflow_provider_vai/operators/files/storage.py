"""Files of an object storage: opened with a clear word about a missing provider, placed whole or not at all."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_provider_vai.languages import json_text
from airflow_provider_vai.operators.runtime.compat import AirflowException
from airflow_provider_vai.operators.runtime.errors import MissingExtra

if TYPE_CHECKING:
    from airflow.sdk import Context, ObjectStoragePath

LOCAL = frozenset({"", "file", "local"})
_WHOLE = frozenset({"abfs", "abfss", "adl", "az", "gcs", "gs", "s3", "s3a"})
"""Stores in which an object appears only once it was sent completely, so that no copy aside is needed."""

_UNKNOWN = re.compile("no filesystem registered|protocol not known|unsupported filesystem", re.IGNORECASE)


def opened(url: str, conn_id: str | None = None) -> ObjectStoragePath:
    """Return the path of a URL, its store attached.

    :raises MissingExtra: nothing installed reads this kind of URL.
    """
    from airflow.sdk import ObjectStoragePath

    try:
        path = ObjectStoragePath(url, conn_id=conn_id or None)
        path.fs.invalidate_cache()  # others write there, too
    except (ImportError, ValueError) as error:
        if isinstance(error, ValueError) and not _UNKNOWN.search(str(error)):
            raise
        raise MissingExtra(
            f"{error}: install the Airflow provider of that store; for S3: pip install 'airflow-provider-vai[s3]'"
        ) from error
    return path


def run_token(context: Context) -> str:
    """Return a short name for what this task writes aside: the same in a retry, another in any other run."""
    ti = context["ti"]
    return json_text.digest([ti.dag_id, ti.run_id, ti.task_id, ti.map_index])[:16]


def place(file: Path, target: ObjectStoragePath, token: str) -> None:
    """Put a local file at ``target``, replacing what was there; nobody ever sees half a file.

    :param file: the complete file.
    :param target: where it goes; the folders above it are made.
    :param token: names the copy aside, so that a retry replaces the one an earlier try left behind.
    :raises AirflowException: the store holds another number of bytes afterwards.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    fs, path = target.fs, target.path
    if (target.protocol or "file") in LOCAL:
        aside = Path(path).with_name(_aside_name(token, path))
        try:
            shutil.copyfile(file, aside)
            aside.replace(path)
        finally:
            aside.unlink(missing_ok=True)
    elif target.protocol in _WHOLE:
        fs.put_file(str(file), path)
    else:
        _place_aside(file, fs, path, token)
    fs.invalidate_cache()
    if fs.size(path) != file.stat().st_size:
        raise AirflowException(f"{target} does not have the {file.stat().st_size} bytes that were written to it")


def _place_aside(file: Path, fs: Any, path: str, token: str) -> None:
    folder, _, _ = path.rpartition("/")
    aside = f"{folder}/{_aside_name(token, path)}"
    try:
        fs.put_file(str(file), aside)
        fs.mv(aside, path)
    finally:
        if fs.exists(aside):
            fs.rm_file(aside)


def _aside_name(token: str, path: str) -> str:
    return f".vai-{token}-{json_text.digest(path)[:8]}.part"

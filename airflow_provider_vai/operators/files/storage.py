"""Files in object storage: opens paths, and writes a file as a whole or not at all."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_provider_vai.exceptions import ProviderMissing, UnusablePath
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.languages.plural import plural
from airflow_provider_vai.model import storage
from airflow_provider_vai.model.artifacts import LOCAL
from airflow_provider_vai.operators.runtime import instance
from airflow_provider_vai.operators.runtime.compat import AirflowException
from airflow_provider_vai.operators.runtime.errors import MissingExtra, NothingSentYet

if TYPE_CHECKING:
    from airflow.sdk import Context, ObjectStoragePath

_WHOLE = frozenset({"abfs", "abfss", "adl", "az", "gcs", "gs", "s3", "s3a"})
"""Stores in which an object appears only after it was uploaded completely, so no temporary copy is needed."""


def opened(url: str, conn_id: str | None = None) -> ObjectStoragePath:
    """Return the path of a URL, connected to its store.

    :param conn_id: connection id of the store; ``None``: the URL's own or the default credentials.
    :raises MissingExtra: no installed provider supports this kind of URL.
    :raises NothingSentYet: the store cannot be opened.
    """
    try:
        return storage.opened(url, conn_id=conn_id)
    except ProviderMissing as error:
        raise MissingExtra(str(error)) from error
    except UnusablePath as error:
        raise NothingSentYet(str(error)) from error


def run_token(context: Context) -> str:
    """Return a short digest that identifies this task in this DAG run; it is the same in a retry."""
    return json_text.digest(instance.key(context["ti"]))[:16]


def place(file: Path, target: ObjectStoragePath, token: str) -> None:
    """Write a local file to ``target`` and replace an existing one. Readers never see an incomplete file.

    :param file: the complete local file.
    :param target: the destination; missing parent folders are created.
    :param token: part of the temporary copy's name, so that a retry overwrites the copy of an earlier try.
    :raises AirflowException: the stored file has another size than the local one.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    fs, path = target.fs, target.path
    if (target.protocol or "file") in LOCAL:
        temporary = Path(path).with_name(_temporary_name(token, path))
        try:
            shutil.copyfile(file, temporary)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    elif target.protocol in _WHOLE:
        fs.put_file(str(file), path)
    else:
        _place_by_move(file, fs, path, token)
    fs.invalidate_cache()
    if (size := fs.size(path)) != file.stat().st_size:
        raise AirflowException(
            f"{target} has {plural(size, 'byte')}, but "
            f"{plural(file.stat().st_size, 'byte was', 'bytes were')} written to it"
        )


def _place_by_move(file: Path, fs: Any, path: str, token: str) -> None:
    folder, _, _ = path.rpartition("/")
    temporary = f"{folder}/{_temporary_name(token, path)}"
    try:
        fs.put_file(str(file), temporary)
        fs.mv(temporary, path)
    finally:
        if fs.exists(temporary):
            fs.rm_file(temporary)


def _temporary_name(token: str, path: str) -> str:
    return f".vai-{token}-{json_text.digest(path)[:8]}.part"

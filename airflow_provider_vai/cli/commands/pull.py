"""``vai pull``: what it writes is read back by its adapter before it lands."""

from __future__ import annotations

import os
import re
import tempfile
from argparse import Namespace
from pathlib import Path
from typing import Any

from airflow_provider_vai.cli.terminal import complain, say, table, working
from airflow_provider_vai.exceptions import PullError
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.languages.printable import plain
from airflow_provider_vai.model.run import Run
from airflow_provider_vai.traces.formats import read
from airflow_provider_vai.traces.pull import source as source_of
from airflow_provider_vai.traces.pull.base import LiveSource
from airflow_provider_vai.traces.pull.connection import client as client_of
from airflow_provider_vai.traces.pull.http import Client

USAGE = 2


def pull(arguments: Namespace) -> int | None:
    """Write one run's trace, or list the newest runs.

    :raises PullError: the source refuses, or the file stands in the way.
    :raises TraceError: what the source answered is no trace of its format.
    """
    if (arguments.id is None) != arguments.list:
        complain("pull takes either an ID or --list")
        return USAGE
    source = source_of(arguments.source)
    client = client_of(source, arguments.url, arguments.conn_id)
    if arguments.list:
        _list(source, client, as_json=arguments.json)
        return None
    path = Path(arguments.out or _file_name(source.name, arguments.id))
    _check_free(path, force=arguments.force)
    with working(f"Fetching {arguments.id} from {client.url}"):
        text = json_text.pretty(source.trace(client, arguments.id))
        runs = _write(path, text, force=arguments.force)
    calls = sum(len(run.calls) for run in runs)
    if arguments.json:
        told = {"source": source.name, "id": arguments.id, "file": str(path), "format": runs[0].format}
        say(json_text.pretty({**told, "runs": [run.id for run in runs], "calls": calls}).rstrip("\n"))
    else:
        counted = f"{len(runs)} runs, " if len(runs) > 1 else ""
        say(f"written: {plain(path)} ({runs[0].format}, {counted}{calls} calls)")
    return None


def _list(source: LiveSource, client: Client, *, as_json: bool) -> None:
    with working(f"Asking {client.url}"):
        runs = source.newest(client)
    rows = [{"id": run.id, "title": run.title, "at": run.at and run.at.isoformat(timespec="seconds")} for run in runs]
    if as_json:
        say(json_text.pretty(rows).rstrip("\n"))
    else:
        table(("id", "title", "at"), [[row["id"], row["title"], row["at"] or ""] for row in rows])


def _file_name(source: str, id: str) -> str:
    return f"{source}-{re.sub(r'[^A-Za-z0-9._-]', '_', id)[:100]}.json"


def _check_free(path: Path, *, force: bool) -> None:
    if not force and os.path.lexists(path):
        raise PullError("the file is there already", where=str(path), remedy="Name another one with --out, or --force.")


def _write(path: Path, text: str, *, force: bool) -> list[Run]:
    """Write the file once its adapter has read it from beside its place; return what the adapter read."""
    try:
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".vai-pull-") as folder:
            waiting = Path(folder) / path.name
            waiting.write_text(text, encoding="ascii")
            runs = _read(waiting, path)
            _check_free(path, force=force)
            os.replace(waiting, path)
    except OSError as error:
        raise PullError(error.strerror or str(error), where=str(path), remedy="Check the folder of --out.") from None
    return runs


def _read(waiting: Path, path: Path) -> list[Run]:
    try:
        _, runs = read(waiting)
    except Exception as error:
        _rename(error, str(waiting), str(path))
        raise
    if not runs:
        raise PullError("the source's answer holds no run", where=str(path), remedy="Choose another ID.")
    return runs


def _rename(error: Any, waiting: str, path: str) -> None:
    """Let an error name the file that was asked for; the one it names is gone when it is read."""
    if isinstance(getattr(error, "where", None), str):
        error.where = error.where.replace(waiting, path)

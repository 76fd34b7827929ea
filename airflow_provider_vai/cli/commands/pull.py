"""``vai pull``: fetches a run from a live source. The file is written only if its adapter can read it."""

from __future__ import annotations

import os
import re
import tempfile
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_provider_vai.cli.reports import print_json
from airflow_provider_vai.cli.terminal import complain, next_step, table, tell, words, working
from airflow_provider_vai.exceptions import PullError
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.languages.plural import plural
from airflow_provider_vai.languages.printable import plain
from airflow_provider_vai.model.run import Run
from airflow_provider_vai.traces.formats import read
from airflow_provider_vai.traces.pull import source as source_of
from airflow_provider_vai.traces.pull.base import LiveSource
from airflow_provider_vai.traces.pull.connection import client as client_of
from airflow_provider_vai.traces.pull.http import Client

if TYPE_CHECKING:
    from airflow_provider_vai.cli.outputs import PullableRun, PulledTrace

USAGE = 2


def pull(arguments: Namespace) -> int | None:
    """Write the trace of one run to a file, or list the newest runs.

    :raises PullError: if the source cannot be reached or refuses, or the file already exists.
    :raises TraceError: if the answer of the source is not a trace in its format.
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
        done: PulledTrace = {
            "source": source.name,
            "id": arguments.id,
            "file": str(path),
            "format": runs[0].format,
            "runs": [run.id for run in runs],
            "calls": calls,
        }
        print_json(done)
    else:
        counted = f"{plural(len(runs), 'run')}, " if len(runs) > 1 else ""
        tell(f"written: {plain(path)} ({runs[0].format}, {counted}{plural(calls, 'call')})")
        next_step(f"vai inspect {words(path)}")
    return None


def _list(source: LiveSource, client: Client, *, as_json: bool) -> None:
    with working(f"Asking {client.url}"):
        runs = source.newest(client)
    rows: list[PullableRun] = [
        {"id": run.id, "title": run.title, "at": run.at.isoformat(timespec="seconds") if run.at else None}
        for run in runs
    ]
    if as_json:
        print_json(rows)
    else:
        table(("id", "title", "at"), [[row["id"], row["title"], row["at"] or ""] for row in rows])


def _file_name(source: str, id: str) -> str:
    return f"{source}-{re.sub(r'[^A-Za-z0-9._-]', '_', id)[:100]}.json"


def _check_free(path: Path, *, force: bool) -> None:
    if not force and os.path.lexists(path):
        raise PullError(
            "the file already exists", where=str(path), remedy="Give another file with --out, or give --force."
        )


def _write(path: Path, text: str, *, force: bool) -> list[Run]:
    """Write the text to a temporary file, read it with its adapter, and move it to ``path``; return the runs in it."""
    try:
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".vai-pull-") as folder:
            temporary = Path(folder) / path.name
            temporary.write_text(text, encoding="ascii")
            runs = _read(temporary, path)
            _check_free(path, force=force)
            os.replace(temporary, path)
    except OSError as error:
        raise PullError(
            error.strerror or str(error), where=str(path), remedy="Check the folder that --out names."
        ) from None
    return runs


def _read(temporary: Path, path: Path) -> list[Run]:
    try:
        _, runs = read(temporary)
    except Exception as error:
        _rename(error, str(temporary), str(path))
        raise
    if not runs:
        raise PullError("the answer of the source contains no run", where=str(path), remedy="Give another ID.")
    return runs


def _rename(error: Any, temporary: str, path: str) -> None:
    """Replace the temporary file in an error with the file that was requested, because the temporary one is deleted."""
    if isinstance(getattr(error, "where", None), str):
        error.where = error.where.replace(temporary, path)

"""Stored recordings: trace files as they were handed in, and which runs stand in each.

A file is stored once, under the digest of its content: ``@posted/traces/<sha256>.json``. For each run in it one small
file says where the run is: ``@posted/<source>/<run>.<number>.json``; the newest number counts, since a thread that goes
on is exported again. Nothing is ever changed.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from airflow_provider_vai.exceptions import PublishError, TraceError, UnreadableTrace
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.model.run import Run
from airflow_provider_vai.secrets.masking import mask
from airflow_provider_vai.store import shared_files
from airflow_provider_vai.store.shared_files import AnyPath
from airflow_provider_vai.traces.formats import coverage_of_format, read as read_trace
from airflow_provider_vai.traces.merge import Export

FOLDER = "@posted"
TRACES = "traces"
ENDINGS = (".json", ".yaml")
MOST_RUNS = 1000
"""Runs in one file: each is a file of its own in the index."""


@dataclass(frozen=True)
class Stored:
    """One run of a stored trace.

    :param run_id: as the trace names it. :param source: ``agent_run`` or ``chat_thread``. :param trace_sha256: of the
        file. :param trace: the file's name. :param asked_format: the format that its sender named.
    :param calls: how many tool calls it has. :param at: when it was stored. :param by: who stored it.
    """

    run_id: str
    source: str
    format: str
    title: str | None
    outcome: str
    calls: int
    succeeded: int
    trace_sha256: str
    trace: str
    asked_format: str | None
    at: str
    by: str

    @property
    def is_eligible(self) -> bool:
        """Whether it can be crystallized as it is: it did not fail, and a call of it succeeded."""
        return self.outcome != "failed" and self.succeeded > 0


def store(folder: AnyPath, content: bytes, format: str | None, ending: str, by: str) -> tuple[list[Stored], bool]:
    """Store a trace file and return its runs, and whether anything of it is new.

    :param folder: of all recordings, ``[vai] runs_path``. :param content: the file. :param format: an adapter's name;
        ``None``: found. :param ending: ``.json`` or ``.yaml``. :param by: who hands it in.
    :raises TraceError: it cannot be read, or holds no run or too many.
    :raises PublishError: it cannot be stored.
    """
    runs = _read(content, format, ending)
    sha256 = hashlib.sha256(content).hexdigest()
    name = f"{sha256}{ending}"
    shared_files.create(folder / FOLDER / TRACES / name, content)
    at = datetime.now(timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")
    stored, is_new = [], False
    for run in runs:
        entry = Stored(
            run_id=run.id,
            source=run.source,
            format=run.format,
            title=mask(run.title) if run.title else None,
            outcome=run.outcome,
            calls=len(run.calls),
            succeeded=sum(call.outcome == "success" for call in run.calls),
            trace_sha256=sha256,
            trace=name,
            asked_format=format,
            at=at,
            by=by,
        )
        known, was_new = _index(folder, entry)
        stored.append(known)
        is_new = is_new or was_new
    return stored, is_new


def listed(folder: AnyPath, source: str) -> list[Stored]:
    """Return the newest of each run of a source, the one stored last first.

    :raises PublishError: the folder cannot be read.
    """
    newest: dict[str, str] = {}
    for name in shared_files.names(folder / FOLDER / source, ".json"):  # sorted: later numbers come later
        newest[name.partition(".")[0]] = name
    found = [entry for name in newest.values() if (entry := _entry(folder / FOLDER / source / name))]
    return sorted(found, key=lambda entry: (entry.at, entry.run_id), reverse=True)


def found(folder: AnyPath, source: str, run_id: str, trace_sha256: str | None = None) -> Stored | None:
    """Return a stored run; ``None`` if there is none.

    :param run_id: as its trace names it. :param trace_sha256: the trace file, of several that hold the run; ``None``:
        the one that was stored last.
    """
    for name in reversed(_names(folder, source, run_id)):
        entry = _entry(folder / FOLDER / source / name)
        if entry and trace_sha256 in (None, entry.trace_sha256):
            return entry
    return None


def run(folder: AnyPath, entry: Stored) -> Run:
    """Read a stored run from its trace.

    :raises TraceError: the file is gone or damaged.
    """
    content = shared_files.read(folder / FOLDER / TRACES / entry.trace)
    if content is None or hashlib.sha256(content).hexdigest() != entry.trace_sha256:
        raise UnreadableTrace("the stored trace is gone or damaged", where=entry.run_id, remedy="Hand it in again.")
    for one in _read(content, entry.asked_format, Path(entry.trace).suffix):
        if (one.id, one.source) == (entry.run_id, entry.source):
            return one
    raise UnreadableTrace("the stored trace does not hold the run", where=entry.run_id, remedy="Hand it in again.")


def exports(folder: AnyPath, entries: Sequence[Stored]) -> list[Export]:
    """Read stored runs as exports, which may turn out to be of one run or of several.

    :param entries: different ones. Each export has the run's id as its name; an id that occurs twice is followed by
        ``@`` and the start of the trace file's digest.
    :raises TraceError: see :func:`run`.
    """
    ids = [entry.run_id for entry in entries]
    made = []
    for entry in entries:
        name = entry.run_id if ids.count(entry.run_id) == 1 else f"{entry.run_id}@{entry.trace_sha256[:8]}"
        read = run(folder, entry)
        made.append(Export(mask(name), read, coverage_of_format(read.format), entry.trace_sha256))
    return made


def _read(content: bytes, format: str | None, ending: str) -> Sequence[Run]:
    """Return the runs of a trace; adapters read files, so it is one for as long as this takes."""
    with tempfile.TemporaryDirectory(prefix="vai-") as place:
        path = Path(place) / f"trace{ending}"
        path.write_bytes(content)
        try:
            _, runs = read_trace(path, format)
        except TraceError as error:
            error.where = error.where.replace(f"{place}/", "")
            raise
    if not runs or len(runs) > MOST_RUNS:
        problem = f"the trace holds {len(runs)} runs" if runs else "the trace holds no run"
        raise UnreadableTrace(problem, where="trace", remedy=f"Hand in 1 to {MOST_RUNS} runs at once.")
    return runs


def _index(folder: AnyPath, entry: Stored) -> tuple[Stored, bool]:
    """Write the entry of a run as its newest, unless the newest is of the same file; return the newest."""
    place = folder / FOLDER / entry.source
    while True:
        names = _names(folder, entry.source, entry.run_id)
        newest = _entry(place / names[-1]) if names else None
        if newest and (newest.trace, newest.asked_format) == (entry.trace, entry.asked_format):
            return newest, False
        number = int(names[-1].split(".")[1]) + 1 if names else 1
        content = json.dumps(vars(entry), indent=1).encode("ascii")
        if shared_files.create(place / f"{_key(entry.run_id)}.{number:06}.json", content):
            return entry, True


def _names(folder: AnyPath, source: str, run_id: str) -> list[str]:
    key = f"{_key(run_id)}."
    return [name for name in shared_files.names(folder / FOLDER / source, ".json") if name.startswith(key)]


def _key(run_id: str) -> str:
    return hashlib.sha256(run_id.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _entry(path: AnyPath) -> Stored | None:
    content = shared_files.read(path)
    if content is None:
        return None
    try:
        fields: dict[str, Any] = json_text.loads(content.decode("ascii"), where=path.name)
        return Stored(**fields)
    except (TypeError, UnicodeDecodeError, TraceError):
        raise PublishError(
            "an entry of the recordings is damaged", where=path.name, remedy="Remove it, and hand the trace in again."
        ) from None

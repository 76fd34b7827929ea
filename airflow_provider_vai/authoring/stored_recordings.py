"""Stores recordings: the submitted trace files, and an index of the runs in them.

A trace file is stored once, under the digest of its content: ``@posted/traces/<sha256>.json``. For each run in it, a
small index file refers to the trace: ``@posted/<source>/<run>.<number>.json``. The highest number counts, because a
thread that continues is exported again. Files are never modified.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from airflow_provider_vai.crystallizer.run_title import run_title
from airflow_provider_vai.exceptions import PublishError, TraceError, UnreadableTrace
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.languages.plural import plural
from airflow_provider_vai.model.run import Run
from airflow_provider_vai.secrets.masking import mask
from airflow_provider_vai.store import shared_files
from airflow_provider_vai.store.shared_files import AnyPath
from airflow_provider_vai.traces.formats import read as read_trace
from airflow_provider_vai.traces.known_formats import coverage_of_format
from airflow_provider_vai.traces.merge import Export

FOLDER = "@posted"
TRACES = "traces"
ENDINGS = (".json", ".yaml")
MOST_RUNS = 1000
"""Maximum number of runs in one trace: each needs an index file."""


@dataclass(frozen=True)
class Stored:
    """One run of a stored trace.

    :param run_id: The run's id in the trace.
    :param source: ``agent_run`` or ``chat_thread``.
    :param calls: The number of tool calls.
    :param succeeded: The number of tool calls that succeeded.
    :param trace_sha256: The digest of the trace file.
    :param trace: The name of the trace file.
    :param asked_format: The format that the sender named, if any.
    :param at: When it was stored, ISO 8601 in UTC.
    :param by: Who stored it.
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
        """Whether the run can be crystallized: it did not fail, and at least one of its calls succeeded."""
        return self.outcome != "failed" and self.succeeded > 0


Summary = dict[str, Any]
"""What an index file says about one run of a trace: some fields of :class:`Stored`, as JSON data."""


def summaries(content: bytes, format: str | None, ending: str) -> list[Summary]:
    """Read a trace file, and return a summary of each run in it.

    :param content: The file's content.
    :param format: An adapter's name; ``None``: the format is detected.
    :param ending: ``.json`` or ``.yaml``.
    :raises TraceError: the trace cannot be read, or contains no run or too many.
    """
    return [
        {
            "run_id": run.id,
            "source": run.source,
            "format": run.format,
            "title": run_title(run),
            "outcome": run.outcome,
            "calls": len(run.calls),
            "succeeded": sum(call.outcome == "success" for call in run.calls),
        }
        for run in _read(content, format, ending)
    ]


def store(
    folder: AnyPath,
    content: bytes,
    format: str | None,
    ending: str,
    by: str,
    *,
    summarised: Callable[[bytes, str | None, str], list[Summary]] = summaries,
) -> tuple[list[Stored], bool]:
    """Store a trace file, and return its runs and whether any of them is new.

    :param folder: The folder of all recordings, ``[vai] runs_path``.
    :param content: The file's content.
    :param format: An adapter's name; ``None``: the format is detected.
    :param ending: ``.json`` or ``.yaml``.
    :param by: Who submits it.
    :param summarised: Reads the trace: :func:`summaries`, or what calls it in another process.
    :raises TraceError: the trace cannot be read, or contains no run or too many.
    :raises PublishError: it cannot be stored.
    """
    runs = summarised(content, format, ending)
    sha256 = hashlib.sha256(content).hexdigest()
    name = f"{sha256}{ending}"
    shared_files.create(folder / FOLDER / TRACES / name, content)
    at = datetime.now(timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")
    stored, is_new = [], False
    for run in runs:
        entry = Stored(
            **run,
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
    """Return the newest entry of each run of a source, those stored last first.

    :param folder: The folder of all recordings.
    :param source: ``agent_run`` or ``chat_thread``.
    :raises PublishError: the folder or an entry cannot be read.
    """
    newest: dict[str, str] = {}
    for name in shared_files.names(folder / FOLDER / source, ".json"):  # sorted, so higher numbers come later
        newest[name.partition(".")[0]] = name
    found = [entry for name in newest.values() if (entry := _entry(folder / FOLDER / source / name))]
    return sorted(found, key=lambda entry: (entry.at, entry.run_id), reverse=True)


def found(folder: AnyPath, source: str, run_id: str, trace_sha256: str | None = None) -> Stored | None:
    """Return a stored run; ``None`` if it is not stored.

    :param folder: The folder of all recordings.
    :param source: ``agent_run`` or ``chat_thread``.
    :param run_id: The run's id in the trace.
    :param trace_sha256: The digest of the trace file, if several contain the run; ``None``: the one stored last.
    """
    for name in reversed(_names(folder, source, run_id)):
        entry = _entry(folder / FOLDER / source / name)
        if entry and trace_sha256 in (None, entry.trace_sha256):
            return entry
    return None


def run(folder: AnyPath, entry: Stored) -> Run:
    """Read a stored run from its trace.

    :raises TraceError: the trace file is missing or damaged.
    """
    content = shared_files.read(folder / FOLDER / TRACES / entry.trace)
    if content is None or hashlib.sha256(content).hexdigest() != entry.trace_sha256:
        raise UnreadableTrace("the stored trace is missing or damaged", where=entry.run_id, remedy="Submit it again.")
    for one in _read(content, entry.asked_format, Path(entry.trace).suffix):
        if (one.id, one.source) == (entry.run_id, entry.source):
            return one
    raise UnreadableTrace("the stored trace does not contain the run", where=entry.run_id, remedy="Submit it again.")


def exports(folder: AnyPath, entries: Sequence[Stored]) -> list[Export]:
    """Read stored runs as exports, of one run or of several.

    :param folder: The folder of all recordings.
    :param entries: Distinct entries.
    :return: exports that have the run's id as their name; an id that occurs twice is followed by ``@`` and the
        beginning of the trace file's digest.
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
    """Return the runs of a trace. Adapters read files, so the content is written to a temporary file."""
    with tempfile.TemporaryDirectory(prefix="vai-") as place:
        path = Path(place) / f"trace{ending}"
        path.write_bytes(content)
        try:
            _, runs = read_trace(path, format)
        except TraceError as error:
            error.where = error.where.replace(f"{place}/", "")
            raise
    if not runs or len(runs) > MOST_RUNS:
        problem = f"the trace contains {plural(len(runs), 'run')}" if runs else "the trace contains no run"
        raise UnreadableTrace(problem, where="trace", remedy=f"Submit 1 to {MOST_RUNS} runs at once.")
    return runs


def _index(folder: AnyPath, entry: Stored) -> tuple[Stored, bool]:
    """Write an index entry, unless the newest entry of the run is for the same file.

    :return: the newest entry, and whether it was written now.
    """
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
            "an index entry of the recordings is damaged",
            where=path.name,
            remedy="Remove it, and submit the trace again.",
        ) from None

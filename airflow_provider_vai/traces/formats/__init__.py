"""The table of trace formats, and how the adapter of a trace is found."""

from __future__ import annotations

from collections import deque
from collections.abc import Container, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import IO, Any

from airflow_provider_vai.exceptions import MalformedTrace, UnknownFormat, UnreadableTrace
from airflow_provider_vai.model.run import Run
from airflow_provider_vai.traces.format_table import BUILT_IN
from airflow_provider_vai.traces.formats.refusal import refusal, shape
from airflow_provider_vai.traces.formats.shared.sdk_envelopes import sdk_messages
from airflow_provider_vai.traces.known_formats import candidates, readers_of_others
from airflow_provider_vai.traces.reading.appearance import refuse_database
from airflow_provider_vai.traces.reading.containers import contents
from airflow_provider_vai.traces.reading.files import LIMIT_BYTES
from airflow_provider_vai.traces.reading.pieces import HEAD, HEAD_PIECES, ArrayItems, Pieces, pieces_of, several_of
from airflow_provider_vai.traces.reading.rereading import runs_of
from airflow_provider_vai.traces.reading.run_index import LoadedRuns, RunIndex, Runs, Track, with_notes
from airflow_provider_vai.traces.reading.trace import YAML_SUFFIXES, Adapter, Trace
from airflow_provider_vai.traces.reading.unkept import found_in

LARGE = 32_000_000
"""A trace of more than this many bytes is read run by run, if its format allows it."""


@cache
def adapters() -> tuple[Adapter, ...]:
    """Return every adapter: the built-in ones, then those of other distributions, sorted by name."""
    return (*map(_built_in, BUILT_IN), *readers_of_others())


@cache
def _built_in(name: str) -> Adapter:
    """Return a built-in adapter. Its module is imported when the adapters before it did not accept the document."""
    adapter: Adapter = import_module(f"{__name__}.{BUILT_IN[name].module}").ADAPTER
    return adapter


def _known(format: str | None, among: Container[str] = BUILT_IN) -> Iterator[Adapter]:
    """Yield the adapters that may read a format; with ``None``, each in its turn.

    :param among: the built-in ones to try.
    """
    yield from (_built_in(name) for name in BUILT_IN if format in (None, name) and name in among)
    yield from (adapter for adapter in readers_of_others() if format in (None, adapter.name))


def read(path: Path, format: str | None = None) -> tuple[Trace, list[Run]]:
    """Read every run in a trace file.

    :param path: the file.
    :param format: an adapter's name; with ``None`` the first adapter that accepts the document is used.
    :raises UnreadableTrace: the file cannot be read or holds no document.
    :raises UnknownFormat: there is no adapter with that name, or none accepts the document.
    :raises MalformedTrace: a place in the file breaks its format.
    """
    with opened(path, format) as opened_runs:
        runs = list(opened_runs)
    if opened_runs.errors:
        raise next(iter(opened_runs.errors.values()))
    return opened_runs.trace, runs


@contextmanager
def opened(path: Path, format: str | None = None, track: Track = iter) -> Iterator[Runs]:
    """Open a trace file to read its runs one by one; see :func:`read`.

    A large file is scanned once, and each run is read when it is asked for, if the adapter can name the run that a
    piece belongs to.

    :param track: wraps the keys of a large file's runs while they are read, such as with a progress bar.
    """
    trace = Trace(path)
    with ExitStack() as stack:
        if not trace.is_folder and trace.file.traces[1:]:
            yield LoadedRuns(trace, list(_runs_of_archive(trace, format)))
            return
        is_whole = trace.is_folder or trace.file.is_parquet or trace.file.name.endswith(YAML_SUFFIXES)
        if not is_whole and trace.file.is_larger(LARGE):
            file = None if trace.file.samples else stack.enter_context(trace.file.spooled())
            if index := _index_of(trace, file, format, track):
                yield index
                return
        yield LoadedRuns(trace, [with_notes(run, trace.skipped) for run in _runs(trace, format)])


def _runs_of_archive(trace: Trace, format: str | None) -> Iterator[Run]:
    """Yield the runs of each trace in an archive. Members of no known format are noted in the first run."""
    found: list[Run] = []
    skipped: list[UnknownFormat] = []
    for name in trace.file.traces:
        member = Trace(Path(f"{trace}!{name}"))
        try:
            part = trace.part(member.marked, name, is_jsonl=member.is_jsonl, unkept=member.unkept)
            found += _runs(part, format)
        except UnknownFormat as error:
            skipped.append(error)
    if not found and skipped:
        raise skipped[0]
    notes = [f"{error.where.removeprefix(f'{trace} ')}: not read: {error.problem}" for error in skipped]
    for number, run in enumerate(found):
        yield run if number else run.model_copy(update={"notes": [*run.notes, *notes]})


def _runs(trace: Trace, format: str | None) -> Iterator[Run]:
    found = None if format else _found(trace.document, None, _candidates(trace))
    if not found:
        trace = _without_container(trace, format)
        found = _adapter(trace.document, format, str(trace))
    adapter, is_each = found
    if not is_each:
        yield from runs_of(adapter, trace)
        return
    for number, item in enumerate(trace.marked, 1):
        unkept = found_in(item) if trace.unkept else []
        part = trace.part(item, f"{'line' if trace.is_jsonl else 'item'} {number}", unkept=unkept)
        if not adapter.accepts(part.document):
            raise MalformedTrace(
                f"{shape(part.document)} is not {adapter.name}, but the first item is",
                where=str(part),
                remedy="Split the file by format.",
            )
        yield from runs_of(adapter, part)


def _candidates(trace: Trace) -> Container[str]:
    """Return the names of the built-in formats that a trace may have."""
    text = trace.text_content
    return BUILT_IN if text is None else candidates(text)


def _without_container(trace: Trace, format: str | None) -> Trace:
    """Return the trace, or what a container in it holds, if only that is of a known format."""
    if _found(trace.document, format) is None:
        for (value, name), (marked, _) in zip(contents(trace.document), contents(trace.marked), strict=False):
            if _found(sdk_messages(value), format) is not None:
                return trace.inside(sdk_messages(marked), name)
    return trace


def _index_of(trace: Trace, file: IO[bytes] | None, format: str | None, track: Track) -> RunIndex | None:
    if file:
        refuse_database(file.read(HEAD), str(trace))
    pieces = pieces_of(trace, file)
    try:
        return _index(trace, pieces, format, track)
    except UnreadableTrace:  # its start looks like one document, but there may be another one after it
        several = several_of(trace, file) if file and type(pieces) is ArrayItems else None
        if several is None:
            raise
        return _index(trace, several, format, track)


def _index(trace: Trace, pieces: Pieces, format: str | None, track: Track) -> RunIndex | None:
    """Return the index of a large trace; ``None`` if its adapter has to read it whole.

    The adapter is found by the start of the file. Only if that does not identify a format, more of it is read.
    """
    start = pieces.head()
    found = None if start is None else _found(start, format)
    if not found:
        scan = pieces.scan()
        head = [piece.value for piece in islice(scan, HEAD_PIECES)]
        if not head:
            return None
        found = _found(pieces.document(head), format)
        if not found and isinstance(pieces, ArrayItems) and pieces.key:
            deque(scan, maxlen=0)  # the keys that identify the format may come after the runs
            found = _found(pieces.document(head), format)
        if not found and not trace.file.is_larger(LIMIT_BYTES):
            return None  # it may be a container, which is opened whole
        found = found or _adapter(pieces.document(head), format, str(trace))
    adapter, is_each = found
    line_key = None if is_each else getattr(adapter, "line_key", None)
    return RunIndex(trace, pieces, adapter, line_key, track) if is_each or line_key else None


def _adapter(document: Any, format: str | None, where: str) -> tuple[Adapter, bool]:
    """Return the adapter of a document, and whether each item of the document is a document of its own."""
    if format is not None and next(_known(format), None) is None:
        names = ", ".join(adapter.name for adapter in adapters())
        raise UnknownFormat(f"no trace format {format!r}", where=where, remedy=f"Choose one of: {names}.")
    if found := _found(document, format):
        return found
    if format is not None:
        return next(_known(format)), False
    raise refusal(document, where)


def _found(document: Any, format: str | None, among: Container[str] = BUILT_IN) -> tuple[Adapter, bool] | None:
    """Return the first adapter that accepts a document, or each item of it; see :func:`_adapter`."""
    for adapter in _known(format, among):
        if adapter.accepts(document):
            return adapter, False
    for adapter in _known(format, among) if isinstance(document, list) and document else ():
        if adapter.accepts(document[0]):
            return adapter, True
    return None

"""The table of trace formats, and how a trace finds its adapter."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from itertools import islice
from pathlib import Path
from typing import Any

from airflow_provider_vai.adapters.base import YAML, Adapter, Tells, Trace
from airflow_provider_vai.adapters.index import Index, ReadRuns, Runs
from airflow_provider_vai.adapters.pieces import Pieces, pieces_of
from airflow_provider_vai.exceptions import MalformedTrace, UnknownFormat
from airflow_provider_vai.run import Run

BUILT_IN = (  # asked in this order: the narrow shapes first
    "vai",
    "agentdojo",
    "tau2",
    "atif",
    "inspect_ai",
    "swe_agent",
    "openhands",
    "google_adk",
    "vcr_cassette",
    "openai_run_state",
    "openai_agents",
    "openai_responses",
    "mlflow",
    "langfuse",
    "langfuse_chatml",
    "langsmith",
    "openinference",
    "otel_genai",
    "pydantic_ai",
    "vercel_ui",
    "claude_code",
    "anthropic_managed",
    "langchain",
    "mcp_log",
    "anthropic_messages",
    "openai_chat",
)
GROUP = "airflow_provider_vai.adapters"

LARGE = 32_000_000
"""Bytes from which on a trace is read run by run, where its format allows it."""

HEAD = 20
"""Pieces of a large trace that its adapter is found by."""


@cache
def adapters() -> tuple[Adapter, ...]:
    """Return every adapter: the built-in ones, then those of other distributions, by name."""
    own = [import_module(f"{__name__}.{name}").ADAPTER for name in BUILT_IN]
    others = [entry.load() for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name)]
    return (*own, *others)


def tells(adapter: Adapter) -> Tells:
    """Return what an adapter's format can tell; of an adapter that does not say so, the least."""
    return getattr(adapter, "tells", Tells(results="partly", batches="partly"))


def read(path: Path, format: str | None = None) -> tuple[Trace, list[Run]]:
    """Read every run in a trace file.

    :param path: the file.
    :param format: an adapter's name; ``None`` looks for the first adapter that accepts the document.
    :raises UnreadableTrace: the file cannot be read or holds no document.
    :raises UnknownFormat: no adapter of that name, or none accepts the document.
    :raises MalformedTrace: a place in the file breaks its format.
    """
    with opened(path, format) as runs:
        found = list(runs)
    if runs.refused:
        raise next(iter(runs.refused.values()))
    return runs.trace, found


@contextmanager
def opened(path: Path, format: str | None = None) -> Iterator[Runs]:
    """Open a trace file for reading its runs one by one; see :func:`read`.

    A large file is passed over once, and its runs are read as they are asked for, where its adapter can name the
    run of a piece.
    """
    trace = Trace(path)
    with ExitStack() as stack:
        if trace.file.is_larger(LARGE) and not trace.file.name.endswith(YAML):
            file = None if trace.file.samples else stack.enter_context(trace.file.spooled())
            if index := _index(trace, pieces_of(trace, file), format):
                yield index
                return
        yield ReadRuns(trace, list(_runs(trace, format)))


def _runs(trace: Trace, format: str | None) -> Iterator[Run]:
    adapter, is_each = _adapter(trace.document, format, str(trace))
    if not is_each:
        yield from adapter.runs(trace)
        return
    for number, item in enumerate(trace.document, 1):
        part = trace.part(item, f"{'line' if trace.is_lines else 'item'} {number}")
        if not adapter.accepts(item):
            raise MalformedTrace(
                f"{_shape(item)} is not {adapter.name}, as the first is",
                where=str(part),
                remedy="Split the file by format.",
            )
        yield from adapter.runs(part)


def _index(trace: Trace, found: Pieces, format: str | None) -> Index | None:
    """Return the index of a large trace; ``None`` where its adapter has to read it whole."""
    scan = found.scan()
    values = [piece.value for piece in islice(scan, HEAD)]
    if not values:
        return None
    try:
        adapter, is_each = _adapter(found.document(values), format, str(trace))
    except UnknownFormat:  # what tells may stand behind the runs
        deque(scan, maxlen=0)
        adapter, is_each = _adapter(found.document(values), format, str(trace))
    if is_each:
        return Index(trace, found, adapter, None)
    line_key = getattr(adapter, "line_key", None)
    return line_key and Index(trace, found, adapter, line_key)


def _adapter(document: Any, format: str | None, where: str) -> tuple[Adapter, bool]:
    """Return the adapter of a document, and whether it reads the document's items as documents of their own."""
    known = [adapter for adapter in adapters() if format in (None, adapter.name)]
    names = ", ".join(adapter.name for adapter in adapters())
    if not known:
        raise UnknownFormat(f"no trace format {format!r}", where=where, remedy=f"Choose one of: {names}.")
    for adapter in known:
        if adapter.accepts(document):
            return adapter, False
    for adapter in known if isinstance(document, list) and document else ():
        if adapter.accepts(document[0]):
            return adapter, True
    if format is not None:
        return known[0], False
    raise UnknownFormat(
        f"no adapter recognises it ({_shape(document)})",
        where=where,
        remedy=f"Name the format with --format. Known: {names}.",
    )


def _shape(document: object) -> str:
    if isinstance(document, dict):
        keys = ", ".join(str(key)[:40] for key in list(document)[:8])
        return f"an object with the keys {keys}" if keys else "an empty object"
    if isinstance(document, list):
        first = f", the first {_shape(document[0])}" if document else ""
        return f"a list of {len(document)} items{first}"
    return f"a bare {type(document).__name__}"

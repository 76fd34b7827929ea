"""The table of trace formats, and how a trace finds its adapter."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path

from airflow_provider_vai.adapters.base import Adapter, Trace
from airflow_provider_vai.exceptions import UnknownFormat
from airflow_provider_vai.run import Run

BUILT_IN = (  # asked in this order: the narrow shapes first
    "vai",
    "agentdojo",
    "tau2",
    "pydantic_ai",
    "anthropic_messages",
    "openai_chat",
)
GROUP = "airflow_provider_vai.adapters"


@cache
def adapters() -> tuple[Adapter, ...]:
    """Return every adapter: the built-in ones, then those of other distributions, by name."""
    own = [import_module(f"{__name__}.{name}").ADAPTER for name in BUILT_IN]
    others = [entry.load() for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name)]
    return (*own, *others)


def read(path: Path, format: str | None = None) -> tuple[Trace, list[Run]]:
    """Read every run in a trace file.

    :param path: the file.
    :param format: an adapter's name; ``None`` looks for the first adapter that accepts the document.
    :raises UnreadableTrace: the file cannot be read or is not JSON.
    :raises UnknownFormat: no adapter of that name, or none accepts the document.
    :raises MalformedTrace: a place in the file breaks its format.
    """
    trace = Trace(path)
    return trace, list(_adapter(trace, format).runs(trace))


def _adapter(trace: Trace, format: str | None) -> Adapter:
    names = ", ".join(adapter.name for adapter in adapters())
    if format is not None:
        for adapter in adapters():
            if adapter.name == format:
                return adapter
        raise UnknownFormat(f"no trace format {format!r}", where=str(trace), remedy=f"Choose one of: {names}.")
    document = trace.document
    for adapter in adapters():
        if adapter.accepts(document):
            return adapter
    raise UnknownFormat(
        f"no adapter recognises it ({_shape(document)})",
        where=str(trace),
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

"""The runs of a trace: already loaded, or, in a large file, found in one pass and read one at a time."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import count
from typing import Any, Protocol

from airflow_provider_vai.exceptions import TraceError, UnreadableTrace
from airflow_provider_vai.model.run import Run
from airflow_provider_vai.traces.reading.files import LIMIT_BYTES
from airflow_provider_vai.traces.reading.pieces import Pieces
from airflow_provider_vai.traces.reading.rereading import runs_of
from airflow_provider_vai.traces.reading.trace import Adapter, Trace
from airflow_provider_vai.traces.reading.unkept import UnkeptValue

LineKey = Callable[[Any], "str | Sequence[str] | None"]
Track = Callable[[Sequence[str]], Iterable[str]]
"""Yields the given keys one by one, like :func:`iter`, and may show progress."""


class Runs(Protocol):
    """The runs of one trace."""

    trace: Trace
    errors: dict[str, TraceError]
    """Why runs of a large file could not be read, by key: one broken run among thousands does not block the others."""

    def __iter__(self) -> Iterator[Run]:
        """Yield every run, in the file's order."""
        ...

    def matching(self, id: str) -> list[Run]:
        """Return the run with this id, else the runs whose ids begin with it."""
        ...


class LoadedRuns:
    """The runs of a trace that is in memory."""

    def __init__(self, trace: Trace, runs: list[Run]) -> None:
        self.trace = trace
        self.runs = runs
        self.errors: dict[str, TraceError] = {}

    def __iter__(self) -> Iterator[Run]:
        return iter(self.runs)

    def matching(self, id: str) -> list[Run]:
        """Return the run with this id, else the runs whose ids begin with it."""
        return matching(self.runs, id)


class RunIndex:
    """Where in a large file each run's pieces are.

    A piece without a key belongs to every run, like a header. A piece with several keys belongs to each of those runs.

    :param trace: the file.
    :param key_of: returns the key, or keys, of the runs that a piece belongs to; ``None`` if each piece is a document
        of its own.
    :param track: wraps the keys while their runs are read.
    """

    def __init__(
        self, trace: Trace, pieces: Pieces, adapter: Adapter, key_of: LineKey | None, track: Track = iter
    ) -> None:
        self.trace, self.pieces, self.adapter, self.track = trace, pieces, adapter, track
        self.is_each = key_of is None
        self.errors: dict[str, TraceError] = {}
        self.places: dict[str, array[int]] = {}
        self.shared: array[int] = array("Q")
        numbers = count(1)
        joins: Callable[[Any], dict[str, str]] | None = getattr(adapter, "line_conversations", None)
        conversations: dict[str, str] = {}
        for piece in pieces.scan():
            if joins and key_of:
                found = joins(piece.value) or joins(pieces.document([piece.value]))
                for key, conversation in found.items():
                    conversations.setdefault(key, conversation)
            keys = _keys(key_of, pieces, piece.value) if key_of else [f"#{next(numbers)}"]
            for key in keys:
                _add(self.places.setdefault(key, array("Q")), piece.start, piece.length)
            if not keys:
                _add(self.shared, piece.start, piece.length)
        self._join(conversations)
        if not self.places and self.shared:
            self.places[""] = array("Q")

    def _join(self, conversations: dict[str, str]) -> None:
        """Make one run of the keys that belong to one conversation."""
        if conversations:
            joined: dict[str, array[int]] = {}
            for key, places in self.places.items():
                joined.setdefault(conversations.get(key, key), array("Q")).extend(places)
            self.places = joined

    def __iter__(self) -> Iterator[Run]:
        seen: set[str] = set()
        for key in self.track(list(self.places)):
            try:
                for run in self._runs(key):
                    if not (self.shared and run.id in seen):  # a run in shared pieces is read with every key
                        seen.add(run.id)
                        yield run
            except TraceError as error:
                self.errors[key] = error
        if self.errors and not seen:
            raise next(iter(self.errors.values()))

    def matching(self, id: str) -> list[Run]:
        """Return the run with this id, else the runs whose ids begin with it; only their places are read."""
        keys = [id] if id in self.places else [key for key in self.places if key.startswith(id)]
        runs = matching((run for key in keys for run in self._runs(key)), id)
        return runs or matching(self, id)  # a run's id may differ from its key

    def _runs(self, key: str) -> Iterator[Run]:
        places = _union([*_pairs(self.shared), *_pairs(self.places[key])])
        name = f"run {key[:80]}"
        if sum(length for _, length in places) > LIMIT_BYTES:
            raise UnreadableTrace(
                f"{name} alone is over the limit of {LIMIT_BYTES / 1e6:.0f} MB",
                where=str(self.trace),
                remedy="Export a smaller part of it.",
            )
        unkept: list[UnkeptValue] = []
        values = [value for start, length in places for value in self.pieces.read(start, length, unkept)]
        whole = values[0] if self.is_each else self.pieces.document(values)
        part = self.trace.part(whole, name, is_jsonl=self.pieces.is_jsonl and not self.is_each, unkept=unkept)
        for run in runs_of(self.adapter, part):
            if run.id == key or run.id not in self.places:  # a run with a key of its own is read under that key
                yield with_notes(run, self.pieces.skipped)


def with_notes(run: Run, notes: Sequence[str]) -> Run:
    """Return a run with further notes.

    :param run: the run.
    :param notes: what was left out of its file.
    """
    return run.model_copy(update={"notes": [*run.notes, *notes]}) if notes else run


def matching(runs: Iterable[Run], id: str) -> list[Run]:
    """Return the run with this id, else the runs whose ids begin with it."""
    candidates = [run for run in runs if run.id.startswith(id)]
    return [run for run in candidates if run.id == id] or candidates


def _keys(key_of: LineKey, pieces: Pieces, value: Any) -> Sequence[str]:
    key = key_of(value) or key_of(pieces.document([value]))
    return [key] if isinstance(key, str) else key or []


def _add(places: array[int], start: int, length: int) -> None:
    if places and length and places[-2] + places[-1] == start:  # adjacent pieces are one place
        places[-1] += length
    else:
        places.extend((start, length))


def _union(places: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return places in the file's order, each part of the file once: a piece may belong to several joined runs."""
    found: list[tuple[int, int]] = []
    for start, length in sorted(set(places)):
        before, its_length = found[-1] if found else (0, 0)
        if start < before + its_length:
            found[-1] = (before, max(its_length, start + length - before))
        else:
            found.append((start, length))
    return found


def _pairs(places: array[int]) -> Iterator[tuple[int, int]]:
    return zip(places[::2], places[1::2], strict=True)

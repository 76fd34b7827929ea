"""The runs of a trace: read already, or of a large file found in one pass and read one at a time."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import count
from typing import Any, Protocol

from airflow_provider_vai.exceptions import TraceError, UnreadableTrace
from airflow_provider_vai.model.run import Run
from airflow_provider_vai.traces.reading.chunks import Pieces
from airflow_provider_vai.traces.reading.files import LIMIT_BYTES
from airflow_provider_vai.traces.reading.trace import Adapter, Trace

LineKey = Callable[[Any], "str | Sequence[str] | None"]
Track = Callable[[Sequence[str]], Iterable[str]]
"""Passes keys on one by one, as :func:`iter` does, and may show how far the reading is."""


class Runs(Protocol):
    """The runs of one trace."""

    trace: Trace
    refused: dict[str, TraceError]
    """The runs of a large file that could not be read: one of thousands does not stand in the way of the others."""

    def __iter__(self) -> Iterator[Run]:
        """Yield every run, in the file's order."""
        ...

    def beginning(self, id: str) -> list[Run]:
        """Return the run with this id, else the runs whose ids begin with it."""
        ...


class ReadRuns:
    """Runs that are in memory."""

    def __init__(self, trace: Trace, runs: list[Run]) -> None:
        self.trace = trace
        self.runs = runs
        self.refused: dict[str, TraceError] = {}

    def __iter__(self) -> Iterator[Run]:
        return iter(self.runs)

    def beginning(self, id: str) -> list[Run]:
        """Return the run with this id, else the runs whose ids begin with it."""
        return beginning(self.runs, id)


class Index:
    """The places of each run's pieces.

    A piece without a key belongs to every run: a header, or a line about all of them. A piece with several keys
    belongs to each of these runs.

    :param trace: the file.
    :param key_of: names the run, or runs, that a piece belongs to; ``None``: each piece is a document of its own.
    :param track: wraps the keys while their runs are read.
    """

    def __init__(
        self, trace: Trace, pieces: Pieces, adapter: Adapter, key_of: LineKey | None, track: Track = iter
    ) -> None:
        self.trace, self.pieces, self.adapter, self.track = trace, pieces, adapter, track
        self.is_each = key_of is None
        self.refused: dict[str, TraceError] = {}
        self.places: dict[str, array[int]] = {}
        self.shared: array[int] = array("Q")
        numbers = count(1)
        for piece in pieces.scan():
            keys = _keys(key_of, pieces, piece.value) if key_of else [f"#{next(numbers)}"]
            for key in keys:
                _add(self.places.setdefault(key, array("Q")), piece.start, piece.length)
            if not keys:
                _add(self.shared, piece.start, piece.length)
        if not self.places and self.shared:
            self.places[""] = array("Q")

    def __iter__(self) -> Iterator[Run]:
        told: set[str] = set()
        for key in self.track(list(self.places)):
            try:
                for run in self._runs(key):
                    if not (self.shared and run.id in told):  # a run that stands in shared pieces alone
                        told.add(run.id)
                        yield run
            except TraceError as refusal:
                self.refused[key] = refusal
        if self.refused and not told:
            raise next(iter(self.refused.values()))

    def beginning(self, id: str) -> list[Run]:
        """Return the run with this id, else the runs whose ids begin with it; only their places are read."""
        keys = [id] if id in self.places else [key for key in self.places if key.startswith(id)]
        found = beginning((run for key in keys for run in self._runs(key)), id)
        return found or beginning(self, id)  # a run's id need not be its key

    def _runs(self, key: str) -> Iterator[Run]:
        places = sorted([*_pairs(self.shared), *_pairs(self.places[key])])
        name = f"run {key[:80]}"
        if sum(length for _, length in places) > LIMIT_BYTES:
            raise UnreadableTrace(
                f"{name} alone is over the limit of {LIMIT_BYTES / 1e6:.0f} MB",
                where=str(self.trace),
                remedy="Export less of it.",
            )
        values = [value for start, length in places for value in self.pieces.read(start, length)]
        whole = values[0] if self.is_each else self.pieces.document(values)
        part = self.trace.part(whole, name, is_lines=self.pieces.is_lines and not self.is_each)
        for run in self.adapter.runs(part):
            if run.id == key or run.id not in self.places:  # another key's run is told whole under its own
                yield run


def beginning(runs: Iterable[Run], id: str) -> list[Run]:
    """Return the run with this id, else the runs whose ids begin with it."""
    found = [run for run in runs if run.id.startswith(id)]
    return [run for run in found if run.id == id] or found


def _keys(key_of: LineKey, pieces: Pieces, value: Any) -> Sequence[str]:
    found = key_of(value) or key_of(pieces.document([value]))
    return [found] if isinstance(found, str) else found or []


def _add(places: array[int], start: int, length: int) -> None:
    if places and length and places[-2] + places[-1] == start:  # neighbours in the file are one place
        places[-1] += length
    else:
        places.extend((start, length))


def _pairs(places: array[int]) -> Iterator[tuple[int, int]]:
    return zip(places[::2], places[1::2], strict=True)

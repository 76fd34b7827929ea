"""Reads a trace with values that a Run cannot hold, such as ``NaN``: only the calls that hold one are spoiled.

The adapter reads the document twice: with plain values in place of such values, and with marks. What differs between
the two readings is where the values are. The arguments of such a call are kept as text, as they are written in the
file, so that no step is made of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from airflow_provider_vai.exceptions import TraceError, UnreadableTrace
from airflow_provider_vai.languages.plural import plural
from airflow_provider_vai.model.run import Run, ToolCall
from airflow_provider_vai.traces.reading.trace import Adapter, Trace
from airflow_provider_vai.traces.reading.unkept import UnkeptValue, reading, written

SHOWN = 20
"""The most values that the notes of a run name."""

STRUCTURE = ("id", "tool", "server", "parent_id", "outcome")
"""What must not depend on which value of a repeated key counts."""

VALUES = ("proposed_arguments", "arguments", "result")


def runs_of(adapter: Adapter, trace: Trace) -> Iterator[Run]:
    """Yield the runs of a trace.

    :param adapter: the adapter of its format.
    :param trace: the trace, or one run's part of it.
    :raises UnreadableTrace: it depends on a value that a Run cannot hold which calls there are.
    """
    found = list(trace.unkept)
    kept: list[Run] | None = None
    if not found:
        with reading("kept") as current:
            try:
                kept = list(adapter.runs(trace))
            except TraceError:
                if not current.found:
                    raise
        found = current.found
    if not found:
        yield from kept or ()
        return
    with reading("plain"):
        plain = list(adapter.runs(trace))
    if kept is not None and _is_whole(kept, plain):
        yield from kept  # the texts are arguments or results, which are kept as they are
        return
    yield from _paired(plain, _marked_runs(adapter, trace), found, str(trace))


def _marked_runs(adapter: Adapter, trace: Trace) -> list[Run]:
    """Return the runs as they are read with marks; none if an adapter refuses a mark."""
    document = trace.document
    try:
        trace.__dict__["document"] = trace.marked
        with reading("marked"):
            return list(adapter.runs(trace))
    except TraceError:
        return []
    finally:
        trace.__dict__["document"] = document


def _paired(plain: list[Run], marked: list[Run], found: Sequence[UnkeptValue], where: str) -> Iterator[Run]:
    is_ambiguous = any(value.is_object for value in found)
    if _shape(plain) != _shape(marked) or (is_ambiguous and _structure(plain) != _structure(marked)):
        first = found[0]
        place = ": ".join(part for part in (where, first.place) if part)
        raise UnreadableTrace(first.problem, where=place, remedy=first.remedy)
    notes = list(map(str, found[:SHOWN]))
    if len(found) > SHOWN:
        notes.append(f"{plural(len(found) - SHOWN, 'more value')} of this kind")
    runs = [
        run.model_copy(update={"calls": [_spoiled(*pair) for pair in zip(run.calls, other.calls, strict=True)]})
        for run, other in zip(plain, marked, strict=True)
    ]
    touched = [run.calls != before.calls for run, before in zip(runs, plain, strict=True)]
    for number, run in enumerate(runs):
        is_noted = touched[number] or (number == 0 and not any(touched))
        yield run.model_copy(update={"notes": [*run.notes, *notes]}) if is_noted else run


def _spoiled(call: ToolCall, marked: ToolCall) -> ToolCall:
    """Return a call with text in place of what holds a mark."""
    update: dict[str, Any] = {}
    for name in VALUES:
        value, other = getattr(call, name), getattr(marked, name)
        if value == other or (name == "result" and isinstance(other, str)):
            continue
        update[name] = other if isinstance(other, str) else written(other)
    return call.model_copy(update=update) if update else call


def _is_whole(kept: list[Run], plain: list[Run]) -> bool:
    """Return whether runs that were read with some JSON left as text have everything but the values in it."""
    if _structure(kept) != _structure(plain):
        return False
    pairs = [pair for run, other in zip(kept, plain, strict=True) for pair in zip(run.calls, other.calls, strict=True)]
    return all(
        isinstance(value := getattr(call, name), str) or value == getattr(other, name)
        for call, other in pairs
        for name in VALUES
    )


def _shape(runs: list[Run]) -> list[list[str]]:
    return [[call.tool for call in run.calls] for run in runs]


def _structure(runs: list[Run]) -> list[list[Any]]:
    return [[[getattr(call, name) for name in STRUCTURE] for call in run.calls] for run in runs]

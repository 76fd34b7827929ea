"""One Run out of several exports of one run: messages, spans, hooks and approval stores each tell a part.

Which export is believed follows from what its format can tell (:class:`traces.reading.trace.Tells`),
field by field; see :data:`TRUST`. Two rules stand above: a denial in one export is a denial, and structured results
come before text. Where exports contradict each other the Run says so in its notes, by file and field, without values.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from airflow_provider_vai.exceptions import AmbiguousRun
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.model.run import Approval, Run, ToolCall
from airflow_provider_vai.traces.reading.trace import Tells, Told

RANK: dict[Told, int] = {"yes": 0, "partly": 1, "no": 2}
TRUST = {
    "proposed_arguments": ("batches", "results"),  # the message that proposed it
    "arguments": ("edits", "timing"),  # who saw it run
    "approval": ("approvals", "edits"),
    "result": ("results", "timing"),
    "outcome": ("results", "timing"),
    "times": ("timing", "results"),
    "usage": ("timing", "results"),  # model calls have times, messages only sums
    "order": ("batches", "results"),
}
"""Of each field: what a format has to tell for its word to count, the most important first."""


@dataclass(frozen=True)
class Export:
    """One file's account of the run, and what its format can tell.

    :param name: of the file, for messages and notes. :param sha256: the file's digest, kept as provenance.
    """

    name: str
    run: Run
    tells: Tells
    sha256: str = ""


def merged(exports: Sequence[Export]) -> Run:
    """Return the run that several exports tell of.

    :param exports: in the order in which they were named.
    :raises AmbiguousRun: two of them tell of different runs.
    """
    base, *others = _trusted(exports, "order")
    _check(base, others)
    rows = [[(base, call)] for call in base.run.calls]
    for other in others:
        _join(rows, other)
    notes = [_taken_for(rows, exports)]
    calls = _numbered([(row, _call(row, notes)) for row in rows], base)
    ended = [(export, export.run.outcome) for export in exports if export.run.outcome != "unknown"]
    _contradiction(_trusted(ended, "outcome"), "the run's outcome", notes)
    return _run(exports, base).model_copy(
        update={"calls": calls, "notes": [*notes, *(f"{e.name}: {note}" for e in exports for note in e.run.notes)]}
    )


def digest(digests: Iterable[str]) -> str:
    """Return the one digest of several files, whatever their order."""
    return hashlib.sha256("\n".join(sorted(digests)).encode()).hexdigest()


def is_same_run(one: Run, other: Run) -> bool:
    """Return whether two Runs tell of one run: by its id, by ids of calls, or where those are missing by the calls."""
    if one.id == other.id:
        return True
    mine, theirs = ({call.id: call.tool for call in run.calls if _is_given(call)} for run in (one, other))
    if shared := mine.keys() & theirs.keys():
        return all(mine[name] == theirs[name] for name in shared)
    if (mine and theirs) or one.format == other.format:  # equal calls in one format are two runs of one task
        return False
    short, long = sorted(([_shape(call) for call in run.calls] for run in (one, other)), key=len)
    rest = iter(long)
    return bool(short) and all(shape in rest for shape in short)


# --- which calls are the same -----------------------------------------------------------------------------------------


Row = list[tuple[Export, ToolCall]]
"""One call as each export tells it."""


def _check(base: Export, others: Sequence[Export]) -> None:
    for other in others:
        if not is_same_run(base.run, other.run):
            raise AmbiguousRun(
                f"{base.name} and {other.name} tell of different runs ({base.run.id} and {other.run.id})",
                remedy="Name exports of one run, or choose it with --run.",
            )


def _join(rows: list[Row], other: Export) -> None:
    """Put each call of another export into its row, or into a new one behind the call before it."""
    free = list(rows)
    behind = 0
    for call in other.run.calls:
        row = next((row for row in free if _is_same_call(row, call)), None)
        if row is None:
            rows.insert(behind, [(other, call)])
            behind += 1
            continue
        free = [left for left in free if left is not row]
        row.append((other, call))
        behind = next(index for index, found in enumerate(rows) if found is row) + 1


def _is_same_call(row: Row, call: ToolCall) -> bool:
    for _, told in row:
        if _is_given(told) and _is_given(call):
            if told.id == call.id and told.tool == call.tool:
                return True
        elif _shape(told) == _shape(call) or (told.tool == call.tool and _executed(told) == _executed(call)):
            return True
    return False


def _is_given(call: ToolCall) -> bool:
    """Return whether a call's id is its own, and not one that an adapter gave it."""
    return not call.id.startswith("call-") or not call.id[5:].isdigit()


def _shape(call: ToolCall) -> tuple[str, str]:
    return call.tool, json_text.canonical(call.proposed_arguments)


def _executed(call: ToolCall) -> str:
    return json_text.canonical(call.proposed_arguments if call.arguments is None else call.arguments)


# --- field by field ---------------------------------------------------------------------------------------------------


def _call(row: Row, notes: list[str]) -> ToolCall:
    """Return one call out of what each export tells of it."""
    first = row[0][1]
    if len(row) == 1:
        return first
    name = next((call.id for _, call in row if _is_given(call)), first.id)
    told = {field: _believed(row, field, name, notes) for field in ("proposed_arguments", "outcome", "arguments")}
    timed = [call for _, call in _trusted(row, "times")]
    update = {
        **told,
        "id": name,
        "server": _first(call.server for _, call in row),
        "parent_id": _first(call.parent_id for _, call in row),
        "actor": "user" if any(call.actor == "user" for _, call in row) else "agent",
        "result": _result(row, name, notes),
        "error": _first(call.error for _, call in row if call.outcome == told["outcome"]),
        "approval": _approval(row, name, notes),
        "started_at": _first(call.started_at for call in timed),
        "ended_at": _first(call.ended_at for call in timed),
    }
    return _consistent(first.model_copy(update=update))


def _consistent(call: ToolCall) -> ToolCall:
    """Return the call without what a denial rules out, and as edited where it ran with other arguments."""
    if "denied" in (call.outcome, call.approval.state):
        approval = call.approval.model_copy(update={"state": "denied"})
        return call.model_copy(update={"outcome": "denied", "arguments": None, "result": None, "approval": approval})
    if call.arguments is not None and _executed(call) != _shape(call)[1]:
        return call.model_copy(update={"approval": call.approval.model_copy(update={"state": "edited"})})
    return call


def _believed(row: Row, field: str, name: str, notes: list[str]) -> Any:
    """Return a field as the most trusted export tells it; a denial counts most, the unknown least."""
    told = [(export, getattr(call, field)) for export, call in _trusted(row, field)]
    known = [(export, value) for export, value in told if value not in (None, "unknown")]
    known.sort(key=lambda pair: pair[1] != "denied")
    if not known:
        return told[0][1]
    if field != "arguments" or all(call.outcome != "denied" for _, call in row):
        _contradiction(known, f"call {name!r}: {field}", notes)
    return known[0][1]


def _approval(row: Row, name: str, notes: list[str]) -> Approval:
    told = [(export, call.approval) for export, call in _trusted(row, "approval") if call.approval.state != "unknown"]
    told.sort(key=lambda pair: pair[1].state != "denied")
    _contradiction([(export, approval.state) for export, approval in told], f"call {name!r}: approval", notes)
    return told[0][1] if told else Approval()


def _result(row: Row, name: str, notes: list[str]) -> Any:
    told = [(export, call.result) for export, call in _trusted(row, "result") if call.result is not None]
    told.sort(key=lambda pair: not isinstance(pair[1], (dict, list)))
    alike = [pair for pair in told if isinstance(pair[1], str) == isinstance(told[0][1], str)]
    _contradiction(alike, f"call {name!r}: result", notes)
    return told[0][1] if told else None


def _contradiction(told: Sequence[tuple[Export, Any]], what: str, notes: list[str]) -> None:
    if len({json_text.canonical(value) for _, value in told}) > 1:
        notes.append(f"{what} differs between {_listed(export.name for export, _ in told)}: {told[0][0].name} counts")


# --- the run ----------------------------------------------------------------------------------------------------------


def _run(exports: Sequence[Export], base: Export) -> Run:
    """Return the run without its calls."""
    timed = [export.run for export in _trusted(exports, "times")]
    ended = [export.run.outcome for export in _trusted(exports, "outcome")]
    runs = [base.run, *(export.run for export in exports)]
    update = {
        "id": next((run.id for run in runs if not run.id.startswith("sha256:")), base.run.id),
        "format": "+".join(dict.fromkeys(export.run.format for export in exports)),
        "outcome": next((outcome for outcome in ended if outcome != "unknown"), "unknown"),
        "usage": _first(export.run.usage for export in _trusted(exports, "usage")),
        "started_at": _first(run.started_at for run in timed),
        "ended_at": _first(run.ended_at for run in timed),
        "turns": max(runs, key=lambda run: sum(turn.user_text is not None for turn in run.turns)).turns,
        **{name: _first(getattr(run, name) for run in runs) for name in ("title", "agent", "model", "system_text")},
    }
    if len(base.run.turns) > len(update["turns"]):
        update["turns"] = base.run.turns  # its calls stand in them
    return base.run.model_copy(update=update)


def _numbered(told: Sequence[tuple[Row, ToolCall]], base: Export) -> list[ToolCall]:
    """Return the calls with one count of batches, turns that the base has, and ids of their own."""
    batches: dict[tuple[str, int], int] = {}
    ids: Counter[str] = Counter()
    calls: list[ToolCall] = []
    for row, call in told:
        export, first = row[0]
        batch = batches.setdefault((export.name, first.batch), len(batches))
        turn = first.turn if export is base else calls[-1].turn if calls else 0
        ids[call.id] += 1
        name = call.id if ids[call.id] == 1 else f"{call.id}#{ids[call.id]}"
        calls.append(call.model_copy(update={"id": name, "batch": batch, "turn": turn}))
    return calls


def _taken_for(rows: Sequence[Row], exports: Sequence[Export]) -> str:
    files = _listed(f"{export.name} as {export.run.format} ({len(export.run.calls)} calls)" for export in exports)
    alone = Counter(row[0][0].name for row in rows if len(row) == 1)
    left = "".join(f", {count} only in {name}" for name, count in alone.items())
    return f"one run, exported {len(exports)} times: {files}; {len(rows) - sum(alone.values())} calls in several{left}"


def _trusted(told: Sequence[Any], field: str) -> list[Any]:
    """Return exports, or rows' pairs, by how much their formats' word on a field counts."""

    def rank(item: Any) -> tuple[int, ...]:
        tells = (item if isinstance(item, Export) else item[0]).tells
        return tuple(RANK[getattr(tells, name)] for name in TRUST[field])

    return sorted(told, key=rank)


def _first(values: Iterable[Any]) -> Any:
    return next((value for value in values if value is not None), None)


def _listed(names: Iterable[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last

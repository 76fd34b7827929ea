"""Merges several exports of one run into one Run: messages, spans, hooks and approval stores each record a part.

Which export counts is decided field by field, by what its format can record
(:class:`traces.reading.coverage.Coverage`); see :data:`TRUST`. Two rules take precedence: a denial in one export is a
denial, and structured results come before text. The notes of the Run name each contradiction between exports by file
and field, without values.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from airflow_provider_vai.exceptions import AmbiguousRun
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.languages.plural import plural
from airflow_provider_vai.model.run import Approval, Run, ToolCall
from airflow_provider_vai.traces.reading.coverage import Coverage, Extent
from airflow_provider_vai.traces.reading.values import as_object

RANK: dict[Extent, int] = {"yes": 0, "partly": 1, "no": 2}
TRUST = {
    "proposed_arguments": ("batches", "results"),  # the message that proposed the call
    "arguments": ("edits", "timing"),  # an export that observed the execution
    "approval": ("approvals", "edits"),
    "result": ("results", "timing"),
    "outcome": ("results", "timing"),
    "times": ("timing", "results"),
    "usage": ("timing", "results"),  # spans record each model call, messages only sums
    "order": ("batches", "results"),
}
"""For each field: the parts of a format's coverage by which exports are ranked, the most important first."""

SPAN = "span_"
"""How the ids of the OpenAI Agents SDK's spans begin. The spans do not record the model's ids of the calls."""


@dataclass(frozen=True)
class Export:
    """One file's export of the run, and what its format can record.

    :param name: of the file, for messages and notes. :param sha256: the file's digest, kept as provenance.
    """

    name: str
    run: Run
    coverage: Coverage
    sha256: str = ""


def merged(exports: Sequence[Export]) -> Run:
    """Return one Run from several exports of it.

    :param exports: in the order in which the user named them.
    :raises AmbiguousRun: two of them are exports of different runs.
    """
    base, *others = sorted(_ranked(exports, "order"), key=lambda export: _is_part(export, exports))
    _check(base, others)
    rows = [[(base, call)] for call in base.run.calls]
    for other in others:
        _join(rows, other)
    notes = [_summary(rows, exports)]
    calls = _renumbered([(row, _merged_call(row, notes)) for row in rows], base)
    outcomes = [(export, export.run.outcome) for export in exports if export.run.outcome != "unknown"]
    _note_contradiction(_ranked(outcomes, "outcome"), "the run's outcome", notes)
    return _merged_run(exports, base).model_copy(
        update={"calls": calls, "notes": [*notes, *(f"{e.name}: {note}" for e in exports for note in e.run.notes)]}
    )


def digest(digests: Iterable[str]) -> str:
    """Return one digest of several files, independent of their order."""
    return hashlib.sha256("\n".join(sorted(digests)).encode()).hexdigest()


def is_same_run(left: Run, right: Run) -> bool:
    """Return whether two Runs are exports of one run: by the run's id, by call ids, or by the calls without ids."""
    if left.id == right.id or is_sub_agent_of(left, right) or is_sub_agent_of(right, left):
        return True
    left_ids, right_ids = ({call.id: call.tool for call in run.calls if _has_own_id(call)} for run in (left, right))
    if shared := left_ids.keys() & right_ids.keys():
        return all(left_ids[call_id] == right_ids[call_id] for call_id in shared)
    if (left_ids and right_ids) or left.format == right.format:  # equal calls in one format: two runs of one task
        return False
    short, long = sorted(([_proposal(call) for call in run.calls] for run in (left, right)), key=len)
    remaining = iter(long)
    return bool(short) and all(proposal in remaining for proposal in short)


def is_sub_agent_of(inner: Run, outer: Run) -> bool:
    """Return whether a Run is what a sub-agent of another Run did, recorded in a file of its own.

    :param inner: the sub-agent's Run.
    :param outer: the Run in which it was started.
    """
    return inner.format == outer.format and inner.id.startswith(f"{outer.id}/")


def is_continued(one: Run, other: Run) -> bool:
    """Return whether one Run holds a copy of another, as a resumed session does: the same calls at the same time.

    Two sessions resumed from the same point are different runs: each has calls that the other lacks.

    :param one: a Run.
    :param other: a Run of the same format.
    """
    calls = {call.id: call for call in one.calls if call.started_at and _has_own_id(call)}
    shared = [(calls[call.id], call) for call in other.calls if call.id in calls]
    is_whole = len(shared) in (len(one.calls), len(other.calls))
    return (
        bool(shared)
        and is_whole
        and all(
            (mine.tool, mine.started_at, _proposal(mine)) == (theirs.tool, theirs.started_at, _proposal(theirs))
            for mine, theirs in shared
        )
    )


# --- matching calls ---------------------------------------------------------------------------------------------------


Row = list[tuple[Export, ToolCall]]
"""One call, as each export records it."""


def _check(base: Export, others: Sequence[Export]) -> None:
    for other in others:
        if not is_same_run(base.run, other.run):
            raise AmbiguousRun(
                f"{base.name} and {other.name} are exports of different runs ({base.run.id} and {other.run.id})",
                remedy="Name exports of one run, or choose it with --run.",
            )


def _join(rows: list[Row], other: Export) -> None:
    """Add each call of another export to its row, or to a new row after that of the call before it."""
    free = list(rows)
    index, parent_id = _start_of_sub_agent(rows, other.run)
    calls = other.run.calls
    if parent_id:
        calls = [call.model_copy(update={"parent_id": call.parent_id or parent_id}) for call in calls]
    for call in calls:
        row = next((row for row in free if _is_same_call(row, call)), None)
        if row is None:
            rows.insert(index, [(other, call)])
            index += 1
            continue
        free = [other_row for other_row in free if other_row is not row]
        row.append((other, call))
        index = next(number for number, candidate in enumerate(rows) if candidate is row) + 1


def _start_of_sub_agent(rows: list[Row], run: Run) -> tuple[int, str | None]:
    """Return the place after the call that started a sub-agent, and that call's id; 0 and ``None`` for any other run.

    The link is the agent's id in the call's result, or the same prompt in both.
    """
    outer, _, agent = run.id.rpartition("/")
    prompt = run.turns[0].user_text if run.turns else None
    for index, row in enumerate(rows, 1):
        for export, call in row:
            result, arguments = as_object(call.result), as_object(call.proposed_arguments)
            is_named = agent and result.get("agentId") == agent
            if export.run.id == outer and (is_named or (prompt and arguments.get("prompt") == prompt)):
                return index, call.id
    return 0, None


def _is_part(export: Export, exports: Sequence[Export]) -> tuple[bool, int]:
    """Return the sort key by which the whole run comes before its parts, and a resumed session before its beginning."""
    is_inner = any(is_sub_agent_of(export.run, other.run) for other in exports)
    same_format = [other for other in exports if other.run.format == export.run.format]
    return is_inner, -len(export.run.calls) if len(same_format) == len(exports) else 0


def _is_same_call(row: Row, call: ToolCall) -> bool:
    for _, other in row:
        if _has_own_id(other) and _has_own_id(call):
            if other.id == call.id and other.tool == call.tool:
                return True
        elif _proposal(other) == _proposal(call) or (other.tool == call.tool and _executed(other) == _executed(call)):
            return True
    return False


def _has_own_id(call: ToolCall) -> bool:
    """Return whether a call's id is the model's own: not generated by the adapter, and not the id of a span."""
    return not call.id.startswith(SPAN) and (not call.id.startswith("call-") or not call.id[5:].isdigit())


def _proposal(call: ToolCall) -> tuple[str, str]:
    return call.tool, json_text.canonical(call.proposed_arguments)


def _executed(call: ToolCall) -> str:
    return json_text.canonical(call.proposed_arguments if call.arguments is None else call.arguments)


# --- merging field by field -------------------------------------------------------------------------------------------


def _merged_call(row: Row, notes: list[str]) -> ToolCall:
    """Return one call from what each export records of it."""
    first = row[0][1]
    if len(row) == 1:
        return first
    call_id = next((call.id for _, call in row if _has_own_id(call)), first.id)
    values = {field: _field(row, field, call_id, notes) for field in ("proposed_arguments", "outcome", "arguments")}
    timed = [call for _, call in _ranked(row, "times")]
    update = {
        **values,
        "id": call_id,
        "server": _first(call.server for _, call in row),
        "parent_id": _first(call.parent_id for _, call in row),
        "actor": "user" if any(call.actor == "user" for _, call in row) else "agent",
        "result": _result(row, call_id, notes),
        "error": _first(call.error for _, call in row if call.outcome == values["outcome"]),
        "approval": _approval(row, call_id, notes),
        "started_at": _first(call.started_at for call in timed),
        "ended_at": _first(call.ended_at for call in timed),
    }
    return _consistent(first.model_copy(update=update))


def _consistent(call: ToolCall) -> ToolCall:
    """Return the call without arguments and result if it was denied; as edited if it was approved and
    ran with other arguments. A difference alone is not a person's decision."""
    if "denied" in (call.outcome, call.approval.state):
        approval = call.approval.model_copy(update={"state": "denied"})
        return call.model_copy(update={"outcome": "denied", "arguments": None, "result": None, "approval": approval})
    is_approved = call.approval.state == "approved"
    if is_approved and call.arguments is not None and _executed(call) != _proposal(call)[1]:
        return call.model_copy(update={"approval": call.approval.model_copy(update={"state": "edited"})})
    return call


def _field(row: Row, field: str, call_id: str, notes: list[str]) -> Any:
    """Return a field from the most trusted export that knows it; a denial counts before anything else."""
    values = [(export, getattr(call, field)) for export, call in _ranked(row, field)]
    known = [(export, value) for export, value in values if value not in (None, "unknown")]
    known.sort(key=lambda pair: pair[1] != "denied")
    if not known:
        return values[0][1]
    if field != "arguments" or all(call.outcome != "denied" for _, call in row):
        _note_contradiction(known, f"call {call_id!r}: {field}", notes)
    return known[0][1]


def _approval(row: Row, call_id: str, notes: list[str]) -> Approval:
    known = [(export, call.approval) for export, call in _ranked(row, "approval") if call.approval.state != "unknown"]
    known.sort(key=lambda pair: pair[1].state != "denied")
    _note_contradiction([(export, approval.state) for export, approval in known], f"call {call_id!r}: approval", notes)
    return known[0][1] if known else Approval()


def _result(row: Row, call_id: str, notes: list[str]) -> Any:
    known = [(export, call.result) for export, call in _ranked(row, "result") if call.result is not None]
    known.sort(key=lambda pair: not isinstance(pair[1], (dict, list)))
    comparable = [pair for pair in known if isinstance(pair[1], str) == isinstance(known[0][1], str)]
    _note_contradiction(comparable, f"call {call_id!r}: result", notes)
    return known[0][1] if known else None


def _note_contradiction(values: Sequence[tuple[Export, Any]], subject: str, notes: list[str]) -> None:
    if len({json_text.canonical(value) for _, value in values}) > 1:
        names = _listed(export.name for export, _ in values)
        notes.append(f"{subject} differs between {names}: {values[0][0].name} counts")


# --- the run ----------------------------------------------------------------------------------------------------------


def _merged_run(exports: Sequence[Export], base: Export) -> Run:
    """Return the merged run without its calls."""
    timed = [export.run for export in _ranked(exports, "times")]
    outcomes = [export.run.outcome for export in _ranked(exports, "outcome")]
    runs = [base.run, *(export.run for export in exports)]
    whole = [run for run in runs if not is_sub_agent_of(run, base.run)]
    update = {
        "id": next((run.id for run in runs if not run.id.startswith("sha256:")), base.run.id),
        "format": "+".join(dict.fromkeys(export.run.format for export in exports)),
        "outcome": next((outcome for outcome in outcomes if outcome != "unknown"), "unknown"),
        "usage": _first(export.run.usage for export in _ranked(exports, "usage")),
        "started_at": _first(run.started_at for run in timed),
        "ended_at": _first(run.ended_at for run in timed),
        "turns": max(whole, key=lambda run: sum(turn.user_text is not None for turn in run.turns)).turns,
        **{name: _first(getattr(run, name) for run in runs) for name in ("title", "agent", "model", "system_text")},
    }
    if len(base.run.turns) > len(update["turns"]):
        update["turns"] = base.run.turns  # the calls refer to these turns
    return base.run.model_copy(update=update)


def _renumbered(merged_calls: Sequence[tuple[Row, ToolCall]], base: Export) -> list[ToolCall]:
    """Return the calls with batches numbered across exports, turns of the base export, and unique ids."""
    batches: dict[tuple[str, int], int] = {}
    ids: Counter[str] = Counter()
    calls: list[ToolCall] = []
    for row, call in merged_calls:
        export, first = row[0]
        batch = batches.setdefault((export.name, first.batch), len(batches))
        turn = first.turn if export is base else calls[-1].turn if calls else 0
        ids[call.id] += 1
        call_id = call.id if ids[call.id] == 1 else f"{call.id}#{ids[call.id]}"
        calls.append(call.model_copy(update={"id": call_id, "batch": batch, "turn": turn}))
    return calls


def _summary(rows: Sequence[Row], exports: Sequence[Export]) -> str:
    files = _listed(
        f"{export.name} as {export.run.format} ({plural(len(export.run.calls), 'call')})" for export in exports
    )
    single = Counter(row[0][0].name for row in rows if len(row) == 1)
    only = "".join(f", {count} only in {name}" for name, count in single.items())
    return (
        f"one run, exported {plural(len(exports), 'time')}: {files}; "
        f"{plural(len(rows) - sum(single.values()), 'call')} in several{only}"
    )


def _ranked(items: Sequence[Any], field: str) -> list[Any]:
    """Return exports, or pairs that begin with one, sorted by how much their format is trusted for a field."""

    def rank(item: Any) -> tuple[int, ...]:
        coverage = (item if isinstance(item, Export) else item[0]).coverage
        return tuple(RANK[getattr(coverage, name)] for name in TRUST[field])

    return sorted(items, key=rank)


def _first(values: Iterable[Any]) -> Any:
    return next((value for value in values if value is not None), None)


def _listed(names: Iterable[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last

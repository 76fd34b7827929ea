"""What the recorded run cost, against what the runs of its DAG cost: tokens, dollars and time.

What is not known is ``None`` everywhere here, never 0: a run in which a model is asked and left no count saves an
unknown amount, and so does the sum over runs with one of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timezone
from typing import Any

from airflow_provider_vai.analysis.prices import price
from airflow_provider_vai.exceptions import SpecError
from airflow_provider_vai.model.automation import Step
from airflow_provider_vai.model.sidecar import Sidecar

SUCCESS = "success"


@dataclass(frozen=True)
class Cost:
    """Tokens, dollars and seconds; ``None``: not known."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: float | None = None
    seconds: float | None = None

    def __sub__(self, other: Cost) -> Cost:
        return Cost(*(None if a is None or b is None else a - b for a, b in self._with(other)))

    def __add__(self, other: Cost) -> Cost:
        return Cost(*(None if a is None or b is None else a + b for a, b in self._with(other)))

    def _with(self, other: Cost) -> list[tuple[Any, Any]]:
        return [(getattr(self, name), getattr(other, name)) for name in Cost.__dataclass_fields__]


NOTHING = Cost(0, 0, 0.0, 0.0)


@dataclass(frozen=True)
class Row:
    """One run of the DAG: what it cost, and what it saved against the recorded run; a run that did not succeed saved
    nothing and cost what it cost."""

    run_id: str
    state: str
    started: datetime | None
    spent: Cost
    saved: Cost


@dataclass(frozen=True)
class Ledger:
    """All runs of a DAG, newest first.

    :param recorded: what the recorded run cost, by :param model: and priced :param priced_by: the trace or a list.
    :param model_steps: the steps that still ask a model. :param saved: over all runs.
    """

    dag_id: str
    recorded: Cost
    model: str | None
    priced_by: str | None
    model_steps: list[str]
    rows: list[Row]
    saved: Cost
    notes: list[str] = field(default_factory=list)


def model_steps(steps: Iterable[Step]) -> list[str]:
    """Return the keys of the steps that ask a model in each run."""
    return [step.key for step in steps if step.determinism == "model_at_run_time"]


def residual(sidecar: Sidecar, results: Mapping[str, Any], skipped: Iterable[str] = ()) -> list[dict[str, Any]]:
    """Return what the model calls of one DAG run used, an entry for each step that asks a model.

    :param results: what the tasks left in XCom, by task id. :param skipped: ids of tasks that were skipped.
    :return: ``{"step", "model", "input_tokens", "output_tokens", "cost_usd"}`` each, ``None`` where it keeps no count.
    """
    found, left_out = [], set(skipped)
    asking = set(model_steps(sidecar.steps))
    for step in sidecar.steps:
        if step.key not in asking or step.task_id in left_out:
            continue
        result = results.get(step.task_id)
        kept: Mapping[str, Any] = result if isinstance(result, dict) else {}
        usage = kept.get("usage") if isinstance(kept.get("usage"), dict) else {}
        tokens = {name: _count((usage or {}).get(name)) for name in ("input_tokens", "output_tokens")}
        model = kept.get("model") if isinstance(kept.get("model"), str) else None
        found.append({"step": step.key, "model": model, **tokens, "cost_usd": _dollars((usage or {}).get("cost"))})
    return found


def ledger(sidecar: Sidecar, dag_runs: Iterable[Mapping[str, Any]]) -> Ledger:
    """Return what each run of a DAG cost and saved.

    :param dag_runs: plain data, each ``{"run_id", "state", "started", "ended", "residual"}``: times in ISO 8601 or
        ``None``, ``residual`` as :func:`residual` returns it, ``None`` or left out where it is not known.
    :raises SpecError: a run has another form.
    """
    recorded, priced_by = _recorded(sidecar)
    asking = model_steps(sidecar.steps)
    rows = [_row(number, entry, recorded, asking) for number, entry in enumerate(dag_runs)]
    rows.sort(key=lambda row: row.started or datetime.min.replace(tzinfo=timezone.utc), reverse=True)
    saved = NOTHING
    for row in rows:
        saved += row.saved
    return Ledger(
        dag_id=sidecar.dag_id,
        recorded=recorded,
        model=sidecar.source.model if sidecar.source else None,
        priced_by=priced_by,
        model_steps=asking,
        rows=rows,
        saved=saved,
        notes=_notes(recorded, asking, rows),
    )


def _recorded(sidecar: Sidecar) -> tuple[Cost, str | None]:
    """Return what the recorded run cost, and who says so of its dollars."""
    kept: dict[str, Any] = sidecar.savings.model_dump() if sidecar.savings else {}
    recorded = Cost(*(kept.get(name) for name in ("input_tokens", "output_tokens", "cost_usd", "duration_seconds")))
    if recorded.cost_usd is not None or sidecar.source is None:
        return recorded, "the trace" if recorded.cost_usd is not None else None
    found = price(sidecar.source.model, recorded.input_tokens, recorded.output_tokens, sidecar.source.captured_at)
    return replace(recorded, cost_usd=found.usd), found.by if found.usd is not None else None


def _row(number: int, entry: Mapping[str, Any], recorded: Cost, asking: Sequence[str]) -> Row:
    where = f"run {number}"
    started, ended = (_time(entry.get(name), where) for name in ("started", "ended"))
    seconds = (ended - started).total_seconds() if started and ended else None
    state = str(entry.get("state"))
    spent = _models(entry.get("residual"), asking, started, where) + Cost(0, 0, 0.0, seconds)
    if state == SUCCESS:
        saved = recorded - spent
    else:
        saved = Cost(0, 0, 0.0, 0.0) - Cost(spent.input_tokens, spent.output_tokens, spent.cost_usd, 0.0)
    return Row(str(entry.get("run_id")), state, started, spent, saved)


def _models(found: Any, asking: Sequence[str], at: datetime | None, where: str) -> Cost:
    """Return what a run's model calls cost, without their time."""
    if not asking:
        return NOTHING
    if found is None:
        return Cost(seconds=0.0)
    if not isinstance(found, list) or not all(isinstance(part, dict) for part in found):
        raise SpecError("residual is not a list of objects", where=where, remedy="Leave it out if it is not known.")
    total = NOTHING
    for part in found:
        tokens = (_count(part.get("input_tokens")), _count(part.get("output_tokens")))
        model = part.get("model") if isinstance(part.get("model"), str) else None
        told = _dollars(part.get("cost_usd"))
        total += Cost(*tokens, price(model, *tokens, at).usd if told is None else told, 0.0)
    return total


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _dollars(value: Any) -> float | None:
    """Return an amount; common-ai writes it as text."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if 0 <= found < float("inf") else None


def _time(value: Any, where: str) -> datetime | None:
    if value is None or isinstance(value, datetime):
        return value
    try:
        found = datetime.fromisoformat(str(value).replace("Z", "+00:00"))
    except ValueError:
        raise SpecError(f"{value!r} is no time", where=where, remedy="Write it in ISO 8601.") from None
    return found if found.tzinfo else found.replace(tzinfo=timezone.utc)


def _notes(recorded: Cost, asking: Sequence[str], rows: Sequence[Row]) -> list[str]:
    notes = []
    if None in (recorded.input_tokens, recorded.output_tokens):
        notes.append("The recording does not tell its tokens: what a run saves of them is unknown.")
    if recorded.cost_usd is None:
        notes.append("The recording tells no cost, and its model has no known price: dollars are unknown.")
    if recorded.seconds is None:
        notes.append("The recording does not tell how long it took: the time that a run saves is unknown.")
    unknown = sum(row.spent.input_tokens is None for row in rows)
    if asking and unknown:
        notes.append(f"{', '.join(asking)} still asks a model, and {unknown} runs left no count of its tokens.")
    return notes


def as_json(found: Ledger) -> dict[str, Any]:
    """Return a ledger for machines and for the API: what is not known is ``null``."""
    document: dict[str, Any] = json.loads(json.dumps(asdict(found), default=lambda part: part.isoformat()))
    return document

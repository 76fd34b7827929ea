"""Compares the cost of the recorded run with the cost of its DAG runs, in tokens, dollars and time.

An unknown amount is always ``None``, never 0. If a DAG run asked a model and no token count was stored, its savings are
unknown, and so is any total that includes it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timezone
from typing import Any

from airflow_provider_vai.analysis.prices import price
from airflow_provider_vai.exceptions import SpecError
from airflow_provider_vai.model.automation import Savings, Source
from airflow_provider_vai.model.flags import model_steps
from airflow_provider_vai.model.sidecar import Sidecar

SUCCESS = "success"


@dataclass(frozen=True)
class Cost:
    """An amount of tokens, US dollars and seconds; ``None``: not known. Sums with an unknown amount are unknown."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: float | None = None
    seconds: float | None = None

    def __sub__(self, other: Cost) -> Cost:
        return Cost(*(None if a is None or b is None else a - b for a, b in self._with(other)))

    def __add__(self, other: Cost) -> Cost:
        return Cost(*(None if a is None or b is None else a + b for a, b in self._with(other)))

    def __mul__(self, count: int) -> Cost:
        amounts = [getattr(self, name) for name in Cost.__dataclass_fields__]
        return Cost(*(None if amount is None else amount * count for amount in amounts)) if count else NOTHING

    def _with(self, other: Cost) -> list[tuple[Any, Any]]:
        return [(getattr(self, name), getattr(other, name)) for name in Cost.__dataclass_fields__]


NOTHING = Cost(0, 0, 0.0, 0.0)


@dataclass(frozen=True)
class Row:
    """The cost and savings of one DAG run.

    :param run_id: The id of the DAG run.
    :param state: Its state.
    :param started: When it started.
    :param spent: What the DAG run cost.
    :param saved: The cost of the recorded run minus ``spent``; if the DAG run did not succeed, minus its model costs.
    """

    run_id: str
    state: str
    started: datetime | None
    spent: Cost
    saved: Cost


@dataclass(frozen=True)
class Ledger:
    """The costs and savings of all runs of a DAG.

    :param dag_id: The DAG id.
    :param recorded: What the recorded run cost.
    :param model: The model of the recorded run; ``None``: not known.
    :param priced_by: Where the dollars of ``recorded`` come from: the trace or a price list; ``None``: not known.
    :param model_steps: The keys of the steps that ask a model in each DAG run.
    :param rows: The DAG runs, newest first.
    :param saved: The total savings of all DAG runs.
    :param notes: Sentences about the amounts that are not known.
    """

    dag_id: str
    recorded: Cost
    model: str | None
    priced_by: str | None
    model_steps: list[str]
    rows: list[Row]
    saved: Cost
    notes: list[str] = field(default_factory=list)


def residual(sidecar: Sidecar, results: Mapping[str, Any], skipped: Iterable[str] = ()) -> list[dict[str, Any]]:
    """Return what the model calls of one DAG run used.

    :param sidecar: The sidecar of the DAG.
    :param results: The results of the tasks in XCom, by task id.
    :param skipped: The ids of the tasks that were skipped; they used nothing.
    :return: An object for each step that asks a model: ``{"step", "model", "input_tokens", "output_tokens",
        "cost_usd"}``, with ``None`` for what its result does not contain.
    """
    found, skipped_ids = [], set(skipped)
    asking = set(model_steps(sidecar.steps))
    for step in sidecar.steps:
        if step.key not in asking or step.task_id in skipped_ids:
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

    :param sidecar: The sidecar of the DAG.
    :param dag_runs: One ``{"run_id", "state", "started", "ended", "residual"}`` per DAG run: times in ISO 8601 or
        ``None``; ``residual`` as :func:`residual` returns it, ``None`` or missing if it is not known.
    :raises SpecError: if a DAG run does not have this form.
    """
    recorded, priced_by = _recorded(sidecar.savings, sidecar.source)
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


def saved_in_all(kept: Savings | None, source: Source | None, successes: int, seconds: float | None) -> Cost:
    """Return what all runs of a DAG saved, if no step of it asks a model: the same as adding up their rows.

    :param kept: What the recorded run cost, as the sidecar has it.
    :param source: The recording.
    :param successes: How many DAG runs succeeded.
    :param seconds: How long these took together; ``None``: not known.
    """
    return _recorded(kept, source)[0] * successes - Cost(0, 0, 0.0, seconds if successes else 0.0)


def _recorded(savings: Savings | None, source: Source | None) -> tuple[Cost, str | None]:
    """Return what the recorded run cost, and where the amount in dollars comes from."""
    kept: dict[str, Any] = savings.model_dump() if savings else {}
    recorded = Cost(*(kept.get(name) for name in ("input_tokens", "output_tokens", "cost_usd", "duration_seconds")))
    if recorded.cost_usd is not None or source is None:
        return recorded, "the trace" if recorded.cost_usd is not None else None
    found = price(source.model, recorded.input_tokens, recorded.output_tokens, source.captured_at)
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
    """Return what the model calls of a DAG run cost, without their time."""
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
        recorded = _dollars(part.get("cost_usd"))
        total += Cost(*tokens, price(model, *tokens, at).usd if recorded is None else recorded, 0.0)
    return total


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _dollars(value: Any) -> float | None:
    """Return an amount of dollars, which may be text, as the common.ai provider writes it; ``None``: not an amount."""
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
        raise SpecError(f"{value!r} is not a time", where=where, remedy="Write it in ISO 8601.") from None
    return found if found.tzinfo else found.replace(tzinfo=timezone.utc)


def _notes(recorded: Cost, asking: Sequence[str], rows: Sequence[Row]) -> list[str]:
    notes = []
    if None in (recorded.input_tokens, recorded.output_tokens):
        notes.append("The trace does not record token counts, so the saved tokens are unknown.")
    if recorded.cost_usd is None:
        notes.append("The trace records no cost, and no price is known for its tokens, so saved dollars are unknown.")
    if recorded.seconds is None:
        notes.append("The trace does not record how long the run took, so the saved time is unknown.")
    unknown = sum(row.spent.input_tokens is None for row in rows)
    if asking and unknown:
        steps = ", ".join(asking)
        notes.append(f"Some steps still ask a model ({steps}), and the token counts of {unknown} DAG runs are missing.")
    return notes


def as_json(found: Ledger) -> dict[str, Any]:
    """Return a ledger as JSON data; ``None`` stands for an unknown amount."""
    document: dict[str, Any] = json.loads(json.dumps(asdict(found), default=lambda part: part.isoformat()))
    return document

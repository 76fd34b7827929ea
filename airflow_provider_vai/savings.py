"""What the recorded run cost, against what the runs of its DAG cost: tokens, dollars and time.

What is not known is ``None`` everywhere here, never 0: a run in which a model is asked and left no count saves an
unknown amount, and so does the sum over runs with one of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from airflow_provider_vai import json_text
from airflow_provider_vai.automation import Savings, Step
from airflow_provider_vai.exceptions import SpecError, VaiError
from airflow_provider_vai.prices import price
from airflow_provider_vai.run import Run, Usage
from airflow_provider_vai.sidecar import Sidecar

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


def recorded_savings(run: Run) -> Savings | None:
    """Return what a recorded run cost, for the spec: facts of the trace alone. What its tokens cost where it names no
    amount is computed when it is asked for: a price list in the spec would make the same trace another spec.

    :return: ``None`` where the trace tells nothing of it.
    """
    usage = run.usage or Usage()
    duration = (run.ended_at - run.started_at).total_seconds() if run.ended_at and run.started_at else None
    fields = {**usage.model_dump(), "duration_seconds": duration if duration is not None and duration >= 0 else None}
    known = {name: value for name, value in fields.items() if value is not None}
    return Savings.model_validate(known) if known else None


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


def dag_runs(dag_id: str, file: Path | None = None) -> list[dict[str, Any]]:
    """Return a DAG's runs from Airflow, by its command line; or from a file that holds them.

    :param file: a JSON list, as ``airflow dags list-runs DAG -o json`` prints it, or as :func:`ledger` takes it.
    :raises SpecError: the file is no such list. :raises PublishError: Airflow cannot be asked.
    """
    if file is None:
        from airflow_provider_vai.airflow_runs import list_runs

        return [_entry(entry) for entry in list_runs(dag_id)]
    try:
        found = json_text.loads(file.read_text(encoding="utf-8"), where=str(file))
    except (OSError, UnicodeDecodeError, VaiError) as error:
        problem = error.problem if isinstance(error, VaiError) else str(error)
        raise SpecError(problem, where=str(file), remedy="Name a JSON file of runs.") from None
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        raise SpecError(
            "not a list of runs", where=str(file), remedy="`airflow dags list-runs DAG -o json` prints one."
        )
    mine = [entry for entry in found if entry.get("dag_id", dag_id) == dag_id]
    return [_entry(entry) for entry in mine]


def _entry(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "run_id": entry.get("run_id"),
        "state": entry.get("state"),
        "started": entry.get("started") or entry.get("start_date") or None,
        "ended": entry.get("ended") or entry.get("end_date") or None,
        "residual": entry.get("residual"),
    }


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


def show(found: Ledger) -> None:
    """Print a ledger for people."""
    from airflow_provider_vai.terminal import plain, say, table

    columns = ("run", "state", "started", "seconds", "tokens saved", "USD saved", "seconds saved")
    table(columns, [_shown(row) for row in found.rows])
    by = f", priced by {plain(found.priced_by)}" if found.priced_by else ""
    say(f"recorded with {plain(found.model or 'an unknown model')}: {_words(found.recorded)}{by}")
    say(f"saved by {len(found.rows)} runs: {_words(found.saved)}")
    for note in found.notes:
        say(f"note: {plain(note, 400)}")


def _shown(row: Row) -> list[object]:
    started = f"{row.started:%Y-%m-%d %H:%M:%S}" if row.started else ""
    saved = [_number(_tokens(row.saved)), _number(row.saved.cost_usd, 4), _number(row.saved.seconds, 1)]
    return [row.run_id, row.state, started, _number(row.spent.seconds, 1), *saved]


def _words(cost: Cost) -> str:
    return f"{_number(_tokens(cost))} tokens, {_number(cost.cost_usd, 4)} USD, {_number(cost.seconds, 1)} seconds"


def _tokens(cost: Cost) -> int | None:
    known = cost.input_tokens is not None and cost.output_tokens is not None
    return (cost.input_tokens or 0) + (cost.output_tokens or 0) if known else None


def _number(value: float | None, digits: int = 0) -> str:
    return "unknown" if value is None else f"{value:,.{digits}f}"

"""What the commands show: tables and lines for people, JSON for machines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from airflow_provider_vai.cli.terminal import say, table
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.languages.printable import plain
from airflow_provider_vai.model.automation import Automation, Step
from airflow_provider_vai.model.review_item import ReviewItem
from airflow_provider_vai.model.review_lines import numbered
from airflow_provider_vai.model.run import Run
from airflow_provider_vai.model.step_graph import GATE
from airflow_provider_vai.store.publisher import Published

LONGEST_ITEM = 500
"""Characters of a review item on the terminal; the sidecar has all of it."""


def show_run(run: Run) -> None:
    """Print a run: its turns, and each call with its outcome and approval."""
    kind = "agent run" if run.source == "agent_run" else "chat thread"
    say(f"{kind} {plain(run.id)} ({plain(run.format)}): {plain(run.title or '')}", f"outcome: {run.outcome}")
    for turn in run.turns:
        say(f"turn {turn.index}: {plain(turn.user_text or '(hidden)', 120)}")
    table(
        ("#", "turn", "tool", "outcome", "approval", "arguments", "id"),
        [
            [number, call.turn, call.tool, call.outcome, call.approval.state, _arguments_text(call.arguments), call.id]
            for number, call in enumerate(run.calls, 1)
        ],
    )
    outcomes = Counter(call.outcome for call in run.calls)
    say(f"{len(run.calls)} calls: " + ", ".join(f"{count} {outcome}" for outcome, count in outcomes.items()))
    for note in run.notes:
        say(f"note: {plain(note)}")


def _arguments_text(value: Any) -> str:
    from airflow_provider_vai.secrets.masking import mask

    return plain(mask(value if isinstance(value, str) else json_text.canonical(value)), 60)


def show_published(automation: Automation, files: Published) -> None:
    """Print what was written, what became no task, and what to review."""
    table(
        ("task", "kind", "effect", "arguments", "flag"),
        [[step.task_id, step.kind, step.effect, _classes(step), _flag(step)] for step in automation.steps],
    )
    for entry in automation.not_crystallized:
        say(f"no task: {plain(entry.tool)} ({plain(entry.call_id)}) {plain(entry.reason)}")
    show_review(enumerate(automation.review, 1))
    if automation.advice:
        say(f"advice: {automation.advice.recommendation}: {'; '.join(map(plain, automation.advice.reasons))}")
    edits = ", with the edits by hand of the DAG file" if files.keeps_edits else ""
    status = "paused, draft" if files.status == "draft" else files.status
    about = f"(version {files.version}, {status}{edits})"
    say(f"{files.change}: {plain(files.dag)} and {plain(files.sidecar.name)} {about}")


def show_review(items: Iterable[tuple[int, ReviewItem]]) -> None:
    """Print review items, each after the number that ``vai activate --reviewed`` takes."""
    for label, text in numbered(items):
        say(f"review {label}: {plain(text, LONGEST_ITEM)}")


def review_json(items: Iterable[tuple[int, ReviewItem]]) -> list[dict[str, Any]]:
    """Return review items with their numbers for machines."""
    return [{"number": number, **item.model_dump(mode="json")} for number, item in items]


def _classes(step: Step) -> str:
    """Return how many arguments are of each class: of those that the recorded call gave, no constants of the kind."""
    recorded = [it for it in step.arguments.values() if it.origin != "constant" and step.kind != GATE]
    counts = Counter(argument.class_ for argument in recorded)
    sources = sorted({output.step for output in step.outputs() if output.step is not None})
    counted = ", ".join(f"{count} {name}" for name, count in counts.items())
    return counted + (f" (from {', '.join(sources)})" if sources else "")


def _flag(step: Step) -> str:
    if step.kind == GATE:
        return "asks a person"
    return step.determinism.replace("_", "-") if step.non_deterministic else ""


def as_json(automation: Automation, files: Published) -> dict[str, Any]:
    """Return the same for machines."""
    return {
        "dag_id": automation.dag_id,
        "dag": str(files.dag),
        "sidecar": str(files.sidecar),
        "change": files.change,
        "version": files.version,
        "entry": files.entry,
        "keeps_edits": files.keeps_edits,
        "steps": [step.key for step in automation.steps],
        "gates": [step.key for step in automation.steps if step.kind == GATE],
        "non_deterministic_steps": automation.non_deterministic_steps,
        "not_crystallized": [entry.model_dump(mode="json") for entry in automation.not_crystallized],
        "review": review_json(enumerate(automation.review, 1)),
        "advice": automation.advice.model_dump(mode="json") if automation.advice else None,
    }


def decision(record: dict[str, Any]) -> list[object]:
    """Return a decision of the approvals record as the row of a table."""
    by = (record["by"] or {}).get("name") or ("the timeout" if record["timed_out"] else "(unknown)")
    edits = [place for step in record["steps"].values() for place in step["edits"]]
    return [
        record["at"][:19],
        record["run_id"],
        record["task_id"] + (f"[{record['map_index']}]" if record["map_index"] >= 0 else ""),
        record["decision"],
        f"(rests on {record['rests_on']})" if record["automatic"] else by,
        ", ".join(edits),
        record["note"] or "",
    ]


def print_json(value: Any) -> None:
    """Print JSON data."""
    say(json_text.pretty(value).rstrip("\n"))

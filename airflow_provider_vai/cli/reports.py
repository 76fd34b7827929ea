"""Formats the output of the commands: tables and lines for people, and JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_vai.cli.terminal import coloured, is_quiet, is_wide, next_step, say, table, words
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.languages.plural import plural
from airflow_provider_vai.languages.printable import plain

if TYPE_CHECKING:
    from airflow_provider_vai.analysis.doctor.needs import Needs
    from airflow_provider_vai.cli.outputs import NumberedItem, WrittenAutomation
    from airflow_provider_vai.model.automation import Automation, Step
    from airflow_provider_vai.model.review_item import ReviewItem
    from airflow_provider_vai.model.run import Run
    from airflow_provider_vai.store.publisher import Published

LONGEST_ITEM = 500
"""The maximum length of a review item on the terminal; the sidecar contains the whole text."""


def show_run(run: Run) -> None:
    """Print a recorded run: its turns, and each call with its outcome and approval."""
    kind = "agent run" if run.source == "agent_run" else "chat thread"
    title = f": {plain(run.title)}" if run.title else ""
    say(f"{kind} {plain(run.id)} ({plain(run.format)}){title}", f"outcome: {coloured(run.outcome)}")
    for turn in run.turns:
        say(f"turn {turn.index}: {plain(turn.user_text or '(hidden)', 120)}")
    columns = ("#", "turn", "tool", "outcome", "approval", "arguments", "id")
    rows = [
        [number, call.turn, call.tool, call.outcome, call.approval.state, _arguments_text(call.arguments), call.id]
        for number, call in enumerate(run.calls, 1)
    ]
    shown = len(columns) if is_wide() else columns.index("id")
    table(columns[:shown], [row[:shown] for row in rows], optional=("turn",), cut=("arguments",))
    outcomes = Counter(call.outcome for call in run.calls)
    say(f"{plural(len(run.calls), 'call')}: " + ", ".join(f"{count} {outcome}" for outcome, count in outcomes.items()))
    for note in run.notes:
        say(f"note: {plain(note)}")


def _arguments_text(value: Any) -> str:
    from airflow_provider_vai.secrets.masking import mask

    return plain(mask(value if isinstance(value, str) else json_text.canonical(value)), 60)


def show_published(automation: Automation, files: Published) -> None:
    """Print which files were written, the tasks, the calls that did not become a task, and the review items.

    Prints nothing with ``--quiet``.
    """
    from airflow_provider_vai.analysis.doctor import needs

    if is_quiet():
        return
    table(
        ("task", "kind", "effect", "arguments", "flag"),
        [[step.task_id, step.kind, step.effect, _classes(step), _flag(step)] for step in automation.steps],
        optional=("kind", "effect"),
    )
    for entry in automation.not_crystallized:
        call_id = f" ({plain(entry.call_id)})" if is_wide() else ""
        say(f"no task: {plain(entry.tool)}{call_id}: {plain(entry.reason)}")
    show_review(enumerate(automation.review, 1))
    if automation.advice:
        say(f"advice: {automation.advice.recommendation}: {'; '.join(map(plain, automation.advice.reasons))}")
    edits = ", with the edits that were made by hand" if files.keeps_edits else ""
    about = f"(version {files.version}, {files.status_text}{edits})"
    show_needs(needs.of_automation(automation))
    say(f"{files.change}: {plain(files.dag)} and {plain(files.sidecar.name)} {about}")


def show_needs(needed: Needs) -> None:
    """Print the extras and connections that must be where the DAGs run; nothing if they need none."""
    from airflow_provider_vai.analysis.lint.installed import PACKAGE, missing_of

    if needed.connections:
        say(f"needs the connections: {plain(', '.join(sorted(needed.connections)), 500)}")
    if needed.extras:
        missing = [extra for extra in sorted(needed.extras) if missing_of(extra)]
        here = f"; not installed here: pip install '{PACKAGE}[{','.join(missing)}]'" if missing else ""
        say(f"needs the extras: {', '.join(sorted(needed.extras))}{here}")


def after_writing(published: Sequence[Published]) -> None:
    """Print the commands that usually follow when DAG files were written."""
    if not published:
        return
    if len(published) > 1:
        next_step(f"vai lint {words(published[0].dag.parent)}", "vai activate DAG --reviewed all (for each of them)")
        return
    dag = words(published[0].dag)
    activated = (
        [] if published[0].status == "active" else [f"vai activate {dag} --reviewed all (when you read the review)"]
    )
    next_step(f"vai lint {dag}", *activated)


def show_review(items: Iterable[tuple[int, ReviewItem]]) -> None:
    """Print review items with the numbers that ``vai activate --reviewed`` takes."""
    from airflow_provider_vai.model.review_lines import numbered

    for label, text in numbered(items):
        say(f"review {label}: {plain(text, LONGEST_ITEM)}")


def review_json(items: Iterable[tuple[int, ReviewItem]]) -> list[NumberedItem]:
    """Return review items with their numbers as JSON data."""
    return [
        {
            "number": number,
            "code": item.code,
            "step": item.step,
            "place": item.place,
            "message": item.message,
            "evidence": item.evidence,
        }
        for number, item in items
    ]


def _classes(step: Step) -> str:
    """Return how many arguments of the recorded call are in each class; constants of the action kind do not count."""
    arguments = [] if _is_gate(step) else step.arguments.values()
    recorded = [argument for argument in arguments if argument.origin != "constant"]
    classes = [argument.class_ for argument in recorded]
    sources = sorted({output.step for output in step.outputs() if output.step is not None})
    counted = ", ".join(f"{classes.count(name)} {name}" for name in dict.fromkeys(classes))
    return counted + (f" (from {', '.join(sources)})" if sources else "")


def _flag(step: Step) -> str:
    if _is_gate(step):
        return "asks a person"
    return step.determinism.replace("_", "-") if step.non_deterministic else ""


def _is_gate(step: Step) -> bool:
    from airflow_provider_vai.model.step_graph import GATE

    return step.kind == GATE


def as_json(automation: Automation, files: Published) -> WrittenAutomation:
    """Return what was written as JSON data."""
    from airflow_provider_vai.analysis.doctor import needs

    advice = automation.advice
    return {
        "dag_id": automation.dag_id,
        "dag": str(files.dag),
        "sidecar": str(files.sidecar),
        "change": files.change,
        "version": files.version,
        "entry": files.entry,
        "keeps_edits": files.keeps_edits,
        "steps": [step.key for step in automation.steps],
        "connections": automation.connections,
        "extras": sorted(needs.of_automation(automation).extras),
        "gates": [step.key for step in automation.steps if _is_gate(step)],
        "non_deterministic_steps": automation.non_deterministic_steps,
        "not_crystallized": [
            {"call_id": entry.call_id, "tool": entry.tool, "code": entry.code, "reason": entry.reason}
            for entry in automation.not_crystallized
        ],
        "review": review_json(enumerate(automation.review, 1)),
        "advice": {"recommendation": advice.recommendation, "reasons": advice.reasons} if advice else None,
    }


def decision(record: dict[str, Any]) -> list[object]:
    """Return a decision from the approvals record as a table row."""
    by = (record["by"] or {}).get("name") or ("the timeout" if record["timed_out"] else "(unknown)")
    edits = [place for step in record["steps"].values() for place in step["edits"]]
    return [
        record["at"][:19],
        record["run_id"],
        record["task_id"] + (f"[{record['map_index']}]" if record["map_index"] >= 0 else ""),
        record["decision"],
        f"(automatic, repeats {record['rests_on']})" if record["automatic"] else by,
        ", ".join(edits),
        record["note"] or "",
    ]


def print_json(value: Any) -> None:
    """Print JSON data."""
    say(json_text.pretty(value).rstrip("\n"))

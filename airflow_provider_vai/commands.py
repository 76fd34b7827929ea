"""What each command does. Thin: it reads, calls the line, and shows what came out."""

from __future__ import annotations

import re
from argparse import Namespace
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from airflow_provider_vai import json_text
from airflow_provider_vai.adapters import adapters, read
from airflow_provider_vai.adapters.base import Trace
from airflow_provider_vai.automation import Automation, Step
from airflow_provider_vai.crystallizer import crystallize as crystallize_run
from airflow_provider_vai.exceptions import (
    AmbiguousRun,
    CrystallizeError,
    NothingToCrystallize,
    RenderError,
    RunNotSuccessful,
    VaiError,
)
from airflow_provider_vai.identifiers import Names
from airflow_provider_vai.kinds import KINDS
from airflow_provider_vai.passes.draft import Policy
from airflow_provider_vai.publisher import Published, free_dag_id, publish
from airflow_provider_vai.renderer import render as render_text
from airflow_provider_vai.run import Run
from airflow_provider_vai.sidecar import Sidecar, read_sidecar
from airflow_provider_vai.terminal import complain, plain, progress, say, table, working
from airflow_provider_vai.tools_file import ToolsFile, read_tools

SHOWN_RUNS = 20
PRESETS = ("@once", "@hourly", "@daily", "@weekly", "@monthly", "@quarterly", "@yearly")


def inspect(arguments: Namespace) -> None:
    """Show the runs of a trace."""
    trace, runs = _read(arguments.trace, arguments.format)
    if not arguments.all and arguments.run is None and len(runs) > 1 and not arguments.json:
        _show_runs(trace, runs)
        return
    chosen = _choose(trace, runs, arguments.run, arguments.all)
    if arguments.json:
        dumped = [run.model_dump(mode="json") for run in chosen]
        _print_json(dumped if arguments.all else dumped[0])
        return
    for run in chosen:
        _show_run(run)


def crystallize(arguments: Namespace) -> None:
    """Crystallize one run, or every run of a trace."""
    if len(arguments.trace) > 1:
        raise AmbiguousRun(
            f"{len(arguments.trace)} traces were given, and this version takes one at a time",
            remedy="Run the command once for each trace.",
        )
    if arguments.all and (arguments.dag_id or arguments.run):
        raise AmbiguousRun("--all goes with neither --run nor --dag-id", remedy="Give one of them.")
    _check_schedule(arguments.schedule)
    trace, runs = _read(arguments.trace[0], arguments.format)
    tools = read_tools(Path(arguments.tools) if arguments.tools else None, beside=trace.path)
    chosen = _choose(trace, runs, arguments.run, arguments.all)
    rendered, skipped = _rendered(chosen, trace, tools, arguments)
    published = []
    for automation, text in progress(rendered, "Writing"):
        published.append((automation, publish(automation, text, Path(arguments.out), force=arguments.force)))
    if arguments.json:
        shown = [_as_json(automation, files) for automation, files in published]
        _print_json(shown if arguments.all else shown[0])
    else:
        for automation, files in published:
            _show_published(automation, files)
    for error in skipped:
        complain(f"left out: {error}")


def render(arguments: Namespace) -> None:
    """Render a DAG file again from its sidecar."""
    path = Path(arguments.sidecar)
    automation = read_sidecar(path).automation
    files = publish(automation, render_text(automation), path.parent, force=arguments.force)
    if arguments.json:
        _print_json(_as_json(automation, files))
    else:
        _show_published(automation, files)


def schema(arguments: Namespace) -> None:
    """Print a JSON Schema."""
    models: dict[str, type[BaseModel]] = {"run": Run, "automation": Automation, "sidecar": Sidecar}
    _print_json({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **models[arguments.model].model_json_schema(by_alias=True, mode="serialization"),
    })  # fmt: skip


def kinds(arguments: Namespace) -> None:
    """List the action kinds."""
    rows = [
        {
            "kind": kind.name,
            "legacy": list(kind.legacy),
            "effect": kind.effect,
            "determinism": kind.determinism,
            "operator": kind.operator,
            "summary": kind.summary,
            "arguments": kind.arguments.model_json_schema(by_alias=True),
        }
        for kind in KINDS
    ]
    if arguments.json:
        _print_json(rows)
    else:
        names = ("kind", "effect", "determinism", "summary")
        table(names, [[row[name] for name in names] for row in rows])


def formats(arguments: Namespace) -> None:
    """List the trace formats."""
    rows = [{"format": adapter.name, "description": adapter.description} for adapter in adapters()]
    if arguments.json:
        _print_json(rows)
    else:
        table(("format", "description"), [[row["format"], row["description"]] for row in rows])


def _read(path: str, format: str | None) -> tuple[Trace, list[Run]]:
    with working(f"Reading {path}"):
        return read(Path(path), format)


def _choose(trace: Trace, runs: Sequence[Run], wanted: str | None, take_all: bool) -> Sequence[Run]:
    if not runs:
        raise NothingToCrystallize("the trace holds no run", where=str(trace), remedy="Name another trace.")
    if take_all:
        return runs
    found = [run for run in runs if wanted is None or run.id == wanted]
    found = found or [run for run in runs if run.id.startswith(wanted or "")]
    if len(found) == 1:
        return found
    ids = ", ".join(run.id for run in runs[:SHOWN_RUNS]) + (", …" if len(runs) > SHOWN_RUNS else "")
    problem = f"{len(runs)} runs, and none was chosen" if wanted is None else f"{len(found)} runs match {wanted!r}"
    raise AmbiguousRun(problem, where=str(trace), remedy=f"Choose one with --run, or take all with --all: {ids}")


def _rendered(
    runs: Sequence[Run], trace: Trace, tools: ToolsFile, arguments: Namespace
) -> tuple[list[tuple[Automation, str]], list[VaiError]]:
    """Return each run's automation and DAG file, and, of ``--all``, why runs were left out."""
    policy = _policy(arguments)
    names = Names()
    rendered: list[tuple[Automation, str]] = []
    skipped: list[VaiError] = []
    for run in progress(runs, "Crystallizing"):
        try:
            automation = crystallize_run(
                run,
                tools,
                policy,
                trace_sha256=trace.sha256,
                dag_id=arguments.dag_id,
                schedule=arguments.schedule,
            )
        except CrystallizeError as error:
            error.where = f"{trace}: {error.where}"
            if not (arguments.all and isinstance(error, (RunNotSuccessful, NothingToCrystallize))):
                raise
            skipped.append(error)
            continue
        if not arguments.dag_id:
            free = free_dag_id(names.give(automation.dag_id), automation, Path(arguments.out))
            automation = automation.model_copy(update={"dag_id": free})
        rendered.append((automation, render_text(automation)))
    if not rendered:
        raise skipped[0]
    return rendered, skipped


def _policy(arguments: Namespace) -> Policy:
    turns = _numbers("--turns", arguments.turns)
    if turns and not all(part.isdigit() for part in turns):
        raise NothingToCrystallize(
            f"--turns takes numbers, found {arguments.turns!r}", remedy="For example: --turns 0,2-4"
        )
    calls = _numbers("--calls", arguments.calls)
    return Policy(
        gates=arguments.gates,
        freeze_all=arguments.freeze_all,
        parallel=arguments.parallel,
        turns=frozenset(int(part) for part in turns) if turns is not None else None,
        calls=tuple(calls) if calls is not None else None,
        exclude=tuple(_numbers("--exclude", arguments.exclude) or ()),
        allow_unsuccessful=arguments.allow_unsuccessful,
        allow_unmapped=arguments.allow_unmapped,
    )


def _numbers(option: str, text: str | None) -> list[str] | None:
    """Return the parts of ``1,3-5,call_x`` with each range of numbers written out."""
    if text is None:
        return None
    parts: list[str] = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        span = re.fullmatch(r"(\d{1,6})-(\d{1,6})", part)
        numbers = range(int(span[1]), int(span[2]) + 1) if span else ()
        if span and not numbers:
            raise NothingToCrystallize(
                f"the range {part!r} runs backwards", where=option, remedy=f"Write {span[2]}-{span[1]}."
            )
        parts += [str(number) for number in numbers] or [part]
    return parts


def _check_schedule(schedule: str | None) -> None:
    if schedule is None or schedule in PRESETS:
        return
    from croniter import croniter

    if not croniter.is_valid(schedule):
        raise RenderError(
            f"{schedule!r} is no cron expression",
            where="--schedule",
            remedy=f"Five fields, as in '0 6 * * *', or one of {', '.join(PRESETS)}.",
        )


def _show_runs(trace: Trace, runs: Sequence[Run]) -> None:
    say(f"{plain(trace)}: {len(runs)} runs ({plain(runs[0].format)})")
    table(
        ("run", "title", "outcome", "calls"),
        [[run.id, run.title or "", run.outcome, len(run.calls)] for run in runs],
    )
    say("Choose one with --run ID, or take all with --all.")


def _show_run(run: Run) -> None:
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
    from airflow_provider_vai.passes.redact import mask

    return plain(mask(value if isinstance(value, str) else json_text.canonical(value)), 60)


def _show_published(automation: Automation, files: Published) -> None:
    table(
        ("task", "kind", "effect", "arguments", "flag"),
        [[step.task_id, step.kind, step.effect, _classes(step), _flag(step)] for step in automation.steps],
    )
    for entry in automation.not_crystallized:
        say(f"no task: {plain(entry.tool)} ({plain(entry.call_id)}) {plain(entry.reason)}")
    for line in automation.review:
        say(f"review: {plain(line)}")
    if automation.advice:
        say(f"advice: {automation.advice.recommendation}: {'; '.join(map(plain, automation.advice.reasons))}")
    say(f"{files.change}: {plain(files.dag)} and {plain(files.sidecar.name)} (version {files.version}, paused, draft)")


def _classes(step: Step) -> str:
    counts = Counter(argument.class_ for argument in step.arguments.values())
    sources = sorted(
        {wire.from_.step for argument in step.arguments.values() for wire in argument.wires}
        | {argument.from_.step for argument in step.arguments.values() if argument.from_}
    )
    counted = ", ".join(f"{count} {name}" for name, count in counts.items())
    return counted + (f" (from {', '.join(sources)})" if sources else "")


def _flag(step: Step) -> str:
    if step.kind == "approval_gate":
        return "asks a person"
    return step.determinism.replace("_", "-") if step.non_deterministic else ""


def _as_json(automation: Automation, files: Published) -> dict[str, Any]:
    return {
        "dag_id": automation.dag_id,
        "dag": str(files.dag),
        "sidecar": str(files.sidecar),
        "change": files.change,
        "version": files.version,
        "steps": [step.key for step in automation.steps],
        "gates": [step.key for step in automation.steps if step.kind == "approval_gate"],
        "non_deterministic_steps": automation.non_deterministic_steps,
        "not_crystallized": [entry.model_dump(mode="json") for entry in automation.not_crystallized],
        "review": automation.review,
        "advice": automation.advice.model_dump(mode="json") if automation.advice else None,
    }


def _print_json(value: Any) -> None:
    say(json_text.pretty(value).rstrip("\n"))

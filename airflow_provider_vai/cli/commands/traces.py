"""``vai inspect`` and ``vai crystallize``: what stands in a trace, and the DAGs that are made of it."""

from __future__ import annotations

import re
from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from airflow_provider_vai.cli.collector import without_collector
from airflow_provider_vai.cli.reports import as_json, print_json, show_published, show_run
from airflow_provider_vai.cli.terminal import complain, progress, say, table, working
from airflow_provider_vai.crystallizer.crystallize import crystallize as crystallize_run
from airflow_provider_vai.crystallizer.draft import Policy
from airflow_provider_vai.crystallizer.run_secrets import masked_run
from airflow_provider_vai.crystallizer.several.generalise import Recording, generalised, runs_of
from airflow_provider_vai.exceptions import (
    AmbiguousRun,
    CrystallizeError,
    NothingToCrystallize,
    RenderError,
    RunNotSuccessful,
    VaiError,
)
from airflow_provider_vai.languages.identifiers import Names
from airflow_provider_vai.languages.printable import plain
from airflow_provider_vai.languages.python_function import python_path
from airflow_provider_vai.model.automation import Automation
from airflow_provider_vai.model.run import Run
from airflow_provider_vai.model.tools_file import ToolsFile, read_tools
from airflow_provider_vai.renderer.render import render
from airflow_provider_vai.store.dag_names import free_dag_id
from airflow_provider_vai.store.publisher import publish
from airflow_provider_vai.traces import merge
from airflow_provider_vai.traces.formats import adapters, opened, tells
from airflow_provider_vai.traces.reading.run_index import Runs
from airflow_provider_vai.traces.reading.trace import Tells, Trace

SHOWN_RUNS = 20
PRESETS = ("@once", "@hourly", "@daily", "@weekly", "@monthly", "@quarterly", "@yearly")


@dataclass(frozen=True)
class ChosenRuns:
    """The runs that were chosen, and the file or files that they stand in; ``several``: they are runs of one task."""

    where: str
    path: Path
    sha256: str
    runs: Sequence[Run]
    several: Sequence[Recording] = ()


def inspect(arguments: Namespace) -> None:
    """Show the runs of a trace, or one run of several."""
    if len(arguments.trace) == 1 and not (arguments.all or arguments.json or arguments.run):
        _overview(arguments.trace[0], arguments.format)
        return
    chosen = [masked_run(run) for run in _recorded(arguments).runs]
    if arguments.json:
        dumped = [run.model_dump(mode="json") for run in chosen]
        print_json(dumped if arguments.all or len(dumped) > 1 else dumped[0])
        return
    for run in chosen:
        show_run(run)


@without_collector()
def crystallize(arguments: Namespace) -> None:
    """Crystallize one run, or every run of a trace."""
    if arguments.all and (arguments.dag_id or arguments.run):
        raise AmbiguousRun("--all goes with neither --run nor --dag-id", remedy="Give one of them.")
    _check_schedule(arguments.schedule)
    recorded = _recorded(arguments)
    tools = read_tools(Path(arguments.tools) if arguments.tools else None, beside=recorded.path)
    automations, skipped = _automations(recorded, tools, arguments)
    del recorded  # a large trace is not needed any more
    published = []
    for automation in progress(automations, "Writing"):
        published.append((automation, publish(automation, Path(arguments.out), force=arguments.force)))
    if arguments.json:
        shown = [as_json(automation, files) for automation, files in published]
        print_json(shown if arguments.all else shown[0])
    else:
        for automation, files in published:
            show_published(automation, files)
    for error in skipped:
        complain(f"left out: {error}")


@contextmanager
def _opened(path: str, format: str | None) -> Iterator[Runs]:
    with ExitStack() as stack:
        with working(f"Reading {path}"):
            runs = stack.enter_context(opened(Path(path), format, lambda keys: progress(keys, "Reading runs")))
        yield runs


def _overview(path: str, format: str | None) -> None:
    """Show a trace's runs; its one run in full. One run at a time is in memory."""
    rows: list[list[object]] = []
    with _opened(path, format) as runs:
        for run in map(masked_run, runs):
            rows.append([run.id, run.title or "", run.outcome, len(run.calls)])
        if not rows:
            raise _no_run(runs.trace)
        _tell_refused(runs)
    if len(rows) == 1:
        show_run(run)
        return
    say(f"{plain(path)}: {len(rows)} runs ({plain(run.format)})")
    table(("run", "title", "outcome", "calls"), rows)
    say("Choose one with --run ID, or take all with --all.")


def _recorded(arguments: Namespace) -> ChosenRuns:
    """Read the chosen runs of one trace, the one run that several traces tell of, or several runs of one task."""
    with ExitStack() as stack:
        opened_ = [stack.enter_context(_opened(path, arguments.format)) for path in arguments.trace]
        first, *others = opened_
        digests = [runs.trace.sha256 for runs in opened_]
        if not others:
            chosen = _choose(first, arguments.run, arguments.all)
            return ChosenRuns(str(first.trace), first.trace.path, digests[0], chosen)
        if arguments.all:
            raise AmbiguousRun("--all takes the runs of one trace", remedy="Name one trace, or choose with --run.")
        groups = runs_of(_exports(opened_, arguments.run))
    where = ", ".join(arguments.trace)
    if len(groups) == 1:
        complain(f"took {where} for exports of one run")
        return ChosenRuns(where, first.trace.path, merge.digest(digests), [merge.merged(groups[0])])
    complain(f"took {where} for {len(groups)} runs of one task")
    digest_of = dict(zip((str(runs.trace) for runs in opened_), digests, strict=True))
    several = [_recording(group, digest_of) for group in groups]
    return ChosenRuns(where, first.trace.path, merge.digest(digests), [it.run for it in several], several)


def _recording(exports: Sequence[merge.Export], digest_of: Mapping[str, str]) -> Recording:
    names = [export.name for export in exports]
    if len(exports) == 1:
        return Recording(names[0], exports[0].run, digest_of[names[0]])
    return Recording(", ".join(names), merge.merged(exports), merge.digest(digest_of[name] for name in names))


def _exports(opened_: Sequence[Runs], wanted: str | None) -> list[merge.Export]:
    """Return each trace's account of one run: the wanted one, else the one that the traces have in common."""
    found = [(runs.beginning(wanted) if wanted else []) or list(runs) for runs in opened_]
    known = next((runs[0] for runs in found if len(runs) == 1), None)
    if known is None:
        _choose(opened_[0], wanted, take_all=False)
    tells_of = {adapter.name: tells(adapter) for adapter in adapters()}
    exports = []
    for runs, candidates in zip(opened_, found, strict=True):
        same = [run for run in candidates if len(candidates) == 1 or (known and merge.is_same_run(known, run))]
        if len(same) != 1:
            raise AmbiguousRun(
                f"{len(candidates)} runs, of which {len(same)} are the run of the other traces",
                where=str(runs.trace),
                remedy="Choose one with --run.",
            )
        exports.append(merge.Export(str(runs.trace), same[0], tells_of.get(same[0].format, Tells())))
    return exports


def _choose(runs: Runs, wanted: str | None, take_all: bool) -> Sequence[Run]:
    found = runs.beginning(wanted) if wanted is not None else list(runs if take_all else islice(runs, 2))
    if take_all:
        _tell_refused(runs)
    if len(found) == 1 or (take_all and found):
        return found
    every = [run.id for run in runs]
    if not every:
        raise _no_run(runs.trace)
    ids = ", ".join(every[:SHOWN_RUNS]) + (", …" if len(every) > SHOWN_RUNS else "")
    problem = f"{len(every)} runs, and none was chosen" if wanted is None else f"{len(found)} runs match {wanted!r}"
    raise AmbiguousRun(problem, where=str(runs.trace), remedy=f"Choose one with --run, or take all with --all: {ids}")


def _tell_refused(runs: Runs) -> None:
    if runs.refused:
        complain(f"{len(runs.refused)} runs could not be read; the first: {next(iter(runs.refused.values()))}")


def _no_run(trace: Trace) -> NothingToCrystallize:
    return NothingToCrystallize("the trace holds no run", where=str(trace), remedy="Name another trace.")


def _automations(
    recorded: ChosenRuns, tools: ToolsFile, arguments: Namespace
) -> tuple[list[Automation], list[VaiError]]:
    """Return each run's automation, which can be rendered, and, of ``--all``, why runs were left out."""
    policy = _policy(arguments)
    names = Names()
    if recorded.several:
        with working(f"Comparing {len(recorded.several)} runs"):
            automation = generalised(
                recorded.several, tools, policy, dag_id=arguments.dag_id, schedule=arguments.schedule
            )
        if not arguments.dag_id:
            free = free_dag_id(automation.dag_id, automation, Path(arguments.out))
            automation = automation.model_copy(update={"dag_id": free})
        return [automation], []
    automations: list[Automation] = []
    skipped: list[VaiError] = []
    for run in progress(recorded.runs, "Crystallizing"):
        try:
            automation = crystallize_run(
                run,
                tools,
                policy,
                trace_sha256=recorded.sha256,
                dag_id=arguments.dag_id,
                schedule=arguments.schedule,
            )
        except CrystallizeError as error:
            error.where = f"{recorded.where}: {error.where}"
            if not (arguments.all and isinstance(error, (RunNotSuccessful, NothingToCrystallize))):
                raise
            skipped.append(error)
            continue
        if not arguments.dag_id:
            free = free_dag_id(names.give(automation.dag_id), automation, Path(arguments.out))
            automation = automation.model_copy(update={"dag_id": free})
        if arguments.all:
            render(automation)  # before the first one is written, so that all are, or none
        automations.append(automation)
    if not automations:
        raise skipped[0]
    return automations, skipped


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
        loops=arguments.loops,
        turns=frozenset(int(part) for part in turns) if turns is not None else None,
        calls=tuple(calls) if calls is not None else None,
        exclude=tuple(_numbers("--exclude", arguments.exclude) or ()),
        python_path=python_path(Path(arguments.out)),
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

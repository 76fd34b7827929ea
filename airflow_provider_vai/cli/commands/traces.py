"""``vai inspect`` and ``vai crystallize``: show the runs in a trace, and turn them into DAGs."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from airflow_provider_vai.cli.chosen_runs import chosen_recordings, complain_of_refused, no_run, opened_trace
from airflow_provider_vai.cli.collector import without_collector
from airflow_provider_vai.cli.publishing import out_folder, read_soon
from airflow_provider_vai.cli.reports import as_json, print_json, show_published, show_run
from airflow_provider_vai.cli.terminal import complain, progress, say, table, working
from airflow_provider_vai.crystallizer.run_secrets import masked_run
from airflow_provider_vai.exceptions import AmbiguousRun, CrystallizeError
from airflow_provider_vai.languages.printable import plain

if TYPE_CHECKING:
    from airflow_provider_vai.authoring.crystallize_options import CrystallizeOptions
    from airflow_provider_vai.crystallizer.several.generalise import Recording
    from airflow_provider_vai.model.automation import Automation


def inspect(arguments: Namespace) -> None:
    """Show the selected runs; without a selection, list the runs of the trace."""
    if len(arguments.trace) == 1 and not (arguments.all or arguments.json or arguments.run):
        _overview(arguments.trace[0], arguments.format)
        return
    chosen = [masked_run(recording.run) for recording in _recordings(arguments)]
    if arguments.json:
        dumped = [run.model_dump(mode="json") for run in chosen]
        print_json(dumped if arguments.all or len(dumped) > 1 else dumped[0])
        return
    for run in chosen:
        show_run(run)


@without_collector()
def crystallize(arguments: Namespace) -> None:
    """Crystallize one run, several runs of one task, or every run in a trace."""
    from airflow_provider_vai.cli.airflow_command import pause_unreviewed
    from airflow_provider_vai.store.publisher import publish

    if arguments.all and (arguments.dag_id or arguments.run):
        raise AmbiguousRun("--all cannot be used with --run or --dag-id", remedy="Leave out --all or the other option.")
    options = _options(arguments)
    automations, left_out = _automations(_recordings(arguments), options, arguments)
    published, folder = [], out_folder(arguments.out)
    for automation in progress(automations, "Writing"):
        files = publish(automation, folder, force=arguments.force, pause=pause_unreviewed)
        published.append((automation, files))
    read_soon(files for _, files in published)
    if arguments.json:
        shown = [as_json(automation, files) for automation, files in published]
        print_json(shown if arguments.all else shown[0])
    else:
        for automation, files in published:
            show_published(automation, files)
    for error in left_out:
        complain(f"left out: {error}")


def _overview(path: str, format: str | None) -> None:
    """List the runs of a trace, or show its only run in full. Only one run at a time is kept in memory."""
    rows: list[list[object]] = []
    with opened_trace(path, format) as runs:
        for run in map(masked_run, runs):
            rows.append([run.id, run.title or "", run.outcome, len(run.calls)])
        if not rows:
            raise no_run(runs.trace)
        complain_of_refused(runs)
    if len(rows) == 1:
        show_run(run)
        return
    say(f"{plain(path)}: {len(rows)} runs ({plain(run.format)})")
    table(("run", "title", "outcome", "calls"), rows)
    say("Choose one with --run ID, or take all with --all.")


def _recordings(arguments: Namespace) -> list[Recording]:
    return chosen_recordings(arguments.trace, format=arguments.format, wanted=arguments.run, take_all=arguments.all)


def _options(arguments: Namespace) -> CrystallizeOptions:
    from airflow_provider_vai.authoring.crystallize_options import CrystallizeOptions

    return CrystallizeOptions(
        dag_id=arguments.dag_id,
        gates=arguments.gates,
        freeze_all=arguments.freeze_all,
        derive=arguments.derive,
        parallel=arguments.parallel,
        loops=arguments.loops,
        turns=arguments.turns,
        calls=arguments.calls,
        exclude=arguments.exclude,
        schedule=arguments.schedule,
        allow_unsuccessful=arguments.allow_unsuccessful,
        allow_unmapped=arguments.allow_unmapped,
    )


def _automations(
    recordings: list[Recording], options: CrystallizeOptions, arguments: Namespace
) -> tuple[list[Automation], list[CrystallizeError]]:
    """Return the automations to write and, with ``--all``, the errors of the runs that were left out."""
    from airflow_provider_vai.authoring.crystallizing import crystallized, crystallized_each
    from airflow_provider_vai.model.tools_file import read_tools
    from airflow_provider_vai.traces.reading.trace import Trace

    folder, named = out_folder(arguments.out), Path(arguments.tools) if arguments.tools else None
    tools = read_tools(named, beside=Trace(Path(arguments.trace[0])).path)
    if arguments.all:
        return crystallized_each(progress(recordings, "Crystallizing"), tools, options=options, folder=folder)
    if len(recordings) == 1:
        return [crystallized(recordings, tools, options=options, folder=folder)], []
    with working(f"Comparing {len(recordings)} runs"):
        return [crystallized(recordings, tools, options=options, folder=folder)], []

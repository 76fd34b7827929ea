"""``vai inspect`` and ``vai crystallize``: show the runs in a trace, and turn them into DAGs."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from airflow_provider_vai.cli.chosen_runs import chosen_recordings, complain_of_refused, no_run, opened_trace
from airflow_provider_vai.cli.collector import without_collector
from airflow_provider_vai.cli.reports import after_writing, as_json, print_json, show_published, show_run
from airflow_provider_vai.cli.session_traces import traces_of
from airflow_provider_vai.cli.terminal import complain, next_step, progress, say, table, words, working
from airflow_provider_vai.crystallizer.run_secrets import masked_run
from airflow_provider_vai.exceptions import AmbiguousRun, CrystallizeError
from airflow_provider_vai.languages.plural import plural
from airflow_provider_vai.languages.printable import plain
from airflow_provider_vai.secrets import knowing

if TYPE_CHECKING:
    from airflow_provider_vai.authoring.crystallize_options import CrystallizeOptions
    from airflow_provider_vai.crystallizer.several.recording import Recording
    from airflow_provider_vai.model.automation import Automation
    from airflow_provider_vai.model.run import Run
    from airflow_provider_vai.store.shared_files import AnyPath


def inspect(arguments: Namespace) -> None:
    """Show the selected runs; without a selection, list the runs of the trace."""
    if len(arguments.trace) == 1 and not (arguments.all or arguments.json or arguments.run):
        with traces_of(arguments.trace) as paths:
            _overview(paths[0], arguments.trace[0], arguments.format)
        return
    chosen = [masked_run(recording.run) for recording in _recordings(arguments)]
    if arguments.json:
        dumped = [run.model_dump(mode="json") for run in chosen]
        print_json(dumped if arguments.all or len(dumped) > 1 else dumped[0])
        return
    for run in chosen:
        show_run(run)
    _after_inspecting(arguments.trace, chosen)


@without_collector()
def crystallize(arguments: Namespace) -> None:
    """Crystallize one run, several runs of one task, or every run in a trace."""
    from airflow_provider_vai.cli.airflow_command import pause_unreviewed
    from airflow_provider_vai.cli.publishing import out_folder, read_soon
    from airflow_provider_vai.store.publisher import publish

    if arguments.all and (arguments.dag_id or arguments.run or arguments.title):
        raise AmbiguousRun(
            "--all cannot be used with --run, --dag-id or --title", remedy="Leave out --all or the other option."
        )
    options, folder = _options(arguments), out_folder(arguments.out)
    automations, left_out = _automations(_recordings(arguments), options, arguments, folder)
    published = []
    with knowing(()):  # so that each text is searched for credentials once, to write it and to show it
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
            after_writing([files for _, files in published])
    for error in left_out:
        complain(f"left out: {error}")


def _overview(path: str, name: str, format: str | None) -> None:
    """List the runs of a trace, or show its only run in full. Only one run at a time is kept in memory.

    :param name: what the user called the trace.
    """
    rows: list[list[object]] = []
    with opened_trace(path, format) as runs:
        for run in map(masked_run, runs):
            rows.append([run.id, run.title or "", run.outcome, len(run.calls)])
        if not rows:
            raise no_run(runs.trace)
        complain_of_refused(runs)
    if len(rows) == 1:
        show_run(run)
        _after_inspecting([name], [run])
        return
    say(f"{plain(name)}: {plural(len(rows), 'run')} ({plain(run.format)})")
    table(("run", "title", "outcome", "calls"), rows, cut=("title",))
    next_step(f"vai inspect {words(name)} --run ID", f"vai crystallize {words(name)} --run ID (or --all)")


def _after_inspecting(names: Sequence[str], runs: Sequence[Run]) -> None:
    """Say what comes next. If there is no tools file yet, and a tool needs one, that is first."""
    from airflow_provider_vai.crystallizer.named_kinds import kind_without_rule
    from airflow_provider_vai.model.tool_names import FILE_NAME
    from airflow_provider_vai.traces.reading.trace import Trace

    file = Trace(Path(names[0])).path.parent / FILE_NAME
    made = (call for run in runs for call in run.calls if call.outcome == "success")
    is_first = not file.exists() and any(kind_without_rule(call) is None for call in made)
    first = [f"vai init {words(*names)} (tools have no action kind yet)"] if is_first else []
    next_step(*first, f"vai crystallize {words(*names)}")


def _recordings(arguments: Namespace) -> list[Recording]:
    with traces_of(arguments.trace) as paths:
        return chosen_recordings(paths, format=arguments.format, wanted=arguments.run, take_all=arguments.all)


def _options(arguments: Namespace) -> CrystallizeOptions:
    from airflow_provider_vai.authoring.crystallize_options import CrystallizeOptions

    return CrystallizeOptions(
        dag_id=arguments.dag_id,
        title=arguments.title,
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
    recordings: list[Recording], options: CrystallizeOptions, arguments: Namespace, folder: AnyPath
) -> tuple[list[Automation], list[CrystallizeError]]:
    """Return the automations to write and, with ``--all``, the errors of the runs that were left out."""
    from airflow_provider_vai.authoring.crystallizing import crystallized, crystallized_each
    from airflow_provider_vai.model.tools_file import read_tools
    from airflow_provider_vai.traces.reading.trace import Trace

    named = Path(arguments.tools) if arguments.tools else None
    tools = read_tools(named, beside=Trace(Path(arguments.trace[0])).path)
    if arguments.all:
        return crystallized_each(progress(recordings, "Crystallizing"), tools, options=options, folder=folder)
    with working("Crystallizing" if len(recordings) == 1 else f"Comparing {plural(len(recordings), 'run')}"):
        return [crystallized(recordings, tools, options=options, folder=folder)], []

"""Reads the traces given on the command line, and selects runs in them by ``--run`` and ``--all``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from airflow_provider_vai.cli.terminal import complain, progress, working
from airflow_provider_vai.exceptions import AmbiguousRun, NothingToCrystallize
from airflow_provider_vai.languages.plural import plural
from airflow_provider_vai.model.run import Run
from airflow_provider_vai.traces.formats import opened
from airflow_provider_vai.traces.known_formats import coverage_of_format
from airflow_provider_vai.traces.reading.run_index import Runs
from airflow_provider_vai.traces.reading.trace import Trace

if TYPE_CHECKING:
    from airflow_provider_vai.crystallizer.several.recording import Recording
    from airflow_provider_vai.traces import merge

SHOWN_RUNS = 20


@contextmanager
def opened_trace(path: str, format: str | None) -> Iterator[Runs]:
    """Open a trace file, and show a progress bar while it is read."""
    with ExitStack() as stack:
        with working(f"Reading {path}"):
            runs = stack.enter_context(opened(Path(path), format, lambda keys: progress(keys, "Reading runs")))
        yield runs


def chosen_recordings(
    paths: Sequence[str], *, format: str | None, wanted: str | None, take_all: bool
) -> list[Recording]:
    """Return the selected recordings.

    Several traces are either exports of one run, which are merged, or several runs of one task. A message on standard
    error states which of the two was assumed.

    :param paths: The paths of one or more trace files.
    :param format: The name of their format; ``None``: it is detected.
    :param wanted: The value of ``--run``: the id of a run, or its beginning; ``None``: not given.
    :param take_all: Whether ``--all`` was given; allowed only for one trace.
    :raises TraceError: if a trace cannot be read.
    :raises AmbiguousRun: if it is not clear which run to take.
    :raises NothingToCrystallize: if a trace contains no run.
    """
    from airflow_provider_vai.authoring.crystallizing import recordings_of, runs_of, taken_for
    from airflow_provider_vai.crystallizer.several.recording import Recording

    with ExitStack() as stack:
        traces = [stack.enter_context(opened_trace(path, format)) for path in paths]
        if len(traces) == 1:
            trace = traces[0].trace
            runs = _chosen(traces[0], wanted, take_all=take_all)
            return [Recording(str(trace), run, trace.sha256) for run in runs]
        if take_all:
            raise AmbiguousRun("--all works only with one trace", remedy="Give one trace, or choose a run with --run.")
        groups = runs_of(_exports(traces, wanted))
    complain(taken_for(paths, groups))
    return recordings_of(groups)


def complain_of_refused(runs: Runs) -> None:
    """Print how many runs of a trace could not be read, if any."""
    if runs.errors:
        complain(
            f"{plural(len(runs.errors), 'run')} could not be read; first error: {next(iter(runs.errors.values()))}"
        )


def no_run(trace: Trace) -> NothingToCrystallize:
    """Return the error for a trace without a run."""
    return NothingToCrystallize("the trace contains no run", where=str(trace), remedy="Give another trace.")


def _exports(traces: Sequence[Runs], wanted: str | None) -> list[merge.Export]:
    """Return the export of one run from each trace: of the run with the wanted id, or of the run that they share."""
    from airflow_provider_vai.traces import merge

    found = [(runs.matching(wanted) if wanted else []) or list(runs) for runs in traces]
    known = next((runs[0] for runs in found if len(runs) == 1), None)
    if known is None:
        _chosen(traces[0], wanted, take_all=False)
    exports = []
    for runs, candidates in zip(traces, found, strict=True):
        matching = [run for run in candidates if len(candidates) == 1 or (known and merge.is_same_run(known, run))]
        if len(matching) != 1:
            raise AmbiguousRun(
                f"the trace contains {plural(len(candidates), 'run')}, and "
                f"{len(matching)} match the run in the other traces",
                where=str(runs.trace),
                remedy="Choose one with --run.",
            )
        exports.append(
            merge.Export(str(runs.trace), matching[0], coverage_of_format(matching[0].format), runs.trace.sha256)
        )
    return exports


def _chosen(runs: Runs, wanted: str | None, *, take_all: bool) -> Sequence[Run]:
    found = runs.matching(wanted) if wanted is not None else list(runs if take_all else islice(runs, 2))
    if take_all:
        complain_of_refused(runs)
    if len(found) == 1 or (take_all and found):
        return found
    every = [run.id for run in runs]
    if not every:
        raise no_run(runs.trace)
    ids = ", ".join(every[:SHOWN_RUNS]) + (", …" if len(every) > SHOWN_RUNS else "")
    problem = (
        f"the trace contains {plural(len(every), 'run')}, and none was chosen"
        if wanted is None
        else f"{plural(len(found), 'run matches', 'runs match')} {wanted!r}"
    )
    raise AmbiguousRun(problem, where=str(runs.trace), remedy=f"Choose one with --run, or take all with --all: {ids}")

"""Reads the traces that the command line names, and chooses the runs in them that ``--run`` and ``--all`` ask for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path

from airflow_provider_vai.authoring.crystallizing import recordings_of, runs_of, taken_for
from airflow_provider_vai.cli.terminal import complain, progress, working
from airflow_provider_vai.crystallizer.several.generalise import Recording
from airflow_provider_vai.exceptions import AmbiguousRun, NothingToCrystallize
from airflow_provider_vai.model.run import Run
from airflow_provider_vai.traces import merge
from airflow_provider_vai.traces.formats import coverage_of_format, opened
from airflow_provider_vai.traces.reading.run_index import Runs
from airflow_provider_vai.traces.reading.trace import Trace

SHOWN_RUNS = 20


@contextmanager
def opened_trace(path: str, format: str | None) -> Iterator[Runs]:
    """Open a trace file, with a progress bar while it is read."""
    with ExitStack() as stack:
        with working(f"Reading {path}"):
            runs = stack.enter_context(opened(Path(path), format, lambda keys: progress(keys, "Reading runs")))
        yield runs


def chosen_recordings(
    paths: Sequence[str], *, format: str | None, wanted: str | None, take_all: bool
) -> list[Recording]:
    """Return the chosen runs of one trace, the one run that several traces are exports of, or several runs of one task.

    Of several traces it prints which it took them for.

    :param paths: one trace file or several. :param format: of each; ``None``: it is found.
    :param wanted: ``--run``, the id of a run or its beginning. :param take_all: ``--all``, of one trace only.
    :raises TraceError: a trace cannot be read. :raises AmbiguousRun: it is not clear which run is meant.
    :raises NothingToCrystallize: a trace holds no run.
    """
    with ExitStack() as stack:
        traces = [stack.enter_context(opened_trace(path, format)) for path in paths]
        if len(traces) == 1:
            trace = traces[0].trace
            runs = _chosen(traces[0], wanted, take_all=take_all)
            return [Recording(str(trace), run, trace.sha256) for run in runs]
        if take_all:
            raise AmbiguousRun("--all takes the runs of one trace", remedy="Name one trace, or choose with --run.")
        groups = runs_of(_exports(traces, wanted))
    complain(taken_for(paths, groups))
    return recordings_of(groups)


def complain_of_refused(runs: Runs) -> None:
    """Print how many runs of a large trace could not be read, if any."""
    if runs.errors:
        complain(f"{len(runs.errors)} runs could not be read; the first: {next(iter(runs.errors.values()))}")


def no_run(trace: Trace) -> NothingToCrystallize:
    """Return the error of a trace without a run."""
    return NothingToCrystallize("the trace holds no run", where=str(trace), remedy="Name another trace.")


def _exports(traces: Sequence[Runs], wanted: str | None) -> list[merge.Export]:
    """Return each trace's account of one run: the wanted one, else the one that the traces have in common."""
    found = [(runs.matching(wanted) if wanted else []) or list(runs) for runs in traces]
    known = next((runs[0] for runs in found if len(runs) == 1), None)
    if known is None:
        _chosen(traces[0], wanted, take_all=False)
    exports = []
    for runs, candidates in zip(traces, found, strict=True):
        same = [run for run in candidates if len(candidates) == 1 or (known and merge.is_same_run(known, run))]
        if len(same) != 1:
            raise AmbiguousRun(
                f"{len(candidates)} runs, of which {len(same)} are the run of the other traces",
                where=str(runs.trace),
                remedy="Choose one with --run.",
            )
        exports.append(merge.Export(str(runs.trace), same[0], coverage_of_format(same[0].format), runs.trace.sha256))
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
    problem = f"{len(every)} runs, and none was chosen" if wanted is None else f"{len(found)} runs match {wanted!r}"
    raise AmbiguousRun(problem, where=str(runs.trace), remedy=f"Choose one with --run, or take all with --all: {ids}")

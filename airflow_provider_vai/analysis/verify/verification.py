"""Runs one verification: reads the recorded results, replays the DAG, compares, and accepts the results on request."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from airflow_provider_vai.analysis.verify import baseline, recordings, verdicts
from airflow_provider_vai.analysis.verify.baseline import Accepted, Baseline
from airflow_provider_vai.analysis.verify.files import sidecar_path, verify
from airflow_provider_vai.analysis.verify.recordings import Recordings
from airflow_provider_vai.analysis.verify.replay import ReplayOptions, ReplayResult, replay
from airflow_provider_vai.analysis.verify.report import Report
from airflow_provider_vai.crystallizer.run_secrets import knowing_those_of
from airflow_provider_vai.exceptions import ReplayRefused
from airflow_provider_vai.model.sidecar import Sidecar
from airflow_provider_vai.store import publisher
from airflow_provider_vai.store.sidecar_files import read_sidecar


@dataclass(frozen=True)
class Wanted:
    """What to verify, and how.

    :param dag: The path of the DAG file or its sidecar.
    :param traces: The trace files of the recorded run; empty: compare with the newest baseline, or with the digests and
        schemas in the sidecar if there is no baseline.
    :param format: The name of the trace format; ``None``: it is detected.
    :param level: A key of :data:`verdicts.GOOD_FROM`.
    :param ignore: Places whose differences do not count, see :func:`verdicts.ignored`.
    :param options: How to replay.
    :param accept: Store today's results as a new baseline.
    :param summary: Why they are accepted.
    """

    dag: Path
    traces: Sequence[Path] = ()
    format: str | None = None
    level: str = "masked"
    ignore: Sequence[str] = ()
    options: ReplayOptions = field(default_factory=ReplayOptions)
    accept: bool = False
    summary: str = ""


def verified(wanted: Wanted, python_path: Sequence[str]) -> Report:
    """Run an automation now, and report how its results differ from the recorded ones.

    :param wanted: What to verify, and how.
    :param python_path: Folders in which to search for functions, see :func:`analysis.verify.files.verify`.
    :raises VaiError: if a file cannot be read, the replay is refused, or the results cannot be accepted.
    """
    path = sidecar_path(wanted.dag)
    sidecar = read_sidecar(path)
    file = path.with_name(f"{sidecar.dag_id}.py")
    if not file.is_file():
        raise ReplayRefused("there is no DAG file", where=str(file), remedy=f"Run `vai render {path}`.")
    leave_out = verdicts.ignored(wanted.ignore, sidecar)
    findings = verify(path, python_path)
    found = _recordings(sidecar, path.parent, wanted)
    with ExitStack() as known:
        if found.run:
            known.enter_context(knowing_those_of(found.run))
        replayed = replay(file, sidecar, found, wanted.options)
        report = Report(
            dag_id=sidecar.dag_id,
            version=sidecar.version,
            started=replayed.moment.started,
            seconds=(replayed.moment.ended - replayed.moment.started).total_seconds(),
            source=found.source,
            level=wanted.level,
            steps=verdicts.judge(sidecar, found, replayed, leave_out),
            findings=findings,
            notes=list(found.notes),
            is_live=wanted.options.live_writes,
            approver=wanted.options.approver if wanted.options.live_writes else None,
        )
        if wanted.accept:
            kept = _accepted(path.parent, sidecar, found, replayed, wanted.summary)
            report.notes.append(f"Accepted as baseline {kept.number}.")
    return report


def approver() -> str:
    """Return the name in which ``--approve-gates`` approves: the author of new versions."""
    return publisher.author()


def _recordings(sidecar: Sidecar, folder: Path, wanted: Wanted) -> Recordings:
    if wanted.traces:
        return recordings.of_trace(sidecar, wanted.traces, wanted.format)
    kept = baseline.newest(folder, sidecar.dag_id)
    return recordings.of_baseline(sidecar, kept) if kept else recordings.of_sidecar(sidecar)


def _accepted(folder: Path, sidecar: Sidecar, found: Recordings, replayed: ReplayResult, summary: str) -> Baseline:
    """Store today's results as a baseline; for a step that was not run, store its recorded result.

    :raises ReplayRefused: if a step failed.
    """
    judged = {step.key: step.verdict for step in verdicts.judge(sidecar, found, replayed, {})}
    failed = [key for key, word in judged.items() if word == "failed"]
    if failed:
        raise ReplayRefused(
            f"{', '.join(failed)} failed: results of a failed replay cannot be accepted",
            where=sidecar.dag_id,
            remedy="Correct the problem and verify again.",
        )
    steps: dict[str, Accepted] = {}
    for step in sidecar.steps:
        if judged[step.key] == "stood in":
            steps[step.key] = baseline.accepted(step, found.steps[step.key].value, stood_in=True)
        elif judged[step.key] not in ("passed", "not run"):
            steps[step.key] = baseline.accepted(step, verdicts.result_of(step, replayed))
    return baseline.accept(folder, sidecar, steps, summary=summary)

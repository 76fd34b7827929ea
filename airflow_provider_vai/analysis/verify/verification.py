"""One verification from its beginning to its end: read, replay, compare, and accept where that is wanted."""

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

    :param dag: the DAG file or its sidecar. :param traces: of the recorded run; none: the newest baseline counts, else
        what the sidecar keeps. :param format: the trace's. :param level: a key of :data:`verdicts.GOOD_FROM`.
    :param ignore: places that do not count, see :func:`verdicts.ignored`. :param options: how to replay.
    :param accept: keep today's results as a new baseline, with :param summary: why.
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
    """Run an automation now, and say how its results differ from the recorded ones.

    :param python_path: folders in which functions are looked for, see :func:`analysis.verify.files.verify`.
    :raises VaiError: something cannot be read, the replay is refused, or today's results cannot be accepted.
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
            report.notes.append(f"Accepted as the baseline {kept.number}.")
    return report


def approver() -> str:
    """Return in whose name ``--approve-gates`` approves: the author's of versions."""
    return publisher.author()


def _recordings(sidecar: Sidecar, folder: Path, wanted: Wanted) -> Recordings:
    if wanted.traces:
        return recordings.of_trace(sidecar, wanted.traces, wanted.format)
    kept = baseline.newest(folder, sidecar.dag_id)
    return recordings.of_baseline(sidecar, kept) if kept else recordings.of_sidecar(sidecar)


def _accepted(folder: Path, sidecar: Sidecar, found: Recordings, replayed: ReplayResult, summary: str) -> Baseline:
    """Keep today's results; where a recorded result stood in, it is kept.

    :raises ReplayRefused: a step failed or did not run.
    """
    judged = {it.key: it.verdict for it in verdicts.judge(sidecar, found, replayed, {})}
    wrong = [key for key, word in judged.items() if word == "failed"]
    if wrong:
        raise ReplayRefused(
            f"{', '.join(wrong)} failed: results of a run that failed are not accepted",
            where=sidecar.dag_id,
            remedy="Correct it, and verify again.",
        )
    steps: dict[str, Accepted] = {}
    for step in sidecar.steps:
        if judged[step.key] == "stood in":
            steps[step.key] = baseline.accepted(step, found.steps[step.key].value, stood_in=True)
        elif judged[step.key] not in ("passed", "not run"):
            steps[step.key] = baseline.accepted(step, verdicts.result_of(step, replayed))
    return baseline.accept(folder, sidecar, steps, summary=summary)

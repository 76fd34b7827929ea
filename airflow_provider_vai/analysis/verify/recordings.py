"""What each step returned when it was recorded: from the trace, an accepted baseline, or what the sidecar keeps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from airflow_provider_vai.analysis.verify.baseline import Baseline, step_sha256
from airflow_provider_vai.exceptions import AmbiguousRun, ReplayRefused
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.model.automation import Step
from airflow_provider_vai.model.run import Run, ToolCall
from airflow_provider_vai.model.sidecar import Sidecar
from airflow_provider_vai.secrets.masking import mask
from airflow_provider_vai.traces import merge
from airflow_provider_vai.traces.formats import coverage_of_format, opened

GATE = "approval_gate"


class _Nothing:
    """No value is kept: of a result may be known only its digest and shape."""


NOTHING = _Nothing()


@dataclass(frozen=True)
class StepRecording:
    """A recorded result.

    :param value: JSON data; ``NOTHING`` where only the digest and the shape are kept. :param schema: its shape as
        :func:`json_text.schema` describes it. :param is_masked: credentials in the value were masked when it was kept.
    :param is_list: the value is a list of one result for each element that the step is mapped over.
    """

    sha256: str
    schema: dict[str, Any]
    value: Any = NOTHING
    is_masked: bool = False
    is_list: bool = False

    @property
    def has_value(self) -> bool:
        """Whether the result itself is known."""
        return self.value is not NOTHING


@dataclass(frozen=True)
class Recordings:
    """The recorded results by the step's key, why other steps have none, where they are from, and what to know of it.

    ``run`` is the recorded run, where the trace was read.
    """

    source: str
    steps: dict[str, StepRecording] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    run: Run | None = None


def of_trace(sidecar: Sidecar, paths: Sequence[Path], format: str | None = None) -> Recordings:
    """Return the results that the trace holds, of which the automation was made.

    :param paths: the trace, or all exports of one run. :param format: an adapter's name; ``None``: it is found.
    :raises TraceError: the trace cannot be read, or does not hold the run.
    :raises ReplayRefused: the automation has no recording, or the trace is of another one.
    """
    if sidecar.source is None:
        raise ReplayRefused(
            "the automation was made from a spec, not from a recording",
            where="--trace",
            remedy="Leave --trace out; --accept keeps today's results as what later ones are compared with.",
        )
    digest, run = _run(sidecar.source.id, paths, format)
    found, missing, other = {}, {}, []
    for step in _steps(sidecar):
        result = _recorded(step, [call for call in run.calls if mask(call.id) in step.call_ids])
        if isinstance(result, StepRecording):
            found[step.key] = result
        else:
            missing[step.key] = result
            other += [step.key] if step.recorded else []
    notes = []
    if digest != sidecar.source.trace_sha256:
        if other or not found:
            raise ReplayRefused(
                f"the trace is not the one of which {sidecar.dag_id} was made: its digest is {digest}, and was"
                f" {sidecar.source.trace_sha256}" + (f"; it has other results for {', '.join(other)}" if other else ""),
                where=", ".join(map(str, paths)),
                remedy="Name the recorded trace; or compare with a baseline that was accepted, without --trace.",
            )
        notes.append("The trace is another file than the recorded one; the results in it are the recorded ones.")
    return Recordings(f"the trace {', '.join(map(str, paths))}", found, missing, notes, run)


def of_baseline(sidecar: Sidecar, baseline: Baseline) -> Recordings:
    """Return the results of a baseline; a step that was changed since then has none."""
    found, missing = {}, {}
    for step in _steps(sidecar):
        kept = baseline.steps.get(step.key)
        if kept is None:
            missing[step.key] = "the step is newer than the baseline"
        elif kept.step_sha256 != step_sha256(step):
            missing[step.key] = "the step was changed since the baseline"
        else:
            value = kept.value if kept.is_kept else NOTHING
            found[step.key] = StepRecording(kept.result_sha256, kept.result_schema, value, kept.is_masked, kept.is_list)
    by = f"the baseline {baseline.number}, accepted by {baseline.by} at {baseline.at:%Y-%m-%d %H:%M:%S} UTC"
    return Recordings(by, found, missing)


def of_sidecar(sidecar: Sidecar) -> Recordings:
    """Return what the sidecar keeps: digests and shapes, no values."""
    found, missing = {}, {}
    for step in _steps(sidecar):
        if step.recorded is None or step.each:
            missing[step.key] = "no result of it was recorded" if not step.each else "it is mapped over a list"
        else:
            found[step.key] = StepRecording(step.recorded.result_sha256, step.recorded.result_schema)
    notes = ["Only digests and shapes are compared: --trace, or a baseline that was accepted, allows more."]
    return Recordings("the sidecar's digests and shapes", found, missing, notes)


def _steps(sidecar: Sidecar) -> list[Step]:
    return [step for step in sidecar.steps if step.kind != GATE]


def _recorded(step: Step, calls: list[ToolCall]) -> StepRecording | str:
    """Return a step's recorded result, or why there is none."""
    if step.recorded is None:
        return "no result of it was recorded: it was added or replaced by an editor"
    wanted = step.recorded.result_sha256
    same = [call for call in calls if json_text.digest(call.result) == wanted]
    if not same:
        return "the trace holds another result for it" if calls else "the trace does not hold its call"
    if step.each:
        results = [call.result for call in calls]
        return StepRecording(json_text.digest(results), json_text.schema(results), results, is_list=True)
    return StepRecording(wanted, step.recorded.result_schema, same[0].result)


def _run(run_id: str, paths: Sequence[Path], format: str | None) -> tuple[str, Run]:
    """Return the trace's digest and the automation's run in it, from one file or several exports of it."""
    digests, exports = [], []
    for path in paths:
        with opened(path, format) as runs:
            digests.append(runs.trace.sha256)
            every = list(runs)
        chosen = [run for run in every if mask(run.id) == run_id] or (every if len(every) == 1 else [])
        if len(chosen) != 1:
            raise AmbiguousRun(
                f"{len(every)} runs, and {len(chosen)} of them with the id {run_id!r}",
                where=str(path),
                remedy="Name the trace of which the automation was made.",
            )
        exports.append(merge.Export(str(path), chosen[0], coverage_of_format(chosen[0].format)))
    if len(exports) == 1:
        return digests[0], exports[0].run
    return merge.digest(digests), merge.merged(exports)

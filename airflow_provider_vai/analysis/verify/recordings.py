"""The recorded result of each step, taken from the trace, from an accepted baseline, or from the sidecar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from airflow_provider_vai.analysis.verify.baseline import Baseline, step_sha256
from airflow_provider_vai.exceptions import AmbiguousRun, ReplayRefused
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.languages.plural import plural
from airflow_provider_vai.model.automation import Step
from airflow_provider_vai.model.run import Run, ToolCall
from airflow_provider_vai.model.sidecar import Sidecar
from airflow_provider_vai.secrets.masking import mask
from airflow_provider_vai.traces import merge
from airflow_provider_vai.traces.formats import opened
from airflow_provider_vai.traces.known_formats import coverage_of_format

GATE = "approval_gate"


class _Nothing:
    """The type of :data:`NOTHING`, which marks a result of which only the digest and the schema are known."""


NOTHING = _Nothing()


@dataclass(frozen=True)
class StepRecording:
    """The recorded result of one step.

    :param sha256: The digest of the result.
    :param schema: Its schema, as :func:`json_text.schema` returns it.
    :param value: The result as JSON data; ``NOTHING``: only the digest and the schema are known.
    :param is_masked: Whether credentials in the value were masked.
    :param is_list: Whether the step is mapped: the value is a list with one result per element.
    """

    sha256: str
    schema: dict[str, Any]
    value: Any = NOTHING
    is_masked: bool = False
    is_list: bool = False

    @property
    def has_value(self) -> bool:
        """Whether the result itself is known, not only its digest and schema."""
        return self.value is not NOTHING


@dataclass(frozen=True)
class Recordings:
    """The recorded results of all steps.

    :param source: Where the results come from, in words.
    :param steps: The recorded results by step key.
    :param missing: The reason why a step has no recorded result, by step key.
    :param notes: Sentences to show with the report.
    :param run: The recorded run; ``None``: no trace was read.
    """

    source: str
    steps: dict[str, StepRecording] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    run: Run | None = None


def of_trace(sidecar: Sidecar, paths: Sequence[Path], format: str | None = None) -> Recordings:
    """Return the results in the trace that the automation was made from.

    :param sidecar: The sidecar of the automation.
    :param paths: The trace file, or all exports of the run.
    :param format: The name of the trace format; ``None``: it is detected.
    :raises TraceError: if the trace cannot be read, or does not contain the run.
    :raises ReplayRefused: if the automation was not made from a recording, or the trace contains other results.
    """
    if sidecar.source is None:
        raise ReplayRefused(
            "the automation was made from a spec, not from a recording",
            where="--trace",
            remedy="Leave out --trace; give --accept to store today's results as a baseline to compare with later.",
        )
    digest, run = _run(sidecar.source.id, paths, format)
    found, missing, differing = {}, {}, []
    for step in _steps(sidecar):
        result = _recorded(step, [call for call in run.calls if mask(call.id) in step.call_ids])
        if isinstance(result, StepRecording):
            found[step.key] = result
        else:
            missing[step.key] = result
            differing += [step.key] if step.recorded else []
    notes = []
    if digest != sidecar.source.trace_sha256:
        if differing or not found:
            raise ReplayRefused(
                f"{sidecar.dag_id} was not made from this trace: the digest of the trace is {digest}, not"
                f" {sidecar.source.trace_sha256}"
                + (f"; it has other results for {', '.join(differing)}" if differing else ""),
                where=", ".join(map(str, paths)),
                remedy="Give the trace that it was made from; or leave out --trace to compare with a baseline.",
            )
        notes.append(
            "The trace is not the file that the automation was made from, but its results are the recorded ones."
        )
    return Recordings(f"the trace {', '.join(map(str, paths))}", found, missing, notes, run)


def of_baseline(sidecar: Sidecar, baseline: Baseline) -> Recordings:
    """Return the results of a baseline; steps that were added or changed since then have none."""
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
    source = f"baseline {baseline.number}, accepted by {baseline.by} at {baseline.at:%Y-%m-%d %H:%M:%S} UTC"
    return Recordings(source, found, missing)


def of_sidecar(sidecar: Sidecar) -> Recordings:
    """Return the digests and schemas in the sidecar; it does not contain the results themselves."""
    found, missing = {}, {}
    for step in _steps(sidecar):
        if step.recorded is None or step.each:
            missing[step.key] = "no result was recorded" if not step.each else "the step is mapped over a list"
        else:
            found[step.key] = StepRecording(step.recorded.result_sha256, step.recorded.result_schema)
    notes = ["Only digests and schemas are compared. For more, give --trace, or accept a baseline with --accept."]
    return Recordings("the digests and schemas in the sidecar", found, missing, notes)


def _steps(sidecar: Sidecar) -> list[Step]:
    return [step for step in sidecar.steps if step.kind != GATE]


def _recorded(step: Step, calls: list[ToolCall]) -> StepRecording | str:
    """Return a step's recorded result; if there is none, return the reason as text."""
    if step.recorded is None:
        return "no result was recorded, because the step was added or replaced in an edit"
    expected = step.recorded.result_sha256
    same = [call for call in calls if json_text.digest(call.result) == expected]
    if not same:
        return "the trace contains another result" if calls else "the trace does not contain the call"
    if step.each:
        results = [call.result for call in calls]
        return StepRecording(json_text.digest(results), json_text.schema(results), results, is_list=True)
    return StepRecording(expected, step.recorded.result_schema, same[0].result)


def _run(run_id: str, paths: Sequence[Path], format: str | None) -> tuple[str, Run]:
    """Return the digest of the trace and the run with this id; several files are merged as exports of one run."""
    digests, exports = [], []
    for path in paths:
        with opened(path, format) as runs:
            digests.append(runs.trace.sha256)
            every = list(runs)
        chosen = [run for run in every if mask(run.id) == run_id] or (every if len(every) == 1 else [])
        if len(chosen) != 1:
            raise AmbiguousRun(
                f"the trace contains {plural(len(every), 'run')}, and {len(chosen)} of them have the id {run_id!r}",
                where=str(path),
                remedy="Give the trace that the automation was made from.",
            )
        exports.append(merge.Export(str(path), chosen[0], coverage_of_format(chosen[0].format)))
    if len(exports) == 1:
        return digests[0], exports[0].run
    return merge.digest(digests), merge.merged(exports)

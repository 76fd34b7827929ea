"""Gives each step a verdict, by comparing today's result with the recorded one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from airflow_provider_vai.analysis.verify.compare import LEVELS, Level, Mask, ResultComparison, compare, compare_schema
from airflow_provider_vai.analysis.verify.drift import Place
from airflow_provider_vai.analysis.verify.recordings import Recordings, StepRecording
from airflow_provider_vai.analysis.verify.replay import ReplayResult
from airflow_provider_vai.exceptions import SpecError
from airflow_provider_vai.model.automation import Step
from airflow_provider_vai.model.sidecar import Sidecar
from airflow_provider_vai.secrets.masking import mask, masked

Verdict = Literal[
    "equal bytes",
    "equal",
    "equal but for",
    "same schema",
    "drifted",
    "failed",
    "stood in",
    "passed",
    "not run",
    "unknown",
]
GOOD_FROM: dict[str, Level] = {
    "bytes": "equal bytes",
    "equal": "equal",
    "masked": "equal but for",
    "schema": "same schema",
}
"""The worst verdict that counts as good for each value of ``--level``."""


@dataclass(frozen=True)
class StepVerdict:
    """The verdict for one step.

    ``stood in``: the step did not run, and its recorded result was returned instead. ``passed``: a gate. ``not run``:
    an earlier task failed, or a branch did not choose the step. ``unknown``: it ran, but no result was recorded to
    compare with.

    :param key: The step's key.
    :param comparison: How the results differ; ``None``: they were not compared.
    :param note: The reason of the verdict, in words.
    :param would_send: The arguments of a write that was not run, with one entry per map index.
    """

    key: str
    task_id: str
    kind: str
    verdict: Verdict
    comparison: ResultComparison | None = None
    note: str = ""
    would_send: list[Any] = field(default_factory=list)

    def is_good(self, level: str) -> bool:
        """Return whether the verdict counts as good.

        :param level: A key of :data:`GOOD_FROM`.
        """
        if self.verdict in LEVELS:
            return LEVELS.index(self.verdict) <= LEVELS.index(GOOD_FROM[level])
        return self.verdict != "failed"


def ignored(texts: Sequence[str], sidecar: Sidecar) -> dict[str, list[Place]]:
    """Return the places to ignore, by step key, from the values of ``--ignore STEP.PATH``.

    :param texts: The values, such as ``fetch.rows.*.price``; a dot inside a key is written ``\\.``.
    :param sidecar: The sidecar of the automation.
    :raises SpecError: if there is no such step.
    """
    keys = {step.key for step in sidecar.steps}
    found: dict[str, list[Place]] = {}
    for text in texts:
        key, *place = [part.replace("\0", ".") for part in text.replace("\\.", "\0").split(".")]
        if key not in keys:
            raise SpecError(
                f"there is no step {mask(key)!r}", where="--ignore", remedy=f"Name one of: {', '.join(sorted(keys))}."
            )
        found.setdefault(key, []).append(tuple(place))
    return found


def judge(
    sidecar: Sidecar, recordings: Recordings, replayed: ReplayResult, leave_out: dict[str, list[Place]]
) -> list[StepVerdict]:
    """Return a verdict for each step, and for each failed task that is only in the DAG file.

    :param sidecar: The sidecar of the automation.
    :param recordings: The recorded results.
    :param replayed: What happened in the replay.
    :param leave_out: The places to ignore, see :func:`ignored`.
    """
    found = [_step(step, recordings, replayed, leave_out.get(step.key, ())) for step in sidecar.steps]
    known = {step.task_id for step in sidecar.steps}
    for task_id in replayed.states:
        if task_id not in known and (failed := _failed(task_id, replayed)):
            found.append(StepVerdict(task_id, task_id, "task", "failed", note=failed))
    return found


def result_of(step: Step, replayed: ReplayResult) -> Any:
    """Return a step's result in the replay; for a mapped step, the list of its results.

    :raises LookupError: if it has no result.
    """
    results = replayed.results.get(step.task_id, [])
    return results if step.each else results[0]


def _step(step: Step, recordings: Recordings, replayed: ReplayResult, leave_out: Sequence[Place]) -> StepVerdict:
    def verdict(word: Verdict, note: str = "", comparison: ResultComparison | None = None) -> StepVerdict:
        sent = masked(replayed.arguments.get(step.task_id, []))
        return StepVerdict(step.key, step.task_id, step.kind, word, comparison, note, sent)

    states = replayed.states.get(step.task_id)
    if states is None:
        return verdict("failed", "the DAG file has no such task")
    if failed := _failed(step.task_id, replayed):
        return verdict("failed", failed)
    if any(state != "success" for state in states) or not states:
        return verdict("not run", ", ".join(sorted(set(states))))
    fate = replayed.fates[step.task_id]
    if fate == "gate":
        return verdict("passed", "the guarded steps were not run" if not _is_live(replayed) else "approved")
    recording = recordings.steps.get(step.key)
    if fate == "stand in":
        masks = " (with credentials masked)" if recording and recording.is_masked else ""
        return verdict("stood in", f"its recorded result was returned instead{masks}")
    if recording is None:
        return verdict("unknown", recordings.missing.get(step.key, "no result was recorded"))
    try:
        comparison = _compared(recording, result_of(step, replayed), leave_out, replayed)
    except LookupError:
        return verdict("failed", "it returned no result")
    return verdict(comparison.level, comparison=comparison)


def _is_live(replayed: ReplayResult) -> bool:
    return "stand in" not in replayed.fates.values()


def _failed(task_id: str, replayed: ReplayResult) -> str | None:
    if not any(state == "failed" for state in replayed.states.get(task_id, ())):
        return None
    return "; ".join(map(mask, dict.fromkeys(replayed.errors.get(task_id, ())))) or "without an error message"


def _compared(
    recording: StepRecording, today: Any, leave_out: Sequence[Place], replayed: ReplayResult
) -> ResultComparison:
    if not recording.has_value:
        return compare_schema(recording.schema, recording.sha256, today)
    if not recording.is_masked:
        return compare(recording.value, today, ignored=leave_out, moment=replayed.moment)
    found = compare(recording.value, masked(today), ignored=leave_out, moment=replayed.moment)
    masks = [*found.masks, Mask((), "secret", "credentials are not stored, so they are not compared")]
    level: Level = "equal but for" if found.level in ("equal bytes", "equal") else found.level
    return ResultComparison(level, found.differences, masks)

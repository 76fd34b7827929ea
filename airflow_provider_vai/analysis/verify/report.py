"""The report of a verification, as JSON data and as text lines."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from typing_extensions import TypedDict

from airflow_provider_vai.analysis.verify.compare import Mask
from airflow_provider_vai.analysis.verify.drift import Difference, Place
from airflow_provider_vai.analysis.verify.files import FileDifference
from airflow_provider_vai.analysis.verify.verdicts import StepVerdict, Verdict
from airflow_provider_vai.languages.plural import plural
from airflow_provider_vai.secrets.masking import mask


@dataclass(frozen=True)
class Report:
    """The report of one verification.

    :param dag_id: The DAG id.
    :param version: The version of the automation.
    :param started: When the replay started.
    :param seconds: How long it took.
    :param source: What the results were compared with, in words.
    :param level: The worst verdict that counts as good, a value of ``--level``.
    :param steps: The verdicts of the steps.
    :param findings: Differences in the files.
    :param notes: Sentences to show with the report.
    :param is_live: Whether writes really happened.
    :param approver: Who approved at the gates; ``None``: nobody.
    """

    dag_id: str
    version: int
    started: datetime
    seconds: float
    source: str
    level: str
    steps: list[StepVerdict]
    findings: list[FileDifference] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    is_live: bool = False
    approver: str | None = None

    @property
    def is_good(self) -> bool:
        """Whether there are no differences that count."""
        return not self.findings and all(step.is_good(self.level) for step in self.steps)


class FileDifferenceData(TypedDict):
    """A difference between a DAG and its sidecar.

    :param where: The file or the step.
    :param problem: What differs.
    :param remedy: What to do about it.
    """

    where: str
    problem: str
    remedy: str


class DifferenceData(TypedDict):
    """A difference between the recorded result and today's.

    :param place: Where it is, as ``--ignore`` takes it.
    :param change: What changed.
    :param recorded: What was recorded, as text.
    :param today: What today's result contains, as text.
    :param times: In how many list elements it occurs.
    """

    place: str
    change: Literal["value", "order", "count", "type", "null", "missing", "new", "renamed", "emptied"]
    recorded: str
    today: str
    times: int


class MaskData(TypedDict):
    """A difference that does not count.

    :param place: Where it is, as ``--ignore`` takes it.
    :param rule: The name of the rule that applies.
    :param reason: The reason in words.
    :param times: In how many list elements it occurs.
    """

    place: str
    rule: str
    reason: str
    times: int


class StepData(TypedDict):
    """The verdict for one step.

    :param step: The key of the step.
    :param kind: Its action kind.
    :param verdict: The verdict.
    :param good: Whether it counts as good.
    :param note: The reason in words; may be empty.
    :param differences: The differences that count.
    :param masks: The differences that do not count.
    :param would_send: The arguments of a write that was not run, with one entry for each map index.
    """

    step: str
    kind: str
    verdict: Verdict
    good: bool
    note: str
    differences: list[DifferenceData]
    masks: list[MaskData]
    would_send: list[Any]


class ReportData(TypedDict):
    """The report of a replay.

    :param dag_id: The DAG id.
    :param version: The version of the automation.
    :param good: Whether no difference counts.
    :param level: The worst verdict that counts as good.
    :param compared_with: What the results were compared with, in words.
    :param started: When the replay started.
    :param seconds: How long it took.
    :param live_writes: Whether writes really happened.
    :param approved_by: Who approved at the gates; null: nobody.
    :param notes: Sentences about the replay.
    :param findings: Differences in the files.
    :param steps: The verdict for each step.
    """

    dag_id: str
    version: int
    good: bool
    level: str
    compared_with: str
    started: str
    seconds: float
    live_writes: bool
    approved_by: str | None
    notes: list[str]
    findings: list[FileDifferenceData]
    steps: list[StepData]


def as_json(report: Report) -> ReportData:
    """Return a report as JSON data."""
    return {
        "dag_id": report.dag_id,
        "version": report.version,
        "good": report.is_good,
        "level": report.level,
        "compared_with": report.source,
        "started": report.started.isoformat(),
        "seconds": round(report.seconds, 3),
        "live_writes": report.is_live,
        "approved_by": report.approver,
        "notes": report.notes,
        "findings": [{"where": one.where, "problem": one.problem, "remedy": one.remedy} for one in report.findings],
        "steps": [_step(step, report.level) for step in report.steps],
    }


def _step(step: StepVerdict, level: str) -> StepData:
    comparison = step.comparison
    return {
        "step": step.key,
        "kind": step.kind,
        "verdict": step.verdict,
        "good": step.is_good(level),
        "note": step.note,
        "differences": list(map(_difference, comparison.differences)) if comparison else [],
        "masks": list(map(_mask, comparison.masks)) if comparison else [],
        "would_send": step.would_send,
    }


def _difference(found: Difference) -> DifferenceData:
    return {
        "place": dotted(found.place),
        "change": found.change,
        "recorded": found.recorded,
        "today": found.today,
        "times": found.times,
    }


def _mask(found: Mask) -> MaskData:
    return {"place": dotted(found.place), "rule": found.rule, "reason": found.reason, "times": found.times}


def summary(step: StepVerdict) -> str:
    """Return the reason of a step's verdict as a short text: its note, or the number of differences."""
    if step.comparison is None:
        return step.note
    counts = [(len(step.comparison.differences), "difference"), (len(step.comparison.masks), "mask")]
    return ", ".join(plural(count, word) for count, word in counts if count)


def lines(step: StepVerdict) -> list[str]:
    """Return the differences and masks of a step, one per line."""
    if step.comparison is None:
        return []
    return [*map(difference, step.comparison.differences), *map(masked_line, step.comparison.masks)]


def difference(found: Difference) -> str:
    """Return a difference as a line, such as ``rows.*.total: renamed to amount (12 times)``."""
    words = {"renamed": f"renamed to {found.today}", "missing": f"was {found.recorded}, now {found.today}"}
    change = words.get(found.change, f"{found.change}: {found.recorded} -> {found.today}")
    return f"{dotted(found.place)}: {change}" + (f" ({found.times} times)" if found.times > 1 else "")


def masked_line(found: Mask) -> str:
    """Return a mask as a line, such as ``took: does not count: a duration, under the key took``."""
    times = f" ({found.times} times)" if found.times > 1 else ""
    return f"{dotted(found.place)}: does not count: {found.reason}{times}"


def dotted(place: Place) -> str:
    """Return a place as ``--ignore`` takes it, with credentials masked."""
    return mask(".".join(part.replace(".", "\\.") for part in place)) or "(the result)"

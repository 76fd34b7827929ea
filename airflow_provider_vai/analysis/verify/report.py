"""What a replay found, as lines for people and JSON for machines."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from airflow_provider_vai.analysis.verify.compare import Mask
from airflow_provider_vai.analysis.verify.drift import Difference, Place
from airflow_provider_vai.analysis.verify.files import FileDifference
from airflow_provider_vai.analysis.verify.verdicts import StepVerdict
from airflow_provider_vai.secrets.masking import mask


@dataclass(frozen=True)
class Report:
    """One verification: what differs in the files, and how each step fared when it ran.

    :param source: what the results were compared with. :param level: what counts as good, as ``--level`` says it.
    :param is_live: whether writes took place, and :param approver: who approved them.
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
        """Whether nothing differs that counts."""
        return not self.findings and all(step.is_good(self.level) for step in self.steps)


def as_json(report: Report) -> dict[str, Any]:
    """Return a report for machines."""
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
        "findings": [asdict(finding) for finding in report.findings],
        "steps": [_step(step, report.level) for step in report.steps],
    }


def _step(step: StepVerdict, level: str) -> dict[str, Any]:
    comparison = step.comparison
    return {
        "step": step.key,
        "kind": step.kind,
        "verdict": step.verdict,
        "good": step.is_good(level),
        "note": step.note,
        "differences": [{**asdict(it), "place": dotted(it.place)} for it in comparison.differences]
        if comparison
        else [],
        "masks": [{**asdict(it), "place": dotted(it.place)} for it in comparison.masks] if comparison else [],
        "would_send": step.would_send,
    }


def summary(step: StepVerdict) -> str:
    """Return a step's verdict in half a line."""
    if step.comparison is None:
        return step.note
    counts = [(len(step.comparison.differences), "difference"), (len(step.comparison.masks), "mask")]
    return ", ".join(f"{count} {word}{'s' if count > 1 else ''}" for count, word in counts if count)


def lines(step: StepVerdict) -> list[str]:
    """Return what differs in a step, a line for each place."""
    if step.comparison is None:
        return []
    return [*map(difference, step.comparison.differences), *map(masked_line, step.comparison.masks)]


def difference(it: Difference) -> str:
    """Return a difference as a line: ``rows.*.total: renamed to amount (12 times)``."""
    words = {"renamed": f"renamed to {it.today}", "missing": f"was {it.recorded}, now {it.today}"}
    times = f" ({it.times} times)" if it.times > 1 else ""
    return f"{dotted(it.place)}: {words.get(it.change, f'{it.change}: {it.recorded} -> {it.today}')}{times}"


def masked_line(it: Mask) -> str:
    """Return a mask as a line."""
    return f"{dotted(it.place)}: does not count: {it.reason}" + (f" ({it.times} times)" if it.times > 1 else "")


def dotted(place: Place) -> str:
    """Return a place as people write it, and ``--ignore`` reads it."""
    return mask(".".join(part.replace(".", "\\.") for part in place)) or "(the result)"

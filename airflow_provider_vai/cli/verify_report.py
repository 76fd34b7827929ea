"""What a replay found, printed for people."""

from __future__ import annotations

from airflow_provider_vai.analysis.verify.report import Report, lines, summary
from airflow_provider_vai.cli.terminal import say, table
from airflow_provider_vai.languages.printable import plain

SHOWN_LINES = 12
"""Differences of one step that are shown; of the others the count is told, and JSON has them all."""


def show_report(report: Report) -> None:
    """Print a report for people."""
    for finding in report.findings:
        say(f"{plain(finding.where)}: {plain(finding.problem)}")
    table(("step", "kind", "verdict", "what"), [[it.key, it.kind, it.verdict, summary(it)] for it in report.steps])
    for step in report.steps:
        for line in lines(step)[:SHOWN_LINES]:
            say(plain(f"{step.key}: {line}", 400))
        if (more := len(lines(step)) - SHOWN_LINES) > 0:
            say(f"{step.key}: and {more} more (--json has all of them)")
    for note in report.notes:
        say(f"note: {plain(note, 400)}")
    good = "nothing differs that counts" if report.is_good else "it is not what was recorded"
    say(f"{report.dag_id} version {report.version}, compared with {plain(report.source, 400)}: {good}")

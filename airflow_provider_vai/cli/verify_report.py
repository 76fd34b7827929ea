"""Prints the report of a replay."""

from __future__ import annotations

from airflow_provider_vai.analysis.verify.report import Report, lines, summary
from airflow_provider_vai.cli.terminal import say, table
from airflow_provider_vai.languages.plural import plural
from airflow_provider_vai.languages.printable import plain

SHOWN_LINES = 12
"""The maximum number of lines per step; then the number of further lines is shown. JSON contains them all."""


def show_report(report: Report) -> None:
    """Print a report: a table of the steps, and their differences below it."""
    for finding in report.findings:
        say(f"{plain(finding.where)}: {plain(finding.problem)}")
    table(
        ("step", "kind", "verdict", "details"), [[one.key, one.kind, one.verdict, summary(one)] for one in report.steps]
    )
    for step in report.steps:
        for line in lines(step)[:SHOWN_LINES]:
            say(plain(f"{step.key}: {line}", 400))
        if (more := len(lines(step)) - SHOWN_LINES) > 0:
            say(f"{step.key}: and {plural(more, 'more line')} (--json shows all of them)")
    for note in report.notes:
        say(f"note: {plain(note, 400)}")
    outcome = "no differences that count" if report.is_good else "differences found"
    say(f"{report.dag_id} version {report.version}, compared with {plain(report.source, 400)}: {outcome}")

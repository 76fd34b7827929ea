"""Writes a report as one HTML page. It contains no script, loads nothing from elsewhere, and escapes every value."""

from __future__ import annotations

import json
from pathlib import Path

from airflow_provider_vai.analysis.verify.report import Report, difference, masked_line, summary
from airflow_provider_vai.analysis.verify.verdicts import StepVerdict
from airflow_provider_vai.languages import html_text
from airflow_provider_vai.languages.printable import plain
from airflow_provider_vai.languages.short_text import cut
from airflow_provider_vai.store import shared_files

SENT_CHARACTERS = 4000
LINE_CHARACTERS = 1000
POLICY = "default-src 'none'; style-src 'unsafe-inline'"
STYLE = """
:root { color-scheme: light dark; --line: #8884; --good: #1a7f37; --bad: #cf222e; --dim: #6e7781; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; }
h1 { font-size: 1.4rem; margin: 0; }
table { border-collapse: collapse; width: 100%; margin: 1rem 0; }
th, td { border-bottom: 1px solid var(--line); padding: .45rem .6rem; text-align: left; vertical-align: top; }
th { color: var(--dim); font-weight: 600; }
td { overflow-wrap: anywhere; }
.good { color: var(--good); font-weight: 600; white-space: nowrap; }
.bad { color: var(--bad); font-weight: 600; white-space: nowrap; }
.dim { color: var(--dim); }
td p { margin: 0; }
ul { margin: .2rem 0; padding-left: 1.1rem; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; border: 1px solid var(--line); padding: .5rem; }
"""


def write(report: Report, path: Path) -> None:
    """Write a report as an HTML file.

    :param report: The report.
    :param path: The path of the file; an existing file is replaced.
    :raises PublishError: if the file cannot be written.
    """
    shared_files.replace(path, page(report).encode("utf-8"))


def page(report: Report) -> str:
    """Return a report as the text of an HTML page."""
    state = _word(
        "good" if report.is_good else "bad", "no differences that count" if report.is_good else "differences found"
    )
    live = f", writes really happened, approved by {text(report.approver or 'nobody')}" if report.is_live else ""
    findings = "".join(f"<li>{text(f'{one.where}: {one.problem}. {one.remedy}')}</li>" for one in report.findings)
    notes = "".join(f"<li>{text(note)}</li>" for note in report.notes)
    rows = "\n".join(_row(step, report.level) for step in report.steps)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{text(POLICY)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{text(report.dag_id)}: verified</title>
<style>{STYLE}</style>
</head>
<body>
<h1>{text(report.dag_id)} <span class="dim">version {report.version}</span></h1>
<p>{state} &middot; compared with {text(report.source)}</p>
<p class="dim">{report.started:%Y-%m-%d %H:%M:%S} UTC, {report.seconds:.1f} s, level {text(report.level)}{live}</p>
{_listed(findings)}
<table>
<thead><tr><th scope="col">Step</th><th scope="col">Kind</th><th scope="col">Verdict</th>
<th scope="col">Details</th></tr></thead>
<tbody>
{rows}
</tbody>
</table>
{_listed(notes)}
</body>
</html>
"""


def _row(step: StepVerdict, level: str) -> str:
    style = "dim" if step.verdict in ("not run", "unknown", "passed") else "good" if step.is_good(level) else "bad"
    cells = [text(step.key), text(step.kind), _word(style, step.verdict), _what(step)]
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _what(step: StepVerdict) -> str:
    parts = [f"<p>{text(summary(step))}</p>" if summary(step) else ""]
    if step.comparison:
        parts.append(_listed("".join(f"<li>{text(difference(change))}</li>" for change in step.comparison.differences)))
        masks = "".join(f'<li class="dim">{text(masked_line(mask))}</li>' for mask in step.comparison.masks)
        parts.append(_listed(masks))
    if step.would_send:
        sent = json.dumps(step.would_send, indent=2, ensure_ascii=False)
        shown = cut(sent, SENT_CHARACTERS)
        parts.append(
            f"<details><summary>Arguments of the write that was not run</summary><pre>{_lines(shown)}</pre></details>"
        )
    return "".join(parts)


def text(value: object) -> str:
    """Return a value as one line of HTML text; unprintable characters are escaped.

    For example, a character that reverses the direction of writing would make the text look different.
    """
    return html_text.text(plain(value, LINE_CHARACTERS))


def _lines(block: str) -> str:
    return "\n".join(map(text, block.split("\n")))


def _word(style: str, word: str) -> str:
    return f'<span class="{style}">{text(word)}</span>'


def _listed(entries: str) -> str:
    return f"<ul>{entries}</ul>" if entries else ""

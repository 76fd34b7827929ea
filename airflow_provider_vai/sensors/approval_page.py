"""The full question as a separate HTML page, for arguments that are too long for Airflow's own page.

The page is one of the gate's artifacts, and the plugin serves it at ``/vai/gates/<dag>/<run>/<task>``. Its URL contains
the digest of its bytes, so that a question never links to the page of another question.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from airflow_provider_vai.languages.html_text import text
from airflow_provider_vai.operators.runtime import instance, results
from airflow_provider_vai.operators.runtime.addresses import path_prefix
from airflow_provider_vai.sensors import approval_text, text_authors
from airflow_provider_vai.sensors.guarded import Guarded

if TYPE_CHECKING:
    from airflow.sdk import Context

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{subject}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; }}
pre {{ white-space: pre-wrap; overflow-wrap: anywhere; border: 1px solid #8886; padding: .5rem; }}
</style>
</head>
<body>
<h1>{subject}</h1>
<p>{reason}</p>
{steps}
<p>An approval covers exactly these arguments: sha256 <code>{sha256}</code></p>
</body>
</html>
"""


def write(now: Guarded, context: Context, *, subject: Any, reason: str | None) -> str:
    """Write the page of a question and return its path on Airflow's API server.

    :param now: The guarded steps with their arguments.
    :param subject: The question.
    :param reason: Why the gate asks.
    :raises OSError: the page cannot be written.
    """
    content = page(now, subject=subject, reason=reason).encode()
    ti = context["ti"]
    results.write(results.artifact_path(context, "html"), content)
    dag, run, task = (quote(part, "") for part in (ti.dag_id, ti.run_id, ti.task_id))
    index = f"&map_index={ti.map_index}" if ti.map_index is not None and ti.map_index >= 0 else ""
    index += f"&loop_round={loop_round}" if (loop_round := instance.round_of(ti)) else ""
    digest = hashlib.sha256(content).hexdigest()
    return f"{path_prefix()}/vai/gates/{dag}/{run}/{task}?sha256={digest}{index}"


def page(now: Guarded, *, subject: Any, reason: str | None) -> str:
    """Return the page as HTML: every argument of every step, in full and escaped."""
    return _PAGE.format(
        subject=text(approval_text.heading(subject)),
        reason=text(approval_text.plain(reason or "")),
        steps="\n".join(_step(task_id, now) for task_id in now.steps),
        sha256=now.sha256,
    )


def _step(task_id: str, now: Guarded) -> str:
    heading = f"<h2>{text(task_id)} ({text(now.steps[task_id].kind)})</h2>"
    return f"{heading}\n<pre>{text(approval_text.as_json(now.arguments[task_id]))}</pre>{_authors(task_id, now)}"


def _authors(task_id: str, now: Guarded) -> str:
    lines = [
        f"<li>{text(who)}: {text(approval_text.plain(', '.join(places)))}</li>"
        for who, places in text_authors.shown(now, task_id)
    ]
    return f"\n<p>Who wrote these texts</p>\n<ul>\n{chr(10).join(lines)}\n</ul>" if lines else ""

"""Options that several commands have."""

from __future__ import annotations

from argparse import ArgumentTypeError

from airflow_provider_vai.cli.command import option


def filled(text: str) -> str:
    """Return the value of an option that must not be empty, as one from a variable that is not set would be.

    :raises ArgumentTypeError: it is empty.
    """
    if not text.strip():
        raise ArgumentTypeError("it is empty; leave the option out, or give it a value")
    return text


WITH_JSON = (
    *("inspect", "crystallize", "init", "render", "lint", "edit", "derive", "diff", "explain", "versions", "restore"),
    *("repair", "activate", "pause", "delete", "verify", "savings", "approvals", "pull", "doctor", "sessions", "kinds"),
    "formats",
)
"""The commands with the option ``--json``. The table of commands is imported before the models, so it cannot ask."""

JSON = option("--json", action="store_true", help="print JSON instead of text for people")
QUIET = option("--quiet", "-q", action="store_true", help="print errors only, no report, notes or next steps")
UNGATED = option("--ungated", action="store_true", help="let a write run without a gate")
SUMMARY = option("--summary", metavar="TEXT", help="what you changed, for the history")
EXPECTED_VERSION = option(
    "--expected-version", metavar="N", type=int, help="refuse if the automation is at another version"
)
WIDE = option("--wide", action="store_true", help="show every column, with ids, however wide the table becomes")
RUN = option(
    "--run",
    metavar="ID",
    type=filled,
    help="the run to take if the trace contains several; a unique prefix is enough",
)
DAG_ID = option("--dag-id", metavar="ID", type=filled, help="the DAG id; default: derived from the title of the run")
TITLE = option("--title", metavar="TEXT", help="a title for people; default: that of the run, or its first words")

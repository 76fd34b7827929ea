"""Options that several commands have."""

from __future__ import annotations

from airflow_provider_vai.cli.command import option

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

"""The row of ``vai derive`` in the table of commands."""

from __future__ import annotations

from airflow_provider_vai.cli.command import Command, option
from airflow_provider_vai.cli.common_options import EXPECTED_VERSION, JSON, QUIET, SUMMARY, UNGATED

DERIVE = Command(
    "derive",
    "derive",
    "Propose how each run can work out an argument from earlier results; with --accept, write one as a new version.",
    (
        option("dag", metavar="DAG", help="the DAG file or its sidecar"),
        option("step", metavar="STEP", help="the step"),
        option("argument", metavar="ARGUMENT", help="the argument, or a place in it: json.total"),
        option(
            "--say",
            metavar="TEXT",
            action="append",
            help="what the value is: words such as total, highest, number of, latest; names of fields; values to "
            "filter by ('total of revenue where region is North'). Give it once for each figure of a text",
        ),
        option(
            "--trace",
            metavar="FILE",
            action="append",
            help="the trace or session that it was made from; default: the recording below [vai] runs_path",
        ),
        option("--format", metavar="NAME", help="the trace format (see vai formats); default: detected"),
        option("--accept", metavar="N", type=int, help="write this proposal as a new version"),
        UNGATED,
        SUMMARY,
        EXPECTED_VERSION,
        option("--dry-run", action="store_true", help="with --accept: show the change without writing it"),
        JSON,
        QUIET,
    ),
)

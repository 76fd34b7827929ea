"""The table of commands, for ``vai …`` and ``airflow vai …``: names, help texts and arguments."""

from __future__ import annotations

from airflow_provider_vai.cli.command import Command, option
from airflow_provider_vai.cli.common_options import DAG_ID, JSON, QUIET, RUN, TITLE, WIDE, WITH_JSON
from airflow_provider_vai.cli.derive_options import DERIVE
from airflow_provider_vai.cli.edit_options import EDIT

TRACES = option(
    "trace",
    metavar="TRACE",
    nargs="+",
    help="a file that the agent framework wrote (archive.zip!member: a file in an archive), a folder with one session, "
    "or a session of a coding agent as vai sessions lists it (claude-code:ID); several are either exports of one run, "
    "which are merged, or runs of one task, which become one DAG",
)
FORMAT = option("--format", metavar="NAME", help="the trace format (see vai formats); default: detected")
FORCE = option(
    "--force", action="store_true", help="overwrite a DAG file that was edited by hand or made from another run"
)

DAG = option("dag", metavar="DAG", help="the DAG file or its sidecar")
RECORD_ONLY = option("--record-only", action="store_true", help="do not pause or unpause the DAG in Airflow")

COMMANDS = (
    Command(
        "inspect",
        "traces",
        "Show what happened in a recorded run: each call with its outcome and approval.",
        (
            TRACES,
            RUN,
            option("--all", action="store_true", help="show every run in the trace"),
            FORMAT,
            JSON,
            WIDE,
        ),
    ),
    Command(
        "crystallize",
        "traces",
        "Turn a recorded run into a DAG file and its sidecar.",
        (
            TRACES,
            option(
                "--out",
                metavar="DIR",
                help="the folder for <dag_id>.py and <dag_id>.vai.json; default: the folder that Airflow's HTTP API "
                "serves ([vai] automations_path, or vai below [core] dags_folder)",
            ),
            DAG_ID,
            TITLE,
            RUN,
            option("--all", action="store_true", help="crystallize every run in the trace, each into its own DAG"),
            FORMAT,
            option(
                "--tools",
                metavar="FILE",
                help="maps tools to action kinds; default: vai-tools.toml beside the trace",
            ),
            option(
                "--gates",
                choices=("auto", "recorded"),
                default="auto",
                help="auto: guard calls with a recorded approval, and writes whose approval is not recorded; recorded: "
                "guard only calls with a recorded approval",
            ),
            option("--freeze-all", action="store_true", help="freeze every argument; wire none to an earlier step"),
            option(
                "--derive",
                choices=("proposed", "proven", "none"),
                default="proposed",
                help="which values each run works out from earlier results, such as totals, records picked by a "
                "criterion, texts with figures. proposed: also what one run's words suggest, to be reviewed; "
                "proven: only what several runs prove; none: no such values",
            ),
            option("--parallel", action="store_true", help="let steps that cannot affect each other run in parallel"),
            option(
                "--loops",
                action="store_true",
                help="make one mapped step of calls that were made for each element of an earlier list",
            ),
            option("--turns", metavar="N,N-N", help="take only these turns (vai inspect shows the numbers)"),
            option("--calls", metavar="N,N-N,ID", help="take only these calls, by number or id"),
            option("--exclude", metavar="GLOB,N,ID", help="leave these calls out, by tool name, number or id"),
            option("--schedule", metavar="CRON", help="a cron expression or preset (@daily); default: no schedule"),
            option("--allow-unsuccessful", action="store_true", help="accept a run that failed"),
            option("--allow-unmapped", action="store_true", help="render unmapped tools as tasks that fail when run"),
            FORCE,
            JSON,
            QUIET,
            WIDE,
        ),
    ),
    Command(
        "init",
        "init",
        "Write a tools file for a trace: an action kind and effect for each tool, with the reason, for you to correct.",
        (
            TRACES,
            option("--out", metavar="FILE", help="the file to write, - for the terminal; default: beside the trace"),
            option("--force", action="store_true", help="overwrite the file"),
            RUN,
            option("--all", action="store_true", help="the tools of every run in the trace"),
            FORMAT,
            JSON,
            QUIET,
        ),
    ),
    Command(
        "render",
        "specs",
        "Render a DAG file from a spec written by hand, or again from its sidecar after you edited the spec in it.",
        (
            option("spec", metavar="SPEC", help="<dag_id>.vai.json, or a spec in YAML or JSON"),
            option("--out", metavar="DIR", help="the folder to write the files to; default: the folder of the spec"),
            option(
                "--secret-conn-id",
                metavar="ID",
                help="the connection with the webhook's secret, for a spec that is a document of the platform",
            ),
            option("--summary", metavar="TEXT", default="", help="what you changed, for the history"),
            FORCE,
            JSON,
            QUIET,
            WIDE,
        ),
    ),
    Command(
        "lint",
        "specs",
        "Check one automation or a folder of them for problems, without running any code in them.",
        (
            option("path", metavar="PATH", nargs="+", help="a sidecar, a DAG file, a spec, or a folder with them"),
            option("--connections", metavar="ID,ID", help="existing connection ids; any other id is reported"),
            JSON,
            QUIET,
        ),
    ),
    EDIT,
    DERIVE,
    Command(
        "diff",
        "edit",
        "Show the differences between two automations, or what was edited since one was written.",
        (
            option("a", metavar="A", help="a sidecar, a DAG file, a spec, or a version (DAG@3)"),
            option("b", metavar="B", nargs="?", help="what to compare A with; default: A as it was last written"),
            option("--exit-code", action="store_true", help="exit with 1 if there are differences, as git diff does"),
            JSON,
        ),
    ),
    Command(
        "explain",
        "specs",
        "Show where each value of an automation comes from, its origin, and what is left to decide.",
        (
            option("dag", metavar="DAG[:STEP]", help="the DAG file or its sidecar; with STEP, only that step"),
            option(
                "--trace",
                metavar="FILE",
                action="append",
                help="the trace or session that it was made from, to show derived values as trees with recorded values",
            ),
            FORMAT,
            JSON,
        ),
    ),
    Command(
        "versions",
        "history",
        "List the versions and status changes of an automation, newest first.",
        (
            DAG,
            option("--show", metavar="N", type=int, help="print this version's DAG file; with --json, all of it"),
            JSON,
            WIDE,
        ),
    ),
    Command(
        "restore",
        "history",
        "Restore an earlier version as the newest one, including the edits by hand that it had.",
        (
            DAG,
            option("version", metavar="N", type=int, help="the number of the version (vai versions lists them)"),
            JSON,
            QUIET,
        ),
    ),
    Command(
        "repair",
        "history",
        "Repair automations after a crash or a damaged disk: sidecar, DAG file and log of versions from each other.",
        (
            option("path", metavar="PATH", nargs="+", help="a DAG file, a sidecar, or a folder with them"),
            JSON,
            QUIET,
        ),
    ),
    Command(
        "activate",
        "history",
        "Activate an automation: record who reviewed it, and unpause its DAG.",
        (
            DAG,
            option("--reviewed", metavar="all|N,N-N", help="the numbers of the review items that you looked at"),
            RECORD_ONLY,
            JSON,
            QUIET,
        ),
    ),
    Command(
        "pause",
        "history",
        "Pause an automation: record the change, and pause its DAG.",
        (DAG, RECORD_ONLY, JSON, QUIET),
    ),
    Command(
        "delete",
        "history",
        "Delete the DAG file and sidecar of an automation; its versions are kept and can be restored.",
        (DAG, JSON, QUIET),
    ),
    Command(
        "verify",
        "records",
        "Check that a DAG is still what was rendered and reviewed; with --replay, run it and compare its results.",
        (
            DAG,
            option("--replay", action="store_true", help="run it now; writes return recorded results instead"),
            option(
                "--trace",
                metavar="FILE",
                action="append",
                help="the trace or session that it was made from, to compare results with it and to use as the results "
                "of writes; default: the newest baseline, or else the digests in the sidecar",
            ),
            FORMAT,
            option("--live-writes", action="store_true", help="let writes really happen"),
            option("--live-artifacts", action="store_true", help="let loads, file syncs and tables really happen"),
            option(
                "--approve-gates", action="store_true", help="with --live-writes: approve at every gate in your name"
            ),
            option("--here", action="store_true", help="use the configured Airflow's settings and connections"),
            option("--conf", metavar="JSON", help="the params of the DAG run, as a JSON object"),
            option(
                "--ignore",
                metavar="STEP.PATH",
                action="append",
                help="do not compare this place, such as fetch.rows.*.price",
            ),
            option(
                "--level",
                choices=("bytes", "equal", "masked", "schema"),
                help="the worst result that counts as good: equal bytes, equal values, masked (equal except for values "
                "such as times and ids; the default), or the same schema",
            ),
            option("--accept", action="store_true", help="store today's results as the new baseline"),
            option("--summary", metavar="TEXT", help="with --accept: why you accept the results"),
            option("--html", metavar="FILE", help="also write the report as an HTML page"),
            option("--timeout", metavar="SECONDS", type=float, help="the time limit of the replay; default: 1800"),
            JSON,
            WIDE,
        ),
    ),
    Command(
        "savings",
        "records",
        "Show what the runs of a DAG save compared with the recorded run: tokens, cost and time.",
        (
            DAG,
            option(
                "--runs",
                metavar="FILE",
                help="a JSON file of DAG runs, as `airflow dags list-runs DAG -o json` prints them; default: run that "
                "command",
            ),
            JSON,
            WIDE,
        ),
    ),
    Command(
        "approvals",
        "records",
        "List the decisions at an automation's gates, newest first.",
        (
            option("dag", metavar="DAG", help="the DAG id"),
            option(
                "--artifacts",
                metavar="PATH",
                help="the folder or URL in Airflow's option [vai] artifacts_path; default: "
                "$AIRFLOW__VAI__ARTIFACTS_PATH, or else $AIRFLOW_HOME/vai/artifacts",
            ),
            option("--gate", metavar="TASK", help="list only the decisions at this gate"),
            JSON,
            WIDE,
        ),
    ),
    Command(
        "pull",
        "pull",
        "Fetch the trace of a run from a live source and write it to a file, for vai inspect and vai crystallize.",
        (
            option(
                "source",
                metavar="SOURCE",
                choices=("vai", "mlflow", "phoenix", "langfuse", "langsmith"),
                help="vai (the platform), mlflow, phoenix, langfuse or langsmith",
            ),
            option("id", metavar="ID", nargs="?", help="the id of the run; for vai, of the agent run or chat thread"),
            option("--list", action="store_true", help="list the newest runs instead"),
            option("--url", metavar="URL", help="the address of the source; its token is read from the environment"),
            option(
                "--conn-id",
                metavar="ID",
                help="an Airflow connection in the environment (AIRFLOW_CONN_<ID>) with the address and token",
            ),
            option("--out", metavar="FILE", help="the file to write; default: ./<source>-<id>.json"),
            option("--force", action="store_true", help="overwrite the file"),
            JSON,
            QUIET,
        ),
    ),
    Command(
        "doctor",
        "doctor",
        "Check this installation, and that what your automations need is here: versions, folders, extras, connections.",
        (
            option(
                "folder",
                metavar="DIR",
                nargs="?",
                help="the folder of the automations; default: the folder that Airflow's HTTP API serves",
            ),
            option("--timeout", metavar="SECONDS", type=float, help="the time limit of asking Airflow; default: 120"),
            JSON,
        ),
    ),
    Command(
        "sessions",
        "sessions",
        "List the sessions that coding agents keep on this machine, newest first. They are only read; nothing is sent.",
        (
            option(
                "--since",
                metavar="DATE|DAYS",
                default="30d",
                help="leave out sessions that were not changed since this date (2026-03-01) or for so many days (7d)",
            ),
            JSON,
        ),
    ),
    Command(
        "completion",
        "completion",
        "Print the lines that make a shell complete vai's commands and options.",
        (option("shell", choices=("bash", "zsh", "fish"), help="the shell"),),
    ),
    Command(
        "schema",
        "catalog",
        "Print the JSON Schema of a run, an automation or a sidecar, or of what a command prints with --json.",
        (
            option(
                "model",
                metavar="MODEL|COMMAND",
                choices=("run", "automation", "sidecar", *WITH_JSON),
                help="run, automation, sidecar, or a command with the option --json",
            ),
        ),
    ),
    Command(
        "kinds",
        "catalog",
        "List the action kinds that a tool can be mapped to.",
        (
            JSON,
            WIDE,
        ),
    ),
    Command(
        "formats",
        "catalog",
        "List the trace formats that can be read, and what each of them can record about a call.",
        (
            JSON,
            WIDE,
        ),
    ),
)

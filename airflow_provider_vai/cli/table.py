"""The table of commands, for ``vai …`` and for ``airflow vai …``."""

from __future__ import annotations

from airflow_provider_vai.cli.command import Command, option

TRACES = option(
    "trace",
    metavar="TRACE",
    nargs="+",
    help="the file that the agent framework wrote (archive.zip!member for one in an archive); several files are "
    "exports of one run (merged), or several runs of one task (made into one DAG)",
)
JSON = option("--json", action="store_true", help="print JSON for machines instead of a table")
FORMAT = option("--format", metavar="NAME", help="the trace's format; by default it is found by looking (vai formats)")
FORCE = option(
    "--force", action="store_true", help="overwrite a DAG file that was edited by hand or belongs to another run"
)
RUN = option(
    "--run", metavar="ID", help="the run to take, if the trace holds several (an unambiguous beginning will do)"
)

DAG = option("dag", metavar="DAG", help="the DAG file or its sidecar")
RECORD_ONLY = option("--record-only", action="store_true", help="leave Airflow's own switch alone")

COMMANDS = (
    Command(
        "inspect",
        "traces",
        "Show what happened in a recorded run: each call, its outcome and approval.",
        (
            TRACES,
            RUN,
            option("--all", action="store_true", help="take every run in the trace"),
            FORMAT,
            JSON,
        ),
    ),
    Command(
        "crystallize",
        "traces",
        "Turn a recorded run into a DAG file and its sidecar.",
        (
            TRACES,
            option("--out", metavar="DIR", required=True, help="the folder for <dag_id>.py and <dag_id>.vai.json"),
            option("--dag-id", metavar="ID", help="the DAG's id; by default derived from the run's title"),
            RUN,
            option("--all", action="store_true", help="crystallize every run in the trace, each into its own DAG"),
            FORMAT,
            option(
                "--tools", metavar="FILE", help="maps tools to action kinds; by default vai-tools.toml beside the trace"
            ),
            option(
                "--gates",
                choices=("auto", "recorded"),
                default="auto",
                help="auto: guard recorded approvals and writes of unknown approval; recorded: only the first",
            ),
            option("--freeze-all", action="store_true", help="freeze every argument, wire none to an earlier step"),
            option("--parallel", action="store_true", help="let steps that cannot disturb each other run side by side"),
            option(
                "--loops",
                action="store_true",
                help="make one mapped step of calls that go through an earlier list, one for each element",
            ),
            option(
                "--turns",
                metavar="N,N-N",
                help="take the calls of these turns only (numbers as vai inspect shows them)",
            ),
            option("--calls", metavar="N,N-N,ID", help="take these calls only, by number or id"),
            option("--exclude", metavar="GLOB,N,ID", help="leave these calls out, by tool name, number or id"),
            option(
                "--schedule", metavar="CRON", help="a cron expression or preset (@daily); by default started by hand"
            ),
            option("--allow-unsuccessful", action="store_true", help="take a run that failed"),
            option("--allow-unmapped", action="store_true", help="render unmapped tools as tasks that fail when run"),
            FORCE,
            JSON,
        ),
    ),
    Command(
        "render",
        "specs",
        "Render a DAG file: again from its sidecar after the spec there was edited, or from a spec written by hand.",
        (
            option("spec", metavar="SPEC", help="<dag_id>.vai.json, or a spec in YAML or JSON"),
            option("--out", metavar="DIR", help="the folder for the files; by default the spec's own"),
            option(
                "--secret-conn-id", metavar="ID", help="the connection of a webhook's secret, in a platform's document"
            ),
            option("--summary", metavar="TEXT", default="", help="what changed, for the history"),
            FORCE,
            JSON,
        ),
    ),
    Command(
        "lint",
        "specs",
        "Check automations, one or a whole folder, without running anything of them.",
        (
            option("path", metavar="PATH", nargs="+", help="a sidecar, a DAG file, a spec, or a folder of them"),
            option("--connections", metavar="ID,ID", help="the connections that there are: others are reported"),
            JSON,
        ),
    ),
    Command(
        "edit",
        "edit",
        "Change an automation, and write it as a new version: steps, arguments, triggers, conditions, params, options.",
        (
            option("dag", metavar="DAG", help="the DAG file or its sidecar"),
            option(
                "action",
                metavar="ACTION",
                choices=(
                    "add",
                    "remove",
                    "move",
                    "rename",
                    "replace",
                    "set",
                    "unset",
                    "guard",
                    "options",
                    "step-options",
                    "triggers",
                    "conditions",
                    "params",
                ),
                help="add KEY --kind KIND | remove KEY | move KEY --after|--before KEY | rename KEY NEW | replace KEY "
                "--kind KIND | set KEY --set PLACE=VALUE | unset KEY PLACE… | guard KEY | options NAME=VALUE… | "
                "step-options KEY NAME=VALUE… | triggers JSON… | conditions EXPRESSION… | params NAME=JSON…",
            ),
            option("names", metavar="NAME", nargs="*", help="what the action takes"),
            option("--kind", metavar="KIND", help="the action kind of a new step (vai kinds)"),
            option("--after", metavar="KEY", help="the step that it stands behind"),
            option("--before", metavar="KEY", help="the step that it stands before"),
            option("--parallel", action="store_true", help="let the steps that are there wait for nothing new"),
            option(
                "--set", metavar="PLACE=VALUE", action="append", help="an argument, or a place in it: JSON, else text"
            ),
            option("--text", metavar="PLACE=TEXT", action="append", help="the same, always text"),
            option(
                "--wire", metavar="PLACE=STEP.PATH", action="append", help="an earlier step's result, or a place in it"
            ),
            option("--param", metavar="PLACE=NAME", action="append", help="a DAG param, or a place in it"),
            option("--template", metavar="PLACE=TEXT", action="append", help="a Jinja template that Airflow renders"),
            option("--secret", metavar="PLACE=CONN_ID", action="append", help="the password of an Airflow connection"),
            option("--freeze", metavar="PLACE=VALUE", action="append", help="what to use instead of a removed result"),
            option("--gate", action="store_true", help="put an approval gate before the new step"),
            option("--gate-option", metavar="NAME=VALUE", action="append", help="an argument of the gate"),
            option("--ungated", action="store_true", help="let a write run without approval"),
            option("--unbranch", action="store_true", help="remove a branch, so that both its ways always run"),
            option("--summary", metavar="TEXT", help="what changed, for the history"),
            option("--expected-version", metavar="N", type=int, help="refuse if the automation is at another version"),
            option("--dry-run", action="store_true", help="show the changes and write nothing"),
            JSON,
        ),
    ),
    Command(
        "diff",
        "edit",
        "Show what differs between two automations, or what was edited since one was written.",
        (
            option("a", metavar="A", help="a sidecar, a DAG file, a spec, or a version: DAG@3"),
            option("b", metavar="B", nargs="?", help="the same; left out: what was written last of A"),
            option("--exit-code", action="store_true", help="exit with 1 where anything differs, as git does"),
            JSON,
        ),
    ),
    Command(
        "explain",
        "specs",
        "Say where each value of an automation comes from, who said it first, and what was left open.",
        (option("dag", metavar="DAG[:STEP]", help="the DAG file or its sidecar, and one step of it"), JSON),
    ),
    Command(
        "versions",
        "history",
        "List the versions of an automation and the changes of its status, newest first.",
        (
            DAG,
            option("--show", metavar="N", type=int, help="print the DAG file of this version; with --json all of it"),
            JSON,
        ),
    ),
    Command(
        "restore",
        "history",
        "Make an earlier version the newest one, with the edits by hand that it had.",
        (DAG, option("version", metavar="N", type=int, help="the version, as vai versions lists it"), JSON),
    ),
    Command(
        "activate",
        "history",
        "Record who reviewed an automation, and unpause its DAG.",
        (
            DAG,
            option("--reviewed", metavar="all|N,N-N", help="the review items that you looked at, by their numbers"),
            RECORD_ONLY,
            JSON,
        ),
    ),
    Command("pause", "history", "Record that an automation is paused, and pause its DAG.", (DAG, RECORD_ONLY, JSON)),
    Command("delete", "history", "Remove an automation's files; its versions stay and can be restored.", (DAG, JSON)),
    Command(
        "verify",
        "records",
        "Say whether a DAG is still what was rendered and reviewed; with --replay, run it and compare its results.",
        (
            DAG,
            option("--replay", action="store_true", help="run it now, recorded results in place of its writes"),
            option(
                "--trace",
                metavar="FILE",
                action="append",
                help="the trace that it was made of: results are compared with the recorded ones, which stand in for "
                "writes; by default with the newest baseline",
            ),
            FORMAT,
            option("--live-writes", action="store_true", help="let writes really take place"),
            option("--live-artifacts", action="store_true", help="let loads, file syncs and tables really take place"),
            option("--approve-gates", action="store_true", help="with --live-writes: approve what every gate guards"),
            option("--here", action="store_true", help="use the configured Airflow's settings and connections"),
            option("--conf", metavar="JSON", help="the params of the run, by name"),
            option(
                "--ignore",
                metavar="STEP.PATH",
                action="append",
                help="a place that is not compared, such as fetch.rows.*.price",
            ),
            option(
                "--level",
                choices=("bytes", "equal", "masked", "schema"),
                help="what counts as good: equal bytes, equal values, equal but for times and ids (the default), the "
                "same schema",
            ),
            option("--accept", action="store_true", help="keep today's results as the new baseline"),
            option("--summary", metavar="TEXT", help="with --accept: why"),
            option("--html", metavar="FILE", help="write the report as a page, too"),
            option("--timeout", metavar="SECONDS", type=float, help="the limit of the replay; by default 1800"),
            JSON,
        ),
    ),
    Command(
        "savings",
        "records",
        "Show what a DAG's runs save against the recorded run: tokens, cost and time.",
        (
            DAG,
            option(
                "--runs",
                metavar="FILE",
                help="the DAG's runs as JSON, as `airflow dags list-runs DAG -o json` prints them; by default Airflow "
                "is asked",
            ),
            JSON,
        ),
    ),
    Command(
        "approvals",
        "records",
        "List what people decided at an automation's approval gates, newest first.",
        (
            option("dag", metavar="DAG", help="the DAG's id"),
            option(
                "--artifacts",
                metavar="PATH",
                help="Airflow's [vai] artifacts_path, a folder or URL; by default $AIRFLOW__VAI__ARTIFACTS_PATH, else "
                "$AIRFLOW_HOME/vai/artifacts",
            ),
            option("--gate", metavar="TASK", help="the decisions of this gate only"),
            JSON,
        ),
    ),
    Command(
        "pull",
        "pull",
        "Write the trace of one run of a live source into a file, for vai inspect and vai crystallize.",
        (
            option(
                "source",
                metavar="SOURCE",
                choices=("vai", "mlflow", "phoenix", "langfuse", "langsmith"),
                help="vai (the platform), mlflow, phoenix, langfuse or langsmith",
            ),
            option("id", metavar="ID", nargs="?", help="the run's id, at vai the agent run's or chat thread's"),
            option("--list", action="store_true", help="show the newest runs instead"),
            option("--url", metavar="URL", help="the source's address; its token is read from the environment"),
            option(
                "--conn-id",
                metavar="ID",
                help="an Airflow connection in the environment (AIRFLOW_CONN_<ID>) with address and token",
            ),
            option("--out", metavar="FILE", help="the file to write; by default <source>-<id>.json in this folder"),
            option("--force", action="store_true", help="overwrite the file"),
            JSON,
        ),
    ),
    Command(
        "schema",
        "catalog",
        "Print the JSON Schema of a run, an automation or a sidecar.",
        (option("model", choices=("run", "automation", "sidecar"), help="what the schema is of"),),
    ),
    Command("kinds", "catalog", "List the action kinds that a tool can be mapped to.", (JSON,)),
    Command(
        "formats", "catalog", "List the trace formats that can be read, and what each can record about a call.", (JSON,)
    ),
)

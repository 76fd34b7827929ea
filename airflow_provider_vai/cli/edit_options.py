"""The row of ``vai edit`` in the table of commands."""

from __future__ import annotations

from airflow_provider_vai.cli.command import Command, option
from airflow_provider_vai.cli.common_options import EXPECTED_VERSION, JSON, QUIET, SUMMARY, UNGATED

EDIT = Command(
    "edit",
    "edit",
    "Change an automation and write it as a new version: steps, arguments, triggers, conditions, params, options.",
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
                "lift",
                "model",
                "guard",
                "options",
                "step-options",
                "triggers",
                "conditions",
                "params",
            ),
            help="add KEY --kind KIND | remove KEY | move KEY --after|--before KEY | rename KEY NEW | replace KEY "
            "--kind KIND | set KEY --set PLACE=VALUE | unset KEY PLACE… | lift KEY PLACE [NAME] (make it a param) | "
            "model KEY PLACE STEP.PATH… (let a model write it in each run) | guard KEY | options NAME=VALUE… | "
            "step-options KEY NAME=VALUE… | triggers JSON… | conditions EXPRESSION… | params NAME=JSON…",
        ),
        option(
            "names",
            metavar="NAME",
            nargs="*",
            help="what the action takes; a PLACE is an argument or a part of it: json.rows.0",
        ),
        option("--conn-id", metavar="ID", help="with model: the connection to the model; default: pydanticai_default"),
        option("--kind", metavar="KIND", help="the action kind of a new step (vai kinds)"),
        option("--after", metavar="KEY", help="put the step after this one"),
        option("--before", metavar="KEY", help="put the step before this one"),
        option("--parallel", action="store_true", help="do not make existing steps wait for the new step"),
        option(
            "--set",
            metavar="PLACE=VALUE",
            action="append",
            help="set a place to a JSON value, or else to text",
        ),
        option("--text", metavar="PLACE=TEXT", action="append", help="set a place to a text, even if it is JSON"),
        option(
            "--wire",
            metavar="PLACE=STEP.PATH",
            action="append",
            help="wire a place to a step's result or a part of it",
        ),
        option("--param", metavar="PLACE=NAME", action="append", help="set a place to a DAG param or a part of it"),
        option("--template", metavar="PLACE=TEXT", action="append", help="set a place to a Jinja template"),
        option(
            "--derive",
            metavar="PLACE=EXPRESSION",
            action="append",
            help='let each run work a place out: \'total(wired(query, "rows"), "revenue")\'',
        ),
        option("--secret", metavar="PLACE=CONN_ID", action="append", help="set a place to a connection's password"),
        option(
            "--freeze",
            metavar="PLACE=VALUE",
            action="append",
            help="use this value instead of the removed step's result",
        ),
        option("--gate", action="store_true", help="put an approval gate before the new step"),
        option("--gate-option", metavar="NAME=VALUE", action="append", help="set an argument of the gate"),
        UNGATED,
        option("--unbranch", action="store_true", help="remove a branch; both of its sides then always run"),
        SUMMARY,
        EXPECTED_VERSION,
        option("--dry-run", action="store_true", help="show the changes without writing them"),
        JSON,
        QUIET,
    ),
)

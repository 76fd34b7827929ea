"""``vai schema``, ``vai kinds`` and ``vai formats``: reference information about this package."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, cast

from airflow_provider_vai.cli.reports import print_json
from airflow_provider_vai.cli.terminal import table

if TYPE_CHECKING:
    from airflow_provider_vai.cli.outputs import ListedFormat, ListedKind, RecordedFacts

OPTIONAL = ("timing", "batches", "edits")
"""Columns of ``vai formats`` that a narrow terminal leaves out."""


def schema(arguments: Namespace) -> None:
    """Print the JSON Schema of a run, an automation, a sidecar, or what a command prints with ``--json``."""
    from pydantic import BaseModel

    from airflow_provider_vai.cli.output_schemas import DIALECT, OUTPUTS, command_schema
    from airflow_provider_vai.model.automation import Automation
    from airflow_provider_vai.model.run import Run
    from airflow_provider_vai.model.sidecar import Sidecar

    models: dict[str, type[BaseModel]] = {"run": Run, "automation": Automation, "sidecar": Sidecar}
    if arguments.model in OUTPUTS:
        print_json(command_schema(arguments.model))
        return
    described = models[arguments.model].model_json_schema(by_alias=True, mode="validation")
    print_json({"$schema": DIALECT, **described})


def kinds(arguments: Namespace) -> None:
    """List the action kinds."""
    from airflow_provider_vai.model.kinds import all_kinds

    rows: list[ListedKind] = [
        {
            "kind": kind.name,
            "legacy": list(kind.legacy),
            "effect": kind.effect,
            "determinism": kind.determinism,
            "operator": kind.operator,
            "summary": kind.summary,
            "arguments": kind.arguments.model_json_schema(by_alias=True) if arguments.json else {},
        }
        for kind in all_kinds()
    ]
    if arguments.json:
        print_json(rows)
    else:
        shown = [[row["kind"], row["effect"], row["determinism"], row["summary"]] for row in rows]
        table(("kind", "effect", "determinism", "summary"), shown)


def formats(arguments: Namespace) -> None:
    """List the trace formats and what each of them can record."""
    from airflow_provider_vai.traces.known_formats import described
    from airflow_provider_vai.traces.reading.coverage import Coverage

    rows = [(name, asdict(coverage), text) for name, coverage, text in described()]
    if arguments.json:
        listed: list[ListedFormat] = [
            {"format": name, "description": text, "tells": cast("RecordedFacts", coverage)}
            for name, coverage, text in rows
        ]
        print_json(listed)
    else:
        columns = ("format", *(field.name for field in fields(Coverage)), "description")
        table(columns, [[name, *coverage.values(), text] for name, coverage, text in rows], optional=OPTIONAL)

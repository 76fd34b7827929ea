"""``vai schema``, ``vai kinds`` and ``vai formats``: reference information about this package."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import asdict, fields

from airflow_provider_vai.cli.reports import print_json
from airflow_provider_vai.cli.terminal import table

OPTIONAL = ("timing", "batches", "edits")
"""Columns of ``vai formats`` that a narrow terminal leaves out."""


def schema(arguments: Namespace) -> None:
    """Print the JSON Schema of a run, an automation or a sidecar."""
    from pydantic import BaseModel

    from airflow_provider_vai.model.automation import Automation
    from airflow_provider_vai.model.run import Run
    from airflow_provider_vai.model.sidecar import Sidecar

    models: dict[str, type[BaseModel]] = {"run": Run, "automation": Automation, "sidecar": Sidecar}
    print_json({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **models[arguments.model].model_json_schema(by_alias=True, mode="validation"),
    })  # fmt: skip


def kinds(arguments: Namespace) -> None:
    """List the action kinds."""
    from airflow_provider_vai.model.kinds import all_kinds

    rows = [
        {
            "kind": kind.name,
            "legacy": list(kind.legacy),
            "effect": kind.effect,
            "determinism": kind.determinism,
            "operator": kind.operator,
            "summary": kind.summary,
            "arguments": kind.arguments.model_json_schema(by_alias=True) if arguments.json else None,
        }
        for kind in all_kinds()
    ]
    if arguments.json:
        print_json(rows)
    else:
        names = ("kind", "effect", "determinism", "summary")
        table(names, [[row[name] for name in names] for row in rows])


def formats(arguments: Namespace) -> None:
    """List the trace formats and what each of them can record."""
    from airflow_provider_vai.traces.formats import adapters, coverage_of
    from airflow_provider_vai.traces.reading.trace import Coverage

    rows = [(adapter.name, asdict(coverage_of(adapter)), adapter.description) for adapter in adapters()]
    if arguments.json:
        print_json([{"format": name, "description": text, "tells": coverage} for name, coverage, text in rows])
    else:
        columns = ("format", *(field.name for field in fields(Coverage)), "description")
        table(columns, [[name, *coverage.values(), text] for name, coverage, text in rows], optional=OPTIONAL)

"""The page of what commands print with ``--json``, for ``generate.py``."""

from __future__ import annotations

from typing import Any

from schema_tables import anchor, fields, referred, text, type_of

from airflow_provider_vai.cli.output_schemas import OUTPUTS, CommandOutput, output_schema

ELSEWHERE = {
    "Run": "`vai schema run` prints the schema of a run",
    "Entry": "`rendered` and `dag_file` are the DAG file as rendered and as written; see the [sidecar](sidecar.md)",
}
"""Models that are described somewhere else, and where."""


def page() -> str:
    """Return the page."""
    lines = [
        "# JSON output",
        "",
        "Every command with the option `--json` prints one JSON document to the standard output. `vai schema COMMAND`",
        "prints its JSON Schema (draft 2020-12), for validation or to generate types:",
        "",
        "```console",
        "$ vai schema lint",
        "```",
        "",
        "- Errors, notes and progress go to the standard error, as text. If a command refuses, it exits with 1 and",
        "  prints no document.",
        "- `vai lint`, `vai verify`, `vai doctor` and `vai diff --exit-code` exit with 1 as well if they find",
        "  something; then they do print it.",
        "- A later release may add fields. It does not remove or rename one, and does not change its type.",
        "- Texts for people (`message`, `reason`, `note`, `remedy`) may change in any release. Programs should read",
        "  codes.",
        "",
        "The [glossary](glossary.md) explains the words used here.",
        "",
    ]
    objects = _objects()
    linked = {name: f"#{anchor(name)}" for name in objects}
    lines += ["## Commands", "", "| command | prints |", "| --- | --- |"]
    for command, outputs in OUTPUTS.items():
        lines += [f"| {_call(command, output)} | {type_of(_main(output), linked)} |" for output in outputs]
    lines += ["", "## Objects", ""]
    for name, schema in objects.items():
        lines += [f"### {name}", "", text(schema.get("description", "")).strip(), ""]
        lines += [f"{ELSEWHERE[name]}." if name in ELSEWHERE else "\n".join(fields(schema, linked)), ""]
    return "\n".join(lines).rstrip() + "\n"


def _call(command: str, output: CommandOutput) -> str:
    return f"`vai {command}{f' {output.options}' if output.options else ''} --json`"


def _main(output: CommandOutput) -> dict[str, Any]:
    """Return the schema of an output; one that is an object refers to it by its name."""
    schema = output_schema(output.type)
    return {"$ref": f"#/{schema['title']}"} if "properties" in schema else schema


def _objects() -> dict[str, dict[str, Any]]:
    """Return the objects in outputs by name, without those that only a model described elsewhere contains."""
    found: dict[str, dict[str, Any]] = {}
    for outputs in OUTPUTS.values():
        for output in outputs:
            schema = output_schema(output.type)
            known = {**schema.get("$defs", {}), **({schema["title"]: schema} if "properties" in schema else {})}
            waiting = [schema["title"]] if "properties" in schema else list(referred({**schema, "$defs": None}))
            while waiting:
                name = waiting.pop(0)
                if name not in found:
                    found[name] = known[name]
                    waiting += [] if name in ELSEWHERE else referred({**known[name], "$defs": None})
    return found

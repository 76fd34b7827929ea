"""Writes the reference pages that must not drift from the code: ``python dev/docs/generate.py`` (a test compares).

cli.md      every command with its help
formats.md  the trace formats, with what each can record
kinds.md    the action kinds with their arguments
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Callable
from pathlib import Path

from airflow_provider_vai.cli.command import Option
from airflow_provider_vai.cli.main import DESCRIPTION, EPILOG
from airflow_provider_vai.cli.table import COMMANDS
from airflow_provider_vai.model.kinds import KINDS, Kind
from airflow_provider_vai.traces.formats import adapters

FOLDER = Path(__file__).parent
EXAMPLE = FOLDER.parents[1] / "tests/golden/every_kind/expected/every_kind.py"


def cli() -> str:
    """Return the page of the commands."""
    lines = ["# Commands", "", DESCRIPTION, "", f"`vai …` and `airflow vai …` are the same. {EPILOG}", ""]
    for command in COMMANDS:
        lines += [f"## vai {command.name}", "", command.help, "", "| | |", "| --- | --- |"]
        lines += [f"| {_option(entry)} | {_meaning(entry)} |" for entry in command.options]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def formats() -> str:
    """Return the page of the trace formats."""
    lines = [
        "# Trace formats",
        "",
        "A file's format is found by looking; `--format NAME` names it. What a format has no place for stays unknown:",
        "a call without a mark of approval counts as one of which nobody knows whether it was approved.",
        "",
        "| format | | results | approvals | edited arguments | timing | parallel calls |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for adapter in adapters():
        covered = adapter.coverage
        cells = (covered.results, covered.approvals, covered.edits, covered.timing, covered.batches)
        lines.append(f"| `{adapter.name}` | {adapter.description} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def kinds() -> str:
    """Return the page of the action kinds."""
    lines = [
        "# Action kinds",
        "",
        "A recorded tool becomes an action kind by its name, or by a rule of the [tools file](tools-file.md). The",
        "examples are tasks of one DAG file that uses every kind; the end-to-end tests run it.",
        "",
    ]
    examples = _examples()
    for kind in KINDS:
        legacy = f" (also `{'`, `'.join(kind.legacy)}`)" if kind.legacy else ""
        flagged = f"; flagged: {kind.reason}" if kind.reason else ""
        lines += [
            f"## {kind.name}",
            "",
            f"{kind.summary[0].upper()}{kind.summary[1:]}{legacy}.",
            "",
            f"Operator `{kind.operator}` · effect {kind.effect} · {kind.determinism}{flagged}",
            "",
            *_notes(kind),
            "| argument | type | |",
            "| --- | --- | --- |",
        ]
        schema = kind.arguments.model_json_schema(by_alias=True)
        for name, described in schema["properties"].items():
            needed = "required" if name in schema.get("required", ()) else ""
            lines.append(f"| `{name}` | {_type(described)} | {needed} |")
        lines.append("")
        if kind.name in examples:
            lines += ["```python", examples[kind.name], "```", ""]
    return "\n".join(lines).rstrip() + "\n"


def _examples() -> dict[str, str]:
    """Return the source of one task for each kind, from the DAG file that has them all."""
    text = EXAMPLE.read_text(encoding="utf-8")
    kinds = {kind.operator.rpartition(".")[2]: kind.name for kind in KINDS}
    found: dict[str, str] = {}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Name):
            source = textwrap.dedent(" " * node.col_offset + (ast.get_source_segment(text, node) or ""))
            if name := kinds.get(node.value.func.id):
                found.setdefault(name, source)
    return found


def _notes(kind: Kind) -> list[str]:
    """Return what a user of the kind should know, from the folder `kinds`; none where nothing stands there."""
    file = FOLDER / "kinds" / f"{kind.name}.md"
    return [file.read_text(encoding="utf-8").rstrip(), ""] if file.exists() else []


PAGES: dict[str, Callable[[], str]] = {"cli.md": cli, "formats.md": formats, "kinds.md": kinds}


def main() -> None:
    """Write every page."""
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page(), encoding="utf-8")
        print(f"wrote dev/docs/{name}")


def _option(entry: Option) -> str:
    value = entry.settings.get("metavar") or "|".join(entry.settings.get("choices", ()))
    words = [*entry.flags[:1], value] if entry.flags[0].startswith("-") else [value]
    shown = "`" + " ".join(filter(None, words)).replace("|", "\\|") + "`"
    return shown + (" (required)" if entry.settings.get("required") else "")


def _meaning(entry: Option) -> str:
    default = entry.settings.get("default")
    return str(entry.settings.get("help", "")) + (f" (default: {default})" if default else "")


def _type(described: dict[str, object]) -> str:
    options = described.get("anyOf")
    if isinstance(options, list):
        return " or ".join(_type(option) for option in options if option.get("type") != "null")
    if "enum" in described:
        return " or ".join(f"`{value}`" for value in described["enum"])  # type: ignore[attr-defined]
    return str(described.get("type", "any JSON"))


if __name__ == "__main__":
    main()

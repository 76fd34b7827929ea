"""Writes the reference pages that must not drift from the code: ``python dev/docs/generate.py`` (a test compares).

cli.md      every command with its help
kinds.md    the action kinds with their arguments
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from airflow_provider_vai.cli import COMMANDS, DESCRIPTION, EPILOG, Option
from airflow_provider_vai.kinds import KINDS

FOLDER = Path(__file__).parent


def cli() -> str:
    """Return the page of the commands."""
    lines = ["# Commands", "", DESCRIPTION, "", f"`vai …` and `airflow vai …` are the same. {EPILOG}", ""]
    for command in COMMANDS:
        lines += [f"## vai {command.name}", "", command.help, "", "| | |", "| --- | --- |"]
        lines += [f"| {_option(entry)} | {_meaning(entry)} |" for entry in command.options]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def kinds() -> str:
    """Return the page of the action kinds."""
    lines = [
        "# Action kinds",
        "",
        "A recorded tool becomes an action kind by its name, or by a rule of the [tools file](tools-file.md).",
        "",
    ]
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
            "| argument | type | |",
            "| --- | --- | --- |",
        ]
        schema = kind.arguments.model_json_schema(by_alias=True)
        for name, described in schema["properties"].items():
            needed = "required" if name in schema.get("required", ()) else ""
            lines.append(f"| `{name}` | {_type(described)} | {needed} |")
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


PAGES: dict[str, Callable[[], str]] = {"cli.md": cli, "kinds.md": kinds}


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

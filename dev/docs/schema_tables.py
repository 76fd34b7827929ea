"""JSON Schemas as tables in Markdown, for the pages that ``generate.py`` writes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any


def fields(schema: Mapping[str, Any], linked: Mapping[str, str], required_is: str = "always there") -> list[str]:
    """Return the table of an object's fields; nothing if it has none.

    :param schema: the schema of the object.
    :param linked: the target of the link to each schema, by its name.
    :param required_is: the heading of the column that says whether a field is required.
    """
    properties = schema.get("properties", {})
    if not properties:
        return []
    required = schema.get("required", ())
    columns = ["field", "type", required_is, "meaning"]
    rows = [
        [
            f"`{name}`",
            type_of(described, linked),
            "yes" if name in required else "",
            cell(described.get("description", "")),
        ]
        for name, described in properties.items()
    ]
    shown = 4 if any(row[3] for row in rows) else 3
    return [f"| {' | '.join(row[:shown])} |" for row in (columns, ["---"] * 4, *rows)]


def type_of(described: Mapping[str, Any], linked: Mapping[str, str]) -> str:
    """Return a schema as words, with links to the schemas that it refers to.

    :param described: the schema.
    :param linked: the target of the link to each schema, by its name; one without a target is named only.
    """
    if "$ref" in described:
        name = described["$ref"].rpartition("/")[2]
        return f"[{name}]({linked[name]})" if name in linked else f"`{name}`"
    if "const" in described:
        return f"`{described['const']}`"
    if "enum" in described:
        return " or ".join(f"`{value}`" for value in described["enum"])
    for key in ("anyOf", "oneOf", "allOf"):
        if key in described:
            return " or ".join(dict.fromkeys(type_of(option, linked) for option in described[key]))
    kind = described.get("type")
    if kind == "array":
        return f"list of {_inner(described.get('items', {}), linked)}"
    if (
        kind == "object"
        and isinstance(described.get("additionalProperties"), dict)
        and described["additionalProperties"]
    ):
        return f"object of {_inner(described['additionalProperties'], linked)} by name"
    return str(kind) if kind else "any JSON"


def _inner(described: Mapping[str, Any], linked: Mapping[str, str]) -> str:
    """Return the type of what a list or object contains, in brackets if it is a choice."""
    shown = type_of(described, linked)
    return f"({shown})" if " or " in shown else shown


def referred(schema: Any) -> Iterator[str]:
    """Yield the names of the schemas that a schema refers to, as often as it does.

    :param schema: the schema, or a part of it.
    """
    if isinstance(schema, Mapping):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"].rpartition("/")[2]
        for part in schema.values():
            yield from referred(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from referred(part)


def text(said: str) -> str:
    """Return a docstring as Markdown, without the part about parameters.

    :param said: the docstring.
    """
    said = re.sub(r"\n\s*:param\b.*", "", said, flags=re.DOTALL)
    said = re.sub(r":(?:\w+:)?\w+:`~?(?:[\w.]*\.)?([\w]+)`", r"`\1`", said).replace("``", "`")
    return "".join(
        part if number % 2 else part.replace("<", "&lt;").replace("*", "\\*")
        for number, part in enumerate(re.split(r"(`[^`]*`)", said))
    )


def cell(said: str) -> str:
    """Return a text for a cell of a table.

    :param said: the text.
    """
    return " ".join(text(said).split()).replace("|", "\\|")


def anchor(heading: str) -> str:
    """Return the name of a heading, as links write it.

    :param heading: the heading.
    """
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")

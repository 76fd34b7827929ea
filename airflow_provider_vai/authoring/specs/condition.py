"""Checks a condition of an automation in a spec."""

from __future__ import annotations

from airflow_provider_vai.languages import expression

ROOTS = ("params", "payload", "event")
"""The names at which paths in a condition may begin, besides the keys of the payload. Each is an object."""


def condition_problem(text: str) -> str | None:
    """Return what is wrong with a condition of an automation; ``None`` if it is valid."""
    import ast

    try:
        tree = expression.parse(text)
    except expression.BadExpression as error:
        return str(error)
    inner = {id(part.value) for part in ast.walk(tree) if isinstance(part, (ast.Attribute, ast.Subscript))}
    for part in ast.walk(tree):
        if isinstance(part, ast.Name) and part.id in ROOTS and id(part) not in inner:
            return f"it uses {part.id!r} without a name in it, as in {part.id}.name"
    return None

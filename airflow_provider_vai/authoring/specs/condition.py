"""Checks a condition of an automation, as a spec writes it."""

from __future__ import annotations

from airflow_provider_vai.languages import expression

ROOTS = ("params", "payload", "event")
"""The names at which a condition's paths begin, besides the keys of the payload; each is an object."""


def condition_problem(text: str) -> str | None:
    """Return what is wrong with a condition of the automation, if anything."""
    import ast

    try:
        tree = expression.parse(text)
    except expression.BadExpression as error:
        return str(error)
    inner = {id(part.value) for part in ast.walk(tree) if isinstance(part, (ast.Attribute, ast.Subscript))}
    for part in ast.walk(tree):
        if isinstance(part, ast.Name) and part.id in ROOTS and id(part) not in inner:
            return f"it says {part.id!r} and names nothing in it"
    return None

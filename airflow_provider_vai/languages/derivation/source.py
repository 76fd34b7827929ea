"""Write a tree as the Python expression that stands in a DAG file."""

from __future__ import annotations

import keyword
from collections.abc import Mapping
from typing import Any

from airflow_provider_vai.languages.derivation import REFERENCES, Node, bound, is_node


def called(node: Node) -> tuple[list[Any], dict[str, Any]]:
    """Return what a node's function is called with in Python: positional arguments, then named ones.

    :param node: A node; the arguments that are nodes themselves stay as they are.
    :raises DerivationError: there is no such function, or it has no such parameters.
    """
    name, path = node["function"], node.get("path", ())
    if name == "wired":
        return [node["step"], *path], {}
    if name == "argument_of":
        return [node["step"], node["name"], *path], {}
    if name == "parameter":
        return [node["name"], *path], {}
    if name == "item":
        return [*path], {}
    if name == "template":
        return [node["text"]], {}
    return bound(name, {key: part for key, part in node.items() if key != "function"})


def is_subscript(node: Node) -> bool:
    """Return whether a node is written with brackets: ``best["month"]`` for ``part(best, "month")``."""
    base: Any = node.get("value")
    is_call = is_node(base) and base["function"] not in REFERENCES
    return bool(node["function"] == "part" and is_call and node.get("path"))


def divided(named: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the named arguments that are written as ``name=value``, and those that are written as ``**{...}``.

    Python does not accept every column's name before ``=``. From the first such name on, all are in braces, so that
    their order stays.
    """
    names = list(named)
    first = next((place for place, name in enumerate(names) if not _is_keyword(name)), len(names))
    return {name: named[name] for name in names[:first]}, {name: named[name] for name in names[first:]}


def _is_keyword(name: str) -> bool:
    return name.isidentifier() and name.isascii() and not keyword.iskeyword(name)


def written(node: Any) -> str:
    """Return a tree as Python source on one line; steps are named by their task ids.

    :raises DerivationError: there is no such function, or it has no such parameters.
    """
    if isinstance(node, list):
        return f"[{', '.join(map(written, node))}]"
    if not is_node(node):
        return repr(node)
    positional, named = called(node)
    if is_subscript(node):
        return written(positional[0]) + "".join(f"[{step!r}]" for step in positional[1:])
    parts = [written(part) for part in positional]
    keywords, others = divided(named)
    parts += [f"{name}={written(part)}" for name, part in keywords.items()]
    parts += [f"**{{{', '.join(f'{name!r}: {written(part)}' for name, part in others.items())}}}"] if others else []
    return f"{node['function']}({', '.join(parts)})"

"""Write a tree as the Python expression of a DAG file, and read such an expression."""

from __future__ import annotations

import ast
import keyword
from collections.abc import Iterator, Mapping
from typing import Any

from airflow_provider_vai.exceptions import DerivationError
from airflow_provider_vai.languages.derivation import REFERENCES, Node, bound, is_node, signature
from airflow_provider_vai.languages.short_text import cut

LONGEST = 100_000
"""The most characters of an expression."""


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


def parsed(text: str) -> dict[str, Any]:
    """Return the tree of a Python expression such as ``total(wired(query, "rows"), "revenue")``; nothing is executed.

    :param text: The expression; a step is named by its key, with or without quotes.
    :raises DerivationError: it is not an expression of this language; the message names the place in the text.
    """
    if len(text) > LONGEST:
        raise DerivationError(f"the expression has more than {LONGEST:,} characters")
    try:
        node = ast.parse(text.strip(), mode="eval").body
        made = _parsed(node)
    except SyntaxError as error:
        raise DerivationError(f"the expression is not valid: {error.msg} at column {error.offset}") from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise DerivationError(f"the expression is not valid: {type(error).__name__}") from None
    if not is_node(made):
        raise DerivationError("the expression is a literal: call a function")
    tree: dict[str, Any] = made
    return tree


def _parsed(node: ast.expr) -> Any:
    if isinstance(node, ast.Constant) and (node.value is None or isinstance(node.value, (str, int, float, bool))):
        return node.value
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant):
        number = _parsed(node.operand)
        if isinstance(number, (int, float)) and not isinstance(number, bool):
            return -number
    if isinstance(node, ast.Subscript):
        base, key = _parsed(node.value), _parsed(node.slice)
        is_part = is_node(base) and base["function"] == "part" and isinstance(node.value, ast.Subscript)
        path = [*base["path"], key] if is_part else [key]
        return {"function": "part", "value": base["value"] if is_part else base, "path": path}
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return _call(node, node.func.id)
    raise DerivationError(f"{cut(ast.unparse(node))} at column {node.col_offset + 1} is neither a literal nor a call")


def _call(node: ast.Call, name: str) -> dict[str, Any]:
    positional = list(node.args)
    step = positional.pop(0) if name in ("wired", "argument_of") and positional else None
    given = [_parsed(part) for part in positional]
    named = dict(_keywords(node))
    if name in REFERENCES:
        if named:
            raise DerivationError(f"{name} has no named arguments")
        steps = [step.id if isinstance(step, ast.Name) else _parsed(step)] if step is not None else []
        return _reference(name, [*steps, *given])
    try:
        arguments = signature(name).bind(*given, **named).arguments
    except TypeError as error:
        raise DerivationError(f"{name}: {error}") from None
    made = {key: list(part) if isinstance(part, tuple) else part for key, part in arguments.items()}
    return {"function": name, **made}


def _keywords(node: ast.Call) -> Iterator[tuple[str, Any]]:
    for one in node.keywords:
        if one.arg is not None:
            yield one.arg, _parsed(one.value)
        elif isinstance(one.value, ast.Dict):
            for key, part in zip(one.value.keys, one.value.values, strict=True):
                yield str(_parsed(key)) if key is not None else "", _parsed(part)
        else:
            raise DerivationError(f"write the names after ** at column {one.value.col_offset + 1} as {{...}}")


def _reference(name: str, given: list[Any]) -> dict[str, Any]:
    fields = _FIELDS[name]
    if len(given) < len(fields) or (name == "template" and len(given) > 1):
        raise DerivationError(f"{name} needs {' and '.join(fields) or 'a path'}")
    path = {} if name == "template" else {"path": given[len(fields) :]}
    return {"function": name, **dict(zip(fields, given, strict=False)), **path}


_FIELDS = {
    "wired": ("step",), "argument_of": ("step", "name"), "parameter": ("name",), "item": (), "template": ("text",),
}  # fmt: skip
"""The fields of each reference besides ``path``, in the order of its arguments."""

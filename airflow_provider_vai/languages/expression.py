"""The language of conditions: ``order.total > 100 and region in ["US", "CA"]``, and nothing that could run.

Python's own parser reads it and an allow-list of its nodes is evaluated here; nothing is compiled or called. A lone
``=`` compares, as the platform writes it. The Common Expression Language does not fit: it has no ``=``, ``and``,
``or`` and ``not``.
"""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

LONGEST = 2000  # characters
DEEPEST = 40  # levels of nesting
_CONSTANTS = {"true": True, "false": False, "null": None}
_LONE_EQUALS = re.compile(r"""('(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")|(?<![<>=!:])=(?!=)""")
_ORDERS: dict[type, Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_JOINS = (ast.Eq, ast.NotEq, ast.In, ast.NotIn, *_ORDERS)
_PARTS = (ast.And, ast.Or, ast.Not, ast.USub, ast.Load, *_JOINS)
_NODES = (ast.BoolOp, ast.UnaryOp, ast.Compare, ast.Name, ast.Attribute, ast.Subscript, ast.Constant, ast.List)


class BadExpression(ValueError):
    """The expression is none of this language, or compares what cannot be compared."""


class MissingPath(LookupError):
    """A path of the expression leads nowhere in the values at hand."""


def parse(text: str) -> ast.expr:
    """Return the checked expression.

    :raises BadExpression: it is not one; the message says which part.
    """
    if len(text) > LONGEST:
        raise BadExpression(f"the condition has {len(text)} characters: {LONGEST} are allowed")
    try:
        tree = ast.parse(_LONE_EQUALS.sub(lambda found: found[1] or "==", text.strip()), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        said = error.msg if isinstance(error, SyntaxError) else type(error).__name__
        raise BadExpression(f'the condition cannot be read ({said}): write it like order["total"] > 100') from None
    _check(tree, 1)
    return tree


def evaluate(tree: ast.expr, names: Mapping[str, Any]) -> bool:
    """Return whether the expression holds.

    :param tree: what :func:`parse` returned.
    :param names: the values that its paths begin at.
    :raises MissingPath: a path that was needed leads nowhere.
    :raises BadExpression: a value has a type that does not fit.
    """
    return _truth(tree, names)


def _check(node: ast.AST, depth: int) -> None:
    if depth > DEEPEST:
        raise BadExpression(f"the condition is nested deeper than {DEEPEST} levels")
    if isinstance(node, ast.Subscript):
        negative = isinstance(node.slice, ast.UnaryOp) and isinstance(node.slice.op, ast.USub)
        key = node.slice.operand if negative else node.slice  # type: ignore[attr-defined]
        if not (isinstance(key, ast.Constant) and type(key.value) in (str, int)):
            raise BadExpression('only a position or a name in quotes stands in brackets: items[0], order["total"]')
    if isinstance(node, ast.Constant) and not _is_plain(node.value):
        raise BadExpression(f"a {type(node.value).__name__} cannot stand in a condition")
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and not _is_number(node.operand):
        raise BadExpression("a minus stands before a number only")
    if not isinstance(node, (*_NODES, *_PARTS)):
        raise BadExpression(f"a condition knows comparisons, in, and, or, not; not {type(node).__name__}")
    for part in ast.iter_child_nodes(node):
        _check(part, depth + 1)


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, (str, int)) or (isinstance(value, float) and math.isfinite(value))


def _is_number(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) in (int, float)


def _truth(node: ast.expr, names: Mapping[str, Any]) -> bool:
    if isinstance(node, ast.BoolOp):
        join = all if isinstance(node.op, ast.And) else any
        return join(_truth(part, names) for part in node.values)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return not _truth(node.operand, names)
    if isinstance(node, ast.Compare):
        sides = [node.left, *node.comparators]
        return all(
            _compare(join, sides[place], sides[place + 1], names) for place, join in enumerate(node.ops)
        )  # a < b < c is a < b and b < c
    value = _value(node, names)
    if isinstance(value, bool):
        return value
    raise BadExpression(f"{_told(node, value)}, not true or false: compare it with something")


def _value(node: ast.expr, names: Mapping[str, Any]) -> Any:
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.List):
        return [_value(part, names) for part in node.elts]
    if isinstance(node, ast.Name):
        return _CONSTANTS[node.id] if node.id in _CONSTANTS else _step(names, node.id, "the step", node)
    if isinstance(node, ast.Attribute):
        return _step(_value(node.value, names), node.attr, ast.unparse(node.value), node)
    if isinstance(node, ast.Subscript):
        return _step(_value(node.value, names), ast.literal_eval(node.slice), ast.unparse(node.value), node)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_value(node.operand, names)
    return _truth(node, names)


def _step(value: Any, key: str | int, place: str, node: ast.expr) -> Any:
    fits = isinstance(value, list) if isinstance(key, int) else isinstance(value, Mapping)
    try:
        if fits:
            return value[key]
    except (KeyError, IndexError):
        pass
    there = f"the names {sorted(map(str, value))[:20]}" if isinstance(value, Mapping) else _type(value)
    raise MissingPath(f"nothing is at {ast.unparse(node)}: {place} holds {there}")


def _compare(join: ast.cmpop, left: ast.expr, right: ast.expr, names: Mapping[str, Any]) -> bool:
    first, second = _value(left, names), _value(right, names)
    told = f"{_told(left, first)} and {_told(right, second)}"
    if isinstance(join, (ast.In, ast.NotIn)):
        return _is_in(first, second, told) is isinstance(join, ast.In)
    if isinstance(join, (ast.Eq, ast.NotEq)):
        if None not in (first, second) and _type(first) != _type(second):
            raise BadExpression(f"{told}: they cannot be equal")
        return bool(first == second) is isinstance(join, ast.Eq)
    if _type(first) != _type(second) or _type(first) not in ("a number", "a text"):
        raise BadExpression(f"{told}: only two numbers or two texts have an order")
    return _ORDERS[type(join)](first, second)


def _is_in(value: Any, group: Any, told: str) -> bool:
    if isinstance(group, (str, Mapping)):
        if isinstance(value, str):
            return value in group
        raise BadExpression(f"{told}: only a text can be in it")
    if not isinstance(group, list):
        raise BadExpression(f"{told}: 'in' asks for a list, a text or an object")
    alike = [item for item in group if _type(item) == _type(value)]
    if group and not alike and value is not None:
        raise BadExpression(f"{told}, which holds none of its type")
    return value in alike


def _told(node: ast.expr, value: Any) -> str:
    return f"{ast.unparse(node)[:100]} is {_type(value)}"


def _type(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    for kind, name in (((int, float), "a number"), (str, "a text"), (list, "a list"), (Mapping, "an object")):
        if isinstance(value, kind):
            return name
    return f"a {type(value).__name__}"

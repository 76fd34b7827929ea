"""The language of conditions, such as ``order.total > 100 and region in ["US", "CA"]``.

A condition is parsed with Python's parser, and an allow-list of its nodes is evaluated here. Nothing is compiled or
called. A single ``=`` compares, because the platform writes it so. The Common Expression Language would not fit: it has
no ``=``, ``and``, ``or`` or ``not``.
"""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

from airflow_provider_vai.languages.plural import plural

LONGEST = 2000  # characters
DEEPEST = 40  # levels of nesting
_CONSTANTS = {"true": True, "false": False, "null": None}
_LONE_EQUALS = re.compile(r"""(?s)('(?:\\.|[^'\\])*(?:'|\\?\Z)|"(?:\\.|[^"\\])*(?:"|\\?\Z))|(?<![<>=!:])=(?!=)""")
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
    """The text is not a condition in this language, or it compares values that cannot be compared."""


class MissingPath(LookupError):
    """A path in the expression does not exist in the given values."""


def parse(text: str) -> ast.expr:
    """Return the syntax tree of a condition, checked against the allow-list.

    :raises BadExpression: the text is not a condition; the message names the part.
    """
    if len(text) > LONGEST:
        raise BadExpression(f"the condition has {plural(len(text), 'character')}; at most {LONGEST} are allowed")
    try:
        tree = ast.parse(_LONE_EQUALS.sub(lambda found: found[1] or "==", text.strip()), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        reason = error.msg if isinstance(error, SyntaxError) else type(error).__name__
        raise BadExpression(f'the condition cannot be read ({reason}): write it like order["total"] > 100') from None
    _check(tree, 1)
    return tree


def evaluate(tree: ast.expr, names: Mapping[str, Any]) -> bool:
    """Return whether the expression is true.

    :param tree: The result of :func:`parse`.
    :param names: The values at which paths begin, by name.
    :raises MissingPath: a path that is needed for the outcome does not exist.
    :raises BadExpression: the types of two values cannot be compared, or a value is not true or false.
    """
    return _truth(tree, names)


def _check(node: ast.AST, depth: int) -> None:
    if depth > DEEPEST:
        raise BadExpression(f"the condition is nested deeper than {DEEPEST} levels")
    if isinstance(node, ast.Subscript):
        negative = isinstance(node.slice, ast.UnaryOp) and isinstance(node.slice.op, ast.USub)
        key = node.slice.operand if negative else node.slice  # type: ignore[attr-defined]
        if not (isinstance(key, ast.Constant) and type(key.value) in (str, int)):
            raise BadExpression('brackets take only a position or a quoted name, as in items[0] or order["total"]')
    if isinstance(node, ast.Constant) and not _is_plain(node.value):
        raise BadExpression(f"a condition cannot contain a value of the type {type(node.value).__name__}")
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and not _is_number(node.operand):
        raise BadExpression("a minus sign is allowed only before a number")
    if not isinstance(node, (*_NODES, *_PARTS)):
        raise BadExpression(f"a condition may use comparisons, in, and, or, not, but not {type(node).__name__}")
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
    raise BadExpression(f"{_described(node, value)}, not true or false: compare it with a value")


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
    found = f"has the names {sorted(map(str, value))[:20]}" if isinstance(value, Mapping) else f"is {_type(value)}"
    raise MissingPath(f"no value at {ast.unparse(node)}: {place} {found}")


def _compare(join: ast.cmpop, left: ast.expr, right: ast.expr, names: Mapping[str, Any]) -> bool:
    first, second = _value(left, names), _value(right, names)
    sides = f"{_described(left, first)} and {_described(right, second)}"
    if isinstance(join, (ast.In, ast.NotIn)):
        return _is_in(first, second, sides) is isinstance(join, ast.In)
    if isinstance(join, (ast.Eq, ast.NotEq)):
        if None not in (first, second) and _type(first) != _type(second):
            raise BadExpression(f"{sides}: they cannot be equal")
        return bool(first == second) is isinstance(join, ast.Eq)
    if _type(first) != _type(second) or _type(first) not in ("a number", "a string"):
        raise BadExpression(f"{sides}: only two numbers or two strings can be ordered")
    return _ORDERS[type(join)](first, second)


def _is_in(value: Any, group: Any, sides: str) -> bool:
    if isinstance(group, (str, Mapping)):
        if isinstance(value, str):
            return value in group
        raise BadExpression(f"{sides}: it can contain only a string")
    if not isinstance(group, list):
        raise BadExpression(f"{sides}: 'in' needs a list, a string or an object")
    alike = [item for item in group if _type(item) == _type(value)]
    if group and not alike and value is not None:
        raise BadExpression(f"{sides}, which has no item of that type")
    return value in alike


def _described(node: ast.expr, value: Any) -> str:
    return f"{ast.unparse(node)[:100]} is {_type(value)}"


def _type(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    for kind, name in (((int, float), "a number"), (str, "a string"), (list, "a list"), (Mapping, "an object")):
        if isinstance(value, kind):
            return name
    return f"a {type(value).__name__}"

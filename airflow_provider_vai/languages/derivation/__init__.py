"""The language of derived values: pure functions over results, written as expressions in a DAG file.

A derivation is a tree. In a DAG file it is Python, ``total(wired(query, "rows"), "revenue")``. In the sidecar it is
JSON with the same names::

    {"function": "total", "rows": {"function": "wired", "step": "query", "path": ["rows"]}, "field": "revenue"}

Both are evaluated by :func:`evaluate`. A function fails with :class:`~airflow_provider_vai.exceptions.DerivationError`
rather than guess: an empty list, a tie, a null or a text where a number is expected is never replaced by a default.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from airflow_provider_vai.exceptions import DerivationError
from airflow_provider_vai.languages.derivation import figures, rows, writing

Node = Mapping[str, Any]
"""A function call as JSON data: ``function`` is its name, the other keys are its arguments by name."""

REFERENCES = ("wired", "argument", "parameter", "item")
"""The leaves of a tree: a step's result, what an earlier step was given, a DAG param, the element of a mapped step."""

FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    function.__name__: function
    for function in (
        rows.where, rows.over, rows.below, rows.at_least, rows.at_most, rows.only, rows.not_empty, rows.first, rows.last, rows.largest,
        rows.smallest, rows.top, rows.pluck, rows.project, rows.values_of, rows.key_of, rows.part, rows.gathered,
        figures.count, figures.distinct, figures.total, figures.mean, figures.highest, figures.lowest,
        figures.difference, figures.ratio, figures.percentage, figures.change, figures.rounded,
        writing.text, writing.shown, writing.percent, writing.month_of, writing.days_after, writing.joined,
        writing.found,
    )
}  # fmt: skip

DEEPEST = 40


def is_node(value: Any) -> bool:
    """Return whether a value is a node of a tree, and not a literal."""
    return isinstance(value, Mapping) and "function" in value


def evaluate(node: Any, resolve: Callable[[Node], Any], depth: int = 0) -> Any:
    """Return the value of a tree.

    :param node: A node, or a literal: text, number, boolean, null.
    :param resolve: Returns the value of a reference, a node whose function is one of :data:`REFERENCES`.
    :raises DerivationError: a function failed, does not exist, or got other arguments than it has.
    :raises LookupError: as ``resolve`` does.
    """
    if not is_node(node):
        return node
    if depth > DEEPEST:
        raise DerivationError(f"a derived value has more than {DEEPEST} levels")
    name = node["function"]
    if name in REFERENCES:
        return resolve(node)
    arguments = {key: _argument(part, resolve, depth + 1) for key, part in node.items() if key != "function"}
    positional, named = bound(name, arguments)
    try:
        return FUNCTIONS[name](*positional, **named)
    except DerivationError as error:
        raise DerivationError(error.problem, where=name) from None


def bound(name: str, arguments: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """Return a function's arguments as it is called in Python: the positional ones, then the named ones.

    :param arguments: By the names of the function's parameters; those of ``*fields`` are a list, those of
        ``**conditions`` an object.
    :raises DerivationError: there is no such function, or it has no such parameters.
    """
    if name not in FUNCTIONS:
        raise DerivationError(f"there is no function {name!r}: use one of {', '.join(FUNCTIONS)}")
    parameters = inspect.signature(FUNCTIONS[name]).parameters
    if unknown := sorted(arguments.keys() - parameters.keys()):
        raise DerivationError(
            f"{name} has no parameter {', '.join(map(repr, unknown))}: it has {', '.join(parameters)}"
        )
    positional: list[Any] = []
    named: dict[str, Any] = {}
    for key, parameter in parameters.items():
        if key not in arguments:
            is_variable = parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
            if parameter.default is parameter.empty and not is_variable:
                raise DerivationError(f"{name} needs {key!r}")
        elif parameter.kind is parameter.VAR_POSITIONAL:
            positional += arguments[key]
        elif parameter.kind is parameter.VAR_KEYWORD:
            named |= arguments[key]
        elif parameter.kind is parameter.KEYWORD_ONLY or parameter.default is not parameter.empty:
            named[key] = arguments[key]
        else:
            positional.append(arguments[key])
    return positional, named


def references(node: Any) -> Iterator[Node]:
    """Yield every reference in a tree, in order."""
    if is_node(node) and node["function"] in REFERENCES:
        yield node
    elif isinstance(node, Mapping):
        for part in node.values():
            yield from references(part)
    elif isinstance(node, list):
        for part in node:
            yield from references(part)


def _argument(value: Any, resolve: Callable[[Node], Any], depth: int) -> Any:
    """Return an argument's value: of a list or an object, that of each part."""
    if is_node(value):
        return evaluate(value, resolve, depth)
    if isinstance(value, Mapping):
        return {key: evaluate(part, resolve, depth) for key, part in value.items()}
    if isinstance(value, list):
        return [evaluate(part, resolve, depth) for part in value]
    return value

"""The language of derived values: pure functions over results, written as expressions in a DAG file.

A derivation is a tree. In a DAG file it is Python, ``total(wired(query, "rows"), "revenue")``. In the sidecar it is
JSON with the same names::

    {"function": "total", "rows": {"function": "wired", "step": "query", "path": ["rows"]}, "field": "revenue"}

The leaves are literals (text, number, boolean, null) and references::

    {"function": "wired", "step": "query", "path": ["rows"]}                  a place in an earlier step's result
    {"function": "argument_of", "step": "send", "name": "json", "path": []}   what an earlier step was given
    {"function": "parameter", "name": "region", "path": []}                   a DAG param
    {"function": "item", "path": ["id"]}                                      the element of a mapped step
    {"function": "template", "text": "{{ ds }}"}                              a Jinja template, for the run's date

A ``path`` may be left out. Both forms are evaluated by :func:`evaluate`. A function fails with
:class:`~airflow_provider_vai.exceptions.DerivationError` rather than guess: an empty list, a tie, a null or a text
where a number is expected is never replaced by a default.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

from airflow_provider_vai.exceptions import DerivationError
from airflow_provider_vai.languages.derivation import conditions, figures, rows, writing
from airflow_provider_vai.languages.places import described
from airflow_provider_vai.languages.short_text import cut

Node = Mapping[str, Any]
"""A function call as JSON data: ``function`` is its name, the other keys are its arguments by name."""

REFERENCES = ("wired", "argument_of", "parameter", "item", "template")
"""The references of a tree: a step's result, what an earlier step was given, a DAG param, the element of a mapped step,
a template that Airflow renders."""

FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    function.__name__: function
    for function in (
        rows.where, conditions.over, conditions.below, conditions.at_least, conditions.at_most, conditions.containing,
        conditions.mentioning, conditions.among,
        rows.only, rows.not_empty, rows.first, rows.last, rows.largest, rows.smallest, rows.top, rows.pluck,
        rows.project, rows.values_of, rows.entries_of, rows.labelled, rows.key_of, rows.part, rows.gathered,
        rows.concatenated,
        figures.count, figures.distinct, figures.total, figures.mean, figures.highest, figures.lowest,
        figures.difference, figures.ratio, figures.percentage, figures.change, figures.rounded,
        writing.text, writing.shown, writing.percent, writing.month_of, writing.days_after, writing.joined,
        writing.as_json, writing.found,
    )
}  # fmt: skip

NAMED = ("by",)
"""Parameters that are written by name, because the call then reads like a sentence."""

DEEPEST = 40
"""The most levels of a tree."""


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
    given = {
        key: _mapped(name, key, part, lambda one: evaluate(one, resolve, depth + 1))
        for key, part in node.items()
        if key != "function"
    }
    positional, named = bound(name, given)
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
    takes = parameters(name)
    if unknown := sorted(arguments.keys() - takes.keys()):
        raise DerivationError(f"{name} has no parameter {', '.join(map(repr, unknown))}: it has {', '.join(takes)}")
    positional: list[Any] = []
    named: dict[str, Any] = {}
    for place, (key, parameter) in enumerate(takes.items()):
        is_variable = parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        if key not in arguments:
            if parameter.default is parameter.empty and not is_variable:
                raise DerivationError(f"{name} needs {key!r}")
        elif is_variable:
            several = _several(name, parameter, arguments[key])
            if isinstance(several, list):
                positional += several
            elif taken := sorted(several.keys() & named_parameters(name)):
                raise DerivationError(f"{key} of {name} cannot have the name {taken[0]!r}: it is a parameter itself")
            else:
                named |= several
        elif key in NAMED or parameter.kind is parameter.KEYWORD_ONLY or len(positional) != place or place >= 2:
            named[key] = arguments[key]
        else:
            positional.append(arguments[key])
    return positional, named


@cache
def named_parameters(name: str) -> frozenset[str]:
    """Return the parameters of a function that Python accepts by name: no condition or slot can have such a name.

    :raises DerivationError: there is no such function.
    """
    takes = parameters(name).values()
    return frozenset(one.name for one in takes if one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY))


def parameters(name: Any) -> Mapping[str, inspect.Parameter]:
    """Return the parameters of a function by name.

    :raises DerivationError: there is no such function.
    """
    return signature(name).parameters


def signature(name: Any) -> inspect.Signature:
    """Return the signature of a function.

    :raises DerivationError: there is no such function.
    """
    if not isinstance(name, str) or name not in FUNCTIONS:
        raise DerivationError(f"there is no function {cut(repr(name))}: use one of {', '.join(FUNCTIONS)}")
    return _signature(name)


def children(node: Node) -> Iterator[tuple[str, Any]]:
    """Yield each argument of a node, with the name of its parameter; of several (``*fields``), each by itself."""
    for key, part in node.items():
        if key == "function":
            continue
        if isinstance(part, list):
            yield from ((key, one) for one in part)
        elif isinstance(part, Mapping) and (_is_object(node["function"], key) or not is_node(part)):
            yield from ((key, one) for one in part.values())
        else:
            yield key, part


def references(node: Any) -> Iterator[Node]:
    """Yield every reference in a tree, in order."""
    yield from (one for one in nodes(node) if one["function"] in REFERENCES)


def nodes(node: Any) -> Iterator[Node]:
    """Yield every node of a tree, each before those in it. References are nodes without others in them."""
    if is_node(node):
        yield node
        if node["function"] not in REFERENCES:
            for _, part in children(node):
                yield from nodes(part)


def replaced(node: Any, change: Callable[[Node], Any]) -> Any:
    """Return a copy of a tree with each reference replaced by ``change(reference)``."""
    if not is_node(node):
        return node
    name = node["function"]
    if name in REFERENCES:
        return change(node)
    kept = {key: _mapped(name, key, part, lambda one: replaced(one, change)) for key, part in node.items()}
    return {**kept, "function": name}


@cache
def _signature(name: str) -> inspect.Signature:
    return inspect.signature(FUNCTIONS[name])


def _is_object(name: Any, key: str) -> bool:
    """Return whether a parameter takes an object of arguments, such as ``**conditions``."""
    parameter = _signature(name).parameters.get(key) if isinstance(name, str) and name in FUNCTIONS else None
    return parameter is not None and parameter.kind is parameter.VAR_KEYWORD


def _mapped(name: str, key: str, value: Any, change: Callable[[Any], Any]) -> Any:
    """Return an argument with ``change`` applied: of a list or an object of arguments, to each of them."""
    if isinstance(value, Mapping) and (_is_object(name, key) or not is_node(value)):
        return {inner: change(part) for inner, part in value.items()}
    if isinstance(value, list):
        return [change(part) for part in value]
    return change(value)


def _several(name: str, parameter: inspect.Parameter, value: Any) -> list[Any] | dict[str, Any]:
    wanted = list if parameter.kind is parameter.VAR_POSITIONAL else dict
    if not isinstance(value, wanted):
        what = "a list" if wanted is list else "an object"
        raise DerivationError(f"{parameter.name} of {name} must be {what}: found {described(value)}")
    return value

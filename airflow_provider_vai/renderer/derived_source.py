"""Turns derived values into the expressions of a DAG file; what occurs twice becomes a variable."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from airflow_provider_vai.languages import derivation, json_text
from airflow_provider_vai.languages.derivation import Node, source
from airflow_provider_vai.languages.derivation.conditions import CONDITIONS
from airflow_provider_vai.languages.identifiers import Names, identifier
from airflow_provider_vai.model.automation import Step
from airflow_provider_vai.renderer.python_source import PythonSource, SourceName, SourcePlace, SourceSubscript, name

IN_PLACE = (*CONDITIONS, "part")
"""Functions that never become a variable: conditions only mean something inside a call, and brackets are short."""

TEXTS = ("shown", "percent", "month_of", "text", "joined")
"""Functions that write a value as text."""

Assignment = tuple[PythonSource, SourcePlace]
"""A variable and the expression that it is assigned."""


def functions(steps: Sequence[Step]) -> frozenset[str]:
    """Return the names of the functions in the derived values of the steps."""
    return frozenset(str(node["function"]) for tree in _trees(steps) for node in derivation.nodes(tree))


class Expressions:
    """Writes the derived values of one file.

    :param steps: All steps, in the order of the file.
    :param variables: The variable of each task, by step key.
    :param taken: Other names that a variable must not have.
    """

    def __init__(self, steps: Sequence[Step], variables: Mapping[str, str], taken: Iterable[str] = ()) -> None:
        self._variables = variables
        self._twice = _twice(_trees(steps))
        self._names = Names(frozenset({*variables.values(), *derivation.FUNCTIONS, *taken}), make=identifier)
        self._given: dict[str, PythonSource] = {}
        self._new: list[Assignment] = []

    def write(self, node: Any) -> Any:
        """Return a tree as source, or a literal as it is. Variables that it needs are kept for :meth:`assignments`."""
        if not derivation.is_node(node):
            return node
        key = json_text.canonical(node)
        if key not in self._twice:
            return self._call(node)
        if key not in self._given:
            value = self._call(node)  # first, so that the variables in it come before it
            self._given[key] = name(self._names.give(_label(node), "value"))
            self._new.append((self._given[key], value))
        return SourceName(self._given[key])

    def assignments(self) -> list[Assignment]:
        """Return the variables that were needed since the last call, in the order in which they must be assigned."""
        new, self._new = self._new, []
        return new

    def _call(self, node: Node) -> SourcePlace:
        function = str(node["function"])
        positional, named = source.called(node)
        if function in ("wired", "argument_of"):
            return SourcePlace(function, self._variables[positional[0]], *positional[1:])
        values = [self.write(part) for part in positional]
        if source.is_subscript(node):
            return SourceSubscript(*values)
        return SourcePlace(function, None, *values, **{key: self.write(part) for key, part in named.items()})


def _trees(steps: Sequence[Step]) -> Iterator[dict[str, Any]]:
    return (tree for step in steps for argument in step.arguments.values() for _, tree in argument.trees())


def _twice(trees: Iterable[Node]) -> set[str]:
    """Return the subtrees, as JSON, that a file would contain twice; what is inside one of them counts once."""
    counts: Counter[str] = Counter()
    for tree in trees:
        _count(tree, counts)
    return {key for key, count in counts.items() if count > 1}


def _count(node: Any, counts: Counter[str]) -> None:
    if not derivation.is_node(node) or node["function"] in derivation.REFERENCES:
        return
    if node["function"] not in IN_PLACE:
        key = json_text.canonical(node)
        counts[key] += 1
        if counts[key] > 1:
            return
    for _, part in derivation.children(node):
        _count(part, counts)


def _label(node: Node) -> str:
    """Return what a node gives, in a few words, as the name of a variable."""
    function = str(node["function"])
    field = node.get("field") or node.get("by")
    if isinstance(field, str):
        return f"{function} {field}"
    if function == "part":
        return str(next((part for part in reversed(node["path"]) if isinstance(part, str)), _label(node["value"])))
    inner = next((part for _, part in derivation.children(node) if derivation.is_node(part)), None)
    if inner is None or inner["function"] in derivation.REFERENCES:
        step = "" if inner is None else str(inner.get("step", inner.get("name", "")))
        if function == "where":
            conditions = [[key, "" if derivation.is_node(one) else one] for key, one in node["conditions"].items()]
            return " ".join(map(str, [step, *(part for pair in conditions for part in pair)]))
        return f"{function} {step or 'value'}"
    return f"{_label(inner)} {'text' if function in TEXTS else function}"

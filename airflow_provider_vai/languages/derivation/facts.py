"""What an approver compares between the recorded run and a later one: row counts, picked records, plain figures.

The crystallizer takes these facts from the recording, and the gate takes them from its run, with the same functions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from airflow_provider_vai.exceptions import DerivationError
from airflow_provider_vai.languages import derivation
from airflow_provider_vai.languages.derivation import Node

PICKS = ("largest", "smallest", "first", "last", "only", "key_of")
"""The functions that give one record, or its key."""

FORMS = ("shown", "percent", "rounded")
"""The functions that only write a figure in another form."""

KEY = "key"
"""The field under which a key is listed, where a function gives the key of an entry."""

Resolve = Callable[[Node], Any]


def sizes(tree: Node, resolve: Resolve) -> list[int]:
    """Return how many rows or entries each result has that a tree reads, in the order of the tree.

    :param tree: the derivation. :param resolve: returns the value of a reference.
    """
    found = (_value(node, resolve) for node in derivation.references(tree))
    return [len(value) for value in found if isinstance(value, (list, dict))]


def picked(tree: Node, resolve: Resolve) -> list[tuple[Node, Any]]:
    """Return the functions of a tree that pick one record, each with the record, or with ``{"key": …}`` for a key.

    :param tree: the derivation. :param resolve: returns the value of a reference.
    """
    found = [(node, _value(node, resolve)) for node in derivation.nodes(tree) if node["function"] in PICKS]
    return [(node, value if isinstance(value, dict) else {KEY: value}) for node, value in found]


def figure(tree: Node, resolve: Resolve) -> int | float | None:
    """Return the figure that a tree gives or writes as text; ``None`` if it gives none.

    :param tree: the derivation. :param resolve: returns the value of a reference.
    """
    while derivation.is_node(tree) and tree["function"] in FORMS:
        tree = tree["value"]
    value = _value(tree, resolve)
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def identity(node: Node, record: Mapping[str, Any], resolve: Resolve) -> dict[str, str]:
    """Return the first field with a text that tells a picked record from all others; empty if there is none.

    :param node: the function that picks it. :param record: the record.
    :param resolve: returns the value of a reference.
    """
    rows = _value(node.get("rows"), resolve)
    if not isinstance(rows, list):
        return {KEY: record[KEY]} if isinstance(record.get(KEY), str) else {}
    for field, value in record.items():
        others = [row.get(field) for row in rows if isinstance(row, dict)]
        if isinstance(value, str) and value and others.count(value) == 1:
            return {field: value}
    return {}


def _value(node: Any, resolve: Resolve) -> Any:
    try:
        return derivation.evaluate(node, resolve)
    except (DerivationError, LookupError, TypeError):
        return None

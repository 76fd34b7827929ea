"""Draws a derived value as a tree, with the values that its parts had in the recorded run."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from airflow_provider_vai.exceptions import DerivationError
from airflow_provider_vai.languages import derivation, result_path
from airflow_provider_vai.languages.derivation import Node
from airflow_provider_vai.languages.derivation.words import words
from airflow_provider_vai.languages.places import value_at
from airflow_provider_vai.languages.short_text import cut

SHOWN_CHARACTERS = 60

Known = Callable[[Node], Any]
"""Returns the recorded value of a reference.

:raises LookupError: it is not known.
"""


def drawn(tree: Node, known: Known, name: str = "") -> Iterator[str]:
    """Yield one line for each function of a derived value: what it gives, and its recorded value; inner ones indented.

    :param tree: The derived value.
    :param known: The recorded values of references.
    :param name: What the value is, such as the slot of a text.
    """
    label = f"{name}: " if name else ""
    phrase = "text" if tree["function"] == "text" else words(tree, lambda node: _length(node, known))
    yield f"{label}{phrase} = {_recorded(tree, known)}"
    for key, part in derivation.children(tree):
        if derivation.is_node(part) and part["function"] not in derivation.REFERENCES:
            yield from (f"  {line}" for line in drawn(part, known, _slot(tree, key, part)))


def recorded(results: Mapping[str, Any], arguments: Mapping[str, Mapping[str, Any]]) -> Known:
    """Return a function that looks references up in a recording.

    :param results: The recorded result of each step, by step key.
    :param arguments: The recorded arguments of each step, by step key.
    """

    def known(reference: Node) -> Any:
        path = reference.get("path", [])
        if reference["function"] == "wired":
            return result_path.follow(results[reference["step"]], path)
        if reference["function"] == "argument_of":
            return value_at(arguments[reference["step"]][reference["name"]], path)
        raise LookupError(f"the value of {reference['function']} is not in the recording")

    return known


def _slot(tree: Node, key: str, part: Any) -> str:
    slots = tree.get("slots", {}) if key == "slots" else {}
    return next((str(name) for name, one in slots.items() if one is part), "")


def _recorded(tree: Any, known: Known) -> str:
    try:
        value = derivation.evaluate(tree, known)
        return cut(json.dumps(value, ensure_ascii=False, default=repr), SHOWN_CHARACTERS)
    except (DerivationError, LookupError):
        return "not known"


def _length(node: Node, known: Known) -> int | None:
    try:
        value = derivation.evaluate(node, known)
    except (DerivationError, LookupError):
        return None
    return len(value) if isinstance(value, list) else None

"""How an expression's value is written: as a JSON number with decimals, or as text with separators and signs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from airflow_provider_vai.crystallizer.deriving.accept import FEW_DIGITS
from airflow_provider_vai.crystallizer.deriving.agreement import ValueInRuns
from airflow_provider_vai.crystallizer.deriving.digits import NUMBER, digits_of
from airflow_provider_vai.crystallizer.deriving.expressions import Expression, value_of
from airflow_provider_vai.crystallizer.deriving.tables import call, same
from airflow_provider_vai.languages.derivation import Node
from airflow_provider_vai.languages.derivation.numbers import ROUNDINGS

QUOTIENTS = ("mean", "percentage", "change")
MOST_DECIMALS = 6
"""A quotient with more decimals was not rounded."""

STYLES = ("1,234.50", "1.234,50")


def as_number(expression: Expression, expected: ValueInRuns) -> Expression | None:
    """Return the expression written as exactly the recorded JSON number, in every run; ``None`` if it is not.

    A quotient is rounded: a mean to two decimals, or as many as were recorded. A value that is not a quotient keeps the
    decimals of its field; only a number that has more digits than an accident would is one that was rounded.
    """
    decimals = max(map(_decimals, expected.different))
    is_quotient = expression.operation in QUOTIENTS
    is_as_recorded = same(expression.value, expected.value) and expected.holds(expression.node)
    if is_as_recorded and not (is_quotient and decimals <= MOST_DECIMALS):
        return expression
    if not is_quotient and isinstance(expression.value, str) and float(expression.value) == expected.value:
        fields = [value for field in expression.fields for value in expression.table.columns.get(field, [])]
        decimals = max(decimals, *map(_decimals, fields))
    elif not is_quotient and sum(map(digits_of, expected.different)) < FEW_DIGITS:
        return None
    least = 2 if expression.operation == "mean" and decimals == 1 else decimals
    rounded = (
        call("rounded", value=expression.node, digits=digits, **({} if how == "half_even" else {"how": how}))
        for digits in dict.fromkeys((least, decimals))
        for how in ROUNDINGS
    )
    return _first(expression, rounded, expected)


def _decimals(value: Any) -> int:
    """Return how many decimals a number, or the text of one, has."""
    return len(str(value).partition(".")[2]) if isinstance(value, (float, str)) else 0


def as_text(
    expression: Expression, found: re.Match[str], expected: ValueInRuns, *, separated: bool
) -> Expression | None:
    """Return the expression written as a number is in a text, in every run; ``None`` if it is not.

    :param found: a match of :data:`NUMBER`.
    :param separated: whether the text writes thousands with separators.
    """
    return _first(expression, _forms(expression, found, separated), expected)


def _first(expression: Expression, nodes: Iterable[Node], expected: ValueInRuns) -> Expression | None:
    """Return the expression in the first of these forms that gives what was recorded."""
    for node in nodes:
        if same(value_of(node, expression.table), expected.value) and expected.holds(node):
            return replace(expression, written=node)
    return None


def separates(text: str) -> bool:
    """Return whether a text writes thousands with separators."""
    return any(re.search(r"[.,]", found[2]) for found in NUMBER.finditer(text))


def _forms(expression: Expression, found: re.Match[str], separated: bool) -> Iterator[Node]:
    sign, whole, decimals, unit = found.groups()
    is_signed = expression.operation in ("change", "difference")
    if is_signed and not sign:
        return  # the words around it state the direction, which another value may not have
    style = STYLES[1] if decimals.startswith(",") or "." in whole else STYLES[0]
    written: dict[str, Any] = {} if style == STYLES[0] else {"style": style}
    digits = max(0, len(decimals) - 1)
    for how in ROUNDINGS:
        more = written if how == "half_even" else {**written, "how": how}
        if unit and expression.operation in ("change", "percentage"):
            options = {"space": True} if unit.startswith(" ") else {}
            options |= {"sign": True} if is_signed else {}
            yield call("percent", value=_as_ratio(expression.node), digits=digits, **options, **more)
        elif not unit and expression.operation not in ("change", "percentage"):
            start = f"{'+' if is_signed else ''}{',' if separated else ''}"
            if not decimals and isinstance(expression.value, int):
                yield call("shown", value=expression.node, form=f"{start}d", **written)
            yield call("shown", value=expression.node, form=f"{start}.{digits}f", **more)


def _as_ratio(node: Node) -> Node:
    """Return the node as a ratio: ``percent`` writes 0.29 as 29%."""
    return {**node, "function": "ratio"} if node["function"] == "percentage" else node

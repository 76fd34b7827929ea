"""Amounts as the pages show them: tokens, dollars and lengths of time. An unknown amount is never shown as 0."""

from __future__ import annotations

from datetime import datetime

from airflow_provider_vai.plugin.routes.savings import CostShown

UNKNOWN = "unknown"
MINUTE, HOUR, DAY = 60, 3600, 86400


def amounts(cost: CostShown) -> dict[str, str]:
    """Return the amounts of a cost as texts: ``tokens``, ``dollars``, ``time``."""
    tokens = None
    if cost.input_tokens is not None and cost.output_tokens is not None:
        tokens = cost.input_tokens + cost.output_tokens
    return {"tokens": count(tokens), "dollars": dollars(cost.cost_usd), "time": seconds(cost.seconds)}


def count(number: int | None) -> str:
    """Return a number with separators."""
    return UNKNOWN if number is None else f"{number:,}".replace("-", "\u2212")


def dollars(amount: float | None) -> str:
    """Return US dollars: cents, or for less than a dollar as many digits as it takes to see something."""
    if amount is None:
        return UNKNOWN
    size, sign = abs(amount), "\u2212" if amount < 0 else ""
    if size == 0 or size >= 1:
        return f"{sign}${size:,.2f}"
    return f"{sign}${size:.4f}" if size >= 0.0001 else f"{sign}<$0.0001"


def seconds(amount: float | None) -> str:
    """Return a length of time in its two largest units, such as ``2 h 5 min``."""
    if amount is None:
        return UNKNOWN
    size, sign = abs(amount), "\u2212" if amount < 0 else ""
    if size < 10:
        return f"{sign}{size:.1f} s"
    whole = round(size)
    units = (("d", DAY, HOUR, "h"), ("h", HOUR, MINUTE, "min"), ("min", MINUTE, 1, "s"))
    for name, large, small, rest in units:
        if whole >= large:
            more = whole % large // small
            return f"{sign}{whole // large:,} {name}" + (f" {more} {rest}" if more else "")
    return f"{sign}{whole} s"


def between(start: datetime | None, end: datetime | None) -> str:
    """Return the time from a start to an end; a dash if one of them has not come yet."""
    return "\u2013" if start is None or end is None else seconds((end - start).total_seconds())

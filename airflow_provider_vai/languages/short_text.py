"""Shorten text for messages and titles. Operators import this when a DAG file is parsed: standard library only."""

from __future__ import annotations

from collections.abc import Iterable


def cut(text: str, limit: int = 60) -> str:
    """Return the first ``limit`` characters of a text, followed by ``…`` if there are more."""
    return text if len(text) <= limit else f"{text[:limit]}…"


def similar_names(name: str, known: Iterable[str], most: int = 1) -> list[str]:
    """Return the known names most like a mistyped one, the most similar first; case is ignored.

    :param name: compared by its first 200 characters. :param most: how many names to return at most.
    """
    from difflib import get_close_matches  # no DAG file needs it, and it takes a while to import

    by_lower = {other.lower(): other for other in sorted(set(known), reverse=True)}
    return [by_lower[close] for close in get_close_matches(name[:200].lower(), by_lower, n=most)]

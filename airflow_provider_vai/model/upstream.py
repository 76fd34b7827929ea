"""What a step waits for, directly or indirectly."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence


def is_upstream(key: str, of: Iterable[str], waits: Mapping[str, Sequence[str]]) -> bool:
    """Return whether a step is one of some others, or they depend on it, directly or indirectly.

    :param key: the step.
    :param of: the others.
    :param waits: the direct dependencies of each step.
    """
    seen: set[str] = set()
    level = list(of)
    while level:  # level by level, because a source is usually near
        if key in level:
            return True
        seen.update(level)
        level = list({before for one in level for before in waits.get(one, []) if before not in seen})
    return False


def reachable(keys: Iterable[str], waits: Mapping[str, Sequence[str]]) -> set[str]:
    """Return the keys and everything that they depend on, directly or indirectly.

    :param waits: the direct dependencies of each key.
    """
    seen: set[str] = set()
    stack = list(keys)
    while stack:
        key = stack.pop()
        if key not in seen:
            seen.add(key)
            stack += waits.get(key, [])
    return seen

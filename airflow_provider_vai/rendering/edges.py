"""The lines of a DAG file that say what waits for what: chains of ``>>``, as a person would write them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from airflow_provider_vai.automation import Step
from airflow_provider_vai.python_source import LINE_LENGTH, Source


def edges(steps: Sequence[Step], variables: Mapping[str, str]) -> list[Source]:
    """Return the lines.

    :param steps: with ``depends_on``. :param variables: the file's variable for each step's key.
    """
    lines = []
    for chain in _chains(steps):
        named = [variables[part] if isinstance(part, str) else [variables[key] for key in part] for part in chain]
        line = _line(named)
        if len(line) > LINE_LENGTH:
            parts = "\n".join(f"        {_line([part])}," for part in named)
            line = f"chain(\n{parts}\n    )"
        lines.append(Source(line))
    return lines


def reachable(keys: Iterable[str], waits: Mapping[str, Sequence[str]]) -> set[str]:
    """Return the keys, and those of all steps that they wait for, directly or through others.

    :param waits: for each key those that it waits for.
    """
    seen: set[str] = set()
    stack = list(keys)
    while stack:
        key = stack.pop()
        if key not in seen:
            seen.add(key)
            stack += waits.get(key, [])
    return seen


def _chains(steps: Sequence[Step]) -> list[list[Any]]:
    """Return the edges as chains of keys; a list in a chain stands for several steps that one step waits for."""
    chains: list[list[Any]] = []
    for step in steps:
        before = step.depends_on
        if len(before) == 1 and chains and chains[-1][-1] == before[0]:
            chains[-1].append(step.key)
        elif before:
            chains.append([before[0] if len(before) == 1 else before, step.key])
    return chains


def _line(chain: Sequence[Any]) -> str:
    return " >> ".join(part if isinstance(part, str) else f"[{', '.join(part)}]" for part in chain)

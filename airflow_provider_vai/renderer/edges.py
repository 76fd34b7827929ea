"""The lines of a DAG file that say what waits for what: chains of ``>>``, as a person would write them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from airflow_provider_vai.model.automation import Step
from airflow_provider_vai.renderer.python_source import LINE_LENGTH, PythonSource


def edges(steps: Sequence[Step], variables: Mapping[str, str]) -> list[PythonSource]:
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
        lines.append(PythonSource(line))
    return lines


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

"""The dependency lines of a DAG file: chains of ``>>``, as a person would write them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from airflow_provider_vai.model.automation import Step
from airflow_provider_vai.renderer.python_source import LINE_LENGTH, PythonSource


def edges(steps: Sequence[Step], variables: Mapping[str, str]) -> list[PythonSource]:
    """Return the dependency lines of a DAG file.

    :param steps: The steps with their ``depends_on``.
    :param variables: The variable of each step in the file, by step key.
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
    """Return the dependencies as chains of step keys; a list in a chain contains all steps before the next one."""
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

"""The findings that lint reports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["error", "warning"]


@dataclass(frozen=True)
class Finding:
    """One problem that lint found.

    :param level: ``error``: the DAG cannot run as intended; ``warning``: a person should look at it.
    :param file: The path of the file.
    :param field: The place in it, such as ``steps.post.arguments.json``, or a line; may be empty.
    :param problem: What is wrong.
    :param suggestion: What to do about it.
    :param code: The code of the check, such as ``VAI101``.
    """

    level: Level
    file: str
    field: str
    problem: str
    suggestion: str
    code: str


@dataclass(frozen=True)
class CheckResult:
    """A problem at one place, as a check reports it; file, code and level are added for the :class:`Finding`."""

    field: str
    problem: str
    suggestion: str

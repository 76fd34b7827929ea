"""What lint says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["error", "warning"]


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: ``error`` where the DAG cannot run as meant, ``warning`` where a person should look.

    :param file: the file. :param field: the place in it, ``steps.post.arguments.json``, or a line; may be empty.
    :param problem: what is wrong. :param suggestion: what to do about it. :param code: the check's, ``VAI101``.
    """

    level: Level
    file: str
    field: str
    problem: str
    suggestion: str
    code: str


@dataclass(frozen=True)
class CheckResult:
    """What a check says of one place: without the file and the check's own code and level."""

    field: str
    problem: str
    suggestion: str

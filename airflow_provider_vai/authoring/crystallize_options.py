"""What a user may ask for when recordings are crystallized: one object for the command line and for the HTTP API."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from airflow_provider_vai.crystallizer.draft import Gates, Policy
from airflow_provider_vai.exceptions import NothingToCrystallize, SpecError
from airflow_provider_vai.languages.python_function import python_path
from airflow_provider_vai.languages.schedule import SCHEDULE_REMEDY, schedule_problem
from airflow_provider_vai.store.shared_files import AnyPath


@dataclass(frozen=True)
class CrystallizeOptions:
    """The options of ``vai crystallize``. ``where`` of an error names the option as it is typed.

    :param dag_id: the DAG's id; ``None`` or empty: derived from the recording, and free in the folder.
    :param gates: and ``freeze_all``, ``parallel``, ``loops``, ``allow_unsuccessful``, ``allow_unmapped``: see
        :class:`Policy`.
    :param turns: the turns to take: numbers, or a text such as ``0,2-4``; ``None``: all.
    :param calls: the calls to take: ids and numbers, or a text such as ``1,3-5,call_x``; ``None``: all.
    :param exclude: the calls to leave out, in the same forms; globs over tool names, too.
    :param schedule: a cron expression or one of Airflow's presets; ``None``: a person starts the DAG.
    :param triggers: the triggers instead, with their fields as in a sidecar.
    :raises SpecError: the schedule cannot be read, or ``schedule`` and ``triggers`` are both given.
    """

    dag_id: str | None = None
    gates: Gates = "auto"
    freeze_all: bool = False
    parallel: bool = False
    loops: bool = False
    turns: str | Sequence[int] | None = None
    calls: str | Sequence[str] | None = None
    exclude: str | Sequence[str] | None = None
    schedule: str | None = None
    triggers: Sequence[Mapping[str, Any]] | None = None
    allow_unsuccessful: bool = False
    allow_unmapped: bool = False

    def __post_init__(self) -> None:
        if self.schedule is None:
            return
        if self.triggers is not None:
            raise SpecError("both schedule and triggers are given", where="--schedule", remedy="Leave one of them out.")
        if problem := schedule_problem(self.schedule):
            raise SpecError(problem, where="--schedule", remedy=SCHEDULE_REMEDY)

    def policy(self, folder: AnyPath) -> Policy:
        """Return what the crystallizer is to take, freeze and guard.

        :param folder: the folder that the DAG file will be in: functions of ``python_tool`` steps are looked for there.
        :raises NothingToCrystallize: a text of turns, calls or excluded calls cannot be read.
        """
        calls, exclude = _parts("--calls", self.calls), _parts("--exclude", self.exclude)
        return Policy(
            gates=self.gates,
            freeze_all=self.freeze_all,
            parallel=self.parallel,
            loops=self.loops,
            turns=_turns(self.turns),
            calls=calls,
            exclude=exclude or (),
            python_path=python_path(folder),
            allow_unsuccessful=self.allow_unsuccessful,
            allow_unmapped=self.allow_unmapped,
        )


def _turns(given: str | Sequence[int] | None) -> frozenset[int] | None:
    if not isinstance(given, str):
        return None if given is None else frozenset(given)
    parts = _parts("--turns", given) or ()
    if not all(part.isdigit() for part in parts):
        raise NothingToCrystallize(f"--turns takes numbers, found {given!r}", remedy="For example: --turns 0,2-4")
    return frozenset(int(part) for part in parts)


def _parts(option: str, given: str | Sequence[str] | None) -> tuple[str, ...] | None:
    """Return a list as it is, and the parts of ``1,3-5,call_x`` with each range of numbers written out."""
    if not isinstance(given, str):
        return None if given is None else tuple(given)
    parts: list[str] = []
    for part in filter(None, (part.strip() for part in given.split(","))):
        span = re.fullmatch(r"(\d{1,6})-(\d{1,6})", part)
        numbers = range(int(span[1]), int(span[2]) + 1) if span else ()
        if span and not numbers:
            raise NothingToCrystallize(
                f"the range {part!r} runs backwards", where=option, remedy=f"Write {span[2]}-{span[1]}."
            )
        parts += [str(number) for number in numbers] or [part]
    return tuple(parts)

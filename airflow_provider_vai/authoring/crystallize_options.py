"""The options for crystallizing recordings, shared by the command line and the HTTP API."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from airflow_provider_vai.crystallizer.draft import Derive, Gates, Policy
from airflow_provider_vai.exceptions import NothingToCrystallize, SpecError
from airflow_provider_vai.languages.plural import plural
from airflow_provider_vai.languages.python_function import python_path
from airflow_provider_vai.languages.schedule import SCHEDULE_REMEDY, schedule_problem
from airflow_provider_vai.model.refusals import MAX_TITLE
from airflow_provider_vai.store.shared_files import AnyPath


@dataclass(frozen=True)
class CrystallizeOptions:
    """The options of ``vai crystallize``. The ``where`` of an error is the command-line option.

    ``gates``, ``freeze_all``, ``derive``, ``parallel``, ``loops``, ``allow_unsuccessful`` and ``allow_unmapped`` are
    described in :class:`Policy`.

    :param dag_id: The DAG id. ``None`` or empty: an id made from the run's title that is free in the folder.
    :param title: The title that people see, which the DAG id is made of unless one is given; ``None``: the run's own.
    :param turns: The turns to include: numbers, or a text such as ``0,2-4``; ``None``: all.
    :param calls: The calls to include: ids and numbers, or a text such as ``1,3-5,call_x``; ``None``: all.
    :param exclude: The calls to leave out, in the same forms or as globs over tool names.
    :param schedule: A cron expression or one of Airflow's presets; ``None``: the DAG is started manually.
    :param triggers: The triggers, with their fields as in a sidecar. Not together with ``schedule``.
    :raises SpecError: the title is empty or too long, the schedule is invalid, or both ``schedule`` and ``triggers``
        are given.
    """

    dag_id: str | None = None
    title: str | None = None
    gates: Gates = "auto"
    freeze_all: bool = False
    derive: Derive = "proposed"
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
        if self.title is not None and not 0 < len(self.title.strip()) <= MAX_TITLE:
            length = f"the title has {plural(len(self.title.strip()), 'character')}"
            raise SpecError(length, where="--title", remedy=f"Give 1 to {MAX_TITLE} characters.")
        if self.schedule is None:
            return
        if self.triggers is not None:
            raise SpecError("both schedule and triggers are given", where="--schedule", remedy="Leave one of them out.")
        if problem := schedule_problem(self.schedule):
            raise SpecError(problem, where="--schedule", remedy=SCHEDULE_REMEDY)

    def policy(self, folder: AnyPath) -> Policy:
        """Return the options in the form that the crystallizer takes.

        :param folder: The folder of the future DAG file. Functions of ``python_tool`` steps are searched for there.
        :raises NothingToCrystallize: ``turns``, ``calls`` or ``exclude`` is a text that cannot be read.
        """
        calls, exclude = _parts("--calls", self.calls), _parts("--exclude", self.exclude)
        return Policy(
            gates=self.gates,
            freeze_all=self.freeze_all,
            derive=self.derive,
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
    """Return the parts of a text such as ``1,3-5,call_x``, with ranges expanded. A list is returned as a tuple."""
    if not isinstance(given, str):
        return None if given is None else tuple(given)
    parts: list[str] = []
    for part in filter(None, (part.strip() for part in given.split(","))):
        span = re.fullmatch(r"(\d{1,6})-(\d{1,6})", part)
        numbers = range(int(span[1]), int(span[2]) + 1) if span else ()
        if span and not numbers:
            raise NothingToCrystallize(
                f"the range {part!r} is backwards", where=option, remedy=f"Write {span[2]}-{span[1]}."
            )
        parts += [str(number) for number in numbers] or [part]
    return tuple(parts)

"""What the passes hand on: a recorded call on its way to a step."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from airflow_provider_vai.model.automation import Argument, Effect, Output
from airflow_provider_vai.model.kinds import Kind
from airflow_provider_vai.model.run import Approval, ToolCall
from airflow_provider_vai.model.tools_file import ToolRule

Gates = Literal["auto", "recorded"]
DECIDED = ("not_required", "unknown", "denied", "approved", "edited")
"""States of a recorded approval, those that say more later."""


@dataclass(frozen=True)
class Policy:
    """What the user asked for.

    :param gates: ``auto`` guards recorded approvals and writes whose approval is unknown, ``recorded`` the first only.
    :param freeze_all: make no wires, params or templates of dates.
    :param parallel: let steps that cannot disturb each other run side by side.
    :param loops: make one mapped step of calls that go through an earlier list.
    :param turns: turn indexes to take; ``None`` takes all. ``calls``: call ids or numbers as ``vai inspect`` shows
        them. ``exclude``: the same, or globs over tool names.
    :param python_path: folders in which the functions of ``python_tool`` steps are looked for, before ``sys.path``.
    :param allow_unsuccessful: take a run that failed. ``allow_unmapped``: make failing steps of unmapped tools.
    """

    gates: Gates = "auto"
    freeze_all: bool = False
    parallel: bool = False
    loops: bool = False
    turns: frozenset[int] | None = None
    calls: tuple[str, ...] | None = None
    exclude: tuple[str, ...] = ()
    python_path: tuple[str, ...] = ()
    allow_unsuccessful: bool = False
    allow_unmapped: bool = False


@dataclass(frozen=True)
class Draft:
    """A call that becomes the step ``key``: its kind, its rule in the tools file, its arguments in the kind's names.

    Of a loop it is the first call; ``each`` is the list, and ``repeats`` are the other calls, one for each element.
    """

    key: str
    call: ToolCall
    kind: Kind
    rule: ToolRule | None
    effect: Effect
    values: dict[str, Any]
    arguments: dict[str, Argument] = field(default_factory=dict)
    each: Output | None = None
    repeats: tuple[ToolCall, ...] = ()

    @property
    def calls(self) -> list[ToolCall]:
        """Every call that the step repeats."""
        return [self.call, *self.repeats]

    @property
    def approval(self) -> Approval:
        """What the record says of people's decisions; of a loop, of the call that was decided most about."""
        return max((call.approval for call in self.calls), key=lambda it: DECIDED.index(it.state))

    @property
    def result(self) -> Any:
        """What was recorded of the step's result: of a loop, a list."""
        return [call.result for call in self.calls] if self.each else self.call.result

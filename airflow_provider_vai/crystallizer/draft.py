"""The data that the passes exchange: the user's policy, and drafts of steps made from recorded calls."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from airflow_provider_vai.model.argument import Argument, Output
from airflow_provider_vai.model.behaviour import Effect
from airflow_provider_vai.model.kinds import Kind
from airflow_provider_vai.model.run import Approval, ToolCall
from airflow_provider_vai.model.tools_file import ToolRule

Gates = Literal["auto", "recorded"]
Derive = Literal["proposed", "proven", "none"]
DECIDED = ("not_required", "unknown", "denied", "approved", "edited")
"""The states of a recorded approval, from the weakest to the strongest decision."""


@dataclass(frozen=True)
class Policy:
    """The user's choices.

    :param gates: ``auto`` guards steps that were approved in the recording and writes whose approval is unknown;
        ``recorded`` guards only the former.
    :param freeze_all: make no wires, params or date templates.
    :param derive: which values to work out anew in each run: those ``proposed`` from one run, only those ``proven`` by
        several runs, or ``none``.
    :param parallel: let steps that cannot affect each other run in parallel.
    :param loops: turn calls that go through an earlier list into one mapped step.
    :param turns: the turns to use (indexes from 0); ``None`` for all.
    :param calls: the ids or numbers of the calls to use, as ``vai inspect`` shows them; ``None`` for all.
    :param exclude: ids or numbers of calls, or globs over tool names, to leave out.
    :param python_path: folders to search for the functions of ``python_tool`` steps, before ``sys.path``.
    :param allow_unsuccessful: accept a run that failed.
    :param unicode_ids: keep letters that are not ASCII in ids, as an existing automation has them.
    :param allow_unmapped: turn calls of unmapped tools into steps that fail.
    """

    gates: Gates = "auto"
    freeze_all: bool = False
    derive: Derive = "proposed"
    parallel: bool = False
    loops: bool = False
    turns: frozenset[int] | None = None
    calls: tuple[str, ...] | None = None
    exclude: tuple[str, ...] = ()
    python_path: tuple[str, ...] = ()
    allow_unsuccessful: bool = False
    allow_unmapped: bool = False
    unicode_ids: bool = False


@dataclass(frozen=True)
class Draft:
    """A call that becomes the step ``key``, with its kind, its rule in the tools file and its arguments.

    ``values`` are the recorded arguments under the kind's names. In a loop, ``call`` is the first call, ``each`` is the
    list, and ``repeats`` are the other calls, one for each further element.
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

    def with_arguments(self, arguments: dict[str, Argument]) -> Draft:
        """Return the draft with other arguments; the draft itself if every one of them is its own.

        :param arguments: all arguments by name, in the order of the draft's.
        """
        own = self.arguments
        if len(own) == len(arguments) and all(own.get(name) is one for name, one in arguments.items()):
            return self
        new = object.__new__(Draft)  # `replace` takes three times as long
        new.__dict__.update(self.__dict__, arguments=arguments)
        return new

    @property
    def calls(self) -> list[ToolCall]:
        """All calls that became this step."""
        return [self.call, *self.repeats]

    @property
    def approval(self) -> Approval:
        """The recorded approval; in a loop, that of the call with the strongest decision."""
        return max((call.approval for call in self.calls), key=lambda approval: DECIDED.index(approval.state))

    @property
    def result(self) -> Any:
        """The recorded result of the step; in a loop, the list of results."""
        return [call.result for call in self.calls] if self.each else self.call.result

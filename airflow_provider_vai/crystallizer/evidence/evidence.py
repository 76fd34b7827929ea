"""The evidence of a run: indexes that are built once and shared by every pass, so that lookups are fast."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from functools import cached_property
from typing import Any

from airflow_provider_vai.crystallizer.draft import Draft
from airflow_provider_vai.crystallizer.evidence.leaf_origins import Tracer
from airflow_provider_vai.crystallizer.evidence.result_values import ResultIndex
from airflow_provider_vai.crystallizer.evidence.said import Said
from airflow_provider_vai.crystallizer.evidence.said_index import SaidIndex
from airflow_provider_vai.crystallizer.evidence.timeline import Timeline
from airflow_provider_vai.crystallizer.evidence.transcript import HeardBefore
from airflow_provider_vai.model.run import Run, ToolCall
from airflow_provider_vai.model.tools_file import ToolsFile

OF_STEPS = ("results", "tracer", "left", "outside")
"""The parts that depend on which calls are steps."""


class Evidence:
    """A run with the indexes that the passes need. Each index is built on first use.

    :param run: the recorded run.
    :param tools: the tools file; its rules mark tools whose results outsiders can write (``trust = "untrusted"``).
    :param drafts: the steps, in the order of the run's calls; empty if there are none yet.
    """

    def __init__(self, run: Run, tools: ToolsFile, drafts: Sequence[Draft] = ()) -> None:
        self.run, self.tools, self._drafts = run, tools, list(drafts)

    def with_steps(self, drafts: Sequence[Draft]) -> Evidence:
        """Return the evidence for other steps. Indexes that do not depend on the steps are shared.

        :param drafts: the steps in the order of the run's calls.
        """
        other = copy(self)
        other._drafts = list(drafts)
        for name in OF_STEPS:
            other.__dict__.pop(name, None)
        return other

    @cached_property
    def timeline(self) -> Timeline:
        """Who said what, and when."""
        return Timeline(self.run)

    @cached_property
    def positions(self) -> dict[int, int]:
        """The position of each call in the run, by the identity of the call object (``id()``)."""
        return {id(call): position for position, call in enumerate(self.run.calls)}

    @cached_property
    def results(self) -> ResultIndex:
        """The values in the results that later steps can read."""
        return ResultIndex(self.run, self._drafts, self.positions)

    @cached_property
    def tracer(self) -> Tracer:
        """The origin of each value in the arguments."""
        return Tracer(self.run, self.timeline, self.results)

    @cached_property
    def left(self) -> dict[str, Any]:
        """The recorded result of each step that later steps can read, as they read it, by step key."""
        return {one.step or "": one.left for one in self.results.readable}

    @cached_property
    def outside(self) -> dict[str | None, ToolCall]:
        """The call of each step whose result outsiders can write, by step key."""
        return {one.step: one.call for one in self.results.readable if self.is_untrusted(one.call)}

    @cached_property
    def untrusted(self) -> SaidIndex[ToolCall]:
        """The texts of results that outsiders can write."""
        return self._results_of(True)

    @cached_property
    def trusted(self) -> SaidIndex[ToolCall]:
        """The texts of all other results."""
        return self._results_of(False)

    def _results_of(self, is_untrusted: bool) -> SaidIndex[ToolCall]:
        results = [(call, text) for call, text in self.timeline.results if self.is_untrusted(call) == is_untrusted]
        return SaidIndex((call.batch, call, Said(text.value, fold=True)) for call, text in results)

    def is_untrusted(self, call: ToolCall) -> bool:
        """Return whether outsiders can write the result of a call, as the tools file says.

        :param call: the call.
        """
        tool = call.tool, call.server
        if tool not in self._trust:
            rule = self.tools.rule(*tool)
            self._trust[tool] = rule is not None and rule.trust == "untrusted"
        return self._trust[tool]

    @cached_property
    def _trust(self) -> dict[tuple[str, str | None], bool]:
        return {}

    @cached_property
    def inner_calls(self) -> dict[str, list[ToolCall]]:
        """The calls that were made inside another call, by the id of the outer call."""
        found: dict[str, list[ToolCall]] = {}
        for call in self.run.calls:
            if call.parent_id is not None:
                found.setdefault(call.parent_id, []).append(call)
        return found

    @cached_property
    def denied(self) -> dict[tuple[str, str | None], list[ToolCall]]:
        """The calls that a person denied, by tool and server."""
        found: dict[tuple[str, str | None], list[ToolCall]] = {}
        for call in self.run.calls:
            if call.outcome == "denied":
                found.setdefault((call.tool, call.server), []).append(call)
        return found

    @cached_property
    def digests(self) -> dict[str, str | None]:
        """A cache of the digests of functions' sources, by function name."""
        return {}

    @cached_property
    def schemas(self) -> dict[str, dict[str, Any]]:
        """A cache of the shapes of results with credentials masked, by the shape as text."""
        return {}

    @cached_property
    def heard(self) -> HeardBefore:
        """The texts of people and results that the model had seen before each call."""
        return HeardBefore(self.run)

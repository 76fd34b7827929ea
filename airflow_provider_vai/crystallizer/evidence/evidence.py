"""What is known of a run, read once and handed to every pass: values are looked up, not searched for."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from functools import cached_property

from airflow_provider_vai.crystallizer.draft import Draft
from airflow_provider_vai.crystallizer.evidence.leaf_origins import Tracer
from airflow_provider_vai.crystallizer.evidence.result_values import ResultIndex
from airflow_provider_vai.crystallizer.evidence.said import Said
from airflow_provider_vai.crystallizer.evidence.said_index import SaidIndex
from airflow_provider_vai.crystallizer.evidence.timeline import Timeline
from airflow_provider_vai.crystallizer.evidence.transcript import HeardBefore
from airflow_provider_vai.model.run import Run, ToolCall
from airflow_provider_vai.model.tools_file import ToolsFile

OF_STEPS = ("results", "tracer")
"""What depends on which calls are steps."""


class Evidence:
    """A run with everything that the passes ask about it. Each part is made when it is first asked for.

    :param run: what was recorded.
    :param tools: its rules say whose results outsiders can write (``trust = "untrusted"``).
    :param drafts: the steps, in the order of the run's calls; empty as long as there are none.
    """

    def __init__(self, run: Run, tools: ToolsFile, drafts: Sequence[Draft] = ()) -> None:
        self.run, self.tools, self._drafts = run, tools, list(drafts)

    def with_steps(self, drafts: Sequence[Draft]) -> Evidence:
        """Return the evidence with other steps. What does not depend on the steps is shared and not made again.

        :param drafts: in the order of the run's calls.
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
        """The place of each call in the run, by the call's identity (``id``)."""
        return {id(call): position for position, call in enumerate(self.run.calls)}

    @cached_property
    def results(self) -> ResultIndex:
        """The results by value, as the steps leave them."""
        return ResultIndex(self.run, self._drafts, self.positions)

    @cached_property
    def tracer(self) -> Tracer:
        """Who said each value of the arguments first."""
        return Tracer(self.run, self.timeline, self.results)

    @cached_property
    def untrusted(self) -> SaidIndex[ToolCall]:
        """The texts of results that outsiders can write."""
        return self._results_of(True)

    @cached_property
    def trusted(self) -> SaidIndex[ToolCall]:
        """The texts of all other results."""
        return self._results_of(False)

    def _results_of(self, is_untrusted: bool) -> SaidIndex[ToolCall]:
        of_call = [(call, said) for call, said in self.timeline.results if self._is_untrusted(call) == is_untrusted]
        return SaidIndex((call.batch, call, Said(said.value, fold=True)) for call, said in of_call)

    def _is_untrusted(self, call: ToolCall) -> bool:
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
        """The calls that were made inside another call, by that call's id."""
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
        """The digests of functions' sources, by the function's name; the pass that finds one remembers it here."""
        return {}

    @cached_property
    def heard(self) -> HeardBefore:
        """The words of people and results that the model had before each call."""
        return HeardBefore(self.run)

"""The operations of one run as a tree: which one ran inside which, and what they say about the run as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow_provider_vai.model.run import RunOutcome
from airflow_provider_vai.traces.formats.shared.content import total_usage
from airflow_provider_vai.traces.formats.spans.call import Kind, Operation
from airflow_provider_vai.traces.formats.spans.span import span_order
from airflow_provider_vai.traces.formats.spans.wrappers import METHODS, helper_role


def title(operations: list[Operation]) -> str | None:
    """Return a run's title: the name of the first span without a parent."""
    roots = (operation.span for operation in operations if not operation.span.parent_id)
    return next((span.name for span in roots if span.name), None)


class Operations:
    """A run's operations, in the order of their start.

    ``tool_kinds`` is the kind of each tool, if the framework records it; ``pending`` has the ids of the calls that wait
    for a person; ``answers`` has the tools by which an agent gives its answer; their calls are not actions.
    """

    def __init__(self, operations: list[Operation]) -> None:
        self._all = sorted(operations, key=lambda operation: span_order(operation.span))
        for operation in self._all:
            operation.role = operation.role or helper_role(operation.span.name, operation.tool)
            if operation.role == "skipped":
                operation.kind, operation.note = "other", ""
        self._by_id = {operation.span.id: operation for operation in self._all if operation.span.id}
        for operation in self._all:
            self._name_tool(operation)
        self.tool_kinds = {tool: kind for operation in self._all for tool, kind in operation.tool_kinds.items()}
        self.answers = {operation.tool for operation in self._all if operation.role == "answer"}
        self.pending = {call_id for operation in self._all for call_id in operation.pending}

    def __iter__(self) -> Iterator[Operation]:
        return iter(self._all)

    def _name_tool(self, operation: Operation) -> None:
        """Take a tool's name from the spans around it, if its own span only has the name of a class's method."""
        if operation.kind == "tool" and METHODS.fullmatch(operation.tool):
            names = (outer.span.text("tool.name", "gen_ai.tool.name") for outer in self.above(operation))
            operation.tool = next((name for name in names if name), operation.tool)

    def of_kind(self, kind: Kind) -> list[Operation]:
        """Return the operations of one kind."""
        return [operation for operation in self._all if operation.kind == kind]

    def above(self, operation: Operation) -> list[Operation]:
        """Return the operations that an operation ran inside, the nearest first."""
        outer_ones: list[Operation] = []
        inner = operation
        while (outer := self._by_id.get(inner.span.parent_id)) and outer not in outer_ones and outer is not inner:
            outer_ones.append(outer)
            inner = outer
        return outer_ones

    def is_inside(self, inner: Operation, outer: Operation) -> bool:
        """Return whether one operation ran inside another."""
        return inner is not outer and outer in self.above(inner)

    def scope(self, operation: Operation) -> str:
        """Return the span id of the tool that an operation ran in; empty for the main conversation.

        The calls of a sub-agent are a conversation of their own.
        """
        return next((outer.span.id for outer in self.above(operation) if outer.kind == "tool"), "")

    def is_copy(self, operation: Operation) -> bool:
        """Return whether an operation repeats another's input: an agent its models', a request its wrapper's."""
        if any(outer.kind == "model" and outer.input_messages for outer in self.above(operation)):
            return True
        return operation.kind == "agent" and any(model.input_messages for model in self.of_kind("model"))

    def facts(self) -> dict[str, Any]:
        """Return the run's agent, model, times and usage, as fields of a Run."""
        models = self.of_kind("model")
        wrappers = {outer for model in models if model.usage for outer in self.above(model)}
        usages = [model.usage for model in models if model not in wrappers]  # a wrapper has the sum of the inner ones
        starts = [operation.span.start for operation in self._all if operation.span.start]
        ends = [operation.span.end for operation in self._all if operation.span.end]
        return {
            "agent": next((operation.agent for operation in self._all if operation.agent), None),
            "model": next((model.model for model in reversed(models) if model.model), None),
            "started_at": min(starts, default=None),
            "ended_at": max(ends, default=None),
            "usage": total_usage(usages, tokens=("input", "output"), costs=[usage.get("cost") for usage in usages]),
        }

    def outcome(self) -> RunOutcome:
        """Return how the run ended: ``failed`` by its root, ``success`` if the last model request gave an answer."""
        roots = [operation for operation in self._all if operation.span.parent_id not in self._by_id]
        if roots and roots[-1].span.failed:
            return "failed"
        if any(operation.role == "answer" and not operation.failed for operation in self._all):
            return "success"
        models = [model for model in self.of_kind("model") if not self.scope(model) and model.output_messages]
        last = models[-1].output_messages[-1] if models else None
        is_output = [self._is_output(proposal.tool) for proposal in last.calls] if last else []
        is_answer = last and (all(is_output) if is_output else bool(last.text))
        return "success" if is_answer else "unknown"

    def _is_output(self, tool: str) -> bool:
        return self.tool_kinds.get(tool) == "output" or tool.startswith("final_result")

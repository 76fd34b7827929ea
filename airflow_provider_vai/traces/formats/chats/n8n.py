"""An execution of an n8n workflow, as n8n's API and editor write it.

A run of a tool node is a call that was made, with what it got and returned. The agent's ``intermediateSteps``, if the
workflow keeps them, add the model's ids of the calls. A plain node, such as an HTTP request, is a call as well. A node
with pinned data did not run. n8n has no approvals.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from airflow_provider_vai.exceptions import MalformedTrace
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.model.run import Run, RunOutcome, ToolCall
from airflow_provider_vai.traces.formats.chats.n8n_nodes import executed_parameters, items_before, plain_nodes
from airflow_provider_vai.traces.formats.shared.content import error_text, result_value
from airflow_provider_vai.traces.formats.shared.conversation import Conversation, ToolResult
from airflow_provider_vai.traces.reading.coverage import Coverage
from airflow_provider_vai.traces.reading.trace import Trace
from airflow_provider_vai.traces.reading.values import (
    PlacedObject,
    as_list,
    as_object,
    parse_time,
    require_object,
    require_objects,
    text_or_none,
)

OUTCOMES: dict[Any, RunOutcome] = {"success": "success", "error": "failed", "crashed": "failed", "canceled": "failed"}


class N8NAdapter:
    """Reads executions of n8n workflows."""

    name = "n8n"
    description = "n8n execution of a workflow (JSON, with its data): the agent's tool calls, and plain nodes"
    coverage = Coverage(timing="yes", batches="no")

    def accepts(self, document: Any) -> bool:
        """Return whether the document is an execution of a workflow."""
        return {"workflowId", "mode", "startedAt"} <= as_object(document).keys()

    def runs(self, trace: Trace) -> Iterator[Run]:
        """Yield the one run.

        :raises MalformedTrace: the execution has no data, or a node's run breaks the format.
        """
        facts = require_object(trace.document, str(trace))
        data = facts.get("data")
        if not isinstance(data, dict):
            raise MalformedTrace(
                "the execution has no data of its nodes, or has it packed into text",
                where=f"{trace}: data",
                remedy="Fetch it from n8n's API: GET /api/v1/executions/ID?includeData=true.",
            )
        where = f"{trace}: data.resultData.runData"
        nodes = require_object(as_object(data.get("resultData")).get("runData"), where)
        conversation, steps = Conversation(trace), _steps(nodes)
        conversation.start_turn(_asked(nodes))
        found = [(name, one) for name, every in nodes.items() for one in require_objects(every, f"{where}.{name}")]
        plain = plain_nodes(facts.get("workflowData"))
        pinned = as_object(as_object(data["resultData"]).get("pinData"))
        for name, (run, at) in sorted(found, key=lambda entry: _started(entry[1][0])):
            is_tool = "ai_tool" in as_object(run.get("data")) or "ai_tool" in as_object(run.get("inputOverride"))
            if name in pinned and (is_tool or name in plain):
                conversation.note(at, f"the node {name!r} did not run: its data was pinned")
            elif is_tool:
                _read(conversation, name, (run, at), steps)
            elif name in plain:
                arguments = executed_parameters(plain[name], items_before(run, nodes))
                call = ToolCall(id="", tool=_tool(name), proposed_arguments=arguments)
                answers = _items(run, "data", "main")
                _add(conversation, call, (run, at), answers[0] if len(answers) == 1 else answers)
        yield conversation.finish(
            Run(
                id=str(facts.get("id") or trace.fallback_id),
                source="agent_run",
                format=self.name,
                title=text_or_none(as_object(facts.get("workflowData")).get("name")),
                started_at=parse_time(facts.get("startedAt")),
                ended_at=parse_time(facts.get("stoppedAt")),
                outcome=OUTCOMES.get(text_or_none(facts.get("status")), "unknown"),
            )
        )


Steps = list[tuple[str, str, str]]
"""The agent's calls: tool, arguments as canonical JSON, and the model's id."""


def _items(run: dict[str, Any], side: str, kind: str) -> list[dict[str, Any]]:
    """Return the JSON of the items that a node's run got or returned."""
    groups = as_list(as_object(run.get(side)).get(kind))
    return [as_object(as_object(item).get("json")) for group in groups for item in as_list(group)]


def _steps(nodes: dict[str, Any]) -> Steps:
    runs = [as_object(run) for found in nodes.values() for run in as_list(found)]
    items = [item for run in runs for item in _items(run, "data", "main")]
    steps = [as_object(step) for item in items for step in as_list(item.get("intermediateSteps"))]
    actions = [as_object(step.get("action")) for step in steps]
    written = [json_text.canonical(action.get("toolInput")) for action in actions]
    return [
        (str(action.get("tool")), text, text_or_none(action.get("toolCallId")) or "")
        for action, text in zip(actions, written, strict=True)
    ]


def _asked(nodes: dict[str, Any]) -> str | None:
    """Return the text that a chat trigger passed to the workflow."""
    runs = [as_object(run) for found in nodes.values() for run in as_list(found)]
    inputs = (item.get("chatInput") for run in runs for item in _items(run, "data", "main"))
    return next((text for value in inputs if (text := text_or_none(value))), None)


def _started(run: dict[str, Any]) -> tuple[int, int]:
    numbers = [run.get(key) for key in ("startTime", "executionIndex")]
    start, index = (number if isinstance(number, int) else 0 for number in numbers)
    return start, index


def _read(conversation: Conversation, node: str, placed: PlacedObject, steps: Steps) -> None:
    """Read one run of a tool node."""
    run, _ = placed
    tool = _tool(node)
    given = next(iter(_items(run, "inputOverride", "ai_tool")), {})
    query = given.get("query")
    arguments = query if isinstance(query, dict) else given
    written = {json_text.canonical(value) for value in (query, given)}
    step = next((step for step in steps if step[0] in (tool, node) and step[1] in written), None)
    if step:
        steps.remove(step)
    answers = [item.get("response", item) for item in _items(run, "data", "ai_tool")]
    call = ToolCall(id=step[2] if step else "", tool=tool, proposed_arguments=arguments)
    _add(conversation, call, placed, answers[0] if len(answers) == 1 else answers)


def _tool(node: str) -> str:
    """Return the name by which a model knows a node."""
    return re.sub(r"[^a-zA-Z0-9_-]+", "_", node)


def _add(conversation: Conversation, call: ToolCall, placed: PlacedObject, answer: Any) -> None:
    """Add the call that a node's run made, with its times and its result."""
    run, where = placed
    start, duration = run.get("startTime"), run.get("executionTime")
    conversation.start_message()
    position = conversation.add_call(call.model_copy(update={"started_at": parse_time(start)}), where)
    ended = start + duration if isinstance(start, int) and isinstance(duration, int) else None
    if run.get("error") is not None or run.get("executionStatus") == "error":
        error = as_object(run.get("error")).get("message") or as_object(answer).get("error") or answer
        result = ToolResult(outcome="failed", error=error_text(error), at=parse_time(ended))
    elif run.get("executionStatus") in ("success", None):
        result = ToolResult(value=result_value(answer), at=parse_time(ended))
    else:
        return
    conversation.set_result(position, result)


ADAPTER = N8NAdapter()

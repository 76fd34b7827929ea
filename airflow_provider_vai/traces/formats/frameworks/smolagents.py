"""The steps of a smolagents agent: ``agent.memory.get_full_steps()`` or ``get_succinct_steps()``.

The shapes are those of ``smolagents.memory`` 1.26. A step keeps its calls, and one text with the results of all of
them, in the order of the calls' ids. If the text cannot be divided, the steps are refused. A failed call is only in the
model's message. There are no approvals.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow_provider_vai.exceptions import MalformedTrace
from airflow_provider_vai.model.run import Run, ToolCall
from airflow_provider_vai.traces.formats.shared.content import parse_python_repr, proposed_arguments, result_value
from airflow_provider_vai.traces.formats.shared.conversation import Conversation, ToolResult, chat_run
from airflow_provider_vai.traces.reading.coverage import Coverage
from airflow_provider_vai.traces.reading.trace import Trace
from airflow_provider_vai.traces.reading.values import (
    as_list,
    as_object,
    optional_text,
    parse_time,
    require_object,
    require_objects,
    require_text,
    text_or_none,
)

STEP = frozenset({"step_number", "tool_calls", "observations"})
FINAL = "final_answer"
"""The tool with which the agent answers; it is no step."""

FAILURES = ("AgentToolExecutionError", "AgentToolCallError")
REMEDY = "Record the agent with openinference-instrumentation-smolagents and export the spans as OTLP JSON."


class SmolagentsAdapter:
    """Reads the steps of smolagents."""

    name = "smolagents"
    description = "smolagents steps of a ToolCallingAgent (agent.memory.get_full_steps())"
    coverage = Coverage()

    def accepts(self, document: Any) -> bool:
        """Return whether the document is a list of steps."""
        return any(as_object(item).keys() >= STEP for item in as_list(document)[:50])

    def runs(self, trace: Trace) -> Iterator[Run]:
        """Yield the one run.

        :raises MalformedTrace: a step breaks the format, runs code, or has results that cannot be told apart.
        """
        steps = list(require_objects(trace.document, f"{trace}: "))
        conversation, answered = Conversation(trace), False
        for step, place in steps:
            if "task" in step:
                conversation.start_turn(text_or_none(step["task"]))
            elif "system_prompt" in step:
                conversation.add_system_text(text_or_none(step["system_prompt"]))
            elif "step_number" in step:
                _read_step(conversation, step, place)
                answered = _answers(step)
        ends = [as_object(step.get("timing")) for step, _ in steps]
        times = [parse_time(timing.get(key)) for timing in ends for key in ("start_time", "end_time")]
        outcome = conversation.outcome(assistant_spoke_last=answered)
        run = chat_run(trace, self.name, outcome, facts={}, times=times)
        yield conversation.finish(run.model_copy(update={"source": "agent_run"}))


def _answers(step: dict[str, Any]) -> bool:
    names = [as_object(as_object(call).get("function")).get("name") for call in as_list(step.get("tool_calls"))]
    return step.get("error") is None and (FINAL in names or step.get("is_final_answer") is True)


def _read_step(conversation: Conversation, step: dict[str, Any], place: str) -> None:
    if step.get("code_action") is not None:
        raise MalformedTrace(
            "the step runs code, and the steps do not hold the calls that the code made", where=place, remedy=REMEDY
        )
    error = as_object(step.get("error"))
    listed, key = _calls(step, is_failed=bool(error))
    conversation.start_message()
    found = []
    for call, where in require_objects(listed, f"{place}.{key}"):
        function = require_object(call.get("function"), f"{where}.function")
        tool = require_text(function.get("name"), f"{where}.function.name")
        call_id = optional_text(call.get("id"), f"{where}.id") or ""
        arguments = proposed_arguments(function.get("arguments"))
        if tool != FINAL:
            found.append((ToolCall(id=call_id, tool=tool, proposed_arguments=arguments), where))
    order = sorted(call.id for call, _ in found)
    results = _results(step, error, [call for call, _ in found], place)
    for proposal, where in found:
        position = conversation.add_call(proposal, where)
        conversation.set_result(position, results[order.index(proposal.id)])


def _calls(step: dict[str, Any], *, is_failed: bool) -> tuple[list[Any], str]:
    """Return a step's calls in the order in which the model proposed them, and their place.

    The step itself has them in the order of their ids, and has none if one of them failed.
    """
    proposed = as_list(as_object(step.get("model_output_message")).get("tool_calls"))
    made = as_list(step.get("tool_calls"))
    ids = [sorted(str(as_object(call).get("id")) for call in calls) for calls in (proposed, made)]
    if ids[0] == ids[1] or (is_failed and not made):
        return proposed, "model_output_message.tool_calls"
    return made, "tool_calls"


def _results(step: dict[str, Any], error: dict[str, Any], calls: list[ToolCall], place: str) -> list[ToolResult]:
    """Return the results of a step's calls, in the order of their ids."""
    if error:
        if len(calls) > 1:
            raise MalformedTrace(
                "the step has several calls and one error, and does not tell which call failed",
                where=place,
                remedy=REMEDY,
            )
        if text_or_none(error.get("type")) not in (*FAILURES, None):
            return [ToolResult(outcome="unknown", ran=False) for _ in calls]
        return [ToolResult(outcome="failed", error=text_or_none(error.get("message"))) for _ in calls]
    text = step.get("observations") if isinstance(step.get("observations"), str) else ""
    if len(calls) == 1:
        return [ToolResult(value=_value(text), is_marked=True)]
    values = [_value(line) for line in str(text).split("\n")] if calls else []
    is_certain = len(values) == len(calls) and all(isinstance(value, (dict, list)) for value in values)
    if calls and not (is_certain and len({call.id for call in calls}) == len(calls)):
        raise MalformedTrace(
            "the step has several calls and one text for all of their results, which cannot be divided",
            where=f"{place}.observations",
            remedy=REMEDY,
        )
    return [ToolResult(value=value, is_marked=True) for value in values]


def _value(text: Any) -> Any:
    return parse_python_repr(result_value(text))


ADAPTER = SmolagentsAdapter()

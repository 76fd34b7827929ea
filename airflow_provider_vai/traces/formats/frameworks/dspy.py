"""A trajectory of DSPy's ReAct: one object with numbered keys.

The shape is that of ``dspy.predict.react`` 3.4. The number joins a call and its observation. ReAct itself marks a
failure, with the tool's name at the start of the observation. There are no ids and no approvals.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow_provider_vai.exceptions import MalformedTrace
from airflow_provider_vai.model.run import Run, ToolCall
from airflow_provider_vai.traces.formats.shared.content import error_text, proposed_arguments, result_value
from airflow_provider_vai.traces.formats.shared.conversation import Conversation, ToolResult, chat_run
from airflow_provider_vai.traces.reading.coverage import Coverage
from airflow_provider_vai.traces.reading.trace import Trace
from airflow_provider_vai.traces.reading.values import as_object, require_object, require_text, text_or_none

TOOL, ARGUMENTS, OBSERVATION = "tool_name_", "tool_args_", "observation_"
FINISH = "finish"
"""ReAct's own tool, with which the model ends the run."""

FAILED = ("Execution error in {}: ", "Failed to execute: ")
"""How ReAct begins the observation of a call that failed: now, and in versions before 2.6.14."""


class DSPyAdapter:
    """Reads trajectories of DSPy."""

    name = "dspy"
    description = "DSPy trajectory of ReAct, alone or in a prediction (Prediction.toDict)"
    coverage = Coverage(batches="no")

    def accepts(self, document: Any) -> bool:
        """Return whether the document is a trajectory, or holds one."""
        return any(str(key).startswith(TOOL) for key in _trajectory(document)[0])

    def runs(self, trace: Trace) -> Iterator[Run]:
        """Yield the one run.

        :raises MalformedTrace: a call has no name, or the numbers have a gap.
        """
        facts = require_object(trace.document, str(trace))
        trajectory, inside = _trajectory(facts)
        conversation = Conversation(trace)
        numbers = [key.removeprefix(TOOL) for key in trajectory if key.startswith(TOOL)]
        for number, found in enumerate(sorted(numbers, key=lambda text: (len(text), text))):
            if found != str(number):
                raise MalformedTrace(
                    f"the call {number} is missing; the next one is {found}",
                    where=f"{trace}: {inside}",
                    remedy="DSPy drops the first calls if the model's context is full. Record the agent with "
                    "openinference-instrumentation-dspy and export the spans as OTLP JSON.",
                )
            _read(conversation, trajectory, found, f"{trace}: {inside}")
        ended = any(trajectory.get(f"{TOOL}{number}") == FINISH for number in numbers)
        turn = next((text for key in ("question", "query", "request") if (text := text_or_none(facts.get(key)))), None)
        if turn and conversation.turns:
            conversation.turns[0] = conversation.turns[0].model_copy(update={"user_text": turn})
        run = chat_run(trace, self.name, conversation.outcome(assistant_spoke_last=ended), facts={})
        yield conversation.finish(run.model_copy(update={"source": "agent_run"}))


def _trajectory(document: Any) -> tuple[dict[str, Any], str]:
    facts = as_object(document)
    inner = facts.get("trajectory")
    return (inner, "trajectory.") if isinstance(inner, dict) else (facts, "")


def _read(conversation: Conversation, trajectory: dict[str, Any], number: str, where: str) -> None:
    place = f"{where}{TOOL}{number}"
    tool = require_text(trajectory[f"{TOOL}{number}"], place)
    if tool == FINISH:
        return
    conversation.start_message()
    arguments = proposed_arguments(trajectory.get(f"{ARGUMENTS}{number}"))
    position = conversation.add_call(ToolCall(id="", tool=tool, proposed_arguments=arguments), place)
    if f"{OBSERVATION}{number}" not in trajectory:
        return
    observed = trajectory[f"{OBSERVATION}{number}"]
    if isinstance(observed, str) and observed.startswith(tuple(text.format(tool) for text in FAILED)):
        result = ToolResult(outcome="failed", error=error_text(observed))
    else:
        result = ToolResult(value=result_value(observed))
    conversation.set_result(position, result)


ADAPTER = DSPyAdapter()

"""Inspect AI logs: ``.json``, or the members of an ``.eval`` file; each sample of each epoch is a run.

The messages give the order, the turns and what the model proposed; the events of kind ``tool`` what was executed,
with its times and its calls inside sub-agents; the events of kind ``approval`` who decided. Without events, as some
logs are written, the messages alone are read, and no approval is known.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow_provider_vai.model.run import Run, RunOutcome, ToolCall
from airflow_provider_vai.traces.formats.inspect_ai.events import Events
from airflow_provider_vai.traces.formats.inspect_ai.result import read_result
from airflow_provider_vai.traces.formats.shared.content import proposed_arguments, total_usage
from airflow_provider_vai.traces.formats.shared.conversation import Conversation
from airflow_provider_vai.traces.reading.trace import Coverage, Trace
from airflow_provider_vai.traces.reading.values import (
    as_object,
    optional_text,
    parse_time,
    require_object,
    require_objects,
    require_text,
    text_or_none,
)

TOKENS = ("input_tokens", "output_tokens")
VERDICTS: dict[Any, RunOutcome] = {"C": "success", "I": "failed", 1: "success", 0: "failed"}
"""Inspect's marks for correct and incorrect; ``True`` and ``1.0`` are equal to 1. Others (partial) decide nothing."""


class InspectAIAdapter:
    """Reads Inspect AI evaluation logs."""

    name = "inspect_ai"
    description = "Inspect AI log (.json, or .eval): each sample is a run"
    coverage = Coverage(approvals="yes", edits="yes", timing="yes")

    def accepts(self, document: Any) -> bool:
        """Return whether the document is a log, or an ``.eval`` file's header and samples."""
        if not isinstance(document, dict):
            return False
        header = as_object(document.get("header", document))
        return {"eval", "status", "version"} <= header.keys() and "samples" in document

    def line_key(self, record: Any) -> str | None:
        """Return the id of the run that a sample is. Never raises."""
        return _id(as_object(record)) if "epoch" in as_object(record) else None

    def runs(self, trace: Trace) -> Iterator[Run]:
        """Yield a run for each sample.

        :raises MalformedTrace: a sample, a message or an event breaks the format.
        """
        document = require_object(trace.document, str(trace))
        header = as_object(document.get("header", document))
        for sample, where in require_objects(document.get("samples"), f"{trace}: samples"):
            yield _Sample(trace, sample, where).run(as_object(header.get("eval")), as_object(header.get("stats")))


class _Sample:
    """One sample, its events looked through before its messages are walked."""

    def __init__(self, trace: Trace, sample: dict[str, Any], where: str) -> None:
        self.where = where
        self.sample = _attached(sample, as_object(sample.get("attachments")))
        self.conversation = Conversation(trace)
        self.events = Events(self.conversation, self.sample.get("events") or [], f"{where}.events")

    def run(self, task: dict[str, Any], stats: dict[str, Any]) -> Run:
        """Return the sample's run."""
        messages = list(require_objects(self.sample.get("messages") or [], f"{self.where}.messages"))
        for message, place in messages:
            self._read(message, place)
        self.events.add_rest()
        number = f"sample {self.sample.get('id')}, epoch {self.sample.get('epoch')}"
        spent = [as_object(item) for item in as_object(self.sample.get("model_usage")).values()]
        times = [at for at in self.events.told.times if parse_time(at)]
        run = Run(
            id=_id(self.sample),
            source="agent_run",
            format=ADAPTER.name,
            title=f"{text_or_none(task.get('task')) or 'task'}: {number}",
            agent=text_or_none(task.get("solver")),
            model=text_or_none(task.get("model")),
            started_at=parse_time(times[0] if times else stats.get("started_at")),
            ended_at=parse_time(times[-1] if times else stats.get("completed_at")),
            outcome=_outcome(self.sample),
            usage=total_usage(spent, tokens=TOKENS, costs=[item.get("total_cost") for item in spent]),
        )
        return self.conversation.finish(run)

    def _read(self, message: dict[str, Any], place: str) -> None:
        words = self.conversation.text_of(_said(message.get("content")), f"{place}.content")
        match require_text(message.get("role"), f"{place}.role"):
            case "system":
                self.conversation.add_system_text(words)
            case "user":
                self.conversation.start_turn(words)
            case "assistant":
                self.conversation.start_message()
                for call, where in require_objects(message.get("tool_calls") or [], f"{place}.tool_calls"):
                    asked = _call(call, where)
                    self.events.expect(asked.id, self.conversation.add_call(asked, where))
            case "tool":
                answer = read_result(message, place)
                self.conversation.add_result(answer, place)
                self.events.answered(answer.id)
            case role:
                self.conversation.note(place, f"unknown role {role!r}")


def _id(sample: dict[str, Any]) -> str:
    """Return a sample's own id, which older logs did not give it, or its number and epoch."""
    return text_or_none(sample.get("uuid")) or f"sample-{sample.get('id')}/epoch-{sample.get('epoch')}"


def _call(call: dict[str, Any], where: str) -> ToolCall:
    """Return a call as proposed; the first logs had its name as the text that the model wrote."""
    return ToolCall(
        id=optional_text(call.get("id"), f"{where}.id") or "",
        tool=require_text(call.get("function"), f"{where}.function"),
        proposed_arguments=proposed_arguments(call.get("arguments")),
    )


def _said(content: Any) -> Any:
    """Return content without the model's reasoning, which is nobody's words to anyone."""
    if not isinstance(content, list):
        return content
    return [part for part in content if as_object(part).get("type") != "reasoning"]


def _attached(value: Any, attachments: dict[str, Any]) -> Any:
    """Return a value in which each reference to an attachment is the attachment itself."""
    if isinstance(value, str) and value.startswith("attachment://"):
        return attachments.get(value.removeprefix("attachment://"), value)
    if isinstance(value, list):
        return [_attached(item, attachments) for item in value]
    if isinstance(value, dict):
        return {key: item if key == "attachments" else _attached(item, attachments) for key, item in value.items()}
    return value


def _outcome(sample: dict[str, Any]) -> RunOutcome:
    """Return the scorers' verdict where they agree; a sample that ended in an error failed."""
    if sample.get("error"):
        return "failed"
    values = [as_object(score).get("value") for score in as_object(sample.get("scores")).values()]
    verdicts = {
        VERDICTS.get(value, "unknown") if isinstance(value, (str, int, float)) else "unknown" for value in values
    }
    return verdicts.pop() if len(verdicts) == 1 else "unknown"


ADAPTER = InspectAIAdapter()

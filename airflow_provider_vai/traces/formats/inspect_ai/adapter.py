"""Inspect AI logs: ``.json``, or the members of an ``.eval`` file; each sample of each epoch is a run.

The messages hold the order, the turns and the proposals; events of type ``tool`` what was executed, with its times and
the calls of sub-agents; events of type ``approval`` the decisions. Some logs have no events: then only the messages are
read, and approvals are unknown.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow_provider_vai.model.run import Run, RunOutcome, ToolCall
from airflow_provider_vai.traces.formats.inspect_ai.events import Events
from airflow_provider_vai.traces.formats.inspect_ai.result import read_result
from airflow_provider_vai.traces.formats.shared.content import proposed_arguments, total_usage
from airflow_provider_vai.traces.formats.shared.conversation import Conversation
from airflow_provider_vai.traces.reading.coverage import Coverage
from airflow_provider_vai.traces.reading.trace import Trace
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
"""Inspect's scores for correct and incorrect; ``True`` and ``1.0`` equal 1. Other scores (partial) are unknown."""


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
        """Return the id of the run in a sample. Never raises."""
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
    """One sample. Its events are read before its messages."""

    def __init__(self, trace: Trace, sample: dict[str, Any], where: str) -> None:
        self.where = where
        self.sample = _with_attachments(sample, as_object(sample.get("attachments")))
        self.conversation = Conversation(trace)
        self.events = Events(self.conversation, self.sample.get("events") or [], f"{where}.events")

    def run(self, task: dict[str, Any], stats: dict[str, Any]) -> Run:
        """Return the sample's run."""
        messages = list(require_objects(self.sample.get("messages") or [], f"{self.where}.messages"))
        for message, place in messages:
            self._read(message, place)
        self.events.apply_remaining()
        number = f"sample {self.sample.get('id')}, epoch {self.sample.get('epoch')}"
        usages = [as_object(usage) for usage in as_object(self.sample.get("model_usage")).values()]
        times = [at for at in self.events.facts.times if parse_time(at)]
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
            usage=total_usage(usages, tokens=TOKENS, costs=[usage.get("total_cost") for usage in usages]),
        )
        return self.conversation.finish(run)

    def _read(self, message: dict[str, Any], place: str) -> None:
        content = self.conversation.text_of(_without_reasoning(message.get("content")), f"{place}.content")
        match require_text(message.get("role"), f"{place}.role"):
            case "system":
                self.conversation.add_system_text(content)
            case "user":
                self.conversation.start_turn(content)
            case "assistant":
                self.conversation.start_message()
                for call, where in require_objects(message.get("tool_calls") or [], f"{place}.tool_calls"):
                    proposal = _call(call, where)
                    self.events.expect(proposal.id, self.conversation.add_call(proposal, where))
            case "tool":
                result = read_result(message, place)
                self.conversation.add_result(result, place)
                self.events.apply_until(result.id)
            case role:
                self.conversation.note(place, f"unknown role {role!r}")


def _id(sample: dict[str, Any]) -> str:
    """Return a sample's own id, or its number and epoch in older logs without ids."""
    return text_or_none(sample.get("uuid")) or f"sample-{sample.get('id')}/epoch-{sample.get('epoch')}"


def _call(call: dict[str, Any], where: str) -> ToolCall:
    """Return the proposed call."""
    return ToolCall(
        id=optional_text(call.get("id"), f"{where}.id") or "",
        tool=require_text(call.get("function"), f"{where}.function"),
        proposed_arguments=proposed_arguments(call.get("arguments")),
    )


def _without_reasoning(content: Any) -> Any:
    """Return content without the model's reasoning."""
    if not isinstance(content, list):
        return content
    return [part for part in content if as_object(part).get("type") != "reasoning"]


def _with_attachments(value: Any, attachments: dict[str, Any]) -> Any:
    """Return a value with each reference to an attachment replaced by the attachment."""
    if isinstance(value, str) and value.startswith("attachment://"):
        return attachments.get(value.removeprefix("attachment://"), value)
    if isinstance(value, list):
        return [_with_attachments(item, attachments) for item in value]
    if isinstance(value, dict):
        kept = {key: item for key, item in value.items() if key == "attachments"}
        return {key: _with_attachments(item, attachments) for key, item in value.items()} | kept
    return value


def _outcome(sample: dict[str, Any]) -> RunOutcome:
    """Return the scorers' verdict if they agree, else ``unknown``; a sample that ended in an error failed."""
    if sample.get("error"):
        return "failed"
    values = [as_object(score).get("value") for score in as_object(sample.get("scores")).values()]
    verdicts = {
        VERDICTS.get(value, "unknown") if isinstance(value, (str, int, float)) else "unknown" for value in values
    }
    return verdicts.pop() if len(verdicts) == 1 else "unknown"


ADAPTER = InspectAIAdapter()

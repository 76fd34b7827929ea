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
from airflow_provider_vai.traces.formats.shared.content import fields, proposed, usage
from airflow_provider_vai.traces.formats.shared.conversation import Conversation
from airflow_provider_vai.traces.reading.trace import (
    Coverage,
    Trace,
    moment,
    optional_text,
    record,
    records,
    text,
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
        header = fields(document.get("header", document))
        return {"eval", "status", "version"} <= header.keys() and "samples" in document

    def line_key(self, record: Any) -> str | None:
        """Return the id of the run that a sample is. Never raises."""
        return _id(fields(record)) if "epoch" in fields(record) else None

    def runs(self, trace: Trace) -> Iterator[Run]:
        """Yield a run for each sample.

        :raises MalformedTrace: a sample, a message or an event breaks the format.
        """
        document = record(trace.document, str(trace))
        header = fields(document.get("header", document))
        for sample, where in records(document.get("samples"), f"{trace}: samples"):
            yield _Sample(trace, sample, where).run(fields(header.get("eval")), fields(header.get("stats")))


class _Sample:
    """One sample, its events looked through before its messages are walked."""

    def __init__(self, trace: Trace, sample: dict[str, Any], where: str) -> None:
        self.where = where
        self.sample = _attached(sample, fields(sample.get("attachments")))
        self.talk = Conversation(trace)
        self.events = Events(self.talk, self.sample.get("events") or [], f"{where}.events")

    def run(self, task: dict[str, Any], stats: dict[str, Any]) -> Run:
        """Return the sample's run."""
        messages = list(records(self.sample.get("messages") or [], f"{self.where}.messages"))
        for message, place in messages:
            self._read(message, place)
        self.events.add_rest()
        number = f"sample {self.sample.get('id')}, epoch {self.sample.get('epoch')}"
        spent = [fields(item) for item in fields(self.sample.get("model_usage")).values()]
        times = [at for at in self.events.told.times if moment(at)]
        run = Run(
            id=_id(self.sample),
            source="agent_run",
            format=ADAPTER.name,
            title=f"{text_or_none(task.get('task')) or 'task'}: {number}",
            agent=text_or_none(task.get("solver")),
            model=text_or_none(task.get("model")),
            started_at=moment(times[0] if times else stats.get("started_at")),
            ended_at=moment(times[-1] if times else stats.get("completed_at")),
            outcome=_outcome(self.sample),
            usage=usage(spent, tokens=TOKENS, costs=[item.get("total_cost") for item in spent]),
        )
        return self.talk.run(run)

    def _read(self, message: dict[str, Any], place: str) -> None:
        words = self.talk.text(_said(message.get("content")), f"{place}.content")
        match text(message.get("role"), f"{place}.role"):
            case "system":
                self.talk.system(words)
            case "user":
                self.talk.turn(words)
            case "assistant":
                self.talk.message()
                for call, where in records(message.get("tool_calls") or [], f"{place}.tool_calls"):
                    asked = _call(call, where)
                    self.events.expect(asked.id, self.talk.call(asked, where))
            case "tool":
                answer = read_result(message, place)
                self.talk.answer(answer, place)
                self.events.answered(answer.id)
            case role:
                self.talk.note(place, f"unknown role {role!r}")


def _id(sample: dict[str, Any]) -> str:
    """Return a sample's own id, which older logs did not give it, or its number and epoch."""
    return text_or_none(sample.get("uuid")) or f"sample-{sample.get('id')}/epoch-{sample.get('epoch')}"


def _call(call: dict[str, Any], where: str) -> ToolCall:
    """Return a call as proposed; the first logs had its name as the text that the model wrote."""
    return ToolCall(
        id=optional_text(call.get("id"), f"{where}.id") or "",
        tool=text(call.get("function"), f"{where}.function"),
        proposed_arguments=proposed(call.get("arguments")),
    )


def _said(content: Any) -> Any:
    """Return content without the model's reasoning, which is nobody's words to anyone."""
    if not isinstance(content, list):
        return content
    return [part for part in content if fields(part).get("type") != "reasoning"]


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
    values = [fields(score).get("value") for score in fields(sample.get("scores")).values()]
    verdicts = {
        VERDICTS.get(value, "unknown") if isinstance(value, (str, int, float)) else "unknown" for value in values
    }
    return verdicts.pop() if len(verdicts) == 1 else "unknown"


ADAPTER = InspectAIAdapter()

"""Joins the chunks of a UI message stream into the parts that the SDK builds from them."""

from __future__ import annotations

from typing import Any

from airflow_provider_vai.traces.formats.shared.content import error_text
from airflow_provider_vai.traces.formats.shared.conversation import Conversation
from airflow_provider_vai.traces.reading.values import optional_text, require_objects, require_text

STREAM = frozenset({"start", "start-step", "tool-input-start", "tool-input-available", "text-start", "message-start"})
"""Chunks that only this stream has at its beginning."""

IGNORED = frozenset(
    [
        "start",
        "finish",
        "finish-step",
        "message-metadata",
        "source-url",
        "source-document",
        "file",
        "text-start",
        "text-end",
        "reasoning-start",
        "reasoning-delta",
        "reasoning-end",
        "reasoning-file",
        "custom",
    ]
)

STATES = {
    "tool-input-available": "input-available",
    "tool-input-error": "output-error",
    "tool-output-available": "output-available",
    "tool-output-error": "output-error",
    "tool-output-denied": "output-denied",
    "tool-approval-request": "approval-requested",
}

KEPT = ("input", "output", "errorText", "preliminary", "providerExecuted")


def messages_of(
    conversation: Conversation, chunks: list[Any], where: str
) -> tuple[dict[str, Any], list[tuple[dict[str, Any], str]]]:
    """Return the assistant message that a stream builds, and its parts with the place of each one's first chunk.

    :raises MalformedTrace: a chunk breaks the format.
    """
    stream = _Stream(conversation)
    for chunk, place in require_objects(chunks, where):
        stream.read(chunk, place)
    return {"role": "assistant"}, stream.parts


class _Stream:
    def __init__(self, conversation: Conversation) -> None:
        self.conversation = conversation
        self.parts: list[tuple[dict[str, Any], str]] = []
        self.calls: dict[str, dict[str, Any]] = {}
        self.approvals: dict[str, dict[str, Any]] = {}

    def read(self, chunk: dict[str, Any], place: str) -> None:
        """Add one chunk to the part it belongs to."""
        kind = require_text(chunk.get("type"), f"{place}.type")
        if kind == "start-step":
            self.parts.append(({"type": "step-start"}, place))
        elif kind == "text-delta":
            self._add_text(require_text(chunk.get("delta"), f"{place}.delta"), place)
        elif kind in ("error", "abort"):
            self.conversation.note(place, f"the stream ended: {error_text(chunk.get('errorText')) or kind}")
        elif kind == "tool-approval-response":
            self._decide(chunk, place)
        elif kind in STATES or kind in ("tool-input-start", "tool-input-delta"):
            self._update_call(kind, chunk, place)
        elif kind not in IGNORED and not kind.startswith("data-"):
            self.conversation.note(place, f"unknown chunk {kind!r}")

    def _add_text(self, text: str, place: str) -> None:
        last = self.parts[-1][0] if self.parts else {}
        if last.get("type") == "text":
            last["text"] += text
        else:
            self.parts.append(({"type": "text", "text": text}, place))

    def _update_call(self, kind: str, chunk: dict[str, Any], place: str) -> None:
        part = self._part(kind, chunk, place)
        if part is None:
            return
        if kind == "tool-input-delta":
            text = require_text(chunk.get("inputTextDelta"), f"{place}.inputTextDelta")
            so_far = part.get("input", "")
            part["input"] = so_far + text if isinstance(so_far, str) else so_far
            return
        part["state"] = STATES.get(kind, part["state"])
        if kind == "tool-input-error":  # the input was rejected, so the call never ran
            part["rawInput"], part["input"] = chunk.get("input", part.get("input")), None
        if kind == "tool-output-available":
            part.pop("preliminary", None)
        if kind == "tool-approval-request":
            part["approval"] = {"id": chunk.get("approvalId"), "isAutomatic": chunk.get("isAutomatic")}
            self.approvals[optional_text(chunk.get("approvalId"), f"{place}.approvalId") or ""] = part
            return
        own = {key: chunk[key] for key in KEPT if key in chunk and not (kind == "tool-input-error" and key == "input")}
        part.update(own)

    def _part(self, kind: str, chunk: dict[str, Any], place: str) -> dict[str, Any] | None:
        """Return the part of a call: a new one for its first chunk, and for new input under an id used before."""
        name = require_text(chunk.get("toolCallId"), f"{place}.toolCallId")
        known = self.calls.get(name)
        begins = kind.startswith("tool-input-") and kind != "tool-input-delta"
        is_again = known is not None and kind == "tool-input-start"
        if known is not None and not is_again:
            return known
        if not begins:
            self.conversation.note(place, f"{kind} for {name!r}, but there is no such call")
            return None
        part = {"type": "dynamic-tool", "toolName": require_text(chunk.get("toolName"), f"{place}.toolName")}
        if chunk.get("dynamic") is not True:
            part["type"] = f"tool-{part['toolName']}"
        part |= {"toolCallId": name, "state": "input-streaming"}
        self.calls[name] = part
        self.parts.append((part, place))
        return part

    def _decide(self, chunk: dict[str, Any], place: str) -> None:
        part = self.approvals.get(require_text(chunk.get("approvalId"), f"{place}.approvalId"))
        if part is None:
            self.conversation.note(place, "a decision on a call that asked for none")
            return
        decision = {key: chunk[key] for key in ("approved", "reason", "isAutomatic") if key in chunk}
        part["approval"] = {**part["approval"], **decision}
        if part["state"] == "approval-requested":
            part["state"] = "approval-responded"

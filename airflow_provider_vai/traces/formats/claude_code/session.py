"""Reads the lines of one Claude Code session, in their order, into a conversation."""

from __future__ import annotations

import re
from typing import Any

from airflow_provider_vai.model.run import Approval, RunOutcome, ToolCall
from airflow_provider_vai.traces.formats.anthropic.messages import CALLS
from airflow_provider_vai.traces.formats.claude_code.lines import blocks, message_key
from airflow_provider_vai.traces.formats.claude_code.result import CUT_OFF, read_result
from airflow_provider_vai.traces.formats.shared.content import MEDIA, error_text, proposed_arguments
from airflow_provider_vai.traces.formats.shared.conversation import Conversation, ToolResult
from airflow_provider_vai.traces.reading.trace import Trace
from airflow_provider_vai.traces.reading.values import (
    optional_text,
    parse_time,
    require_object,
    require_objects,
    require_text,
    text_or_none,
)

MESSAGE_LINES = ("user", "assistant")
IGNORED = MEDIA | {"text", "thinking", "redacted_thinking", "tool_reference", "search_result", "fallback"}
MCP_NAME = re.compile(r"mcp__(.+?)__.+")
SHELL = re.compile(r"\s*<bash-(input|stdout)>(.*?)</bash-\1>", re.DOTALL)
PROGRAM_TEXT = ("[Request interrupted by user", "<local-command-", "<system-reminder>", "<task-notification>")
"""The beginnings of user lines that the program wrote."""


class ClaudeCodeSession(Conversation):
    """A conversation that reads Claude Code's lines.

    ``agents`` is the sub-agent of each line, by the line's identity; ``parents`` the id of the call that started each
    sub-agent.
    """

    def __init__(self, trace: Trace) -> None:
        super().__init__(trace)
        self.agents: dict[int, str] = {}
        self.parents: dict[str, str] = {}
        self.costs: list[Any] = []
        self._message: str | None = None
        self._seen: dict[tuple[str, str], tuple[int, int]] = {}  # by the ids of message and call: position and line
        self._unplaced_agents: set[str] = set()
        self._last: dict[str, Any] = {}
        self._result: RunOutcome | None = None
        self._denials: list[dict[str, Any]] = []

    def read(self, line: dict[str, Any], place: str) -> None:
        """Read one line.

        :raises MalformedTrace: its message or a block breaks the format.
        """
        kind, agent = line.get("type"), self.agents.get(id(line), "")
        if kind in MESSAGE_LINES:
            message = require_object(line.get("message"), f"{place}.message")
            if not agent:
                self._last = line
            self._read_message_line(line, message.get("content"), agent, f"{place}.message.content")
        elif kind == "attachment":
            self._read_attachment(line.get("attachment"), agent)
        elif kind == "result":
            self._read_result_line(line)
        elif "message" in line or "tool" in str(kind):
            self.note(place, f"unknown kind of line {kind!r}")

    def session_outcome(self) -> RunOutcome:
        """Return how the session ended, after setting the denials that its result line lists."""
        for denial in self._denials:
            self._deny(denial.get("tool_use_id"))
        if self._result is not None:
            return self._result
        is_final_text = bool(blocks(self._last, "text")) and not blocks(self._last, "tool_use")
        is_answer = self._last.get("type") == "assistant" and self._last.get("isApiErrorMessage") is not True
        return self.outcome(assistant_spoke_last=is_answer and is_final_text)

    def _read_message_line(self, line: dict[str, Any], content: Any, agent: str, inside: str) -> None:
        if line["type"] == "assistant" and (message_key(line) is None or message_key(line) != self._message):
            self.start_message()
        self._message = message_key(line) or self._message
        placed = [] if content is None or isinstance(content, str) else list(require_objects(content, inside))
        results = [block for block, _ in placed if block.get("type") == "tool_result"]
        structured = line.get("toolUseResult", line.get("tool_use_result")) if len(results) == 1 else None
        for block, where in placed:
            self._read_block(line, block, structured, agent, where)
        texts = [block for block, _ in placed if block.get("type") == "text"]
        text = content if isinstance(content, str) else self.text_of(texts, "")
        if line["type"] == "user" and not agent and (text or not placed):
            self._read_user_text(line, text, inside)

    def _read_user_text(self, line: dict[str, Any], text: str | None, inside: str) -> None:
        shell = SHELL.match(text or "")
        if line.get("isCompactSummary") is True:
            if not self.calls:
                self.note(inside, "the session begins with a summary: the summarised calls are not in the file")
        elif shell and shell[1] == "input":
            self.start_message()
            arguments = {"command": shell[2]}
            self.add_call(ToolCall(id="", tool="Bash", actor="user", proposed_arguments=arguments), inside)
        elif shell:
            self.add_result(ToolResult(tool="Bash", value=shell[2], outcome="unknown"), inside)
        elif line.get("isMeta") is not True and not (text or "").lstrip().startswith(PROGRAM_TEXT):
            self.start_turn(text)

    def _read_block(self, line: dict[str, Any], block: dict[str, Any], structured: Any, agent: str, where: str) -> None:
        kind = require_text(block.get("type"), f"{where}.type")
        if kind in CALLS:
            self._read_call(line, block, agent, where)
        elif kind == "tool_result" or kind.endswith("_tool_result"):
            inner = block.get("content")
            if isinstance(inner, dict) and str(inner.get("type")).endswith("_error"):
                block = {**block, "is_error": True}
            if (error_text(inner) or "").startswith(CUT_OFF):
                self.note(where, "the result was cut off: the rest is in another file")
            self.add_result(read_result(block, structured, line.get("timestamp"), where), where)
        elif kind not in IGNORED:
            self.note(where, f"unknown block {kind!r}")

    def _read_call(self, line: dict[str, Any], block: dict[str, Any], agent: str, where: str) -> None:
        call_id = optional_text(block.get("id"), f"{where}.id") or ""
        tool = require_text(block.get("name"), f"{where}.name")
        again = (message_key(line) or "", call_id)
        position, first_line = self._seen.get(again, (-1, id(line)))
        if all(again) and first_line != id(line):  # a stream may repeat a message's blocks, the first ones incomplete
            self._complete_call(position, block.get("input"))
            return
        if agent and agent not in self.parents and agent not in self._unplaced_agents:
            self._unplaced_agents.add(agent)
            self.note(where, f"the call that started the sub-agent {agent!r} is not known")
        server = MCP_NAME.match(tool)
        call = ToolCall(
            id=call_id,
            tool=tool,
            server=text_or_none(block.get("server_name")) or (server[1] if server else None),
            parent_id=self.parents.get(agent),
            working_folder=text_or_none(line.get("cwd")),
            proposed_arguments=proposed_arguments(block.get("input")),
            started_at=parse_time(line.get("timestamp")),
        )
        self._seen[again] = self.add_call(call, where), id(line)

    def _complete_call(self, position: int, input: Any) -> None:
        """Replace a call's arguments by those of a later line of its message, unless that has none."""
        call = self.calls[position]
        if input and call.outcome == "unknown":
            self.calls[position] = call.model_copy(update={"proposed_arguments": proposed_arguments(input)})

    def _read_attachment(self, attachment: Any, agent: str) -> None:
        if not agent and isinstance(attachment, dict) and attachment.get("type") == "queued_command":
            self.start_turn(
                self.text_of(attachment.get("prompt"), "") if isinstance(attachment.get("prompt"), str) else None
            )

    def _read_result_line(self, line: dict[str, Any]) -> None:
        self._result = "failed" if line.get("is_error") is True or line.get("subtype") != "success" else "success"
        self.costs.append(line.get("total_cost_usd"))
        denials = line.get("permission_denials")
        self._denials += [denial for denial in denials or [] if isinstance(denial, dict)] if denials else []

    def _deny(self, call_id: Any) -> None:
        for position, call in enumerate(self.calls):
            if text_or_none(call_id) == call.id and call.outcome != "denied":
                approval = Approval(state="denied", by="permission rules", note=call.error)
                denied = {"outcome": "denied", "arguments": None, "result": None, "approval": approval}
                self.calls[position] = call.model_copy(update=denied)

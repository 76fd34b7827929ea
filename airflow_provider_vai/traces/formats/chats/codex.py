"""Sessions of Codex CLI (``rollout-*.jsonl``).

The lines ``response_item`` hold OpenAI Responses items. The events beside them say what a person typed, what was rolled
back, and how a call of an MCP tool or a command ended. A refusal is only a text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from airflow_provider_vai.model.run import Approval, Run
from airflow_provider_vai.traces.formats.openai.items import OUTPUTS, ResponseItems, item_kind
from airflow_provider_vai.traces.formats.shared.content import error_text, result_value, total_usage
from airflow_provider_vai.traces.formats.shared.conversation import Conversation, ToolResult, chat_run
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

MCP_NAME = re.compile(r"mcp__(.+?)__.+")
LINES = frozenset({"session_meta", "turn_context", "response_item", "event_msg", "compacted"})
REFUSED = re.compile(
    r"\s*((exec command |patch )?rejected by user|user (rejected|cancelled) MCP tool call"
    r"|exec_command failed for `[^`]*`: CreateProcess \{ message: \"Rejected\(\W*(rejected|denied|declined) by user)",
    re.IGNORECASE,
)
FAILED = re.compile(r"\s*(exec_command|write_stdin|apply_patch)( verification)? failed( for `|: )")
"""How Codex begins the output of one of its own tools that failed before it gave an exit code."""
TOKENS = ("input_tokens", "output_tokens")
ABORTED = re.compile(r"\s*aborted by user\b", re.IGNORECASE)
EXIT_CODE = re.compile(r"\s*(?:Exit code: |(?:.*\n){0,4}?Process exited with code )(-?\d+)\b")
"""How the text of a command's output says how the command ended."""


class CodexAdapter:
    """Reads sessions of Codex CLI."""

    name = "codex"
    description = "Codex CLI session (rollout-*.jsonl)"
    coverage = Coverage(results="partly", approvals="partly", timing="partly", batches="partly")

    def accepts(self, document: Any) -> bool:
        """Return whether the document is a list of lines with a kind and a payload."""
        lines = [as_object(line) for line in as_list(document)[:50]]
        kinds = {str(line.get("type")) for line in lines if isinstance(line.get("payload"), dict)}
        return bool(kinds & {"session_meta", "response_item"}) and len(lines) == sum(
            "payload" in line for line in lines
        )

    def runs(self, trace: Trace) -> Iterator[Run]:
        """Yield the one run.

        :raises MalformedTrace: a line or an item breaks the format.
        """
        lines = list(require_objects(trace.document, f"{trace}: "))
        session = _Session(trace, _without_rolled_back(lines))
        session.read()
        yield session.run([parse_time(line.get("timestamp")) for line, _ in lines])


class _Session:
    """One session's lines, and what is known of its calls before they are read."""

    def __init__(self, trace: Trace, lines: list[PlacedObject]) -> None:
        self.trace, self.lines = trace, lines
        self.conversation = Conversation(trace)
        self.items = ResponseItems(self.conversation)
        self.events = [as_object(line.get("payload")) for line, _ in lines if line.get("type") == "event_msg"]
        self.ends = {
            text_or_none(event.get("call_id")): event
            for event in self.events
            if str(event.get("type")).endswith("_end")
        }
        self.folder: str | None = None  # in which the agent is
        self.typed = any(event.get("type") == "user_message" for event in self.events)

    def read(self) -> None:
        """Read every line."""
        for line, place in self.lines:
            payload = require_object(line.get("payload"), f"{place}.payload")
            match text_or_none(line.get("type")):
                case "turn_context":
                    self.folder = text_or_none(payload.get("cwd")) or self.folder
                case "session_meta":
                    self.folder = text_or_none(payload.get("cwd")) or self.folder
                    instructions = payload.get("base_instructions", payload.get("instructions"))
                    self.conversation.add_system_text(text_or_none(as_object(instructions).get("text", instructions)))
                case "response_item":
                    self._read_item(payload, f"{place}.payload", line)
                case "event_msg" if payload.get("type") == "user_message":
                    self.conversation.start_turn(text_or_none(payload.get("message")))
                    self.conversation.start_message()
                case kind if kind not in LINES:
                    self.conversation.note(place, f"unknown line {kind!r}")

    def _read_item(self, item: dict[str, Any], where: str, line: dict[str, Any]) -> None:
        kind = item_kind(item)
        if kind == "message" and item.get("role") == "user" and self.typed:
            return  # the event has the text that a person typed, without the context that Codex adds
        if kind in ("ghost_snapshot", "other"):
            return
        if kind not in OUTPUTS:
            known = len(self.conversation.calls)
            self.items.read(item, where)
            self._add_facts(known, text_or_none(item.get("name")) or "")
            return
        call_id = text_or_none(item.get("call_id"))
        result = _result(call_id, item.get("output"), as_object(self.ends.get(call_id)))
        at = parse_time(line.get("timestamp"))
        self.items.read({**item, "output": ""}, where)  # pairs the output with its call
        for position, call in enumerate(self.conversation.calls):
            if call.id == call_id:
                self.conversation.set_result(position, _with_time(result, at))

    def _add_facts(self, known: int, tool: str) -> None:
        """Set the folder of the calls after the first ``known`` ones, and the server of an MCP tool."""
        server = MCP_NAME.match(tool)
        for position in range(known, len(self.conversation.calls)):
            call = self.conversation.calls[position]
            facts: dict[str, Any] = {"working_folder": self.folder}
            facts |= {"server": server[1]} if server and call.tool == tool else {}
            self.conversation.calls[position] = call.model_copy(update=facts)

    def run(self, times: list[Any]) -> Run:
        """Return the session's run."""
        payloads = [(line.get("type"), as_object(line.get("payload"))) for line, _ in self.lines]
        first = next((payload for kind, payload in payloads if kind == "session_meta"), {})
        turns = [payload for kind, payload in payloads if kind == "turn_context"]
        infos = [as_object(as_object(event.get("info")).get("total_token_usage")) for event in self.events]
        run = chat_run(
            self.trace,
            ADAPTER.name,
            "success" if self.items.assistant_spoke_last else "unknown",
            facts={"id": first.get("id")},
            models=[turn.get("model") for turn in reversed(turns)],
            times=times,
            usage=total_usage([info for info in infos if info][-1:], tokens=TOKENS, costs=[]),
        )
        return self.conversation.finish(run)


def _without_rolled_back(lines: list[PlacedObject]) -> list[PlacedObject]:
    """Return the lines without the turns that a person rolled back."""
    kept: list[PlacedObject] = []
    for line, place in lines:
        payload = as_object(line.get("payload"))
        if line.get("type") == "event_msg" and payload.get("type") == "thread_rolled_back":
            starts = [number for number, (earlier, _) in enumerate(kept) if _is_typed(earlier)]
            count = payload.get("num_turns")
            if isinstance(count, int) and count > 0 and starts:
                start = starts[-min(count, len(starts))]
                kept = [entry for entry in kept[:start] if not _is_echo(entry[0], kept[start][0])]
        else:
            kept.append((line, place))
    return kept


def _is_typed(line: dict[str, Any]) -> bool:
    return line.get("type") == "event_msg" and as_object(line.get("payload")).get("type") == "user_message"


def _is_echo(line: dict[str, Any], typed: dict[str, Any]) -> bool:
    """Return whether a line is the item of a message that a person typed."""
    payload = as_object(line.get("payload"))
    texts = [as_object(part).get("text") for part in as_list(payload.get("content"))]
    return payload.get("role") == "user" and texts == [as_object(typed.get("payload")).get("message")]


def _result(call_id: str | None, output: Any, end: dict[str, Any]) -> ToolResult:
    """Return a call's result, from its output and from the event at its end."""
    text = error_text(output) or ""
    if REFUSED.match(text):
        return ToolResult(id=call_id, outcome="denied", ran=False, approval=Approval(state="denied", note=text))
    if ABORTED.match(text):
        return ToolResult(id=call_id, outcome="interrupted", error=text)
    if isinstance(end.get("result"), dict):
        return _of_mcp(call_id, end["result"])
    value = result_value(output)
    if (
        isinstance(value, dict) and "metadata" in value and "output" in value
    ):  # how older versions write a command's end
        code, value = as_object(value["metadata"]).get("exit_code"), result_value(value["output"])
    else:
        found = EXIT_CODE.match(text)
        code = end.get("exit_code", int(found[1]) if found else None)
    if end.get("success") is False or FAILED.match(text) or (isinstance(code, int) and code != 0):
        return ToolResult(id=call_id, outcome="failed", error=error_text(value))
    return ToolResult(id=call_id, value=value, is_marked=code == 0 or end.get("success") is True)


def _of_mcp(call_id: str | None, result: dict[str, Any]) -> ToolResult:
    """Return the result of an MCP tool, or the error of the call, as the event at its end has them."""
    answer = as_object(result.get("Ok"))
    content = answer.get("structuredContent", answer.get("structured_content"))
    content = answer.get("content") if content is None else content
    if "Err" in result:
        return ToolResult(id=call_id, outcome="failed", error=error_text(result["Err"]))
    if answer.get("isError", answer.get("is_error")) is True:
        return ToolResult(id=call_id, outcome="failed", error=error_text(content))
    return ToolResult(id=call_id, value=result_value(content), is_marked=True)


def _with_time(result: ToolResult, at: Any) -> ToolResult:
    return ToolResult(**{**vars(result), "at": at})


ADAPTER = CodexAdapter()

"""Tasks of Cline and Roo Code with calls as XML in the model's text (``api_conversation_history.json``).

Each message has at most one call, and the next message of the user begins with ``[tool for '...'] Result:``. Tasks with
native tool calls are Anthropic messages, which another adapter reads.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from airflow_provider_vai.model.run import Approval, Run, ToolCall
from airflow_provider_vai.traces.formats.shared.content import proposed_arguments, result_value
from airflow_provider_vai.traces.formats.shared.conversation import (
    Conversation,
    ToolResult,
    chat_run,
    message_list,
    role_messages,
)
from airflow_provider_vai.traces.reading.coverage import Coverage
from airflow_provider_vai.traces.reading.trace import Trace
from airflow_provider_vai.traces.reading.values import as_list, as_object, parse_time, require_objects

TOOLS: dict[str, tuple[str, ...]] = {
    "execute_command": ("command", "requires_approval", "cwd", "timeout"),
    "write_to_file": ("path", "content", "line_count", "task_progress"),
    "replace_in_file": ("path", "diff", "task_progress"),
    "apply_diff": ("path", "diff"),
    "insert_content": ("path", "line", "content"),
    "read_file": ("path", "task_progress"),
    "search_files": ("path", "regex", "file_pattern"),
    "list_files": ("path", "recursive"),
    "list_code_definition_names": ("path",),
    "browser_action": ("action", "url", "coordinate", "text"),
    "use_mcp_tool": ("server_name", "tool_name", "arguments"),
    "access_mcp_resource": ("server_name", "uri"),
    "ask_followup_question": ("question", "options"),
    "new_task": ("mode", "message", "context"),
}
"""Tools, each with the names of its arguments."""

ANSWER = "attempt_completion"
LONG = frozenset({"content", "diff", "arguments"})
"""Arguments that may have closing tags in their text: they end at the last one."""

RESULT = re.compile(r"\[(\w+)(?: [^\n]*)?\] Result:\s*")
DENIED = re.compile(r"The user (denied this operation|rejected this operation)")
FAILED = re.compile(r"The tool execution failed with the following error:|Error executing ")
EXIT_CODE = re.compile(r"Command executed[^\n]*Exit code: (-?\d+)")
EDITED = "The user made the following updates to your content:"
FINAL = re.compile(r"<final_file_content[^>]*>\n(.*)\n</final_file_content>", re.DOTALL)
TASK = re.compile(r"\s*<task>\s*(.*?)\s*</task>", re.DOTALL)


class ClineAdapter:
    """Reads tasks of Cline and Roo Code."""

    name = "cline"
    description = "Cline or Roo Code task with XML calls (api_conversation_history.json)"
    coverage = Coverage(results="partly", approvals="partly", edits="partly", batches="no")

    def accepts(self, document: Any) -> bool:
        """Return whether a message has a call as XML, and the next one begins with its result."""
        messages = [as_object(message) for message in role_messages(document)[:50]]
        said = ["\n".join(_texts(message)) for message in messages if message.get("role") == "assistant"]
        called = {found[0] for text in said if (found := _call(text))}
        heard = [text for message in messages if message.get("role") == "user" for text in _texts(message)[:1]]
        answered = {match[1] for text in heard if (match := RESULT.match(text))}
        return bool(called & answered)

    def runs(self, trace: Trace) -> Iterator[Run]:
        """Yield the one run.

        :raises MalformedTrace: a message is not an object.
        """
        found, where = message_list(trace)
        conversation = Conversation(trace)
        last, times = "", []
        for message, place in require_objects(found, where):
            times.append(parse_time(message.get("ts")))
            if message.get("role") == "assistant":
                last = _read_answer(conversation, message, place)
            elif message.get("role") == "user":
                _read_user(conversation, message, place)
        yield conversation.finish(
            chat_run(trace, self.name, conversation.outcome(assistant_spoke_last=last == ANSWER), facts={}, times=times)
        )


def _texts(message: dict[str, Any]) -> list[str]:
    content = message.get("content")
    if isinstance(content, str):
        return [content]
    texts = [as_object(block).get("text") for block in as_list(content)]
    return [text for text in texts if isinstance(text, str)]


def _read_answer(conversation: Conversation, message: dict[str, Any], place: str) -> str:
    """Read a message of the model, and return the tool that it calls; empty if it calls none."""
    conversation.start_message()
    text = "\n".join(_texts(message))
    if (found := _call(text)) is None:
        return ANSWER if f"<{ANSWER}>" in text else ""
    tool, arguments = found
    server = None
    if tool == "use_mcp_tool":
        server, tool = str(arguments.get("server_name")), str(arguments.get("tool_name"))
        proposed = proposed_arguments(arguments.get("arguments"))
    else:
        proposed = arguments
    conversation.add_call(ToolCall(id="", tool=tool, server=server, proposed_arguments=proposed), place)
    return tool


def _call(text: str) -> tuple[str, dict[str, Any]] | None:
    """Return the first call in a text, with its arguments; ``None`` if there is none."""
    starts = [(at, tool) for tool in TOOLS if (at := text.find(f"<{tool}>")) >= 0]
    if not starts:
        return None
    at, tool = min(starts)
    start, end = at + len(tool) + 2, text.rfind(f"</{tool}>")
    inside = text[start : end if end >= start else len(text)]
    return tool, {name: value for name in TOOLS[tool] if (value := _argument(inside, name)) is not None}


def _argument(text: str, name: str) -> str | None:
    opening, closing = f"<{name}>", f"</{name}>"
    start = text.find(opening)
    end = text.rfind(closing) if name in LONG else text.find(closing, max(start, 0))
    if start < 0 or end < start:
        return None
    value = text[start + len(opening) : end]
    return value.removeprefix("\n").removesuffix("\n") if name in LONG else value.strip()


def _read_user(conversation: Conversation, message: dict[str, Any], place: str) -> None:
    texts = _texts(message)
    found = RESULT.match(texts[0]) if texts else None
    if found is None:
        task = TASK.match("\n".join(texts))
        conversation.start_turn(task[1] if task else "\n".join(texts) or None)
        return
    rest = texts[0][found.end() :]
    answer = rest or next(iter(texts[1:]), "")
    if conversation.has_pending_calls:
        conversation.add_result(_result(answer, conversation.calls[-1]), place)
    elif found[1] not in (ANSWER, "plan_mode_respond"):
        conversation.note(place, f"a result of {found[1]!r} without a call")


def _result(text: str, call: ToolCall) -> ToolResult:
    if DENIED.match(text):
        approval = Approval(state="denied", by="user", note=text)
        return ToolResult(outcome="denied", error=text, ran=False, approval=approval)
    code = EXIT_CODE.match(text)
    if FAILED.match(text) or (code and int(code[1]) != 0):
        return ToolResult(outcome="failed", error=text)
    if EDITED in text and isinstance(call.proposed_arguments, dict):
        final = FINAL.search(text)
        arguments = {**call.proposed_arguments, "content": final[1]} if final else "the user changed the content"
        return ToolResult(value=text, arguments=arguments, approval=Approval(state="edited", by="user"))
    return ToolResult(value=result_value(text), is_marked=code is not None)


ADAPTER = ClineAdapter()

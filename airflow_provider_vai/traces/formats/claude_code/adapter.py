"""Claude Code sessions (JSONL, or an object with ``loglines``), and the Claude Agent SDK's message stream.

Neither approvals of single calls nor changes of arguments by hooks are recorded: approvals are unknown except for
denials. The records of hooks are not read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow_provider_vai.languages import json_text
from airflow_provider_vai.languages.plural import plural
from airflow_provider_vai.model.run import Run
from airflow_provider_vai.traces.formats.claude_code.agents import by_agent, parents
from airflow_provider_vai.traces.formats.claude_code.lines import (
    Line,
    blocks,
    by_message,
    counted_lines,
    message_key,
    session_id,
    split_sessions,
    unwrapped,
)
from airflow_provider_vai.traces.formats.claude_code.session import MESSAGE_LINES, ClaudeCodeSession
from airflow_provider_vai.traces.formats.shared.content import total_usage, with_cached_tokens
from airflow_provider_vai.traces.reading.coverage import Coverage
from airflow_provider_vai.traces.reading.run_index import with_notes
from airflow_provider_vai.traces.reading.trace import Trace
from airflow_provider_vai.traces.reading.values import (
    as_object,
    parse_time,
    require_list,
    require_object,
    text_or_none,
)

MARKS_OF_CALLS = ("tool_use", "tool_result")
TITLES = {"summary": "summary", "ai-title": "aiTitle", "custom-title": "customTitle"}
"""Kinds of lines with the session's title, each with the title's key; the last kind takes precedence."""


class ClaudeCodeAdapter:
    """Reads Claude Code sessions."""

    name = "claude_code"
    description = "Claude Code session (JSONL, its folder, or loglines), or the Claude Agent SDK's messages"
    coverage = Coverage(approvals="partly", timing="partly")

    def accepts(self, document: Any) -> bool:
        """Return whether the document has log lines, or is a list with a user or assistant line of a session."""
        if isinstance(document, dict) and isinstance(document.get("loglines"), list):
            return True
        lines = document if isinstance(document, list) else [document]
        messages = (line for line in lines[:1000] if session_id(line) and line.get("type") in MESSAGE_LINES)
        return any("message" in line for line in messages)

    def line_key(self, line: Any) -> str | None:
        """Return the id of the session that a line belongs to. Never raises."""
        return session_id(line)

    def runs(self, trace: Trace) -> Iterator[Run]:
        """Yield a run for each session. A session that continues another one is one run with it.

        :raises MalformedTrace: a line, a message or a block breaks the format.
        """
        document, where = trace.document, f"{trace}: "
        if isinstance(document, dict):
            is_jsonl_text = "loglines" in document
            document, where = (document["loglines"], f"{where}loglines") if is_jsonl_text else ([document], where)
        kept, odd = _objects(require_list(document, where.removesuffix(": ")), where)
        lines = [(unwrapped(line), place) for line, place in kept]
        for group in split_sessions(lines):
            if any(line.get("type") in MESSAGE_LINES for line, _ in group):
                yield with_notes(_run(trace, group), [note.removeprefix(f"{trace}: ") for note in odd])


def _objects(lines: list[Any], where: str) -> tuple[list[Line], list[str]]:
    """Return the lines that are objects, and a note for each other line; one that may hold a call is refused."""
    kept: list[Line] = []
    odd: list[str] = []
    for number, line in enumerate(lines):
        place = f"{where}[{number}]"
        if isinstance(line, dict) or any(mark in json_text.canonical(line) for mark in MARKS_OF_CALLS):
            kept.append((require_object(line, place), place))
        else:
            odd.append(f"{place}: not an object; it was left out")
    return kept, odd


def _run(trace: Trace, lines: list[Line]) -> Run:
    conversation = ClaudeCodeSession(trace)
    agents = by_agent(lines)
    is_sub_agent = not any(lines[number][0].get("type") in MESSAGE_LINES for number in agents.get("", []))
    kept = lines
    if is_sub_agent:
        agents = {}  # a sub-agent's own file: here it is the main conversation
    else:
        kept = _counted(conversation, lines, agents)
        conversation.parents = parents(lines, agents)
    conversation.agents = {id(lines[number][0]): agent for agent, numbers in agents.items() for number in numbers}
    for line, place in by_message(kept):
        conversation.read(line, place)
    kept_lines = [line for line, _ in kept]
    times = sorted(at for line in kept_lines if (at := parse_time(line.get("timestamp"))) and at.tzinfo)
    answers = [line for line in kept_lines if line.get("type") == "assistant"]
    models = [require_object(line.get("message"), "").get("model") for line in answers]
    usages = {message_key(line) or number: _usage(line) for number, line in enumerate(kept_lines)}
    name = next((key for line in kept_lines if (key := session_id(line))), None)
    agent = text_or_none(kept_lines[0].get("agentId")) if is_sub_agent and kept_lines else None
    run = Run(
        id=f"{name or trace.fallback_id}/{agent}" if agent else name or trace.fallback_id,
        source="agent_run" if is_sub_agent else "chat_thread",
        format=ADAPTER.name,
        title=_title(lines),
        agent=agent,
        model=next((model for model in reversed(models) if text_or_none(model) and model != "<synthetic>"), None),
        started_at=times[0] if times else None,
        ended_at=times[-1] if times else None,
        outcome=conversation.session_outcome(),
        usage=total_usage(
            list(usages.values()), tokens=("input_tokens", "output_tokens"), costs=conversation.costs[-1:]
        ),
    )
    return conversation.finish(run)


def _counted(conversation: ClaudeCodeSession, lines: list[Line], agents: dict[str, list[int]]) -> list[Line]:
    """Return the lines that count: the main conversation's, and those of the sub-agents that it started."""
    main = [lines[number] for number in agents[""]]
    counted, broken = counted_lines(main)
    for place in broken:
        conversation.note(place, "its parent is not in the file; the line before it is used instead")
    kept = {id(line) for line, _ in counted}
    started = parents(lines, agents)
    abandoned = [(line, place) for line, place in main if id(line) not in kept]
    abandoned_calls = _call_ids(abandoned)
    count = len(abandoned_calls)
    for agent, numbers in agents.items():
        agent_lines = [lines[number] for number in numbers] if agent else []
        if started.get(agent) in abandoned_calls:
            abandoned_calls |= _call_ids(agent_lines)
        else:
            kept |= {id(line) for line, _ in agent_lines}
    if count:
        conversation.note(
            abandoned[0][1],
            f"a rewind abandoned this branch: its {plural(count, 'call ran but does', 'calls ran but do')} not count",
        )
    return [(line, place) for line, place in lines if id(line) in kept]


def _call_ids(lines: list[Line]) -> set[str]:
    ids = (text_or_none(block.get("id")) for line, _ in lines for block in blocks(line, "tool_use"))
    return {call_id for call_id in ids if call_id}


def _title(lines: list[Line]) -> str | None:
    titles = [line.get(key) for kind, key in TITLES.items() for line, _ in lines if line.get("type") == kind]
    return next((title for title in reversed(titles) if text_or_none(title)), None)


def _usage(line: dict[str, Any]) -> dict[str, Any]:
    usage = as_object(line.get("message")).get("usage") if line.get("type") == "assistant" else None
    return with_cached_tokens(usage) if isinstance(usage, dict) else {}


ADAPTER = ClaudeCodeAdapter()

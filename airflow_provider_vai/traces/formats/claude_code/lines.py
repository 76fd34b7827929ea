"""Which lines of a Claude Code file tell of the run that counted, and in which order.

A file is a tree: a rewind starts a branch at an older line, and what was left does not count. One message of the model
is several lines, and the results of its parallel calls hang each from its own line, so the way from the last line to
the first passes only one of them: the others are put back.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from airflow_provider_vai.traces.reading.values import text_or_none

Line = tuple[dict[str, Any], str]
"""A line, and its place in the file."""


def live(lines: list[Line]) -> tuple[list[Line], list[str]]:
    """Return the main conversation's lines that counted, and the places where a link led nowhere.

    Lines without an id cannot be on a branch: they all count, as does the whole file where nothing is linked.
    """
    by_id = {name: number for number, (line, _) in enumerate(lines) if (name := text_or_none(line.get("uuid")))}
    pointed_at = {parent for line, _ in lines if (parent := text_or_none(line.get("parentUuid")))}
    if not pointed_at & by_id.keys():
        return lines, []
    start = _leaf(lines, pointed_at)
    on_path, broken = _path(lines, by_id, start)
    kept = _put_back(lines, on_path)
    return [
        line for number, line in enumerate(lines) if number in kept or not text_or_none(line[0].get("uuid"))
    ], broken


def by_message(lines: Iterable[Line]) -> list[Line]:
    """Return the lines with each message of the model in one piece.

    A tool runs while its message still streams in, so that results stand between the lines of one message.
    """
    pieces: dict[int | str, list[Line]] = {}
    for number, (line, where) in enumerate(lines):
        pieces.setdefault(message_key(line) or number, []).append((line, where))
    return [line for piece in pieces.values() for line in piece]


def message_key(line: dict[str, Any]) -> str | None:
    """Return what the lines of one message of the model have in common."""
    message = line.get("message")
    found = message.get("id") if isinstance(message, dict) and line.get("type") == "assistant" else None
    return text_or_none(found)


def session(line: Any) -> str | None:
    """Return the session that a line names. Never raises."""
    found = [line.get(key) for key in ("sessionId", "session_id")] if isinstance(line, dict) else []
    return next(filter(text_or_none, found), None)


def sessions(lines: list[Line]) -> list[list[Line]]:
    """Return the lines by session, each line once: where one session goes on from a line of another, they are one.

    A line that names no session belongs to the one before it.
    """
    here = next((name for line, _ in lines if (name := session(line))), "")
    found: dict[str, list[Line]] = {}
    of_line: dict[str, str] = {}
    into: dict[str, str] = {}
    for line, where in lines:
        own, name = session(line) or here, text_or_none(line.get("uuid"))
        if name in of_line:  # a resumed session starts with a copy of the older one
            continue
        here, own = own, into.get(own, own)  # the name that the lines go by, and the run that they went into
        parent = text_or_none(line.get("parentUuid")) or text_or_none(line.get("logicalParentUuid"))
        if (older := of_line.get(parent or "", own)) != own:
            found[older] = found.get(older, []) + found.pop(own, [])
            into = {**{key: older if value == own else value for key, value in into.items()}, own: older}
            of_line = {key: older if value == own else value for key, value in of_line.items()}
            own = older
        found.setdefault(own, []).append((line, where))
        if name:
            of_line[name] = own
    return list(found.values())


def unwrapped(line: dict[str, Any]) -> dict[str, Any]:
    """Return a sub-agent's line that stands in its parent's progress report; any other line as it is."""
    data = line.get("data")
    inner = data.get("message") if line.get("type") == "progress" and isinstance(data, dict) else None
    if not isinstance(inner, dict):
        return line
    return {"sessionId": session(line), **inner, "parent_tool_use_id": line.get("parentToolUseID"), "isSidechain": True}


def blocks(line: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """Return the content blocks of one kind in a line."""
    message = line.get("message")
    content = message.get("content") if isinstance(message, dict) else None
    found = content if isinstance(content, list) else []
    return [block for block in found if isinstance(block, dict) and block.get("type") == kind]


def _leaf(lines: list[Line], pointed_at: set[str]) -> int:
    """Return the last line said in the conversation that no line follows, as the Agent SDK chooses it."""
    named = [(number, text_or_none(line.get("uuid"))) for number, (line, _) in enumerate(lines)]
    ends = [number for number, name in named if name and name not in pointed_at]
    said = [number for number in ends if lines[number][0].get("type") in ("user", "assistant")]
    people = [number for number in said if not any(lines[number][0].get(key) for key in ("isMeta", "teamName"))]
    return (people or said or ends or [len(lines) - 1])[-1]


def _path(lines: list[Line], by_id: dict[str, int], start: int) -> tuple[set[int], list[str]]:
    on_path: set[int] = set()
    broken: list[str] = []
    here: int | None = start
    while here is not None and here not in on_path:
        on_path.add(here)
        line, where = lines[here]
        parent = text_or_none(line.get("parentUuid")) or text_or_none(line.get("logicalParentUuid"))
        is_summary = line.get("subtype") == "compact_boundary" or line.get("isCompactSummary") is True
        if parent in by_id:
            here = by_id[parent]
        elif parent or is_summary:  # the line before it is the best that the file offers
            broken += [where] if parent else []
            here = here - 1 if here else None
        else:
            here = None
    return on_path, broken


def _put_back(lines: list[Line], on_path: set[int]) -> set[int]:
    messages = {key for number in on_path if (key := message_key(lines[number][0]))}
    kept = on_path | {number for number, (line, _) in enumerate(lines) if message_key(line) in messages}
    made = [lines[number][0] for number in kept]
    parents = {text_or_none(line.get("uuid")) for line in made if line.get("type") == "assistant"} - {None}
    asked = {text_or_none(block.get("id")) for line in made for block in blocks(line, "tool_use")} - {None}
    for number, (line, _) in enumerate(lines):
        answered = {text_or_none(block.get("tool_use_id")) for block in blocks(line, "tool_result")}
        if answered and (answered & asked or text_or_none(line.get("parentUuid")) in parents):
            kept.add(number)
    return kept

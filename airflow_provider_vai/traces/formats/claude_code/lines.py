"""Chooses the lines of a Claude Code file that belong to the run, and their order.

A file is a tree: a rewind starts a branch at an older line, and the abandoned branch does not count. One message of the
model is several lines, and each result of its parallel calls is a child of another one of them. The path from the last
line to the first passes only one of these results; the others are added to it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from airflow_provider_vai.traces.reading.values import PlacedObject, as_list, as_object, text_or_none

Line = PlacedObject


def counted_lines(lines: list[Line]) -> tuple[list[Line], list[str]]:
    """Return the main conversation's lines that count, and the places of links to missing lines.

    Lines without an id cannot be on a branch, so they all count. If no line links to another, all lines count.
    """
    by_id = {name: number for number, (line, _) in enumerate(lines) if (name := text_or_none(line.get("uuid")))}
    pointed_at = {parent for line, _ in lines if (parent := text_or_none(line.get("parentUuid")))}
    if not pointed_at & by_id.keys():
        return lines, []
    start = _last_line(lines, pointed_at)
    on_path, broken = _path(lines, by_id, start)
    kept = _with_parallel_results(lines, on_path)
    counted = [line for number, line in enumerate(lines) if number in kept or not text_or_none(line[0].get("uuid"))]
    return counted, broken


def by_message(lines: Iterable[Line]) -> list[Line]:
    """Return the lines reordered so that the lines of each message of the model are together.

    A tool runs while its message still streams in, so results may come between the lines of one message.
    """
    messages: dict[int | str, list[Line]] = {}
    for number, (line, where) in enumerate(lines):
        messages.setdefault(message_key(line) or number, []).append((line, where))
    return [line for message in messages.values() for line in message]


def message_key(line: dict[str, Any]) -> str | None:
    """Return the id that the lines of one message of the model share; ``None`` for other lines."""
    return text_or_none(as_object(line.get("message")).get("id")) if line.get("type") == "assistant" else None


def session_id(line: Any) -> str | None:
    """Return the id of the session that a line names. Never raises."""
    ids = [as_object(line).get(key) for key in ("sessionId", "session_id")]
    return next(filter(text_or_none, ids), None)


def split_sessions(lines: list[Line]) -> list[list[Line]]:
    """Return the lines of each run, each line once. A session that continues from a line of another is one run with it.

    A line that names no session belongs to the session of the line before it.
    """
    here = next((name for line, _ in lines if (name := session_id(line))), "")
    runs: dict[str, list[Line]] = {}  # by the id of the run's first session
    run_of: dict[str, str] = {}  # a line's id -> its run
    into: dict[str, str] = {}  # a session -> the run that it continues
    for line, where in lines:
        own, name = session_id(line) or here, text_or_none(line.get("uuid"))
        if name in run_of:  # a resumed session starts with a copy of the older one
            continue
        here, own = own, into.get(own, own)
        parent = text_or_none(line.get("parentUuid")) or text_or_none(line.get("logicalParentUuid"))
        if (older := run_of.get(parent or "", own)) != own:
            runs[older] = runs.get(older, []) + runs.pop(own, [])
            into = {**{key: older if value == own else value for key, value in into.items()}, own: older}
            run_of = {key: older if value == own else value for key, value in run_of.items()}
            own = older
        runs.setdefault(own, []).append((line, where))
        if name:
            run_of[name] = own
    return list(runs.values())


def unwrapped(line: dict[str, Any]) -> dict[str, Any]:
    """Return a sub-agent's line out of its parent's progress report; any other line unchanged."""
    data = line.get("data")
    inner = data.get("message") if line.get("type") == "progress" and isinstance(data, dict) else None
    if not isinstance(inner, dict):
        return line
    parent = line.get("parentToolUseID")
    return {"sessionId": session_id(line), **inner, "parent_tool_use_id": parent, "isSidechain": True}


def blocks(line: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """Return the content blocks of one kind in a line."""
    content = as_list(as_object(line.get("message")).get("content"))
    return [block for block in content if isinstance(block, dict) and block.get("type") == kind]


def _last_line(lines: list[Line], pointed_at: set[str]) -> int:
    """Return the number of the last line that no line follows, chosen as in the Agent SDK.

    Lines of a user or assistant are preferred to others, and among them those that are not the program's.
    """
    ids = [(number, text_or_none(line.get("uuid"))) for number, (line, _) in enumerate(lines)]
    ends = [number for number, name in ids if name and name not in pointed_at]
    messages = [number for number in ends if lines[number][0].get("type") in ("user", "assistant")]
    own = [number for number in messages if not any(lines[number][0].get(key) for key in ("isMeta", "teamName"))]
    return (own or messages or ends or [len(lines) - 1])[-1]


def _path(lines: list[Line], by_id: dict[str, int], start: int) -> tuple[set[int], list[str]]:
    """Return the numbers of the lines from ``start`` back to the first, and the places of broken links."""
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
        elif parent or is_summary:  # the parent is missing: continue with the line before
            broken += [where] if parent else []
            here = here - 1 if here else None
        else:
            here = None
    return on_path, broken


def _with_parallel_results(lines: list[Line], on_path: set[int]) -> set[int]:
    """Return the path with all lines of its messages and with the results of their calls."""
    messages = {key for number in on_path if (key := message_key(lines[number][0]))}
    kept = on_path | {number for number, (line, _) in enumerate(lines) if message_key(line) in messages}
    kept_lines = [lines[number][0] for number in kept]
    parents = {text_or_none(line.get("uuid")) for line in kept_lines if line.get("type") == "assistant"} - {None}
    call_ids = {text_or_none(block.get("id")) for line in kept_lines for block in blocks(line, "tool_use")} - {None}
    for number, (line, _) in enumerate(lines):
        result_ids = {text_or_none(block.get("tool_use_id")) for block in blocks(line, "tool_result")}
        if result_ids and (result_ids & call_ids or text_or_none(line.get("parentUuid")) in parents):
            kept.add(number)
    return kept

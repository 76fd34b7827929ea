"""Which recorded exchanges belong to one run: each request of a run tells the ones before it again."""

from __future__ import annotations

from typing import Any

from airflow_provider_vai.languages import json_text
from airflow_provider_vai.traces.formats.vcr.bodies import Exchange
from airflow_provider_vai.traces.reading.values import as_object

BLOCKS = frozenset({"tool_use", "server_tool_use", "mcp_tool_use"})


def split(exchanges: list[Exchange]) -> list[list[Exchange]]:
    """Return the runs, in the order in which they begin; their exchanges may be interleaved."""
    runs: list[list[Exchange]] = []
    for exchange in exchanges:
        before = next((run for run in reversed(runs) if _continues(run[-1], exchange)), None)
        if before is None:
            runs.append([exchange])
        else:
            before.append(exchange)
    return runs


def calls_in(messages: list[Any]) -> set[str]:
    """Return the tool calls in messages of any provider: their ids, or name and arguments where they have none."""
    found: set[str] = set()
    open_: list[Any] = [messages]
    while open_:
        part = open_.pop()
        if isinstance(part, list):
            open_ += part
        elif isinstance(part, dict):
            open_ += part.values()
            if name := _call(part):
                found.add(name)
    return found


def _call(part: dict[str, Any]) -> str | None:
    kind, asked = part.get("type"), part.get("functionCall", part.get("function_call"))
    if isinstance(asked, dict):  # Gemini, and the oldest form of chat
        return asked["id"] if isinstance(asked.get("id"), str) else json_text.canonical(asked)
    if isinstance(kind, str) and kind.endswith("_call") and isinstance(part.get("call_id"), str):
        return str(part["call_id"])
    is_block = isinstance(kind, str) and kind in BLOCKS
    is_call = is_block or (isinstance(part.get("function"), dict) and "arguments" in part["function"])
    return str(part["id"]) if is_call and isinstance(part.get("id"), str) else None


def _continues(last: Exchange, exchange: Exchange) -> bool:
    if exchange.previous is not None:
        return bool(exchange.previous == last.response.get("id"))
    if asked := calls_in(last.said):
        return asked <= calls_in(exchange.asked)
    if last.provider == exchange.provider:
        return len(exchange.asked) > len(last.asked) and exchange.asked[: len(last.asked)] == last.asked
    shared = calls_in(last.asked) & calls_in(exchange.asked)  # another provider was asked to go on
    return bool(shared) and _first_words(last.asked) == _first_words(exchange.asked)


def _first_words(messages: list[Any]) -> Any:
    """Return what the user said first."""
    first = next((message for message in map(as_object, messages) if message.get("role") == "user"), {})
    content = first.get("content", first.get("parts"))
    return as_object(content[0]).get("text") if isinstance(content, list) and content else content

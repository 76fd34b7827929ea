"""Splits recorded exchanges into runs: each request of a run repeats the messages of the requests before it."""

from __future__ import annotations

from typing import Any

from airflow_provider_vai.languages import json_text
from airflow_provider_vai.traces.formats.anthropic.messages import CALLS
from airflow_provider_vai.traces.formats.vcr.bodies import Exchange
from airflow_provider_vai.traces.reading.values import as_object


def split(exchanges: list[Exchange]) -> list[list[Exchange]]:
    """Return the runs in the order of their start; their exchanges may be interleaved.

    A request that the provider refused begins no run. It ends one only if no later request continues that run: its
    messages hold results that no other request has.
    """
    runs: list[list[Exchange]] = []
    calls = {id(exchange): _Calls(exchange) for exchange in exchanges}
    for exchange in exchanges:
        run = next((run for run in reversed(runs) if _continues(_answered(run), exchange, calls)), None)
        if run is None:
            if not exchange.failed:
                runs.append([exchange])
            continue
        if run[-1].failed:
            run.pop()
        run.append(exchange)
    return runs


class _Calls:
    """The tool calls in an exchange: ``asked`` in its request, ``proposed`` in its response."""

    def __init__(self, exchange: Exchange) -> None:
        self.asked = calls_in(exchange.request_messages)
        self.proposed = calls_in(exchange.response_messages)


def _answered(run: list[Exchange]) -> Exchange:
    """Return the last exchange of a run that the provider did not refuse."""
    return run[-2] if run[-1].failed else run[-1]


def calls_in(messages: list[Any]) -> set[str]:
    """Return the tool calls in messages of any provider: their ids, or their name and arguments without an id."""
    calls: set[str] = set()
    remaining: list[Any] = [messages]
    while remaining:
        part = remaining.pop()
        if isinstance(part, list):
            remaining += part
        elif isinstance(part, dict):
            remaining += part.values()
            if call := _call(part):
                calls.add(call)
    return calls


def _call(part: dict[str, Any]) -> str | None:
    kind, function = part.get("type"), part.get("functionCall", part.get("function_call"))
    if isinstance(function, dict):  # Gemini, and the oldest form of chat
        return function["id"] if isinstance(function.get("id"), str) else json_text.canonical(function)
    if isinstance(kind, str) and kind.endswith("_call") and isinstance(part.get("call_id"), str):
        return str(part["call_id"])
    is_block = isinstance(kind, str) and kind in CALLS
    is_call = is_block or (isinstance(part.get("function"), dict) and "arguments" in part["function"])
    return str(part["id"]) if is_call and isinstance(part.get("id"), str) else None


def _continues(last: Exchange, exchange: Exchange, calls: dict[int, _Calls]) -> bool:
    """Return whether an exchange continues the run whose last exchange is ``last``.

    :param calls: the calls in each exchange, by the exchange's identity.
    """
    if exchange.previous is not None:
        return bool(exchange.previous == last.response.get("id"))
    earlier, messages = last.request_messages, exchange.request_messages
    asked = calls[id(exchange)].asked
    if proposed := calls[id(last)].proposed:
        return proposed <= asked
    if last.provider == exchange.provider:
        return len(messages) > len(earlier) and messages[: len(earlier)] == earlier
    shared = calls[id(last)].asked & asked  # the run went on with another provider
    return bool(shared) and _first_user_text(earlier) == _first_user_text(messages)


def _first_user_text(messages: list[Any]) -> Any:
    """Return the text of the first user message."""
    first = next((message for message in map(as_object, messages) if message.get("role") == "user"), {})
    content = first.get("content", first.get("parts"))
    return as_object(content[0]).get("text") if isinstance(content, list) and content else content

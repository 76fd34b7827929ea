"""Response objects: finds them in logs, joins them from streams, and orders them into chains."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from airflow_provider_vai.traces.reading.values import as_list, as_object, place_inside, text_or_none

ENDINGS = frozenset({"response.completed", "response.failed", "response.incomplete"})
DELTAS = {
    "response.function_call_arguments.delta": "arguments",
    "response.mcp_call_arguments.delta": "arguments",
    "response.custom_tool_call_input.delta": "input",
    "response.code_interpreter_call_code.delta": "code",
}


@dataclass(frozen=True)
class ResponseExchange:
    """A Response, its place, and its request if the log has it."""

    response: dict[str, Any]
    place: str
    request: dict[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str | None:
        """The Response's id."""
        return text_or_none(self.response.get("id"))

    @property
    def previous(self) -> str | None:
        """The id of the Response before this one."""
        return text_or_none(self.response.get("previous_response_id"))

    @property
    def conversation(self) -> str | None:
        """The id of the conversation that it belongs to."""
        conversation = self.response.get("conversation")
        return text_or_none(conversation.get("id") if isinstance(conversation, dict) else conversation)

    @property
    def input(self) -> Any:
        """The request's input, text or items; a few stores keep it in the Response itself."""
        return self.request.get("input", self.response.get("input"))


def read_exchange(item: Any, place: str = "") -> ResponseExchange | None:
    """Return the Response in an item: bare, beside its request, in a batch's line, or in a stream's last event."""
    if not isinstance(item, dict):
        return None
    request = item.get("request")
    holder: Any = item
    for key in ("", "response", "body"):
        holder, place = (holder.get(key), place_inside(place, key)) if key else (holder, place)
        if not isinstance(holder, dict):
            return None
        if holder.get("object") == "response" and isinstance(holder.get("output"), list):
            return ResponseExchange(holder, place, as_object(request))
    return None


def is_stream(document: Any) -> bool:
    """Return whether a document is the list of events of one streamed Response. Never raises."""
    kinds = (event.get("type") for event in as_list(document)[:3] if isinstance(event, dict))
    return any(isinstance(kind, str) and kind.startswith("response.") for kind in kinds)


def read_stream(events: list[Any], place: str) -> Iterator[ResponseExchange]:
    """Yield the Responses of a stream: those in final events, and one joined from the deltas before a break."""
    items: dict[int, dict[str, Any]] = {}
    facts: dict[str, Any] = {}
    for number, event in enumerate(events):
        kind, index = text_or_none(event.get("type")) or "", event.get("output_index", 0)
        if kind in ENDINGS and (exchange := read_exchange(event, f"{place}[{number}]")):
            yield exchange
            items, facts = {}, {}
        elif kind == "response.created" and isinstance(event.get("response"), dict):
            facts = event["response"]
        elif isinstance(index, int) and isinstance(event.get("item"), dict):
            status = {"status": "incomplete"} if kind == "response.output_item.added" else {}
            items[index] = {**event["item"], **status}
        elif kind in DELTAS and isinstance(event.get("delta"), str) and isinstance(index, int) and index in items:
            items[index][DELTAS[kind]] = f"{items[index].get(DELTAS[kind]) or ''}{event['delta']}"
    if items:
        output = [items[index] for index in sorted(items)]
        yield ResponseExchange({**facts, "output": output, "status": "incomplete"}, f"{place}(joined)")


def chains(exchanges: Iterable[ResponseExchange]) -> Iterator[tuple[list[ResponseExchange], int]]:
    """Yield each chain of consecutive Responses, and the number of Responses on abandoned branches beside it.

    The chain that counts ends with the last Response in the file. Responses of one conversation are ordered by time.
    """
    exchanges = list(exchanges)
    previous = _previous(exchanges)
    root = {}
    for number in range(len(exchanges)):
        at, seen = number, {number}
        while (earlier := previous[at]) is not None and earlier not in seen:
            seen.add(earlier)
            at = earlier
        root[number] = min(seen) if earlier is not None else at
    for start in dict.fromkeys(root.values()):
        members = [number for number in root if root[number] == start]
        last = max(members, key=lambda number: (number not in previous, number))
        path = [last]
        while (earlier := previous[path[-1]]) is not None and earlier not in path:
            path.append(earlier)
        yield [exchanges[number] for number in reversed(path)], len(members) - len(path)


def _previous(exchanges: list[ResponseExchange]) -> list[int | None]:
    """Return the number of the Response before each Response.

    The Response itself names it; else it is the one whose calls the request repeats or answers, else the newest one of
    the same conversation.
    """
    numbers = {exchange.id: number for number, exchange in enumerate(exchanges) if exchange.id}
    proposed_by: dict[str, int] = {}
    newest: dict[str, int] = {}
    previous: list[int | None] = [None] * len(exchanges)
    for number in _by_time(exchanges):
        exchange = exchanges[number]
        repeated = [proposed_by[call_id] for call_id in _call_ids(exchange.input) if call_id in proposed_by]
        links = [numbers.get(exchange.previous or ""), *repeated[-1:], newest.get(exchange.conversation or "")]
        previous[number] = next((link for link in links if link not in (None, number)), None)
        proposed_by.update(dict.fromkeys(_call_ids(exchange.response["output"]), number))
        if exchange.conversation:
            newest[exchange.conversation] = number
    return previous


def _call_ids(items: Any) -> list[str]:
    ids = [item.get("call_id") for item in as_list(items) if isinstance(item, dict)]
    return [call_id for call_id in ids if isinstance(call_id, str)]


def _by_time(exchanges: list[ResponseExchange]) -> list[int]:
    """Return the numbers of the Responses by time; a Response without a time keeps its place in the file."""
    times: list[float] = []
    for exchange in exchanges:
        created = exchange.response.get("created_at")
        times.append(created if isinstance(created, (int, float)) else times[-1] if times else 0)
    return sorted(range(len(exchanges)), key=times.__getitem__)

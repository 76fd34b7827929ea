"""Response objects: how logs wrap them, how a stream spells one out, which of them follow one another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from airflow_provider_vai.traces.reading.values import text_or_none

ENDINGS = frozenset({"response.completed", "response.failed", "response.incomplete"})
DELTAS = {
    "response.function_call_arguments.delta": "arguments",
    "response.mcp_call_arguments.delta": "arguments",
    "response.custom_tool_call_input.delta": "input",
    "response.code_interpreter_call_code.delta": "code",
}


@dataclass(frozen=True)
class ResponseExchange:
    """A Response, its place, and the request that it answers where the log has it."""

    response: dict[str, Any]
    place: str
    request: dict[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str | None:
        """The Response's id."""
        return text_or_none(self.response.get("id"))

    @property
    def previous(self) -> str | None:
        """The id of the Response before it."""
        return text_or_none(self.response.get("previous_response_id"))

    @property
    def conversation(self) -> str | None:
        """The id of the conversation that it belongs to."""
        found = self.response.get("conversation")
        return text_or_none(found.get("id") if isinstance(found, dict) else found)

    @property
    def asked(self) -> Any:
        """What the model was told: text or items; a few stores keep it in the Response itself."""
        return self.request.get("input", self.response.get("input"))


def exchange(found: Any, place: str = "") -> ResponseExchange | None:
    """Return the Response in a record: bare, beside its request, in a batch's line or a stream's last event."""
    if not isinstance(found, dict):
        return None
    request, path = found.get("request"), place
    for key in ("", "response", "body"):
        found, path = (found.get(key), under(path, key)) if key else (found, path)
        if not isinstance(found, dict):
            return None
        if found.get("object") == "response" and isinstance(found.get("output"), list):
            return ResponseExchange(found, path, request if isinstance(request, dict) else {})
    return None


def under(place: str, key: str) -> str:
    """Return the place of what stands under a key."""
    return f"{place}{key}" if place.endswith(": ") else f"{place}.{key}"


def is_stream(found: Any) -> bool:
    """Return whether a list holds the events of one streamed Response. Never raises."""
    kinds = (event.get("type") for event in found[:3] if isinstance(event, dict)) if isinstance(found, list) else ()
    return any(isinstance(kind, str) and kind.startswith("response.") for kind in kinds)


def streamed(events: list[Any], place: str) -> Iterator[ResponseExchange]:
    """Yield the Responses that events spell out: the last event's, or what was said until the stream broke off."""
    told: dict[int, dict[str, Any]] = {}
    facts: dict[str, Any] = {}
    for number, event in enumerate(events):
        kind, at = text_or_none(event.get("type")) or "", event.get("output_index", 0)
        if kind in ENDINGS and (found := exchange(event, f"{place}[{number}]")):
            yield found
            told, facts = {}, {}
        elif kind == "response.created" and isinstance(event.get("response"), dict):
            facts = event["response"]
        elif isinstance(at, int) and isinstance(event.get("item"), dict):
            cut = {"status": "incomplete"} if kind == "response.output_item.added" else {}
            told[at] = {**event["item"], **cut}
        elif kind in DELTAS and isinstance(event.get("delta"), str) and isinstance(at, int) and at in told:
            told[at][DELTAS[kind]] = f"{told[at].get(DELTAS[kind]) or ''}{event['delta']}"
    if told:
        output = [told[at] for at in sorted(told)]
        yield ResponseExchange({**facts, "output": output, "status": "incomplete"}, f"{place}(joined)")


def chains(exchanges: Iterable[ResponseExchange]) -> Iterator[tuple[list[ResponseExchange], int]]:
    """Yield each chain of Responses that follow one another, and how many lie beside it on branches given up.

    The chain that counts ends with the last Response in the file; Responses of one conversation follow by time.
    """
    found = list(exchanges)
    before = _before(found)
    root = {}
    for number in range(len(found)):
        at, seen = number, {number}
        while (up := before[at]) is not None and up not in seen:
            seen.add(up)
            at = up
        root[number] = min(seen) if up is not None else at
    for start in dict.fromkeys(root.values()):
        members = [number for number in root if root[number] == start]
        leaf = max(members, key=lambda number: (number not in before, number))
        path = [leaf]
        while (up := before[path[-1]]) is not None and up not in path:
            path.append(up)
        yield [found[number] for number in reversed(path)], len(members) - len(path)


def _before(found: list[ResponseExchange]) -> list[int | None]:
    """Return for each Response the one before it: as it says itself, else by the calls that its request repeats or
    answers, else by its conversation."""
    numbers = {one.id: number for number, one in enumerate(found) if one.id}
    made: dict[str, int] = {}
    newest: dict[str, int] = {}
    before: list[int | None] = [None] * len(found)
    for number in _by_time(found):
        one = found[number]
        repeated = [made[name] for name in _call_ids(one.asked) if name in made]
        links = [numbers.get(one.previous or ""), *repeated[-1:], newest.get(one.conversation or "")]
        before[number] = next((link for link in links if link not in (None, number)), None)
        made.update(dict.fromkeys(_call_ids(one.response["output"]), number))
        if one.conversation:
            newest[one.conversation] = number
    return before


def _call_ids(items: Any) -> list[str]:
    found = [item.get("call_id") for item in items if isinstance(item, dict)] if isinstance(items, list) else []
    return [name for name in found if isinstance(name, str)]


def _by_time(found: list[ResponseExchange]) -> list[int]:
    """Return the positions by time; a Response without one follows what stands before it in the file."""
    times: list[float] = []
    for one in found:
        created = one.response.get("created_at")
        times.append(created if isinstance(created, (int, float)) else times[-1] if times else 0)
    return sorted(range(len(found)), key=times.__getitem__)

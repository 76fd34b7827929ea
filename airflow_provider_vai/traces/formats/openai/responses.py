"""OpenAI Responses: Response objects, alone or as a chain, and lists of Responses or Conversations items.

A Response holds what the model said, not what it was told: the outputs of local tools stand in the next request's
input, which some logs keep beside it. Approvals are there for hosted MCP tools only.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow_provider_vai.model.run import Run, RunOutcome
from airflow_provider_vai.traces.formats.openai.decisions import Allowed
from airflow_provider_vai.traces.formats.openai.items import HOSTED, LOCAL, ResponseItems, is_items, item_kind
from airflow_provider_vai.traces.formats.openai.response_chain import (
    ResponseExchange,
    chains,
    exchange,
    is_stream,
    streamed,
    under,
)
from airflow_provider_vai.traces.formats.shared.content import total_usage
from airflow_provider_vai.traces.formats.shared.conversation import Conversation
from airflow_provider_vai.traces.reading.trace import Coverage, Trace
from airflow_provider_vai.traces.reading.values import parse_time, require_objects, text_or_none

ENDS: dict[str | None, RunOutcome] = {
    None: "success",
    "completed": "success",
    "failed": "failed",
    "cancelled": "failed",
}
KEYS = ("data", "items", "input", "output")


class OpenAIResponsesAdapter:
    """Reads OpenAI Responses and their items."""

    name = "openai_responses"
    description = "OpenAI Responses: Response objects, a log, batch or stream of them, or a list of items"
    coverage = Coverage(results="partly", approvals="partly")

    def accepts(self, document: Any) -> bool:
        """Return whether the document is a Response, a list of them or of their events, or a list of items."""
        first = document[0] if isinstance(document, list) and document else document
        return exchange(first) is not None or is_stream(document) or is_items(_items(document)[0])

    def line_key(self, record: Any) -> str | None:
        """Return the name of a batch's line; other Responses are told apart by reading all of them."""
        is_line = isinstance(record, dict) and exchange(record) is not None
        return text_or_none(record.get("custom_id")) if is_line else None

    def runs(self, trace: Trace) -> Iterator[Run]:
        """Yield a run for each chain of Responses, or the one run of the items.

        :raises MalformedTrace: a Response or an item breaks the format.
        """
        found = list(_exchanges(trace))
        if not found:
            yield _items_run(trace)
        for chain, beside in chains(found):
            yield _chain_run(trace, chain, beside)


def _exchanges(trace: Trace) -> Iterator[ResponseExchange]:
    if is_stream(trace.document):
        yield from streamed([event for event, _ in require_objects(trace.document, f"{trace}: ")], f"{trace}: ")
        return
    listed = trace.document if isinstance(trace.document, list) else [trace.document]
    for number, item in enumerate(listed):
        if one := exchange(item, f"{trace}: [{number}]" if isinstance(trace.document, list) else f"{trace}: "):
            yield one


def _items_run(trace: Trace) -> Run:
    items, key = _items(trace.document)
    conversation = Conversation(trace)
    listed = list(require_objects(items, f"{trace}: {key}"))
    if _is_newest_first(items):
        listed.reverse()
    reader = ResponseItems(conversation)
    for item, place in listed:
        reader.read(item, place)
    if key and trace.document.get("has_more") is True:
        conversation.note(f"{trace}: {key}", "the list goes on: this is one page of it")
    outcome: RunOutcome = "success" if reader.assistant_spoke_last else "unknown"
    return conversation.finish(Run(id=trace.fallback_id, source="chat_thread", format=ADAPTER.name, outcome=outcome))


def _is_newest_first(items: list[Any]) -> bool:
    """Return whether outputs stand before their calls, as the API lists items when nothing else is asked for."""
    seen: set[Any] = set()
    for item in items:
        call_id = text_or_none(item.get("call_id"))
        if item_kind(item) in LOCAL and call_id in seen:
            return True
        if item_kind(item) in LOCAL:
            return False
        seen.add(call_id)
    return False


def _chain_run(trace: Trace, chain: list[ResponseExchange], beside: int) -> Run:
    conversation = Conversation(trace)
    reader = ResponseItems(conversation, Allowed(one.response for one in chain))
    start = max((number for number, one in enumerate(chain) if _repeats(one)), default=0)
    for one in chain[start:]:
        _read_exchange(conversation, reader, one)
    first, last = chain[0], chain[-1]
    if first.previous and not _repeats(chain[start]):
        conversation.note(first.place, f"the Response before it, {first.previous!r}, is not in this file")
    if beside:
        conversation.note(first.place, f"branches that were given up hold more Responses: {beside}")
    ended = ENDS.get(text_or_none(last.response.get("status")), "unknown")
    spent = [one.response["usage"] for one in chain if isinstance(one.response.get("usage"), dict)]
    run = Run(
        id=first.conversation or first.id or trace.fallback_id,
        source="chat_thread",
        format=ADAPTER.name,
        model=text_or_none(last.response.get("model")),
        started_at=parse_time(first.response.get("created_at")),
        ended_at=parse_time(last.response.get("completed_at")),
        outcome="unknown" if ended == "success" and not reader.assistant_spoke_last else ended,
        usage=total_usage(spent, tokens=("input_tokens", "output_tokens"), costs=[]),
    )
    return conversation.finish(run)


def _read_exchange(conversation: Conversation, reader: ResponseItems, one: ResponseExchange) -> None:
    for holder in (one.request, one.response):
        if isinstance(holder.get("instructions"), str):
            conversation.add_system_text(holder["instructions"])
    if isinstance(one.asked, str):
        conversation.start_turn(one.asked)
    elif one.asked is not None:
        for item, place in require_objects(one.asked, under(one.place, "input")):
            reader.read(item, place)
    conversation.start_message()
    for item, place in require_objects(one.response.get("output"), under(one.place, "output")):
        reader.read(item, place)


def _repeats(one: ResponseExchange) -> bool:
    """Return whether a request tells the model its own earlier words and calls: then nothing before it is needed."""
    asked = one.asked if isinstance(one.asked, list) else []
    return any(item_kind(item) in LOCAL or item_kind(item) in HOSTED for item in asked)


def _items(document: Any) -> tuple[Any, str]:
    """Return the list of items in a document, and the key that it stands under."""
    if not isinstance(document, dict):
        return document, ""
    return next(((document[key], key) for key in KEYS if is_items(document.get(key))), (document.get("data"), "data"))


ADAPTER = OpenAIResponsesAdapter()

"""OpenAI Responses: Response objects, alone or as a chain, and lists of Responses or Conversations items.

A Response holds only the model's output. The outputs of local tools are in the next request's input, which some logs
keep beside the Response. Approvals are recorded only for hosted MCP tools.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow_provider_vai.model.run import Run, RunOutcome
from airflow_provider_vai.traces.formats.openai.decisions import McpRules
from airflow_provider_vai.traces.formats.openai.items import HOSTED, LOCAL, ResponseItems, is_items, item_kind
from airflow_provider_vai.traces.formats.openai.response_chain import (
    ResponseExchange,
    chains,
    is_stream,
    read_exchange,
    read_stream,
)
from airflow_provider_vai.traces.formats.shared.content import total_usage
from airflow_provider_vai.traces.formats.shared.conversation import Conversation, chat_run
from airflow_provider_vai.traces.reading.coverage import Coverage
from airflow_provider_vai.traces.reading.trace import Trace
from airflow_provider_vai.traces.reading.values import as_list, parse_time, place_inside, require_objects, text_or_none

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
        return read_exchange(first) is not None or is_stream(document) or is_items(_items(document)[0])

    def line_key(self, record: Any) -> str | None:
        """Return the id of a batch's line; ``None`` for other Responses, whose chain needs the whole file."""
        is_line = isinstance(record, dict) and read_exchange(record) is not None
        return text_or_none(record.get("custom_id")) if is_line else None

    def runs(self, trace: Trace) -> Iterator[Run]:
        """Yield a run for each chain of Responses, or the one run of the items.

        :raises MalformedTrace: a Response or an item breaks the format.
        """
        exchanges = list(_exchanges(trace))
        if not exchanges:
            yield _items_run(trace)
        for chain, abandoned in chains(exchanges):
            yield _chain_run(trace, chain, abandoned)


def _exchanges(trace: Trace) -> Iterator[ResponseExchange]:
    if is_stream(trace.document):
        yield from read_stream([event for event, _ in require_objects(trace.document, f"{trace}: ")], f"{trace}: ")
        return
    is_list = isinstance(trace.document, list)
    for number, item in enumerate(trace.document if is_list else [trace.document]):
        if exchange := read_exchange(item, f"{trace}: [{number}]" if is_list else f"{trace}: "):
            yield exchange


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
        conversation.note(f"{trace}: {key}", "the list continues: this is one page of it")
    outcome: RunOutcome = "success" if reader.assistant_spoke_last else "unknown"
    return conversation.finish(chat_run(trace, ADAPTER.name, outcome, facts={}))


def _is_newest_first(items: list[Any]) -> bool:
    """Return whether outputs come before their calls, which is the API's default order of items."""
    seen: set[Any] = set()
    for item in items:
        call_id = text_or_none(item.get("call_id"))
        if item_kind(item) in LOCAL:
            return call_id in seen
        if call_id:
            seen.add(call_id)
    return False


def _chain_run(trace: Trace, chain: list[ResponseExchange], abandoned: int) -> Run:
    conversation = Conversation(trace)
    reader = ResponseItems(conversation, McpRules(exchange.response for exchange in chain))
    start = max((number for number, exchange in enumerate(chain) if _repeats(exchange)), default=0)
    for exchange in chain[start:]:
        _read_exchange(conversation, reader, exchange)
    first, last = chain[0], chain[-1]
    if first.previous and not _repeats(chain[start]):
        conversation.note(first.place, f"the Response before it, {first.previous!r}, is not in this file")
    if abandoned:
        conversation.note(first.place, f"abandoned branches hold {abandoned} more Responses")
    ended = ENDS.get(text_or_none(last.response.get("status")), "unknown")
    usages = [exchange.response["usage"] for exchange in chain if isinstance(exchange.response.get("usage"), dict)]
    run = chat_run(
        trace,
        ADAPTER.name,
        "unknown" if ended == "success" and not reader.assistant_spoke_last else ended,
        facts={"model": last.response.get("model")},
        ids=[first.conversation, first.id],
        span=(parse_time(first.response.get("created_at")), parse_time(last.response.get("completed_at"))),
        usage=total_usage(usages, tokens=("input_tokens", "output_tokens"), costs=[]),
    )
    return conversation.finish(run)


def _read_exchange(conversation: Conversation, reader: ResponseItems, exchange: ResponseExchange) -> None:
    for holder in (exchange.request, exchange.response):
        if isinstance(holder.get("instructions"), str):
            conversation.add_system_text(holder["instructions"])
    if isinstance(exchange.input, str):
        conversation.start_turn(exchange.input)
    elif exchange.input is not None:
        for item, place in require_objects(exchange.input, place_inside(exchange.place, "input")):
            reader.read(item, place)
    conversation.start_message()
    for item, place in require_objects(exchange.response.get("output"), place_inside(exchange.place, "output")):
        reader.read(item, place)


def _repeats(exchange: ResponseExchange) -> bool:
    """Return whether a request repeats the model's earlier calls: then nothing before it needs to be read."""
    return any(item_kind(item) in LOCAL or item_kind(item) in HOSTED for item in as_list(exchange.input))


def _items(document: Any) -> tuple[Any, str]:
    """Return the list of items in a document, and its key; an empty key if the list is the document."""
    if not isinstance(document, dict):
        return document, ""
    return next(((document[key], key) for key in KEYS if is_items(document.get(key))), (document.get("data"), "data"))


ADAPTER = OpenAIResponsesAdapter()

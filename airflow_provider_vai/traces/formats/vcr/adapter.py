"""VCR cassettes (YAML or JSON) of traffic with OpenAI, Anthropic and Gemini models.

The last request of a run repeats everything before it, so only that request and its response are read; a chain that
relies on the provider's memory is read from its start. Compressed bodies are unpacked. Of the headers only
``Content-Encoding`` is read, because the others hold keys and cookies. The formats have no approvals, and some have no
mark for failures.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow_provider_vai.exceptions import MalformedTrace
from airflow_provider_vai.languages.plural import plural
from airflow_provider_vai.model.run import Run, RunOutcome
from airflow_provider_vai.secrets.masking import mask
from airflow_provider_vai.traces.formats.anthropic.messages import read_message
from airflow_provider_vai.traces.formats.google_adk.parts import Contents, snake, text_of_parts
from airflow_provider_vai.traces.formats.openai.chat import read_messages
from airflow_provider_vai.traces.formats.openai.items import ResponseItems
from airflow_provider_vai.traces.formats.shared.content import total_usage
from airflow_provider_vai.traces.formats.shared.conversation import Conversation
from airflow_provider_vai.traces.formats.vcr.bodies import MESSAGES_KEY, NOT_SUCCESSFUL, Exchange, read_exchange
from airflow_provider_vai.traces.formats.vcr.runs import calls_in, split
from airflow_provider_vai.traces.reading.coverage import Coverage
from airflow_provider_vai.traces.reading.files import LIMIT_BYTES
from airflow_provider_vai.traces.reading.packed import PackedText
from airflow_provider_vai.traces.reading.trace import Trace
from airflow_provider_vai.traces.reading.values import (
    PlacedObject,
    as_object,
    parse_json,
    require_object,
    require_objects,
    text_or_none,
)

TOKENS = (
    *("input_tokens", "output_tokens", "prompt_tokens", "completion_tokens"),
    *("promptTokenCount", "candidatesTokenCount"),
)
FRAME_TYPES = {"sent": "conversation.item.create", "received": "response.output_item.done"}
"""The types of websocket frames that add to a realtime conversation, by direction."""


class VCRCassetteAdapter:
    """Reads VCR cassettes of model traffic."""

    name = "vcr_cassette"
    description = "VCR cassette (YAML or JSON) of OpenAI, Anthropic or Gemini traffic"
    coverage = Coverage(results="partly")

    def accepts(self, document: Any) -> bool:
        """Return whether the document has a version and a list of recorded interactions."""
        interactions = as_object(document).get("interactions")
        first = as_object(interactions[0]) if isinstance(interactions, list) and interactions else {}
        return "version" in as_object(document) and ({"request", "response"} <= first.keys() or "direction" in first)

    def runs(self, trace: Trace) -> Iterator[Run]:
        """Yield a run for each conversation in the cassette.

        :raises MalformedTrace: an interaction or a message breaks its format.
        :raises LibraryMissing: nothing can be read without a library that unpacks the bodies.
        """
        document = require_object(trace.document, str(trace))
        interactions = list(require_objects(document.get("interactions"), f"{trace}: interactions"))
        frames = [(item, place) for item, place in interactions if "direction" in item]
        if frames:
            yield _socket(trace, frames)
        http = [(item, place) for item, place in interactions if "direction" not in item]
        packed = PackedText(LIMIT_BYTES)
        exchanges = [(read_exchange(item, place, packed), place) for item, place in http]
        runs = split([exchange for exchange, _ in exchanges if exchange and exchange.provider])
        others = [
            (place, exchange.problem if exchange else NOT_SUCCESSFUL)
            for exchange, place in exchanges
            if exchange is None or exchange.problem
        ]
        if not runs and not frames:
            for exchange, _ in exchanges:
                if exchange and exchange.missing:
                    raise exchange.missing
            raise MalformedTrace(
                f"holds no successful request to OpenAI, Anthropic or Gemini that has messages{_addresses(http)}",
                where=f"{trace}: interactions",
                remedy="Record the agent's chat, Responses, Messages or generateContent requests, with their bodies.",
            )
        for number, run in enumerate(runs, 1):
            yield _run(trace, run, f"#{number}" if len(runs) > 1 else "", others if number == 1 else [])


def _addresses(http: list[PlacedObject]) -> str:
    """Return where the first requests went, without what follows the path, which may hold keys; empty if unknown."""
    urls = [as_object(item.get("request")).get("uri") for item, _ in http]
    found = dict.fromkeys(mask(url.partition("?")[0])[:80] for url in urls if isinstance(url, str))
    return f"; its requests go to {', '.join(list(found)[:3])}" if found else ""


Problems = list[tuple[str, str]]
"""Exchanges that could not be read in full: their place, and why."""


def _run(trace: Trace, run: list[Exchange], suffix: str, others: Problems) -> Run:
    conversation, last = Conversation(trace), run[-1]
    start = max((number for number, exchange in enumerate(run) if exchange.previous is None), default=0)
    for exchange in run[start:]:
        _read(conversation, exchange)
    read, unread = (calls_in([exchange.messages for exchange in part]) for part in (run[start:], run[:start]))
    if hidden := unread - read:
        conversation.note(
            last.place,
            f"{plural(len(hidden), 'call of an earlier request is', 'calls of earlier requests are')} "
            f"not repeated in the last one",
        )
    for place, problem in others:
        conversation.note(place, problem)
    usages = [as_object(exchange.response.get("usage") or exchange.response.get("usageMetadata")) for exchange in run]
    response = last.response
    is_answer = bool(last.response_messages) and not calls_in(last.response_messages)
    return conversation.finish(
        Run(
            id=trace.fallback_id + suffix,
            source="agent_run",
            format=ADAPTER.name,
            model=text_or_none(response.get("model")) or text_or_none(response.get("modelVersion")),
            outcome=conversation.outcome(assistant_spoke_last=is_answer),
            usage=total_usage(usages, tokens=TOKENS, costs=[]),
        )
    )


def _read(conversation: Conversation, exchange: Exchange) -> None:
    """Read the messages of a request, and of its response after them."""
    request, response = f"{exchange.place}.request.{MESSAGES_KEY[exchange.provider]}", f"{exchange.place}.response"
    conversation.add_system_text(_instructions(conversation, exchange))
    messages = [(message, f"{request}[{index}]") for index, message in enumerate(exchange.request_messages)]
    messages += [(message, f"{response}[{index}]") for index, message in enumerate(exchange.response_messages)]
    items, contents = ResponseItems(conversation), Contents(conversation)
    conversation.start_message()
    for message, place in messages:
        match exchange.provider:
            case "chat":
                read_messages(conversation, [message], place)
            case "anthropic":
                read_message(conversation, require_object(message, place), place)
            case "responses":
                items.read(require_object(message, place), place)
            case _:
                contents.read(require_object(message, place), place)


def _instructions(conversation: Conversation, exchange: Exchange) -> str | None:
    content = next((exchange.request[key] for key in ("system", "instructions") if exchange.request.get(key)), None)
    if exchange.provider != "gemini":
        return conversation.text_of(content, f"{exchange.place}.request")
    parts = as_object(snake(exchange.request).get("system_instruction")).get("parts")
    return text_of_parts([(snake(as_object(part)), "") for part in parts]) if isinstance(parts, list) else None


def _socket(trace: Trace, frames: list[tuple[dict[str, Any], str]]) -> Run:
    conversation, model = Conversation(trace), None
    items = ResponseItems(conversation)
    for frame, place in frames:
        data = frame.get("data")
        event = as_object(parse_json(data) if isinstance(data, str) else data)
        session = as_object(event.get("session"))
        model = text_or_none(session.get("model")) or model
        if frame.get("direction") == "sent":
            conversation.add_system_text(text_or_none(session.get("instructions")))
        if event.get("type") == FRAME_TYPES.get(str(frame.get("direction"))):
            items.read(require_object(event.get("item"), f"{place}.data.item"), f"{place}.data.item")
        elif event.get("type") == "response.created":
            conversation.start_message()
    outcome: RunOutcome = "success" if items.assistant_spoke_last else "unknown"
    return conversation.finish(
        Run(id=trace.fallback_id, source="agent_run", format=ADAPTER.name, model=model, outcome=outcome)
    )


ADAPTER = VCRCassetteAdapter()

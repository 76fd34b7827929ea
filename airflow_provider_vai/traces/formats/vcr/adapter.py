"""VCR cassettes (YAML or JSON) of traffic with OpenAI, Anthropic and Gemini models.

The last request of a run tells everything before it, so it is read together with its answer; a chain that leans on
the provider's memory is read from its start. Headers are not looked at: they hold keys and cookies. The formats
have no approval, and some no error flag.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow_provider_vai.exceptions import MalformedTrace
from airflow_provider_vai.model.run import Run
from airflow_provider_vai.traces.formats.anthropic.messages import read_message
from airflow_provider_vai.traces.formats.google_adk.parts import Contents, snake, text_of_parts
from airflow_provider_vai.traces.formats.openai.chat import read_messages
from airflow_provider_vai.traces.formats.openai.items import ResponseItems
from airflow_provider_vai.traces.formats.shared.content import total_usage
from airflow_provider_vai.traces.formats.shared.conversation import Conversation
from airflow_provider_vai.traces.formats.vcr.bodies import ASKED, Exchange, exchange
from airflow_provider_vai.traces.formats.vcr.runs import calls_in, split
from airflow_provider_vai.traces.reading.trace import Coverage, Trace
from airflow_provider_vai.traces.reading.values import (
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
SPOKEN = {"sent": "conversation.item.create", "received": "response.output_item.done"}
"""The frames of a realtime websocket that add to the conversation, by direction."""


class VCRCassetteAdapter:
    """Reads VCR cassettes of model traffic."""

    name = "vcr_cassette"
    description = "VCR cassette (YAML or JSON) of OpenAI, Anthropic or Gemini traffic"
    coverage = Coverage(results="partly")

    def accepts(self, document: Any) -> bool:
        """Return whether the document is a list of recorded interactions with its version."""
        found = document.get("interactions") if isinstance(document, dict) else None
        first = as_object(found[0]) if isinstance(found, list) and found else {}
        return "version" in as_object(document) and ({"request", "response"} <= first.keys() or "direction" in first)

    def runs(self, trace: Trace) -> Iterator[Run]:
        """Yield a run for each conversation in the cassette.

        :raises MalformedTrace: an interaction or a message breaks its format.
        """
        document = require_object(trace.document, str(trace))
        found = list(require_objects(document.get("interactions"), f"{trace}: interactions"))
        frames = [(item, place) for item, place in found if "direction" in item]
        if frames:
            yield _socket(trace, frames)
        http = [(item, place) for item, place in found if "direction" not in item]
        exchanges = [(exchange(item, place), place) for item, place in http]
        runs = split([one for one, _ in exchanges if one])
        others = [place for one, place in exchanges if one is None]
        if not runs and not frames:
            raise MalformedTrace(
                "holds no successful request to OpenAI, Anthropic or Gemini",
                where=f"{trace}: interactions",
                remedy="Record the traffic with the model, with bodies as text.",
            )
        for number, run in enumerate(runs, 1):
            yield _run(trace, run, f"#{number}" if len(runs) > 1 else "", others if number == 1 else [])


def _run(trace: Trace, run: list[Exchange], suffix: str, others: list[str]) -> Run:
    conversation, last = Conversation(trace), run[-1]
    start = max((number for number, one in enumerate(run) if one.previous is None), default=0)
    for one in run[start:]:
        _read(conversation, one)
    told = calls_in([[one.asked, one.said] for one in run[start:]])
    hidden = calls_in([[one.asked, one.said] for one in run[:start]]) - told
    if hidden:
        conversation.note(last.place, f"{len(hidden)} calls of earlier requests are not told again in the last")
    for place in others:
        conversation.note(place, "no successful request to a model that is known here")
    spent = [as_object(one.response.get("usage") or one.response.get("usageMetadata")) for one in run]
    response = last.response
    return conversation.finish(
        Run(
            id=trace.fallback_id + suffix,
            source="agent_run",
            format=ADAPTER.name,
            model=text_or_none(response.get("model")) or text_or_none(response.get("modelVersion")),
            outcome=conversation.outcome(assistant_spoke_last=bool(last.said) and not calls_in(last.said)),
            usage=total_usage(spent, tokens=TOKENS, costs=[]),
        )
    )


def _read(conversation: Conversation, one: Exchange) -> None:
    """Tell what a request says, and its answer after it."""
    asked, said = f"{one.place}.request.{ASKED[one.provider]}", f"{one.place}.response"
    conversation.add_system_text(_instructions(conversation, one))
    parts = [(message, f"{asked}[{index}]") for index, message in enumerate(one.asked)]
    parts += [(message, f"{said}[{index}]") for index, message in enumerate(one.said)]
    items, contents = ResponseItems(conversation), Contents(conversation)
    conversation.start_message()
    for message, place in parts:
        match one.provider:
            case "chat":
                read_messages(conversation, [message], place)
            case "anthropic":
                read_message(conversation, require_object(message, place), place)
            case "responses":
                items.read(require_object(message, place), place)
            case _:
                contents.read(require_object(message, place), place)


def _instructions(conversation: Conversation, one: Exchange) -> str | None:
    given = next((one.request[key] for key in ("system", "instructions") if one.request.get(key)), None)
    if one.provider != "gemini":
        return conversation.text_of(given, f"{one.place}.request")
    parts = as_object(snake(one.request).get("system_instruction")).get("parts")
    return text_of_parts([(snake(as_object(part)), "") for part in parts]) if isinstance(parts, list) else None


def _socket(trace: Trace, frames: list[tuple[dict[str, Any], str]]) -> Run:
    conversation, model = Conversation(trace), None
    items = ResponseItems(conversation)
    for frame, place in frames:
        data = frame.get("data")
        told = as_object(parse_json(data) if isinstance(data, str) else data)
        session = as_object(told.get("session"))
        model = text_or_none(session.get("model")) or model
        if frame.get("direction") == "sent":
            conversation.add_system_text(text_or_none(session.get("instructions")))
        if told.get("type") == SPOKEN.get(str(frame.get("direction"))):
            items.read(require_object(told.get("item"), f"{place}.data.item"), f"{place}.data.item")
        elif told.get("type") == "response.created":
            conversation.start_message()
    outcome = "success" if items.assistant_spoke_last and not conversation.has_pending_calls else "unknown"
    return conversation.finish(
        Run(id=trace.fallback_id, source="agent_run", format=ADAPTER.name, model=model, outcome=outcome)
    )


ADAPTER = VCRCassetteAdapter()

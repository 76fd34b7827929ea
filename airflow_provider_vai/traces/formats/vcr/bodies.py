"""The bodies of recorded model requests: their provider, their messages, and the messages of the response."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from airflow_provider_vai.traces.formats.vcr.streams import JOIN
from airflow_provider_vai.traces.reading.values import as_list, as_object, parse_json

MESSAGES_KEY = {"gemini": "contents", "responses": "input", "chat": "messages", "anthropic": "messages"}
"""The key under which each provider's requests hold the conversation so far."""


@dataclass(frozen=True)
class Exchange:
    """One request to a model and its response.

    ``response_messages`` is the response in the form of the request's messages: one more message, or several items.
    """

    provider: str
    place: str
    request: dict[str, Any]
    response: dict[str, Any]
    request_messages: list[Any]
    response_messages: list[Any] = field(default_factory=list)

    @property
    def messages(self) -> list[Any]:
        """The messages of the request and of the response."""
        return [self.request_messages, self.response_messages]

    @property
    def previous(self) -> Any:
        """The id of the Response that this request continues; the provider keeps the messages before it."""
        return self.request.get("previous_response_id")


def read_exchange(interaction: dict[str, Any], place: str) -> Exchange | None:
    """Return the exchange in an HTTP interaction; ``None`` if it is not a successful model request. Never raises."""
    status = as_object(as_object(interaction.get("response")).get("status")).get("code", 200)
    request, response_body = (_body(as_object(interaction.get(side))) for side in ("request", "response"))
    if not isinstance(request, dict) or status != 200:
        return None
    provider = _provider(request, response_body)
    if provider is None:
        return None
    response = JOIN[provider](response_body) if isinstance(response_body, list) else as_object(response_body)
    messages = request.get(MESSAGES_KEY[provider])
    if isinstance(messages, str):  # the short form of one user message
        messages = [{"role": "user", "content": messages}]
    return Exchange(provider, place, request, response, as_list(messages), _response_messages(provider, response))


def _body(side: dict[str, Any]) -> Any:
    """Return a body: an object, the list of a stream's events, or text that is neither."""
    body = side.get("parsed_body", side.get("body"))
    if isinstance(body, dict) and "string" in body:
        body = body["string"]
    if not isinstance(body, str):
        return body
    parsed = parse_json(body)
    if not isinstance(parsed, str):
        return parsed
    lines = [line.removeprefix("data:") for line in body.splitlines() if line.startswith("data:")]
    events = [event for line in lines if isinstance(event := parse_json(line), dict)]
    return events or body


def _provider(request: dict[str, Any], response_body: Any) -> str | None:
    """Return the provider, recognised by keys that only its bodies have; ``None`` if it is unknown."""
    first = (
        next((event for event in response_body if isinstance(event, dict)), {})
        if isinstance(response_body, list)
        else as_object(response_body)
    )
    if "contents" in request:
        return "gemini"
    if "input" in request and (first.get("object") == "response" or "response" in first):
        return "responses"
    if "messages" not in request:
        return None
    if "choices" in first:
        return "chat"
    return "anthropic" if first.get("type") in ("message", "message_start") else None


def _response_messages(provider: str, response: dict[str, Any]) -> list[Any]:
    if provider == "responses":
        return as_list(response.get("output"))
    if provider == "anthropic":
        return [{"role": "assistant", "content": response.get("content")}] if "content" in response else []
    key, inner = ("candidates", "content") if provider == "gemini" else ("choices", "message")
    choices = response.get(key)
    first = as_object(choices[0]) if isinstance(choices, list) and choices else {}
    return [first[inner]] if isinstance(first.get(inner), dict) else []

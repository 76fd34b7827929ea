"""The bodies of recorded model requests: whose they are, what was asked, what was answered."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from airflow_provider_vai.traces.formats.vcr.streams import JOIN
from airflow_provider_vai.traces.reading.values import as_object, parse_json

ASKED = {"gemini": "contents", "responses": "input", "chat": "messages", "anthropic": "messages"}
"""Where each provider's requests hold the conversation so far."""


@dataclass(frozen=True)
class Exchange:
    """One request to a model and its answer.

    ``asked`` are the messages of the request, ``said`` the answer as one more item or several of the same kind.
    """

    provider: str
    place: str
    request: dict[str, Any]
    response: dict[str, Any]
    asked: list[Any]
    said: list[Any] = field(default_factory=list)

    @property
    def previous(self) -> Any:
        """The Response that this request continues at the provider's side, which holds what it does not repeat."""
        return self.request.get("previous_response_id")


def exchange(interaction: dict[str, Any], place: str) -> Exchange | None:
    """Return the exchange in an HTTP interaction; ``None`` if it is no successful model request. Never raises."""
    status = as_object(as_object(interaction.get("response")).get("status")).get("code", 200)
    request, answer = (_body(as_object(interaction.get(side))) for side in ("request", "response"))
    if not isinstance(request, dict) or status != 200:
        return None
    provider = _provider(request, answer)
    if provider is None:
        return None
    response = JOIN[provider](answer) if isinstance(answer, list) else as_object(answer)
    asked = request.get(ASKED[provider])
    if isinstance(asked, str):  # the short form of one user message
        asked = [{"role": "user", "content": asked}]
    return Exchange(
        provider, place, request, response, asked if isinstance(asked, list) else [], _said(provider, response)
    )


def _body(side: dict[str, Any]) -> Any:
    """Return a body: an object, the events of a stream as a list, or text that is neither."""
    body = side.get("parsed_body", side.get("body"))
    if isinstance(body, dict) and "string" in body:
        body = body["string"]
    if not isinstance(body, str):
        return body
    found = parse_json(body)
    if not isinstance(found, str):
        return found
    lines = [line.removeprefix("data:") for line in body.splitlines() if line.startswith("data:")]
    events = [event for line in lines if isinstance(event := parse_json(line), dict)]
    return events or body


def _provider(request: dict[str, Any], answer: Any) -> str | None:
    """Return whose request it is, by what only that provider's bodies hold."""
    first = (
        next((event for event in answer if isinstance(event, dict)), {})
        if isinstance(answer, list)
        else as_object(answer)
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


def _said(provider: str, response: dict[str, Any]) -> list[Any]:
    if provider == "responses":
        output = response.get("output")
        return output if isinstance(output, list) else []
    if provider == "anthropic":
        return [{"role": "assistant", "content": response.get("content")}] if "content" in response else []
    key, inner = ("candidates", "content") if provider == "gemini" else ("choices", "message")
    choices = response.get(key)
    first = as_object(choices[0]) if isinstance(choices, list) and choices else {}
    return [first[inner]] if isinstance(first.get(inner), dict) else []

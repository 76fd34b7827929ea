"""The bodies of recorded model requests: their provider, their messages, and the messages of the response."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from airflow_provider_vai.exceptions import LibraryMissing
from airflow_provider_vai.traces.formats.vcr.streams import JOIN
from airflow_provider_vai.traces.reading.packed import PackedText
from airflow_provider_vai.traces.reading.values import as_list, as_object, parse_json

MESSAGES_KEY = {"gemini": "contents", "responses": "input", "chat": "messages", "anthropic": "messages"}
"""The key under which each provider's requests hold the conversation so far."""


NOT_SUCCESSFUL = "not a successful request to a known model"

URLS = (
    ("gemini", re.compile(r":(stream)?generateContent\b", re.IGNORECASE)),
    ("responses", re.compile(r"/responses\b")),
    ("chat", re.compile(r"/chat/completions\b")),
    ("anthropic", re.compile(r"/v1/messages\b")),
)
"""Parts of the address that only one provider's requests have, for a request without a readable response."""


@dataclass(frozen=True)
class Exchange:
    """One request to a model and its response.

    ``response_messages`` is the response in the form of the request's messages: one more message, or several items.
    ``problem`` is why there is no response; the request may still hold results of earlier calls. ``failed`` says that
    the provider refused the request, ``missing`` that a library is needed to read a body.
    """

    provider: str
    place: str
    request: dict[str, Any]
    response: dict[str, Any]
    request_messages: list[Any]
    response_messages: list[Any] = field(default_factory=list)
    problem: str = ""
    failed: bool = False
    missing: LibraryMissing | None = None

    @property
    def messages(self) -> list[Any]:
        """The messages of the request and of the response."""
        return [self.request_messages, self.response_messages]

    @property
    def previous(self) -> Any:
        """The id of the Response that this request continues; the provider keeps the messages before it."""
        return self.request.get("previous_response_id")


def read_exchange(interaction: dict[str, Any], place: str, packed: PackedText) -> Exchange | None:
    """Return the exchange in an HTTP interaction; ``None`` if it is not a request to a known model.

    :param packed: unpacks compressed bodies.
    :raises UnreadableTrace: compressed bodies unpack to too many bytes.
    """
    sides = {side: as_object(interaction.get(side)) for side in ("request", "response")}
    request, unread = _body(sides["request"], f"{place}.request", packed)
    answer, missing = _body(sides["response"], f"{place}.response", packed)
    if not isinstance(request, dict):
        return Exchange("", place, {}, {}, [], problem=unread.problem, missing=unread) if unread else None
    failed = not _succeeded(sides["response"])
    provider = _provider(request, answer) or _provider_by_url(sides["request"], request)
    if provider is None:
        return None
    problem = missing.problem if missing else NOT_SUCCESSFUL if failed else ""
    if not problem and not (isinstance(answer, (dict, list)) and answer):
        problem = "the response is not JSON"
    response = {} if problem else JOIN[provider](answer) if isinstance(answer, list) else as_object(answer)
    messages = request.get(MESSAGES_KEY[provider])
    if isinstance(messages, str):  # the short form of one user message
        messages = [{"role": "user", "content": messages}]
    answers = [] if problem else _response_messages(provider, response)
    return Exchange(provider, place, request, response, as_list(messages), answers, problem, failed, missing)


def _succeeded(response: dict[str, Any]) -> bool:
    """Return whether the status is one of success: under ``status.code``, or ``status_code`` in stubs of httpx."""
    status = response.get("status")
    code = as_object(status).get("code", response.get("status_code", status))
    return not isinstance(code, int) or 200 <= code < 300


def _body(side: dict[str, Any], place: str, packed: PackedText) -> tuple[Any, LibraryMissing | None]:
    """Return a body, and the library that is missing to read it.

    A body is an object, the list of a stream's events, or text that is neither. Stubs of httpx keep a response's body
    under ``content``.
    """
    body = next((side[key] for key in ("parsed_body", "body", "content") if side.get(key) is not None), None)
    if isinstance(body, dict):
        body = next((body[key] for key in ("string", "base64_string") if key in body), body)
    if not isinstance(body, str):
        return body, None
    parsed = _parsed(body)
    if not isinstance(parsed, str) or not body:
        return parsed, None
    try:
        text = packed.unpack(body, _encoding(side), place)
    except LibraryMissing as error:
        return body, error
    return (body, None) if text is None else (_parsed(text), None)


def _parsed(body: str) -> Any:
    """Return the JSON or the stream's events in a text; the text itself if it is neither."""
    parsed = parse_json(body)
    if not isinstance(parsed, str):
        return parsed
    lines = [line.removeprefix("data:") for line in body.splitlines() if line.startswith("data:")]
    events = [event for line in lines if isinstance(event := parse_json(line), dict)]
    return events or body


def _encoding(side: dict[str, Any]) -> str:
    """Return how a body is compressed, by its header. No other header is read."""
    headers = side.get("headers")
    pairs = headers.items() if isinstance(headers, dict) else ()
    value = next((value for key, value in pairs if str(key).lower() == "content-encoding"), "")
    first = value[0] if isinstance(value, list) and value else value
    return first.strip().lower() if isinstance(first, str) else ""


def _provider_by_url(side: dict[str, Any], request: dict[str, Any]) -> str | None:
    """Return the provider by the request's address, if the request has that provider's messages."""
    url = str(side.get("uri", side.get("url", "")))
    found = next((provider for provider, part in URLS if part.search(url)), None)
    return found if found and MESSAGES_KEY[found] in request else None


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

"""Formats that are recognised but not read, with the reason and the export of the same run that works."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from airflow_provider_vai.traces.formats.shared.conversation import listed_messages
from airflow_provider_vai.traces.reading.values import as_list, as_object

ITEMS = 50
INSTRUMENT = "Record the agent with {} and export the spans as OTLP JSON."


@dataclass(frozen=True)
class Unread:
    """A format that is not read.

    ``matches`` returns whether a document is of it, and never raises. ``nearest`` is the adapter that comes closest,
    ``reason`` why it does not read the document, ``export`` what to do.
    """

    name: str
    matches: Callable[[Any], bool]
    export: str
    nearest: str = ""
    reason: str = ""


def _objects(document: Any) -> Iterator[dict[str, Any]]:
    """Yield the object that is the document, or the first items of its list."""
    for item in document[:ITEMS] if isinstance(document, list) else [document]:
        if isinstance(item, dict):
            yield item


def _has(*keys: str) -> Callable[[Any], bool]:
    """Return a test for an object with all these keys, at the top or as an item of the list."""
    return lambda document: any(item.keys() >= set(keys) for item in _objects(document))


def _lists(key: str, *keys: str) -> Callable[[Any], bool]:
    """Return a test for an object that lists objects with all these keys under ``key``."""
    return lambda document: any(
        as_object(item).keys() >= set(keys) for item in as_list(as_object(document).get(key))[:ITEMS]
    )


def _messages(document: Any) -> list[dict[str, Any]]:
    """Return the first messages of a chat."""
    return [message for message in listed_messages(document)[:ITEMS] if isinstance(message, dict)]


def _in_content(kind: str) -> Callable[[Any], bool]:
    """Return a test for a chat with a content block of that type."""

    def test(document: Any) -> bool:
        messages = [message for message in _messages(document) if "role" in message]
        blocks = [as_object(block) for message in messages for block in as_list(message.get("content"))]
        return any(block.get("type") == kind for block in blocks)

    return test


def _says(*texts: str, role: str = "assistant") -> Callable[[Any], bool]:
    """Return a test for a chat in which a text of a role, such as the assistant, holds one of these texts."""

    def test(document: Any) -> bool:
        contents = [message.get("content") for message in _messages(document) if message.get("role") == role]
        parts = [part for content in contents for part in (content if isinstance(content, list) else [content])]
        written = [as_object(part).get("text") if isinstance(part, dict) else part for part in parts]
        return any(text in found for found in written if isinstance(found, str) for text in texts)

    return test


def _is_stringified_state(document: Any) -> bool:
    """Return whether messages of LangChain were written with ``str()``."""
    holder = as_object(document)
    values = as_object(holder.get("values", holder.get("channel_values", holder)))
    messages = values.get("messages") if isinstance(document, dict) else document
    texts = [text for text in as_list(messages)[:ITEMS] if isinstance(text, str)]
    return any(text.startswith("content=") and "additional_kwargs=" in text for text in texts)


BEDROCK = frozenset({"orchestrationTrace", "preProcessingTrace", "postProcessingTrace", "routingClassifierTrace"})


def _is_bedrock_agent(document: Any) -> bool:
    """Return whether an object is, or holds, the events of an answer of InvokeAgent with its trace."""
    events = [event for item in _objects(document) for event in (item, *as_list(item.get("completion"))[:ITEMS])]
    outer = [as_object(as_object(event).get("trace")) for event in events]
    return any(not BEDROCK.isdisjoint(trace) for holder in outer for trace in (holder, as_object(holder.get("trace"))))


def _is_stream(*kinds: str) -> Callable[[Any], bool]:
    """Return a test for a list of a stream's events, the first of one of these kinds."""
    return lambda document: (
        isinstance(document, list)
        and any(item.get(key) in kinds for item in _objects(document) for key in ("type", "object"))
    )


CHAT = "openai_chat"
SPANS = "otel_genai"
NO_ATTRIBUTES = "the spans have none of the attributes of OpenTelemetry GenAI or OpenInference"

UNREAD: tuple[Unread, ...] = (
    Unread(
        "a LangGraph state written with json.dumps(state, default=str)",
        _is_stringified_state,
        "Write the messages with LangChain's own call: json.dumps(messages_to_dict(state['messages'])), imported from "
        "langchain_core.messages.",
        "langchain",
        "each message became a text in which the arguments cannot be told from the content",
    ),
    Unread(
        "a chat store of LlamaIndex",
        lambda document: (
            _has("store", "class_name")(document)
            or any("blocks" in message and "additional_kwargs" in message for message in _messages(document))
        ),
        INSTRUMENT.format("openinference-instrumentation-llama-index"),
        CHAT,
        "the calls are under additional_kwargs, and nothing tells the result of a call that failed from other results",
    ),
    Unread(
        "messages of Goose without its session",
        _in_content("toolRequest"),
        "Export the session as a whole: `goose session export --format json`.",
        "goose",
        "the working_dir beside the messages is missing",
    ),
    Unread(
        "a chat of a coding agent with calls as XML in its text (Cline, Roo Code), but without their results",
        lambda document: (
            _says("<execute_command>", "<use_mcp_tool>", "<attempt_completion>", "<write_to_file>")(document)
            and not _says("] Result:", role="user")(document)
        ),
        "Switch the agent to native tool calls and record the run again.",
        "anthropic_messages",
        "there is no tool_use block, and calls in text have no ids and no marked results",
    ),
    Unread(
        "a transcript of Cursor, which keeps no tool results",
        lambda document: any(
            item.get("role") in ("user", "assistant") and isinstance(item.get("message"), dict) and "type" not in item
            for item in _objects(document)
        ),
        "Record the work with an agent that keeps its results, such as Claude Code, or the traffic of its MCP servers "
        "as an MCP log (JSON-RPC lines).",
        "anthropic_messages",
        "there is no tool_result block",
    ),
    Unread(
        "a chat of an agent that writes its calls as text (ReAct, CrewAI)",
        _says("Action Input:"),
        INSTRUMENT.format("openinference-instrumentation-crewai, or that of your framework,"),
        CHAT,
        "there are no tool_calls: the actions and observations are the model's own text, which may be invented",
    ),
    Unread(
        "traces of an Amazon Bedrock agent",
        _is_bedrock_agent,
        INSTRUMENT.format("openinference-instrumentation-bedrock"),
        "bedrock_converse",
        "there are no Converse messages",
    ),
    Unread(
        "the events of a stream of Anthropic's Messages API",
        _is_stream("content_block_delta", "content_block_start"),
        "Write the messages of the whole conversation: those that you send, with each stream.get_final_message().",
        "anthropic_messages",
        "each message is in pieces, and the results of the calls are not in a stream",
    ),
    Unread(
        "the chunks of a stream of OpenAI's Chat Completions API",
        _is_stream("chat.completion.chunk"),
        "Write the messages of the whole conversation: the list that you send, with the last answer.",
        CHAT,
        "each message is in pieces, and the results of the calls are not in a stream",
    ),
    Unread(
        "the head of an OpenCode session in OpenCode's storage",
        lambda document: (
            isinstance(document, dict) and str(document.get("id")).startswith("ses_") and "time" in document
        ),
        "Write the session with `opencode export ID`, or name it as `opencode:ID`, as `vai sessions` lists it.",
        "opencode",
        "its messages are in other files",
    ),
    Unread(
        "messages of Dify",
        lambda document: _has("agent_thoughts")(document) or _lists("data", "agent_thoughts")(document),
        "Switch on Dify's tracing to Langfuse, Phoenix or an OpenTelemetry backend, and `vai pull` the run from there.",
        CHAT,
        "the calls are in agent_thoughts",
    ),
    Unread(
        "the history of DSPy's language model (lm.history)",
        _has("prompt", "messages", "outputs", "kwargs", "timestamp"),
        "Write the prediction of ReAct with its trajectory: json.dumps(prediction.toDict(), default=str).",
        CHAT,
        "the calls are texts in the outputs, without their results",
    ),
    Unread(
        "hits of Elasticsearch",
        lambda document: isinstance(as_object(as_object(document).get("hits")).get("hits"), list),
        "Export the spans as OTLP JSON before they reach Elasticsearch, which changes the names of their attributes.",
        SPANS,
        "the attributes are labels with other names",
    ),
    Unread(
        "requests of Helicone",
        _has("request_body", "response_body"),
        "Take the request_body of the last request: its messages hold the whole run.",
        "vcr_cassette",
        "there are no interactions",
    ),
)
"""The formats, the most specific tests first."""

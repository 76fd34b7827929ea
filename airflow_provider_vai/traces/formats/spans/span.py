"""A span, read from OTLP JSON, from an SDK's own JSON, or from flat attributes.

Exporters use different names for the same things, so the tables below list all names of each field.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import cached_property
from itertools import islice
from typing import Any

from airflow_provider_vai.exceptions import MalformedTrace
from airflow_provider_vai.traces.formats.shared.content import parse_python_repr
from airflow_provider_vai.traces.formats.spans.log_records import as_spans, log_records
from airflow_provider_vai.traces.reading.values import (
    as_list,
    as_object,
    id_or_none,
    parse_json,
    parse_time,
    place_inside,
    require_object,
    require_objects,
    text_or_none,
)

INSPECTED_SPANS = 1000
"""How many spans are read to recognise a document, whose first spans may be unrelated to agents."""

BATCHES = ("resourceSpans", "resource_spans", "batches")
SCOPES = ("scopeSpans", "scope_spans", "instrumentationLibrarySpans")
LISTS = ("spans", "data")
MESSAGE_BESIDE = ("status_message", "exception_message", "otel_status_message")
"""Keys of a row, as of Logfire's, for why a span failed."""

TRACE_ID, SPAN_ID = ("traceId", "trace_id"), ("spanId", "span_id")
PARENT_ID = ("parentSpanId", "parent_span_id", "parent_id", "parentId")
OPENINFERENCE = "openinference.span.kind"
KIND_BESIDE = ("span_kind", "spanKind")
OPENINFERENCE_KINDS = frozenset(
    ["AGENT", "CHAIN", "EMBEDDING", "EVALUATOR", "GUARDRAIL", "LLM", "PROMPT", "RERANKER", "RETRIEVER", "TOOL"]
)
"""The kinds that Phoenix's API writes beside the attributes; OpenTelemetry's own kinds are others."""

START = ("startTimeUnixNano", "start_time_unix_nano", "startTime", "start_time")
END = ("endTimeUnixNano", "end_time_unix_nano", "endTime", "end_time")
ATTRIBUTE_PREFIXES = ("gen_ai.", "openinference.", "traceloop.", "llm.", "ai.", "attributes.")
"""The beginnings of keys by which an object is recognised as the flat attributes of one span."""

TRACEBACK = "Traceback (most recent call last)"
_PLAIN = ("stringValue", "doubleValue", "boolValue", "bytesValue", "string_value", "double_value", "bool_value")


@dataclass(eq=False)
class Span:
    """One span. ``failed`` and ``is_ok`` are its own status, neither if it is unset; ``error`` is the message of its
    status or of its exception event."""

    name: str
    where: str
    id: str = ""
    trace_id: str = ""
    parent_id: str = ""
    attributes: dict[str, Any] = field(default_factory=dict)
    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    start: datetime | None = None
    end: datetime | None = None
    failed: bool = False
    is_ok: bool = False
    error: str | None = None

    def get(self, *names: str) -> Any:
        """Return the first attribute with one of these names; flattened attributes are put together again."""
        return next((value for name in names if (value := self._attribute(name)) is not None), None)

    def text(self, *names: str) -> str | None:
        """Return the first of these attributes that is text and not blank."""
        return next((text for name in names if (text := text_or_none(self._attribute(name)))), None)

    def id_of(self, *names: str) -> str:
        """Return the first of these attributes that is an id; empty for none."""
        found = (id_or_none(self._attribute(name)) for name in names)
        return next((text.strip() for text in found if text), "")

    def _attribute(self, name: str) -> Any:
        if name in self.attributes:
            return self.attributes[name]
        value: Any = self._tree
        for key in name.split("."):
            if not isinstance(value, dict) or key not in value:
                return None
            value = value[key]
        return _with_lists(value)

    @cached_property
    def _tree(self) -> dict[str, Any]:
        tree: dict[str, Any] = {}
        own = {id(tree)}  # only objects made here are changed, never those of the file
        for name, value in self.attributes.items():
            *path, last = name.split(".")[:50]
            inner: Any = tree
            for key in path:
                child = inner.get(key)
                if id(child) not in own:
                    inner[key] = child = dict(as_object(child))
                    own.add(id(child))
                inner = child
            inner.setdefault(last, value)
        return tree


def read_spans(document: Any, where: str) -> Iterator[Span]:
    """Yield the spans of a document in any of the known shapes.

    :param where: the file, as the beginning of places.
    :raises MalformedTrace: a list or a span has another type.
    """
    if records := log_records(document, where):
        yield from (read_span(item, place) for item, place in as_spans(records))
    if isinstance(document, list):
        kept = document if not records else [item for item in document if "body" not in as_object(item)]
        for item, place in require_objects(kept, f"{where}: "):
            yield from _from_object(item, place)
    else:
        yield from _from_object(require_object(document, where), f"{where}: ")


def some_spans(document: Any, at_most: int | None = INSPECTED_SPANS) -> list[Span]:
    """Return the first spans of a document, or all with ``None``; none if it holds something else. Never raises."""
    if isinstance(document, list) and not (document and isinstance(document[0], dict)):
        return []
    try:
        return list(islice(read_spans(document, "file"), at_most)) if isinstance(document, (dict, list)) else []
    except MalformedTrace:
        return []


def line_traces(record: Any) -> list[str] | None:
    """Return the ids of the traces that the spans of a line or list item belong to; ``None`` if there are none.

    Never raises.
    """
    return list(dict.fromkeys(span.trace_id for span in some_spans(record, None) if span.trace_id)) or None


def line_conversations(record: Any, key: str) -> dict[str, str]:
    """Return the conversation of each trace that a line or list item names one for. Never raises.

    :param key: the attribute that names a conversation.
    """
    found = ((span.trace_id, span.text(key)) for span in some_spans(record, None))
    return {trace_id: conversation for trace_id, conversation in found if conversation}


def by_trace(spans: list[Span], key: str) -> dict[str, list[Span]]:
    """Return the spans of each run: those of one trace, or of all traces of one conversation.

    :param key: the attribute that names a conversation; ``""`` for none.
    """
    conversations: dict[str, str] = {}
    for span in sorted(spans, key=span_order) if key else ():
        if conversation := span.text(key):
            conversations.setdefault(span.trace_id, conversation)
    runs: dict[str, list[Span]] = {}
    for span in spans:
        runs.setdefault(conversations.get(span.trace_id, span.trace_id), []).append(span)
    return runs


def span_order(span: Span) -> tuple[bool, datetime]:
    """Return the sort key of a span: its start. Spans without a start come last, in the file's order."""
    return (span.start is None, span.start or datetime.max.replace(tzinfo=timezone.utc))


def parse_span_time(value: Any) -> datetime | None:
    """Return a time in any of the exporters' forms. A time without a time zone is UTC."""
    if isinstance(value, list) and len(value) == 2 and all(type(part) is int for part in value):
        value = value[0] * 10**9 + value[1]  # JavaScript's seconds and nanoseconds
    if isinstance(value, str) and value.isascii() and value.isdigit() and 9 < len(value) < 21:
        value = int(value)
    return parse_time(value)


def read_value(value: Any) -> Any:
    """Return a value, parsed once if it is text that holds JSON or a Python repr of an object or list."""
    if not isinstance(value, str):
        return value
    parsed = parse_json(value)
    return parse_python_repr(value, opening=("{", "[", "(")) if isinstance(parsed, str) else parsed


def first_value(holder: dict[str, Any], *names: str) -> Any:
    """Return the first of these keys' values that is not null."""
    return next((holder[name] for name in names if holder.get(name) is not None), None)


def _from_object(raw: dict[str, Any], place: str) -> Iterator[Span]:
    inner = raw.get("trace")
    if isinstance(inner, dict) and any(name in inner for name in BATCHES):
        raw = inner
    for name in (name for name in BATCHES if name in raw):
        for batch, where in require_objects(raw[name], place_inside(place, name)):
            for scopes in (scopes for scopes in SCOPES if scopes in batch):
                for scope, inside in require_objects(batch[scopes], f"{where}.{scopes}"):
                    for item, at in require_objects(scope.get("spans", []), f"{inside}.spans"):
                        yield read_span(item, at)
        return
    for name in (name for name in LISTS if isinstance(raw.get(name), list)):
        for item, at in require_objects(raw[name], place_inside(place, name)):
            yield read_span(item, at)
        return
    if is_span(raw):
        yield read_span(raw, place)


def is_span(raw: dict[str, Any]) -> bool:
    """Return whether an object is a span, by its keys or by the names of its attributes."""
    has_id = any(first_value(holder, *SPAN_ID) for holder in _holders(raw))
    return bool(has_id or "attributes" in raw) or any(str(key).startswith(ATTRIBUTE_PREFIXES) for key in raw)


def read_span(raw: dict[str, Any], where: str) -> Span:
    """Return a span from its JSON object."""
    holders = _holders(raw)
    attributes: dict[str, Any] = {}
    for name, value in _attributes(raw.get("attributes", raw)).items():
        attributes[name.removeprefix("attributes.")] = value
    if kind := _kind_beside(raw):
        attributes.setdefault(OPENINFERENCE, kind)
    events = as_list(raw.get("events"))
    span = Span(
        name=text_or_none(raw.get("name")) or "",
        where=where,
        id=_first_text(holders, SPAN_ID),
        trace_id=_first_text(holders, TRACE_ID),
        parent_id=_first_text([raw, *holders[2:]], PARENT_ID),
        attributes=attributes,
        events=[
            (text_or_none(event.get("name")) or "", _attributes(event.get("attributes")))
            for event in events
            if isinstance(event, dict)
        ],
        start=parse_span_time(first_value(raw, *START)),
        end=parse_span_time(first_value(raw, *END)),
    )
    span.failed, span.is_ok, span.error = _status(raw, span)
    return span


def _kind_beside(raw: dict[str, Any]) -> str | None:
    kinds = (value.upper() for name in KIND_BESIDE if isinstance(value := raw.get(name), str))
    return next((kind for kind in kinds if kind in OPENINFERENCE_KINDS), None)


def _holders(raw: dict[str, Any]) -> list[dict[str, Any]]:
    names = ("context", "spanContext", "span_context")
    flat = {key[8:]: value for key, value in raw.items() if isinstance(key, str) and key.startswith("context.")}
    inner = [raw[name] for name in names if isinstance(raw.get(name), dict)]
    parent = raw.get("parentSpanContext")
    above = [{"parent_id": first_value(parent, *SPAN_ID)}] if isinstance(parent, dict) else []
    return [raw, flat, *inner, *above]


def _first_text(holders: list[dict[str, Any]], names: tuple[str, ...]) -> str:
    text = next((value for holder in holders if (value := text_or_none(first_value(holder, *names)))), "")
    return "" if text.strip("0") in ("", "x") else text  # an id of zeros means no id


def _status(raw: dict[str, Any], span: Span) -> tuple[bool, bool, str | None]:
    status = raw.get("status")
    holder = status if isinstance(status, dict) else {"code": status}
    beside = first_value(raw, "status_code", "otel_status_code") or ("ERROR" if raw.get("is_exception") is True else "")
    code = str(first_value(holder, "code", "status_code", "statusCode") or beside)
    message = first_value(holder, "message", "description") or first_value(raw, *MESSAGE_BESIDE)
    message = text_or_none(message)
    for name, details in span.events:
        if name == "exception":
            parts = (details.get("exception.type"), details.get("exception.message"))
            exception = ": ".join(part for part in parts if isinstance(part, str) and part) or None
            message = exception or message if TRACEBACK in (message or TRACEBACK) else message
    failed = code == "2" or code.upper().endswith("ERROR") or span.text("error.type") is not None
    is_ok = not failed and (code == "1" or code.upper().endswith("OK"))
    return failed, is_ok, message or (span.text("error.type") if failed else None)


def _attributes(raw: Any) -> dict[str, Any]:
    if isinstance(raw, str):
        raw = read_value(raw)
    if isinstance(raw, list):  # OTLP: a list of keys with typed values
        pairs = [item for item in raw if isinstance(item, dict) and isinstance(item.get("key"), str)]
        return {item["key"]: _any_value(item.get("value")) for item in pairs}
    return as_object(raw)


def _any_value(raw: Any) -> Any:
    if not isinstance(raw, dict):
        return raw
    for name in (name for name in _PLAIN if raw.get(name) is not None):  # some exporters list all types, mostly null
        return raw[name]
    if (number := first_value(raw, "intValue", "int_value")) is not None:
        return (
            int(number) if isinstance(number, str) and number.lstrip("-").isdecimal() and len(number) < 40 else number
        )
    for name in ("arrayValue", "array_value"):
        if isinstance(raw.get(name), dict):
            items = raw[name].get("values")
            return [_any_value(item) for item in items] if isinstance(items, list) else []
    for name in ("kvlistValue", "kvlist_value"):
        if isinstance(raw.get(name), dict):
            return _attributes(raw[name].get("values"))
    return raw if any(part is not None for part in raw.values()) else None


def _with_lists(raw: Any) -> Any:
    if not isinstance(raw, dict):
        return raw
    if raw and raw.keys() == {str(index) for index in range(len(raw))}:
        return [_with_lists(raw[str(index)]) for index in range(len(raw))]
    return {key: _with_lists(value) for key, value in raw.items()}

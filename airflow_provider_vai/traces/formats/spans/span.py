"""What the span formats share: a span read from OTLP JSON, from an SDK's own JSON or from flat attributes.

Exporters disagree on every name but on no meaning: each meaning has one row of names in the tables below.
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
from airflow_provider_vai.traces.reading.values import (
    parse_json,
    parse_time,
    require_object,
    require_objects,
    text_or_none,
)

LOOKED_AT = 1000
"""Spans that a look into a document reads: an export may start with many spans of other things."""

BATCHES = ("resourceSpans", "resource_spans", "batches")
SCOPES = ("scopeSpans", "scope_spans", "instrumentationLibrarySpans")
LISTS = ("spans", "data")
TRACE_ID, SPAN_ID = ("traceId", "trace_id"), ("spanId", "span_id")
PARENT_ID = ("parentSpanId", "parent_span_id", "parent_id")
START = ("startTimeUnixNano", "start_time_unix_nano", "startTime", "start_time")
END = ("endTimeUnixNano", "end_time_unix_nano", "endTime", "end_time")
MARKS = ("gen_ai.", "openinference.", "traceloop.", "llm.", "ai.", "attributes.")
"""How the keys of a span that is nothing but attributes begin."""

_PLAIN = ("stringValue", "doubleValue", "boolValue", "bytesValue", "string_value", "double_value", "bool_value")


@dataclass(eq=False)
class Span:
    """One span. ``failed`` is its own status; ``error`` what that or its exception event says."""

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
    error: str | None = None

    def get(self, *names: str) -> Any:
        """Return the first attribute of these names that there is, put together where it was flattened."""
        return next((found for name in names if (found := self._one(name)) is not None), None)

    def text(self, *names: str) -> str | None:
        """Return the first of these attributes that is text with something in it."""
        return next((found for name in names if (found := text_or_none(self._one(name)))), None)

    def _one(self, name: str) -> Any:
        if name in self.attributes:
            return self.attributes[name]
        found: Any = self._tree
        for step in name.split("."):
            if not isinstance(found, dict) or step not in found:
                return None
            found = found[step]
        return _with_lists(found)

    @cached_property
    def _tree(self) -> dict[str, Any]:
        tree: dict[str, Any] = {}
        own = {id(tree)}  # the file's own objects are never changed
        for name, value in self.attributes.items():
            *path, last = name.split(".")[:50]
            inner: Any = tree
            for step in path:
                below = inner.get(step)
                if id(below) not in own:
                    inner[step] = below = dict(below) if isinstance(below, dict) else {}
                    own.add(id(below))
                inner = below
            inner.setdefault(last, value)
        return tree


def read_spans(document: Any, where: str) -> Iterator[Span]:
    """Yield the spans of a document, whichever of the known shapes it has.

    :param where: the file, for places.
    :raises MalformedTrace: a list or span is something else.
    """
    if isinstance(document, list):
        for item, place in require_objects(document, f"{where}: "):
            yield from _from_object(item, place)
    else:
        yield from _from_object(require_object(document, where), f"{where}: ")


def some_spans(document: Any, at_most: int | None = LOOKED_AT) -> list[Span]:
    """Return the first spans of a document (``None``: all), none where it holds something else. Never raises."""
    if isinstance(document, list) and not (document and isinstance(document[0], dict)):
        return []
    try:
        return list(islice(read_spans(document, "file"), at_most)) if isinstance(document, (dict, list)) else []
    except MalformedTrace:
        return []


def line_traces(record: Any) -> list[str] | None:
    """Return the traces that the spans of a line or list item belong to; ``None`` where it holds none. Never raises."""
    return list(dict.fromkeys(span.trace_id for span in some_spans(record, None) if span.trace_id)) or None


def by_trace(spans: list[Span], key: str) -> dict[str, list[Span]]:
    """Return the spans of each run: of a trace, or of all the traces of one conversation.

    :param key: the attribute that names a conversation; ``""`` for none.
    """
    named: dict[str, str] = {}
    for span in sorted(spans, key=span_order) if key else ():
        if conversation := span.text(key):
            named.setdefault(span.trace_id, conversation)
    found: dict[str, list[Span]] = {}
    for span in spans:
        found.setdefault(named.get(span.trace_id, span.trace_id), []).append(span)
    return found


def span_order(span: Span) -> tuple[bool, datetime]:
    """Return the sort key of a span: its start; spans without one last, in the file's order."""
    return (span.start is None, span.start or datetime.max.replace(tzinfo=timezone.utc))


def instant(value: Any) -> datetime | None:
    """Return a time in any of the exporters' forms; one without a zone is in UTC."""
    if isinstance(value, list) and len(value) == 2 and all(type(part) is int for part in value):
        value = value[0] * 10**9 + value[1]  # JavaScript's seconds and nanoseconds
    if isinstance(value, str) and value.isascii() and value.isdigit() and 9 < len(value) < 21:
        value = int(value)
    found = parse_time(value)
    return found.replace(tzinfo=timezone.utc) if found and found.tzinfo is None else found


def read_value(value: Any) -> Any:
    """Return a value that may be JSON in text, or a Python repr of an object or list in text: parsed once."""
    if not isinstance(value, str):
        return value
    found = parse_json(value)
    return parse_python_repr(value, opening=("{", "[", "(")) if isinstance(found, str) else found


def first(holder: dict[str, Any], *names: str) -> Any:
    """Return the first of these members that is not null."""
    return next((holder[name] for name in names if holder.get(name) is not None), None)


def _from_object(found: dict[str, Any], place: str) -> Iterator[Span]:
    inner = found.get("trace")
    if isinstance(inner, dict) and any(name in inner for name in BATCHES):
        found = inner
    for name in (name for name in BATCHES if name in found):
        for batch, where in require_objects(found[name], _under(place, name)):
            for scopes in (scopes for scopes in SCOPES if scopes in batch):
                for scope, inside in require_objects(batch[scopes], f"{where}.{scopes}"):
                    for item, at in require_objects(scope.get("spans", []), f"{inside}.spans"):
                        yield read_span(item, at)
        return
    for name in (name for name in LISTS if isinstance(found.get(name), list)):
        for item, at in require_objects(found[name], _under(place, name)):
            yield read_span(item, at)
        return
    if is_span(found):
        yield read_span(found, place)


def is_span(found: dict[str, Any]) -> bool:
    """Return whether an object is one span, by its members or by the names of its attributes."""
    has_id = any(first(holder, *SPAN_ID) for holder in _holders(found))
    return bool(has_id or "attributes" in found) or any(str(key).startswith(MARKS) for key in found)


def read_span(found: dict[str, Any], where: str) -> Span:
    """Return a span from its JSON object."""
    holders = _holders(found)
    known: dict[str, Any] = {}
    for name, value in _attributes(found.get("attributes", found)).items():
        known[name.removeprefix("attributes.")] = value
    events = found.get("events") if isinstance(found.get("events"), list) else []
    span = Span(
        name=text_or_none(found.get("name")) or "",
        where=where,
        id=_first_text(holders, SPAN_ID),
        trace_id=_first_text(holders, TRACE_ID),
        parent_id=_first_text([found, *holders[2:]], PARENT_ID),
        attributes=known,
        events=[
            (text_or_none(event.get("name")) or "", _attributes(event.get("attributes")))
            for event in events or []
            if isinstance(event, dict)
        ],
        start=instant(first(found, *START)),
        end=instant(first(found, *END)),
    )
    span.failed, span.error = _status(found, span)
    return span


def _holders(found: dict[str, Any]) -> list[dict[str, Any]]:
    names = ("context", "spanContext", "span_context")
    flat = {key[8:]: value for key, value in found.items() if isinstance(key, str) and key.startswith("context.")}
    inner = [found[name] for name in names if isinstance(found.get(name), dict)]
    parent = found.get("parentSpanContext")
    above = [{"parent_id": first(parent, *SPAN_ID)}] if isinstance(parent, dict) else []
    return [found, flat, *inner, *above]


def _first_text(holders: list[dict[str, Any]], names: tuple[str, ...]) -> str:
    found = next((value for holder in holders if (value := text_or_none(first(holder, *names)))), "")
    return "" if found.strip("0") in ("", "x") else found


def _status(found: dict[str, Any], span: Span) -> tuple[bool, str | None]:
    status = found.get("status")
    holder = status if isinstance(status, dict) else {"code": status}
    code = str(first(holder, "code", "status_code", "statusCode") or found.get("status_code") or "")
    message = text_or_none(first(holder, "message", "description") or found.get("status_message"))
    for name, details in span.events:
        if name == "exception":
            kind, words = details.get("exception.type"), details.get("exception.message")
            message = message or ": ".join(part for part in (kind, words) if isinstance(part, str) and part) or None
    failed = code == "2" or code.upper().endswith("ERROR") or span.text("error.type") is not None
    return failed, message or (span.text("error.type") if failed else None)


def _attributes(found: Any) -> dict[str, Any]:
    if isinstance(found, str):
        found = read_value(found)
    if isinstance(found, list):  # OTLP: a list of keys with typed values
        pairs = [item for item in found if isinstance(item, dict) and isinstance(item.get("key"), str)]
        return {item["key"]: _any_value(item.get("value")) for item in pairs}
    return found if isinstance(found, dict) else {}


def _any_value(found: Any) -> Any:
    if not isinstance(found, dict):
        return found
    for name in (name for name in _PLAIN if found.get(name) is not None):  # some exporters name every type
        return found[name]
    if (number := first(found, "intValue", "int_value")) is not None:
        return (
            int(number) if isinstance(number, str) and number.lstrip("-").isdecimal() and len(number) < 40 else number
        )
    for name in ("arrayValue", "array_value"):
        if isinstance(found.get(name), dict):
            items = found[name].get("values")
            return [_any_value(item) for item in items] if isinstance(items, list) else []
    for name in ("kvlistValue", "kvlist_value"):
        if isinstance(found.get(name), dict):
            return _attributes(found[name].get("values"))
    return found if any(part is not None for part in found.values()) else None


def _with_lists(found: Any) -> Any:
    if not isinstance(found, dict):
        return found
    if found and found.keys() == {str(index) for index in range(len(found))}:
        return [_with_lists(found[str(index)]) for index in range(len(found))]
    return {key: _with_lists(value) for key, value in found.items()}


def _under(place: str, name: str) -> str:
    return f"{place}{name}" if place.endswith(": ") else f"{place}.{name}"

"""Messages that an instrumentation writes as log records (events) instead of attributes of its spans.

OpenTelemetry's instrumentation of OpenAI and others write ``gen_ai.user.message``, ``gen_ai.choice`` and the like. The
records of one span are read as the events of that span.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow_provider_vai.traces.reading.values import (
    PlacedObject,
    as_list,
    as_object,
    require_objects,
    text_or_none,
)

RESOURCES, SCOPES, RECORDS = (
    ("resourceLogs", "resource_logs"),
    ("scopeLogs", "scope_logs"),
    ("logRecords", "log_records"),
)
EVENT_NAMES = ("eventName", "event_name", "event.name")
TIMES = ("timeUnixNano", "time_unix_nano", "observedTimeUnixNano", "timestamp", "observed_timestamp")
PREFIX = "gen_ai."


def log_records(document: Any, where: str) -> list[PlacedObject]:
    """Return the log records of a document about generative AI: of OTLP's JSON, or as a console exporter prints them.

    :param document: the document, or a list of documents.
    :param where: the file, as the beginning of places.
    :raises MalformedTrace: a list of the document holds something else.
    """
    listed = document if isinstance(document, list) else [document]
    found: list[PlacedObject] = []
    for number, item in enumerate(listed):
        prefix = f"{where}: [{number}]" if isinstance(document, list) else f"{where}: "
        if isinstance(item, dict):
            found += [entry for entry in _records(item, prefix) if _event_name(entry[0]).startswith(PREFIX)]
    return found


def as_spans(records: list[PlacedObject]) -> Iterator[PlacedObject]:
    """Yield an object in the shape of a span for the records of each span.

    :param records: the log records.
    """
    groups: dict[tuple[str, str], list[PlacedObject]] = {}
    for record, place in records:
        ids = [text_or_none(_first(record, names)) or "" for names in (("traceId", "trace_id"), ("spanId", "span_id"))]
        groups.setdefault((ids[0], ids[1]), []).append((record, place))
    for (trace_id, span_id), members in groups.items():
        times = [time for record, _ in members if (time := _first(record, TIMES)) is not None]
        events = [
            {"name": _event_name(record), "attributes": [*_pairs(record), {"key": "body", "value": record.get("body")}]}
            for record, _ in members
        ]
        span: dict[str, Any] = {"name": "chat", "trace_id": trace_id, "span_id": span_id, "events": events}
        span["attributes"] = {"gen_ai.operation.name": "chat"}
        span |= {"start_time": times[0], "end_time": times[-1]} if times else {}
        yield span, members[0][1]


def _records(item: dict[str, Any], prefix: str) -> Iterator[PlacedObject]:
    name = next((name for name in RESOURCES if name in item), None)
    if name is None:
        if "body" in item:
            yield item, prefix
        return
    for resource, place in require_objects(
        item[name], f"{prefix}.{name}" if prefix.endswith("]") else f"{prefix}{name}"
    ):
        for scopes in (scopes for scopes in SCOPES if scopes in resource):
            for scope, inside in require_objects(resource[scopes], f"{place}.{scopes}"):
                for records in (records for records in RECORDS if records in scope):
                    yield from require_objects(scope[records], f"{inside}.{records}")


def _pairs(record: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a record's attributes as OTLP writes them."""
    attributes = record.get("attributes")
    if isinstance(attributes, dict):
        return [{"key": key, "value": value} for key, value in attributes.items()]
    return [pair for pair in as_list(attributes) if isinstance(pair, dict)]


def _event_name(record: dict[str, Any]) -> str:
    named = text_or_none(_first(record, EVENT_NAMES))
    if named is not None:
        return named
    values = {str(pair.get("key")): pair.get("value") for pair in _pairs(record)}
    value = values.get("event.name")
    return text_or_none(as_object(value).get("stringValue") if isinstance(value, dict) else value) or ""


def _first(record: dict[str, Any], names: tuple[str, ...]) -> Any:
    return next((record[name] for name in names if record.get(name) is not None), None)

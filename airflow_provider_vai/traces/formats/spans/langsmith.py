"""LangSmith run trees: lists or lines of runs, one run with its children inside, or an upload's post and patch.

A tool run's input is often a Python repr in text, and its output a serialised tool message with the call's id.
Approvals are not recorded.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow_provider_vai.exceptions import MalformedTrace
from airflow_provider_vai.model.run import Run
from airflow_provider_vai.traces.formats.spans.attributes import token_usage, unknown_kind
from airflow_provider_vai.traces.formats.spans.call import Kind, Operation
from airflow_provider_vai.traces.formats.spans.execution import read_execution
from airflow_provider_vai.traces.formats.spans.messages import read_chat, read_system
from airflow_provider_vai.traces.formats.spans.run import SpanRun
from airflow_provider_vai.traces.formats.spans.span import Span, first_value, parse_span_time, read_value
from airflow_provider_vai.traces.reading.coverage import Coverage
from airflow_provider_vai.traces.reading.trace import Trace
from airflow_provider_vai.traces.reading.values import (
    PlacedObject,
    as_list,
    as_object,
    id_or_none,
    place_inside,
    require_object,
    require_objects,
    text_or_none,
)

KINDS: dict[str, Kind] = {"llm": "model", "tool": "tool"}
UPLOAD = ("post", "patch")
DEEPEST = 100
THREAD = ("session_id", "thread_id", "conversation_id")
"""The keys of the metadata that name a thread, whose traces are one run."""


class LangSmithAdapter:
    """Reads LangSmith run trees."""

    name = "langsmith"
    description = "LangSmith runs: a list, lines, a tree of child_runs, or an upload batch (post, patch)"
    coverage = Coverage(approvals="partly", edits="partly", timing="yes", batches="partly")

    def accepts(self, document: Any) -> bool:
        """Return whether the document's first object is a LangSmith run."""
        head = _first_of(document)
        if isinstance(head, dict) and any(isinstance(head.get(name), list) for name in UPLOAD):  # a line of a batch
            head = _first_of({name: head[name] for name in UPLOAD if name in head})
        return isinstance(head, dict) and isinstance(head.get("run_type"), str) and _has_place(head)

    def line_key(self, record: Any) -> str | None:
        """Return the id of the trace that a run belongs to. Never raises."""
        return text_or_none(first_value(record, "trace_id", "id")) if isinstance(record, dict) else None

    def line_conversations(self, record: Any) -> dict[str, str]:
        """Return the thread of the trace that a run belongs to, if the run names one. Never raises."""
        key = self.line_key(record)
        thread = _conversation([(record, "")]) if key else None
        return {key: thread} if key and thread else {}

    def runs(self, trace: Trace) -> Iterator[Run]:
        """Yield a run for each trace, or one for all traces of a thread.

        :raises MalformedTrace: a list holds something other than runs.
        """
        merged: dict[str, PlacedObject] = {}
        for item, where in _items(trace):
            key = text_or_none(item.get("id")) or where
            earlier, place = merged.get(key, ({}, where))
            newer = {name: value for name, value in item.items() if value not in (None, {}, []) or name not in earlier}
            merged[key] = ({**earlier, **newer}, place)
        traces: dict[str, list[PlacedObject]] = {}
        for item, where in sorted(merged.values(), key=lambda run: text_or_none(run[0].get("dotted_order")) or ""):
            traces.setdefault(_trace_id(item, merged), []).append((item, where))
        conversations: dict[str, list[PlacedObject]] = {}
        for name, items in traces.items():
            conversations.setdefault(_conversation(items) or name, []).extend(items)
        for name, items in conversations.items():
            yield _run(trace, name, items)


def _first_of(document: Any) -> Any:
    """Return the first run of a document, which is a list of runs, holds one, or is itself a run."""
    runs = document
    if isinstance(document, dict):
        lists = [document[key] for key in (*UPLOAD, "runs") if as_list(document.get(key))]
        runs = lists[0] if lists else [document]
    return runs[0] if isinstance(runs, list) and runs else None


def _has_place(head: dict[str, Any]) -> bool:
    return any(name in head for name in ("dotted_order", "trace_id", "parent_run_id", "child_runs"))


def _items(trace: Trace) -> Iterator[PlacedObject]:
    items = trace.document if isinstance(trace.document, list) else [require_object(trace.document, str(trace))]
    for item, where in require_objects(items, f"{trace}: "):
        place = where if isinstance(trace.document, list) else f"{trace}: "
        lists = [name for name in (*UPLOAD, "runs") if isinstance(item.get(name), list)]
        for name in lists:
            for run, inside in require_objects(item[name], place_inside(place, name)):
                yield from _tree(run, inside, "", 0)
        if not lists:
            yield from _tree(item, place, "", 0)


def _tree(run: dict[str, Any], where: str, parent: str, depth: int) -> Iterator[PlacedObject]:
    if depth > DEEPEST:
        raise MalformedTrace(
            f"runs are nested more than {DEEPEST} levels deep", where=where, remedy="Export the runs as a list."
        )
    children = run.get("child_runs")
    yield {"parent_run_id": parent or None, **{name: run[name] for name in run if name != "child_runs"}}, where
    for child, inside in require_objects(children, f"{where}.child_runs") if children is not None else ():
        yield from _tree(child, inside, text_or_none(run.get("id")) or "", depth + 1)


def _trace_id(item: dict[str, Any], merged: dict[str, PlacedObject]) -> str:
    if trace_id := text_or_none(item.get("trace_id")):
        return trace_id
    seen: set[str] = set()
    while (parent := text_or_none(item.get("parent_run_id"))) in merged and parent and parent not in seen:
        seen.add(parent)
        item = merged[parent][0]
    return text_or_none(item.get("trace_id")) or text_or_none(item.get("id")) or ""


def _conversation(items: list[PlacedObject]) -> str | None:
    """Return the id of the thread that the runs of a trace belong to."""
    metadata = (as_object(as_object(read_value(item.get("extra"))).get("metadata")) for item, _ in items)
    return next((id_ for facts in metadata if (id_ := text_or_none(first_value(facts, *THREAD)))), None)


def _run(trace: Trace, name: str, items: list[PlacedObject]) -> Run:
    roots = [item for item, _ in items if not item.get("parent_run_id")]
    root = next((item for item in roots if item.get("id") == name), roots[-1] if roots else items[0][0])
    run = Run(
        id=name or trace.fallback_id,
        source="agent_run",
        format=ADAPTER.name,
        title=text_or_none(root.get("name")),
    )
    finished = root.get("status") == "success" or (root.get("end_time") is not None and not root.get("error"))
    return SpanRun(trace, [_operation(item, where) for item, where in items]).run(run, finished=finished)


def _operation(item: dict[str, Any], where: str) -> Operation:
    error = text_or_none(item.get("error"))
    span = Span(
        name=text_or_none(item.get("name")) or "",
        where=where,
        id=text_or_none(item.get("id")) or "",
        trace_id=text_or_none(item.get("trace_id")) or "",
        parent_id=text_or_none(item.get("parent_run_id")) or "",
        start=parse_span_time(item.get("start_time")),
        end=parse_span_time(item.get("end_time")),
        failed=error is not None or item.get("status") == "error",
        error=error.splitlines()[0] if error else None,
    )
    operation = Operation(span, KINDS.get(str(item.get("run_type")), "other"), tool=span.name)
    operation.note = unknown_kind(operation.kind, text_or_none(item.get("run_type")))
    inputs, outputs = read_value(item.get("inputs")), read_value(item.get("outputs"))  # text in a bulk export
    extra = as_object(read_value(item.get("extra")))
    if operation.kind == "model":
        operation.input_messages, operation.output_messages = read_chat(inputs, "user"), read_chat(outputs, "assistant")
        operation.system = read_system(inputs)
        operation.model = text_or_none(first_value(as_object(extra.get("metadata")), "ls_model_name"))
        tokens = {**as_object(as_object(outputs).get("usage_metadata")), **item}
        input_tokens = first_value(tokens, "prompt_tokens", "input_tokens")
        output_tokens = first_value(tokens, "completion_tokens", "output_tokens")
        operation.usage = token_usage(input_tokens, output_tokens, item.get("total_cost"))
    else:
        operation.call_id = id_or_none(first_value(extra, "tool_call_id")) or ""
        read_execution(operation, inputs, _unwrapped(outputs))
    return operation


def _unwrapped(outputs: Any) -> Any:
    """Return the output itself, which LangChain puts under the key ``output``."""
    wrapper = as_object(outputs)
    return wrapper["output"] if wrapper.keys() == {"output"} else outputs


ADAPTER = LangSmithAdapter()

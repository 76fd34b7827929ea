"""LangSmith run trees: lists or lines of runs, one run with its children inside, or an upload's post and patch.

A tool run's input is often a Python repr in text, its output a serialised tool message with the call's id. There is
no approval.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow_provider_vai.exceptions import MalformedTrace
from airflow_provider_vai.model.run import Run
from airflow_provider_vai.traces.formats.spans.attributes import read_execution, spent, unknown_kind
from airflow_provider_vai.traces.formats.spans.call import Kind, SpanFacts
from airflow_provider_vai.traces.formats.spans.messages import read_chat, read_system
from airflow_provider_vai.traces.formats.spans.run import SpanRun
from airflow_provider_vai.traces.formats.spans.span import Span, first, instant
from airflow_provider_vai.traces.reading.trace import Coverage, Trace
from airflow_provider_vai.traces.reading.values import as_object, require_object, require_objects, text_or_none

KINDS: dict[str, Kind] = {"llm": "model", "tool": "tool"}
UPLOAD = ("post", "patch")
DEEPEST = 100


class LangSmithAdapter:
    """Reads LangSmith run trees."""

    name = "langsmith"
    description = "LangSmith runs: a list, lines, a tree of child_runs, or an upload batch (post, patch)"
    coverage = Coverage(edits="partly", timing="yes", batches="partly")

    def accepts(self, document: Any) -> bool:
        """Return whether the document's first object is a LangSmith run."""
        head = _first_of(document)
        if isinstance(head, dict) and any(isinstance(head.get(name), list) for name in UPLOAD):  # a line of a batch
            head = _first_of({name: head[name] for name in UPLOAD if name in head})
        return isinstance(head, dict) and isinstance(head.get("run_type"), str) and _has_place(head)

    def line_key(self, record: Any) -> str | None:
        """Return the id of the trace that a run belongs to. Looks only; never raises."""
        return text_or_none(first(record, "trace_id", "id")) if isinstance(record, dict) else None

    def runs(self, trace: Trace) -> Iterator[Run]:
        """Yield a run for each trace.

        :raises MalformedTrace: a list holds something else than runs.
        """
        merged: dict[str, tuple[dict[str, Any], str]] = {}
        for item, where in _items(trace):
            key = text_or_none(item.get("id")) or where
            known = merged.get(key, ({}, where))
            kept = {name: value for name, value in item.items() if value not in (None, {}, []) or name not in known[0]}
            merged[key] = ({**known[0], **kept}, known[1])
        traces: dict[str, list[tuple[dict[str, Any], str]]] = {}
        for item, where in sorted(
            merged.values(), key=lambda placed: text_or_none(placed[0].get("dotted_order")) or ""
        ):
            traces.setdefault(_trace_id(item, merged), []).append((item, where))
        for name, items in traces.items():
            yield _run(trace, name, items)


def _first_of(document: Any) -> Any:
    """Return the first object of a document: of its list of runs, or itself."""
    found = document
    if isinstance(found, dict):
        lists = [found[name] for name in (*UPLOAD, "runs") if isinstance(found.get(name), list) and found[name]]
        found = lists[0] if lists else [found]
    return found[0] if isinstance(found, list) and found else None


def _has_place(head: dict[str, Any]) -> bool:
    return any(name in head for name in ("dotted_order", "trace_id", "parent_run_id", "child_runs"))


def _items(trace: Trace) -> Iterator[tuple[dict[str, Any], str]]:
    found = trace.document if isinstance(trace.document, list) else [require_object(trace.document, str(trace))]
    for item, where in require_objects(found, f"{trace}: "):
        place = where if isinstance(trace.document, list) else f"{trace}: "
        lists = [name for name in (*UPLOAD, "runs") if isinstance(item.get(name), list)]
        for name in lists:
            inner = f"{place}{name}" if place.endswith(": ") else f"{place}.{name}"
            for run, inside in require_objects(item[name], inner):
                yield from _tree(run, inside, "", 0)
        if not lists:
            yield from _tree(item, place, "", 0)


def _tree(run: dict[str, Any], where: str, parent: str, depth: int) -> Iterator[tuple[dict[str, Any], str]]:
    if depth > DEEPEST:
        raise MalformedTrace("runs are nested too deeply", where=where, remedy="Export the runs as a list.")
    children = run.get("child_runs")
    yield {"parent_run_id": parent or None, **{name: run[name] for name in run if name != "child_runs"}}, where
    for child, inside in require_objects(children, f"{where}.child_runs") if children is not None else ():
        yield from _tree(child, inside, text_or_none(run.get("id")) or "", depth + 1)


def _trace_id(item: dict[str, Any], merged: dict[str, tuple[dict[str, Any], str]]) -> str:
    if found := text_or_none(item.get("trace_id")):
        return found
    seen: set[str] = set()
    while (parent := text_or_none(item.get("parent_run_id"))) in merged and parent and parent not in seen:
        seen.add(parent)
        item = merged[parent][0]
    return text_or_none(item.get("trace_id")) or text_or_none(item.get("id")) or ""


def _run(trace: Trace, name: str, items: list[tuple[dict[str, Any], str]]) -> Run:
    root = next((item for item, _ in items if item.get("id") == name), items[0][0])
    run = Run(
        id=name or trace.fallback_id,
        source="agent_run",
        format=ADAPTER.name,
        title=text_or_none(root.get("name")),
    )
    finished = root.get("status") == "success" or (root.get("end_time") is not None and not root.get("error"))
    return SpanRun(trace, [_step(item, where) for item, where in items]).run(run, finished=finished)


def _step(item: dict[str, Any], where: str) -> SpanFacts:
    error = text_or_none(item.get("error"))
    span = Span(
        name=text_or_none(item.get("name")) or "",
        where=where,
        id=text_or_none(item.get("id")) or "",
        trace_id=text_or_none(item.get("trace_id")) or "",
        parent_id=text_or_none(item.get("parent_run_id")) or "",
        start=instant(item.get("start_time")),
        end=instant(item.get("end_time")),
        failed=error is not None or item.get("status") == "error",
        error=error.splitlines()[0] if error else None,
    )
    step = SpanFacts(span, KINDS.get(str(item.get("run_type")), "other"), tool=span.name)
    step.note = unknown_kind(step.kind, text_or_none(item.get("run_type")))
    inputs, outputs = item.get("inputs"), item.get("outputs")
    extra = as_object(item.get("extra"))
    if step.kind == "model":
        step.heard, step.said = read_chat(inputs, "user"), read_chat(outputs, "assistant")
        step.system = read_system(inputs)
        step.model = text_or_none(first(as_object(extra.get("metadata")), "ls_model_name"))
        counted = as_object(as_object(outputs).get("usage_metadata"))
        given = first({**counted, **item}, "prompt_tokens", "input_tokens")
        returned = first({**counted, **item}, "completion_tokens", "output_tokens")
        step.usage = spent(given, returned, item.get("total_cost"))
    else:
        step.call_id = text_or_none(first(extra, "tool_call_id")) or ""
        read_execution(step, inputs, _only(outputs))
    return step


def _only(outputs: Any) -> Any:
    """Return the output itself: LangChain puts it under one key."""
    found = as_object(outputs)
    return found["output"] if found.keys() == {"output"} else outputs


ADAPTER = LangSmithAdapter()

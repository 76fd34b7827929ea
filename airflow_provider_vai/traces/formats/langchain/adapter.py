"""LangChain messages, and LangGraph states, histories and checkpoints.

Messages mark a rejection by its text and an edit by a notice; a person's response in place of a tool is not marked.
Checkpoints hold the questions to a person and the decisions: if there are any, only they count.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow_provider_vai.model.run import Run, RunOutcome
from airflow_provider_vai.traces.formats.langchain.interrupts import resumes
from airflow_provider_vai.traces.formats.langchain.message_forms import normalized
from airflow_provider_vai.traces.formats.langchain.state import GraphState, is_message, path, state_of
from airflow_provider_vai.traces.formats.langchain.thread import Thread
from airflow_provider_vai.traces.formats.shared.content import total_usage
from airflow_provider_vai.traces.reading.coverage import Coverage
from airflow_provider_vai.traces.reading.trace import Trace
from airflow_provider_vai.traces.reading.values import as_object, require_list, text_or_none


class LangChainAdapter:
    """Reads LangChain messages and LangGraph states."""

    name = "langchain"
    description = "LangChain messages, or LangGraph states, histories and checkpoints"
    coverage = Coverage(approvals="partly", edits="partly")

    def accepts(self, document: Any) -> bool:
        """Return whether the document is a list of messages, or holds a state with messages."""
        items = document if isinstance(document, list) and not state_of(document, "") else [document]
        states = [state for item in items[:50] if (state := state_of(item, ""))]
        return any(isinstance(state.values.get("messages"), list) for state in states) or any(
            map(is_message, items[:50])
        )

    def line_key(self, line: Any) -> str | None:
        """Return the thread that a state belongs to. Never raises."""
        state = state_of(line, "")
        return state.fact("thread_id") if state else None

    def runs(self, trace: Trace) -> Iterator[Run]:
        """Yield a run for each thread.

        :raises MalformedTrace: a message breaks the format, or there is none.
        """
        document, where = trace.document, f"{trace}: "
        items, places = [document], [where]
        if not isinstance(document, dict) and not state_of(document, ""):
            items = require_list(document, str(trace))
            places = [f"{where}[{number}]" for number in range(len(items))]
        states = [state for item, inside in zip(items, places, strict=True) if (state := state_of(item, inside))]
        if not states:
            facts = as_object(document)
            messages = require_list(facts.get("messages", document), f"{where}messages")
            states = [GraphState({"messages": messages}, "", facts, where, is_bare=not facts)]
        threads: dict[str | None, list[GraphState]] = {}
        for state in states:
            threads.setdefault(state.fact("thread_id"), []).append(state)
        resume_values = [value for item in items for value in resumes(item)]
        for thread_states in threads.values():
            yield _run(trace, thread_states, resume_values)


def _run(trace: Trace, states: list[GraphState], resume_values: list[Any]) -> Run:
    main = [state for state in states if not state.fact("checkpoint_ns")] or states
    inner = [state for state in states if state.fact("checkpoint_ns")] if main is not states else []
    chain = path(main)
    thread = Thread(trace, chain, resume_values)
    thread.note_unseen(main)
    thread.add_sub_graphs(inner)
    newest, messages = chain[-1], [normalized(message) or {} for message in thread.messages]
    responses = [message for message in messages if message.get("type") == "ai"]
    metadata = [as_object(message.get("response_metadata")) for message in responses]
    models = [facts.get("model_name") or facts.get("model") for facts in metadata]
    usage_by_id = [(text_or_none(message.get("id")), as_object(message.get("usage_metadata"))) for message in responses]
    usages = {name or number: tokens for number, (name, tokens) in enumerate(usage_by_id)}
    times = [at for state in chain if (at := state.at)]
    run = Run(
        id=newest.fact("thread_id") or trace.fallback_id,
        source="chat_thread",
        format=ADAPTER.name,
        agent=text_or_none(as_object(newest.source.get("metadata")).get("graph_id")),
        model=next((model for model in reversed(models) if text_or_none(model)), None),
        started_at=times[0] if times else None,
        ended_at=times[-1] if times else None,
        outcome=_outcome(messages, thread.conversation.has_pending_calls),
        usage=total_usage(list(usages.values()), tokens=("input_tokens", "output_tokens"), costs=[]),
    )
    return thread.conversation.finish(run)


def _outcome(messages: list[dict[str, Any]], has_pending_calls: bool) -> RunOutcome:
    last = messages[-1] if messages else {}
    assistant_spoke_last = last.get("type") == "ai" and bool(last.get("content")) and not last.get("tool_calls")
    return "success" if assistant_spoke_last and not has_pending_calls else "unknown"


ADAPTER = LangChainAdapter()

"""Anthropic managed agents: a session's events, as a list, under ``data``, or as recorded ``[call, payload]`` lines.

Each call of a built-in or MCP tool has its permission, and the user's decision if one was requested. Custom tools run
at the client and have neither.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow_provider_vai.model.run import Run
from airflow_provider_vai.traces.formats.anthropic.managed_events import RESULTS, events, session_facts
from airflow_provider_vai.traces.formats.anthropic.managed_session import CALLS, ManagedSession
from airflow_provider_vai.traces.formats.shared.content import total_usage
from airflow_provider_vai.traces.formats.shared.conversation import chat_run
from airflow_provider_vai.traces.reading.coverage import Coverage
from airflow_provider_vai.traces.reading.trace import Trace
from airflow_provider_vai.traces.reading.values import as_object, text_or_none


class AnthropicManagedAdapter:
    """Reads the events of Anthropic's managed agents."""

    name = "anthropic_managed"
    description = "Anthropic managed agents: a session's events, or recorded client calls"
    coverage = Coverage(approvals="yes", timing="yes")

    def accepts(self, document: Any) -> bool:
        """Return whether one of the first events has a type that only this format has."""
        kinds = [str(event.get("type")) for event, _ in events(document, "")[:200]]
        return any(kind in CALLS or kind in RESULTS or kind == "session.status_idle" for kind in kinds)

    def runs(self, trace: Trace) -> Iterator[Run]:
        """Yield the one run.

        :raises MalformedTrace: the document holds no events, or an event breaks the format.
        """
        session = ManagedSession(trace)
        for event, place in events(trace.document, str(trace), is_required=True):
            session.read(event, place)
        yield _run(trace, session)


def _run(trace: Trace, session: ManagedSession) -> Run:
    facts = session_facts(trace.document)
    agent = as_object(facts.get("agent"))
    model = agent.get("model")
    session.conversation.add_system_text(text_or_none(agent.get("system")))
    run = chat_run(
        trace,
        ADAPTER.name,
        session.outcome,
        facts={"id": facts.get("id"), "title": facts.get("title")},
        agent=agent.get("name"),
        models=[as_object(model).get("id", model)],
        times=session.times,
        usage=total_usage(session.usages, tokens=("input_tokens", "output_tokens"), costs=[]),
    )
    return session.conversation.finish(run)


ADAPTER = AnthropicManagedAdapter()

"""Google ADK sessions: an object with ``events``, or the events alone, in camelCase or snake_case.

A call that needs confirmation first gets a result that says so. The framework's own call
``adk_request_confirmation`` follows, whose result holds the decision, then the call's real result. The confirmation's
payload is free-form and kept as a note, because nothing says what the tool does with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow_provider_vai.model.run import Run
from airflow_provider_vai.traces.formats.google_adk.parts import snake
from airflow_provider_vai.traces.formats.google_adk.session import AdkSession
from airflow_provider_vai.traces.formats.shared.content import total_usage
from airflow_provider_vai.traces.formats.shared.conversation import Conversation, chat_run
from airflow_provider_vai.traces.reading.coverage import Coverage
from airflow_provider_vai.traces.reading.trace import Trace
from airflow_provider_vai.traces.reading.values import as_object, parse_time, require_objects, text_or_none

TOKENS = ("prompt_token_count", "candidates_token_count")


class GoogleADKAdapter:
    """Reads ADK sessions and lists of events."""

    name = "google_adk"
    description = "Google ADK session (id, events) or its list of events"
    coverage = Coverage(approvals="partly", timing="partly")

    def accepts(self, document: Any) -> bool:
        """Return whether the document's first event has an author and an invocation."""
        events = document.get("events") if isinstance(document, dict) else document
        first = events[0] if isinstance(events, list) and events else None
        return isinstance(first, dict) and "author" in first and ("invocationId" in first or "invocation_id" in first)

    def runs(self, trace: Trace) -> Iterator[Run]:
        """Yield the one run.

        :raises MalformedTrace: an event or a part breaks the format.
        """
        is_session = isinstance(trace.document, dict)
        facts = snake(as_object(trace.document))
        listed = facts.get("events") if is_session else trace.document
        where = f"{trace}: events" if is_session else f"{trace}: "
        events = _without_rewound([(snake(event), place) for event, place in require_objects(listed, where)])
        session = AdkSession(Conversation(trace))
        for event, place in events:
            session.read(event, place)
        session.close()
        usages = [snake(as_object(event.get("usage_metadata"))) for event, _ in events]
        run = chat_run(
            trace,
            self.name,
            session.conversation.outcome(assistant_spoke_last=session.assistant_spoke_last),
            facts={"id": facts.get("id")},
            agent=text_or_none(facts.get("app_name")) or _first_agent(events),
            models=[event.get("model_version") for event, _ in events],
            times=[parse_time(event.get("timestamp")) for event, _ in events],
            usage=total_usage(usages, tokens=TOKENS, costs=[]),
        )
        yield session.conversation.finish(run)


def _without_rewound(events: list[tuple[dict[str, Any], str]]) -> list[tuple[dict[str, Any], str]]:
    """Return the events without the rewound ones. A rewind names the first invocation that no longer counts."""
    kept: list[tuple[dict[str, Any], str]] = []
    for event, place in events:
        rewind_to = snake(as_object(event.get("actions"))).get("rewind_before_invocation_id")
        if text_or_none(rewind_to):
            names = [earlier.get("invocation_id") for earlier, _ in kept]
            kept = kept[: names.index(rewind_to)] if rewind_to in names else kept
        kept.append((event, place))
    return kept


def _first_agent(events: list[tuple[dict[str, Any], str]]) -> str | None:
    authors = (text_or_none(event.get("author")) for event, _ in events)
    return next((author for author in authors if author and author != "user"), None)


ADAPTER = GoogleADKAdapter()

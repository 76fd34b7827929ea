"""OpenHands trajectories: a list of actions and observations, or an object that holds one; and the SDK's events.

An observation's ``cause`` is the id of its action. The proposed arguments are the model's if its response is kept
beside the action, else the action's own. ``confirmation_state`` is "confirmed" on every action, even if nobody was
asked: only an action that waited before it was confirmed counts as approved.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow_provider_vai.model.run import Run
from airflow_provider_vai.traces.formats.openhands.app import AppEvents
from airflow_provider_vai.traces.formats.openhands.sdk import SDKEvents, is_sdk_event
from airflow_provider_vai.traces.formats.shared.content import total_usage
from airflow_provider_vai.traces.formats.shared.conversation import Conversation
from airflow_provider_vai.traces.reading.coverage import Coverage
from airflow_provider_vai.traces.reading.trace import Trace
from airflow_provider_vai.traces.reading.values import as_object, parse_time, require_objects, text_or_none

HOLDERS = ("history", "trajectory", "events")


class OpenHandsAdapter:
    """Reads OpenHands event lists, of the application and of the SDK."""

    name = "openhands"
    description = "OpenHands trajectory: a list of actions and observations, or the SDK's events"
    coverage = Coverage(approvals="partly", timing="yes")

    def accepts(self, document: Any) -> bool:
        """Return whether the document's first event is an action, an observation, or one of the SDK's."""
        events = _events(document)
        first = events[0] if isinstance(events, list) and events else None
        if isinstance(first, list):
            first = first[0] if first else None
        if not isinstance(first, dict) or not {"id", "source"} <= first.keys():
            return False
        return is_sdk_event(first) or isinstance(first.get("action", first.get("observation")), str)

    def runs(self, trace: Trace) -> Iterator[Run]:
        """Yield the one run.

        :raises MalformedTrace: an event breaks the format.
        """
        facts, listed = as_object(trace.document), _events(trace.document)
        events = list(require_objects(_flat(listed), f"{trace}: " + next((key for key in HOLDERS if key in facts), "")))
        conversation = Conversation(trace)
        is_sdk = any(is_sdk_event(event) for event, _ in events[:1])
        reader = SDKEvents(conversation) if is_sdk else AppEvents(conversation)
        for event, place in events:
            reader.read(event, place)
        times = [at for event, _ in events if (at := parse_time(event.get("timestamp")))]
        responses = {response["id"]: response for event, _ in events if (response := _response(event)).get("id")}
        usages = [as_object(response.get("usage")) for response in responses.values()]
        metrics = as_object(as_object(facts.get("metrics")).get("accumulated_token_usage"))
        run = Run(
            id=text_or_none(facts.get("instance_id")) or text_or_none(facts.get("id")) or trace.fallback_id,
            source="agent_run",
            format=self.name,
            agent="OpenHands",
            model=next(
                (name for response in responses.values() if (name := text_or_none(response.get("model")))), None
            ),
            started_at=times[0] if times else None,
            ended_at=times[-1] if times else None,
            outcome="success" if reader.is_finished else "unknown",
            usage=total_usage(
                usages or [metrics],
                tokens=("prompt_tokens", "completion_tokens"),
                costs=[as_object(facts.get("metrics")).get("accumulated_cost")],
            ),
        )
        yield conversation.finish(run)


def _response(event: dict[str, Any]) -> dict[str, Any]:
    response = as_object(as_object(event.get("tool_call_metadata")).get("model_response"))
    return response if isinstance(response.get("id"), str) else {}


def _events(document: Any) -> Any:
    if isinstance(document, dict):
        return next((document[key] for key in HOLDERS if key in document), None)
    return document


def _flat(events: Any) -> Any:
    """Return a flat list of events; older files pair each action with its observation."""
    if isinstance(events, list) and any(isinstance(pair, list) for pair in events):
        return [event for pair in events for event in (pair if isinstance(pair, list) else [pair])]
    return events


ADAPTER = OpenHandsAdapter()

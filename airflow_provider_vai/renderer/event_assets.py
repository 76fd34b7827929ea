"""The assets that an event trigger listens to; :mod:`airflow_provider_vai.plugin.events.run_events` emits them."""

from __future__ import annotations

from urllib.parse import urlsplit

from airflow_provider_vai.exceptions import RenderError
from airflow_provider_vai.languages.identifiers import EVENT_FILTERS, asset_uri, event_uri
from airflow_provider_vai.languages.plural import plural
from airflow_provider_vai.languages.printable import shown
from airflow_provider_vai.languages.short_text import similar_names
from airflow_provider_vai.model.kinds import by_name
from airflow_provider_vai.model.refusals import MAX_URI
from airflow_provider_vai.model.triggers import EventName, EventTrigger

OF_ACTIONS = ("action_kind", "automation", "step")
FILTERS: dict[EventName, tuple[str, ...]] = {
    "action.completed": OF_ACTIONS,
    "action.failed": OF_ACTIONS,
    "automation.completed": ("automation",),
    "automation.failed": ("automation",),
    "connection.data_available": EVENT_FILTERS,
}
"""The filters that each event has."""

WHERE = "triggers"


def uris(trigger: EventTrigger) -> list[str]:
    """Return the URIs of the assets that an event trigger listens to; an event of any of them starts a DAG run.

    For the success of one step (``vai://actions/<kind>/<dag_id>/<task_id>``) or of one automation
    (``vai://automations/<dag_id>``), this is the asset of the task itself, which Airflow emits at once. All other
    assets are emitted when the DAG run of the step has ended.

    :param trigger: The trigger.
    :raises RenderError: if the event does not have a filter; if a filter is empty, needs another filter, does not name
        an action kind, or makes the URI too long; or if Airflow does not accept the URI.
    """
    if trigger.uri is not None:
        if problem := _uri_problem(trigger.uri):
            raise RenderError(problem, where=WHERE, remedy="Write the URI exactly as in the DAG that emits the asset.")
        return [trigger.uri]
    event = trigger.event
    if event is None:  # the model refuses this, but the type checker does not know it
        raise RenderError("the trigger has neither an event nor a uri", where=WHERE, remedy="Give one of them.")
    filters = _filters(event, trigger.filters.model_dump(exclude_none=True))
    uri = _own_asset(event, filters) or event_uri(event, filters)
    if len(uri) > MAX_URI:
        raise RenderError(
            f"the filters of {event} make a URI of {plural(len(uri), 'character')}; "
            f"the maximum in Airflow is {MAX_URI}",
            where=WHERE,
            remedy="Remove a filter, or shorten the DAG id or task id.",
        )
    return [uri]


def _uri_problem(uri: str) -> str | None:
    """Return why Airflow refuses the URI of an asset (see ``airflow.sdk.definitions.asset``); ``None``: it does not."""
    try:
        scheme = urlsplit(uri).scheme
    except ValueError:
        return f"{shown(uri)} is not a URI"
    if uri.isspace() or uri in ("self", "context"):
        return f"{shown(uri)} cannot be the URI of an asset in Airflow"
    return f"{shown(uri)}: Airflow keeps the scheme airflow:// for itself" if scheme == "airflow" else None


def _own_asset(event: EventName, filters: dict[str, str]) -> str | None:
    if event == "automation.completed" and filters:
        return asset_uri("automations", filters["automation"])
    if event == "action.completed" and len(filters) == len(OF_ACTIONS):
        return asset_uri("actions", *(filters[name] for name in OF_ACTIONS))
    return None


def _filters(event: EventName, given: dict[str, str]) -> dict[str, str]:
    """Check the filters, and return them with the current name of the action kind instead of an older one."""
    for name, value in given.items():
        if name not in FILTERS[event]:
            raise RenderError(
                f"the event {event} has no filter {name}",
                where=WHERE,
                remedy=f"Remove it; the filters of this event are: {', '.join(FILTERS[event])}.",
            )
        if not value:
            raise RenderError(f"the filter {name} is empty", where=WHERE, remedy="Give it a value, or remove it.")
    if "step" in given and "automation" not in given:
        raise RenderError(
            f"the filter step = {given['step']!r} needs the filter automation",
            where=WHERE,
            remedy="Add the filter automation with a DAG id, because a task id is unique only within an automation.",
        )
    return {**given, "action_kind": _kind(given["action_kind"])} if "action_kind" in given else given


def _kind(name: str) -> str:
    kinds = by_name()
    if name not in kinds:
        close = similar_names(name, kinds)
        meant = f"Did you mean {close[0]!r}? " if close else ""
        raise RenderError(
            f"the filter action_kind = {name[:200]!r} is not an action kind",
            where=WHERE,
            remedy=f"{meant}`vai kinds` lists them.",
        )
    return kinds[name].name

"""Which assets an event trigger listens to. What emits them is :mod:`airflow_provider_vai.plugin.events.run_events`."""

from __future__ import annotations

from urllib.parse import urlsplit

from airflow_provider_vai.exceptions import RenderError
from airflow_provider_vai.languages.identifiers import EVENT_FILTERS, asset_uri, event_uri
from airflow_provider_vai.languages.printable import shown
from airflow_provider_vai.languages.short_text import similar_names
from airflow_provider_vai.model.kinds import by_name
from airflow_provider_vai.model.triggers import EventName, EventTrigger

OF_ACTIONS = ("action_kind", "automation", "step")
FILTERS: dict[EventName, tuple[str, ...]] = {
    "action.completed": OF_ACTIONS,
    "action.failed": OF_ACTIONS,
    "automation.completed": ("automation",),
    "automation.failed": ("automation",),
    "connection.data_available": EVENT_FILTERS,
}
"""What each event can be narrowed by."""

MAX_URI = 1500
"""Characters that Airflow keeps of an asset's URI (``airflow.models.asset.AssetModel``)."""

WHERE = "triggers"


def uris(trigger: EventTrigger) -> list[str]:
    """Return the URIs of the assets that an event trigger listens to; a run starts at an event of any of them.

    Where a task's own success says exactly the same, it is the task's asset, which Airflow emits in the same moment:
    one step of one automation (``vai://actions/<kind>/<dag_id>/<task_id>``), one automation
    (``vai://automations/<dag_id>``). All others are emitted when the run of the step has ended.

    :raises RenderError: a filter that the event does not have, that lacks another one, is empty, does not name an
        action kind, or is longer than Airflow can keep; or a URI that Airflow refuses.
    """
    if trigger.uri is not None:
        if problem := _uri_problem(trigger.uri):
            raise RenderError(problem, where=WHERE, remedy="Write the uri of the asset as the DAG that emits it does.")
        return [trigger.uri]
    event = trigger.event
    if event is None:  # the model refuses it; a type checker cannot know
        raise RenderError("the trigger names neither an event nor a uri", where=WHERE, remedy="Give one of them.")
    filters = _filters(event, trigger.filters.model_dump(exclude_none=True))
    uri = _own_asset(event, filters) or event_uri(event, filters)
    if len(uri) > MAX_URI:
        raise RenderError(
            f"the filters of {event} make a URI of {len(uri)} characters, and Airflow keeps {MAX_URI}",
            where=WHERE,
            remedy="Leave one of them out, or shorten the DAG's and the task's id.",
        )
    return [uri]


def _uri_problem(uri: str) -> str | None:
    """Return why Airflow would refuse the DAG for an asset's URI (``airflow.sdk.definitions.asset``)."""
    try:
        scheme = urlsplit(uri).scheme
    except ValueError:
        return f"{shown(uri)} is not a URI"
    if uri.isspace() or uri in ("self", "context"):
        return f"{shown(uri)} cannot name an asset in Airflow"
    return f"{shown(uri)}: Airflow keeps the scheme airflow:// for itself" if scheme == "airflow" else None


def _own_asset(event: EventName, filters: dict[str, str]) -> str | None:
    if event == "automation.completed" and filters:
        return asset_uri("automations", filters["automation"])
    if event == "action.completed" and len(filters) == len(OF_ACTIONS):
        return asset_uri("actions", *(filters[name] for name in OF_ACTIONS))
    return None


def _filters(event: EventName, given: dict[str, str]) -> dict[str, str]:
    """Return the filters with the kind's own name instead of an older one."""
    for name, value in given.items():
        if name not in FILTERS[event]:
            raise RenderError(
                f"{event} has no filter {name}",
                where=WHERE,
                remedy=f"Remove it: the event can be narrowed by {' and '.join(FILTERS[event])}.",
            )
        if not value:
            raise RenderError(f"the filter {name} is empty", where=WHERE, remedy="Leave it out, or give its value.")
    if "step" in given and "automation" not in given:
        raise RenderError(
            f"the filter step = {given['step']!r} does not say of which automation",
            where=WHERE,
            remedy="Add the filter automation, its DAG id: a task id is unique in one automation only.",
        )
    return {**given, "action_kind": _kind(given["action_kind"])} if "action_kind" in given else given


def _kind(name: str) -> str:
    kinds = by_name()
    if name not in kinds:
        close = similar_names(name, kinds)
        meant = f"Did you mean {close[0]!r}? " if close else ""
        raise RenderError(
            f"the filter action_kind = {name[:200]!r} is no action kind",
            where=WHERE,
            remedy=f"{meant}`vai kinds` lists them.",
        )
    return kinds[name].name

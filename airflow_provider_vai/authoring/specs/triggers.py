"""Reads the triggers of a spec written by hand, with our field names or the platform's."""

from __future__ import annotations

from typing import Any

from airflow_provider_vai.authoring.specs.places import only, refuse, similar, text_of, validated
from airflow_provider_vai.exceptions import RenderError, SpecError
from airflow_provider_vai.languages.printable import shown
from airflow_provider_vai.languages.schedule import (
    SCHEDULE_REMEDY,
    TIMEZONE_REMEDY,
    schedule_problem,
    timezone_problem,
)
from airflow_provider_vai.model.automation import Automation
from airflow_provider_vai.model.base import JsonPath
from airflow_provider_vai.model.kinds import by_name
from airflow_provider_vai.model.triggers import EventTrigger, ManualTrigger, ScheduleTrigger, Trigger, WebhookTrigger
from airflow_provider_vai.renderer.schedule import schedule_of
from airflow_provider_vai.secrets.masking import mask

KEYS = {
    "manual": ("type",),
    "schedule": ("type", "schedule", "timezone"),
    "webhook": ("type", "path", "conn_id", "secretConnId", "secret", "signature"),
    "event": ("type", "uri", "event", "eventType", "filters"),
}
FILTERS = ("action_kind", "automation", "step", "connection")
URI_REMEDY = "The URI of an asset only names it. Leave the login out; tasks that use the asset have a connection."
TO_A_CONNECTION = (
    "Store it as the password of an Airflow connection, and write conn_id: <its id> instead of the secret "
    "(or name the connection when you read the platform document)."
)


def triggers(fields: dict[str, Any], secret_conn_id: str | None = None) -> list[Trigger]:
    """Return the triggers of a document, from ``triggers`` or ``trigger``. Default: a manual trigger.

    :param fields: The document.
    :param secret_conn_id: The connection with a webhook's secret, if the document does not name one.
    :raises SpecError: a trigger is invalid.
    """
    if "trigger" in fields and "triggers" in fields:
        refuse("both trigger and triggers are given", ["trigger"], "Put all triggers into the list triggers.")
    if "trigger" in fields:
        return [trigger(fields["trigger"], ["trigger"], secret_conn_id)]
    given = fields.get("triggers", [])
    if not isinstance(given, list):
        remedy = "Write [{type: schedule, schedule: '@daily'}]."
        refuse(f"{shown(given)} is not a list of triggers", ["triggers"], remedy)
    found = [trigger(one, ["triggers", index], secret_conn_id) for index, one in enumerate(given)]
    return found or [ManualTrigger(type="manual")]


def trigger(given: Any, place: JsonPath, secret_conn_id: str | None = None) -> Trigger:
    """Return one trigger.

    :param given: The trigger in the document.
    :param place: Its place, for messages.
    :param secret_conn_id: See :func:`triggers`.
    :raises SpecError: the type or a key is unknown, a schedule or time zone is invalid, or the file contains a secret.
    """
    type_ = given.get("type") if isinstance(given, dict) else None
    if not isinstance(type_, str) or type_ not in KEYS:
        remedy = similar(type_, KEYS) if isinstance(type_, str) else f"Write type: one of {', '.join(KEYS)}."
        refuse(f"{shown(given if type_ is None else type_)} is not a trigger type", [*place, "type"], remedy)
    fields = only(given, KEYS[type_], place)
    if type_ == "schedule":
        return _schedule(fields, place)
    if type_ == "webhook":
        return _webhook(fields, place, secret_conn_id)
    if type_ == "event":
        return _event(fields, place)
    return ManualTrigger(type="manual")


def refuse_login(trigger: Trigger, place: JsonPath) -> None:
    """Refuse a credential in the URI of an event trigger, or in the path of a webhook.

    :param place: The place of the trigger in the document.
    :raises SpecError: there is one; the message masks it.
    """
    if isinstance(trigger, EventTrigger) and trigger.uri and mask(trigger.uri) != trigger.uri:
        problem = f"the URI {mask(trigger.uri)[:200]!r} contains what looks like a credential"
        refuse(problem, [*place, "uri"], URI_REMEDY)
    if isinstance(trigger, WebhookTrigger) and mask(trigger.path) != trigger.path:
        refuse("the path contains what looks like a credential", [*place, "path"], "Callers sign requests instead.")


def check_start(automation: Automation) -> None:
    """Check that Airflow accepts the triggers of an automation together with its limits and params.

    :raises SpecError: it does not, see :func:`airflow_provider_vai.renderer.schedule.schedule_of`.
    """
    try:
        schedule_of(automation)
    except RenderError as error:
        raise SpecError(error.problem, where=error.where, remedy=error.remedy) from None


def _schedule(fields: dict[str, Any], place: JsonPath) -> ScheduleTrigger:
    cron = text_of(fields.get("schedule"), [*place, "schedule"], "schedule")
    if problem := schedule_problem(cron):
        refuse(problem, [*place, "schedule"], SCHEDULE_REMEDY)
    zone = fields.get("timezone")
    if zone is not None and (problem := timezone_problem(text_of(zone, [*place, "timezone"], "time zone"))):
        refuse(problem, [*place, "timezone"], TIMEZONE_REMEDY)
    made: ScheduleTrigger = validated(ScheduleTrigger, fields, place)
    return made


def _webhook(fields: dict[str, Any], place: JsonPath, secret_conn_id: str | None) -> WebhookTrigger:
    named = {name: fields.pop(name) for name in ("conn_id", "secretConnId") if fields.get(name) is not None}
    if len(named) == 2:
        refuse("conn_id and secretConnId are the same key", place, "Leave one of them out.")
    conn_id = next(iter(named.values()), secret_conn_id)
    secret = fields.pop("secret", None)
    if secret is not None and (conn_id is None or named):
        refuse("the file contains the webhook's secret", [*place, "secret"], TO_A_CONNECTION)
    if conn_id is None:
        refuse("the webhook has no connection for its secret", [*place, "conn_id"], TO_A_CONNECTION)
    path = text_of(fields.get("path"), [*place, "path"], "path")
    fields |= {"path": path.strip("/"), "conn_id": conn_id}
    made: WebhookTrigger = validated(WebhookTrigger, fields, place)
    refuse_login(made, place)
    return made


def _event(fields: dict[str, Any], place: JsonPath) -> EventTrigger:
    filters = only(fields.get("filters", {}), FILTERS, [*place, "filters"])
    kind = filters.get("action_kind")
    if kind is not None:
        known = by_name()
        if not isinstance(kind, str) or kind not in known:
            refuse(f"there is no action kind {shown(kind)}", [*place, "filters"], similar(str(kind), known))
        filters["action_kind"] = known[kind].name
    if "event" in fields and "eventType" in fields:
        refuse("event and eventType are the same key", place, "Leave one of them out.")
    made: EventTrigger = validated(EventTrigger, {**fields, **({"filters": filters} if filters else {})}, place)
    refuse_login(made, place)
    return made

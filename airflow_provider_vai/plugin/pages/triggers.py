"""What starts an automation: schedules with their next times, webhooks with their addresses, events, conditions."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any, get_args

from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from airflow_provider_vai.model.sidecar import Sidecar
from airflow_provider_vai.model.triggers import EventName, EventTrigger, WebhookTrigger
from airflow_provider_vai.plugin.api.access import authoring, reading
from airflow_provider_vai.plugin.api.parameters import DagId
from airflow_provider_vai.plugin.pages.amounts import seconds
from airflow_provider_vai.plugin.pages.forms import Form
from airflow_provider_vai.plugin.pages.frame import ROOT, as_json, path_of
from airflow_provider_vai.plugin.pages.sending import carried_out
from airflow_provider_vai.plugin.pages.trigger_forms import changed_triggers, conditions_of, digest_of
from airflow_provider_vai.plugin.pages.viewed import viewed, viewed_page
from airflow_provider_vai.plugin.pages.visible_text import visible
from airflow_provider_vai.plugin.pages.words import schedule_words
from airflow_provider_vai.plugin.routes.automations import Changes, changed
from airflow_provider_vai.plugin.routes.triggers import triggers_of
from airflow_provider_vai.plugin.webhooks.triggers import secret_problem
from airflow_provider_vai.secrets.masking import masked

router = APIRouter(prefix=ROOT, include_in_schema=False, default_response_class=HTMLResponse)

EVENT_WORDS = {
    "action.completed": "a step succeeds",
    "action.failed": "a step fails",
    "automation.completed": "an automation succeeds",
    "automation.failed": "an automation fails",
    "connection.data_available": "new data arrives at a connection",
}
FILTER_WORDS = {"action_kind": "kind of step", "automation": "automation", "step": "step", "connection": "connection"}
SCHEME_WORDS = {
    "vai": "VirtuousAI",
    "standard": "Standard Webhooks",
    "github": "GitHub",
    "stripe": "Stripe",
    "shopify": "Shopify",
}
ON_TIMEOUT = {"approve": "it is approved", "reject": "it is rejected"}
SCHEMES = get_args(WebhookTrigger.model_fields["signature"].annotation)
SCHEDULES = ("@hourly", "@daily", "@weekly", "@monthly", "0 7 * * 1-5")
"""Schedules that the page offers."""


@router.get("/automations/{dag_id}/triggers", dependencies=reading())
def triggers(request: Request, dag_id: DagId, user: GetUserDep) -> Response:
    """Show what starts an automation."""
    about = viewed(request, user, dag_id)
    found = triggers_of(dag_id)
    return viewed_page(
        about,
        "triggers",
        found=found,
        planned=found.next_run_at if found.next_run_at and found.next_run_at > datetime.now(timezone.utc) else None,
        digest_of=digest_of,
        is_editable=_is_editable,
        event_words=event_words,
        schedule_words=schedule_words,
        secret_problem=secret_problem,
        schemes={name: SCHEME_WORDS[name] for name in SCHEMES},
        events={name: EVENT_WORDS[name] for name in get_args(EventName)},
        filters=FILTER_WORDS,
        schedules=SCHEDULES,
        deadlines=deadlines(about.sidecar),
        notifications=[
            (one.on, one.notifier, {name: masked({name: value})[name] for name, value in one.arguments.items()})
            for one in about.sidecar.notifications
        ],
    )


@router.post("/automations/{dag_id}/triggers", dependencies=authoring())
def change(request: Request, dag_id: DagId, user: GetUserDep, form: Form) -> Response:
    """Add, change or remove a trigger, as a new version."""

    def do() -> str:
        after = changed_triggers(form, viewed(request, user, dag_id).sidecar.triggers)
        summary = f"{SUMMARIES[form.get('do')]} on the page Triggers"
        changes = form.read(Changes, {"triggers": after, "summary": summary})
        changed(dag_id, changes, if_match=form.if_match, by=user.get_name())
        return path_of("automations", dag_id, "triggers")

    return carried_out(request, user, form, do)


SUMMARIES = {"add": "added a trigger", "change": "changed a trigger", "remove": "removed a trigger"}


@router.post("/automations/{dag_id}/triggers/conditions", dependencies=authoring())
def change_conditions(request: Request, dag_id: DagId, user: GetUserDep, form: Form) -> Response:
    """Replace the conditions, as a new version."""

    def do() -> str:
        summary = "changed the conditions on the page Triggers"
        changes = form.read(Changes, {"conditions": conditions_of(form), "summary": summary})
        changed(dag_id, changes, if_match=form.if_match, by=user.get_name())
        return path_of("automations", dag_id, "triggers")

    return carried_out(request, user, form, do)


def event_words(trigger: EventTrigger) -> str:
    """Return what an event trigger waits for, in words."""
    if trigger.event is None:
        return f"the asset {trigger.uri} is updated"
    given = [f"{words} {value}" for name, words in FILTER_WORDS.items() if (value := getattr(trigger.filters, name))]
    return EVENT_WORDS[trigger.event] + (f" ({', '.join(given)})" if given else "")


def deadlines(sidecar: Sidecar) -> list[tuple[str, str]]:
    """Return the time limits of an automation as pairs of words: of the run, of steps, and of questions at gates."""
    found = [("The whole run", seconds(sidecar.timeout_seconds))] if sidecar.timeout_seconds else []
    for step in sidecar.steps:
        name = f"The step {step.title or step.key}"
        if step.timeout_seconds:
            found.append((name, seconds(step.timeout_seconds)))
        given = {key: argument.value for key, argument in step.arguments.items()}
        if step.kind == "approval_gate" and isinstance(given.get("response_timeout"), int):
            then = {"approve": "it is approved", "reject": "it is rejected"}.get(
                str(given.get("on_timeout")), "it fails"
            )
            reminder = given.get("remind_before")
            before = f"; a reminder is sent {seconds(reminder)} before" if isinstance(reminder, int) else ""
            found.append((name, f"an answer within {seconds(given['response_timeout'])}, or {then}{before}"))
    return found


def _is_editable(fields: Any) -> bool:
    """Return whether a form may show these texts: a field would send back what is masked or made visible in them."""
    text = as_json(fields)
    return visible(text) == text

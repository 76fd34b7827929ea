"""The forms that add, change and remove triggers and conditions: the new lists from what was typed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from airflow_provider_vai.languages import json_text
from airflow_provider_vai.model.triggers import Trigger
from airflow_provider_vai.plugin.api.problems import Problem
from airflow_provider_vai.plugin.pages.forms import PageForm

WAS = "trigger"
"""The hidden field that names the trigger which a form changes: its digest, since its place in the list may change."""


def digest_of(trigger: Trigger) -> str:
    """Return what a form calls a trigger."""
    return json_text.digest(trigger.model_dump(mode="json"))[:16]


def changed_triggers(form: PageForm, triggers: Sequence[Trigger]) -> list[dict[str, Any]]:
    """Return the triggers of an automation after a form was carried out, with their fields as in a sidecar.

    :param form: its field ``do`` is ``add``, ``change`` or ``remove``.
    :param triggers: as they are now.
    :raises Problem: 409 the trigger is not there any more; 422 the form is not one of the page's.
    """
    kept = [trigger.model_dump(exclude_none=True) for trigger in triggers]
    what = form.get("do")
    if what == "add":
        return [*kept, _typed(form)]
    place = next((at for at, trigger in enumerate(triggers) if digest_of(trigger) == form.get(WAS)), None)
    if what not in ("change", "remove"):
        raise Problem(422, "the form does not say what to do", where="do", remedy="Open the page again.")
    if place is None:
        raise Problem(409, "somebody changed or removed this trigger meanwhile", remedy="Open the page again.")
    return [*kept[:place], *([_typed(form)] if what == "change" else []), *kept[place + 1 :]]


def conditions_of(form: PageForm) -> list[str]:
    """Return the conditions that a form has; empty fields are left out."""
    return [text.strip() for text in form.all("condition") if text.strip()]


def _typed(form: PageForm) -> dict[str, Any]:
    read = _TYPES.get(form.get("type"))
    if read is None:
        raise Problem(422, "there is no such type of trigger", where="type", remedy="Open the page again.")
    return {"type": form.get("type"), **read(form)}


def _filled(form: PageForm, *names: str) -> dict[str, Any]:
    return {name: text for name in names if (text := form.get(name).strip())}


def _event(form: PageForm) -> dict[str, Any]:
    """Return an event trigger: an asset by its address, or an event of an automation with its filters."""
    if "uri" in (given := _filled(form, "uri", "event")):
        return {"uri": given["uri"]}
    return {**given, "filters": _filled(form, "action_kind", "automation", "step", "connection")}


_TYPES: dict[str, Callable[[PageForm], dict[str, Any]]] = {
    "schedule": lambda form: {"schedule": form.get("schedule").strip(), **_filled(form, "timezone")},
    "webhook": lambda form: {
        "path": form.get("path").strip(),
        "conn_id": form.get("conn_id").strip(),
        **_filled(form, "signature"),
    },
    "event": _event,
}

"""How a change lands: checked against the state that it rests on, and written as one new version."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import quote, urlsplit

from fastapi import HTTPException
from fastapi.responses import Response

from airflow_provider_vai.authoring.editing.edit_requests import Edit
from airflow_provider_vai.exceptions import Conflict
from airflow_provider_vai.model.automation import Automation
from airflow_provider_vai.operators.runtime.compat import configuration
from airflow_provider_vai.plugin.api import etags, folders, views
from airflow_provider_vai.plugin.api.problems import Problem
from airflow_provider_vai.store.publisher import publish
from airflow_provider_vai.store.state import AutomationState


def edited(
    dag_id: str, edit: Edit, *, if_match: str | None, by: str, summary: str, step: str | None = None
) -> Response:
    """Change an automation and return the answer that shows it.

    :param if_match: the request's header. :param by: the user's name. :param summary: for the history.
    :param step: the step that the address names, if it names one.
    :raises HTTPException: 404 there is no such automation or step, 428, 412.
    :raises VaiError: the edit is refused; see also ``publish``.
    """
    state = views.existing(dag_id)
    folder = folders.automations_folder()
    expected = etags.checked(if_match, state, folder)
    if expected != state.number:  # it was given a log just now, or ``*`` met a new entry
        state = views.existing(dag_id)
    assert state.sidecar is not None  # noqa: S101 - existing() saw to it
    if state.is_spec_edited:
        views.unedited(state)
    if step is not None and step not in [one.key for one in state.sidecar.steps]:
        raise HTTPException(404, "there is no such step")
    automation = edit.apply(state.sidecar.automation, by)
    publish(automation, folder, by=by, summary=summary, expected=expected)
    return views.shown(dag_id)


def created(
    automation: Automation,
    state: AutomationState,
    *,
    by: str,
    summary: str,
    if_match: str | None,
    beside: Mapping[str, Any] = MappingProxyType({}),
) -> Response:
    """Write an automation that a request made, under a name that may be taken.

    :param state: what is there under its DAG id.
    :param if_match: needed where an automation is there that would change.
    :param beside: further members of the answer.
    :raises HTTPException: 409 the name is another's, 412, 428.
    """
    folder = folders.automations_folder()
    dag_id = automation.dag_id
    if state.sidecar is None:
        if state.dag_file is not None:
            raise Problem(409, "a DAG file of that name is there that was not made here", where="dagId")
        try:
            publish(automation, folder, by=by, summary=summary, expected=state.number)
        except Conflict as error:
            raise Problem(409, "an automation of that name was made in this moment", where="dagId") from error
        return views.shown(dag_id, 201, {"Location": _location(dag_id)}, beside)
    _check_same_source(automation, state)
    if is_same(automation, state):
        return views.shown(dag_id, 200, {"Location": _location(dag_id)}, beside)
    expected = etags.checked(if_match, state, folder)
    publish(automation, folder, by=by, summary=summary, expected=expected)
    return views.shown(dag_id, 200, {"Location": _location(dag_id)}, beside)


def is_same(automation: Automation, state: AutomationState) -> bool:
    """Return whether the automation that is there says the same already."""
    return state.sidecar is not None and state.sidecar.spec_sha256 == automation.spec_sha256


def _check_same_source(automation: Automation, state: AutomationState) -> None:
    ours, theirs = automation.source, state.sidecar.source if state.sidecar else None
    if (ours and ours.id) != (theirs and theirs.id) or (ours is None and not is_same(automation, state)):
        raise Problem(
            409,
            f"there is another automation {automation.dag_id!r}",
            where="dagId",
            remedy="Choose another dagId, or change the one that is there with PATCH.",
        )


def _location(dag_id: str) -> str:
    """Return the address of an automation, below the path under which Airflow itself stands."""
    base = configuration().get("api", "base_url", fallback="") or ""
    return f"{urlsplit(base).path.rstrip('/')}/vai/api/v1/automations/{quote(dag_id, '')}"

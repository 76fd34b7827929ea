"""Writes an automation for a request: checks the state that the change is based on, then publishes one new version."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from fastapi import HTTPException
from fastapi.responses import Response

from airflow_provider_vai.authoring.editing.edit_requests import Edit
from airflow_provider_vai.exceptions import Conflict
from airflow_provider_vai.model.automation import Automation
from airflow_provider_vai.operators.runtime.compat import configuration
from airflow_provider_vai.plugin.api.airflow_state import pause
from airflow_provider_vai.plugin.api.automation_response import automation_response
from airflow_provider_vai.plugin.api.configured_folders import automations_folder
from airflow_provider_vai.plugin.api.etags import check_if_match
from airflow_provider_vai.plugin.api.parsing import read_soon
from airflow_provider_vai.plugin.api.problems import Problem
from airflow_provider_vai.plugin.api.stored_automation import existing, refuse_edited_by_hand
from airflow_provider_vai.store.listeners import with_awaited_assets
from airflow_provider_vai.store.publisher import publish
from airflow_provider_vai.store.state import AutomationState


def write_change(
    dag_id: str, edit: Edit, *, if_match: str | None, by: str, summary: str, step: str | None = None
) -> Response:
    """Change an automation and return the answer that shows it.

    :param step: the key of the step that the address names, if it names one.
    :param if_match: the header ``If-Match``. :param by: the user's name. :param summary: for the history.
    :raises HTTPException: 404, 409, 412, 428. :raises VaiError: see ``publish``.
    """
    state = existing(dag_id)
    folder = automations_folder()
    expected = check_if_match(if_match, state, folder)
    if expected != state.number:  # the automation got its log just now, or ``*`` accepted a newer entry
        state = existing(dag_id)
    assert state.sidecar is not None  # noqa: S101 - existing() checked it
    if state.is_spec_edited:
        refuse_edited_by_hand(state)
    if step is not None and step not in [existing_step.key for existing_step in state.sidecar.steps]:
        raise HTTPException(404, "there is no such step")
    after = edit.apply(state.sidecar.automation, by)
    publish(after, folder, by=by, summary=summary, expected=expected, pause=pause)
    read_soon(dag_id)
    return automation_response(dag_id)


def write_new(
    automation: Automation,
    state: AutomationState,
    *,
    by: str,
    summary: str,
    if_match: str | None,
    taken_for: str | None = None,
) -> Response:
    """Write an automation that a request made, under a DAG id that may be taken; return the answer that shows it.

    :param state: the state of its DAG id.
    :param if_match: the header ``If-Match``, required to change an automation that exists.
    :param taken_for: what several recordings were taken for, for the answer.
    :raises HTTPException: 409 the DAG id belongs to something else, 412, 428. :raises VaiError: see ``publish``.
    """
    folder = automations_folder()
    automation = with_awaited_assets(automation, folder)
    dag_id = automation.dag_id
    location = {"Location": _location(dag_id)}
    check_new(automation, state)
    if state.sidecar is None:
        try:
            publish(automation, folder, by=by, summary=summary, expected=state.number)
        except Conflict as error:
            raise Problem(409, "another request just made an automation with that name", where="dagId") from error
        read_soon(dag_id)
        return automation_response(dag_id, 201, location, taken_for=taken_for)
    if not _is_same(automation, state):
        expected = check_if_match(if_match, state, folder)
        publish(automation, folder, by=by, summary=summary, expected=expected, pause=pause)
        read_soon(dag_id)
    return automation_response(dag_id, 200, location, taken_for=taken_for)


def _is_same(automation: Automation, state: AutomationState) -> bool:
    return state.sidecar is not None and state.sidecar.spec_sha256 == automation.spec_sha256


def check_new(automation: Automation, state: AutomationState) -> None:
    """Check that an automation that a request made may have its DAG id.

    :param state: the state of the DAG id.
    :raises Problem: 409 the DAG id belongs to something else.
    """
    if state.sidecar is None:
        if state.dag_file is not None:
            raise Problem(409, "a DAG file with that name exists that was not made here", where="dagId")
        return
    ours, theirs = automation.source, state.sidecar.source if state.sidecar else None
    if (ours and ours.id) != (theirs and theirs.id) or (ours is None and not _is_same(automation, state)):
        raise Problem(
            409,
            f"another automation is called {automation.dag_id!r}",
            where="dagId",
            remedy="Choose another dagId, or change the existing automation with PATCH.",
        )


def _location(dag_id: str) -> str:
    """Return the address of an automation, below the path at which Airflow itself is served."""
    base = configuration().get("api", "base_url", fallback="") or ""
    return f"{urlsplit(base).path.rstrip('/')}/vai/api/v1/automations/{quote(dag_id, '')}"

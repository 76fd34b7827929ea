"""The history of an automation: what changed, what Airflow holds, edits by hand; restoring and deleting."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Annotated, Any, get_args

from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.core_api.security import GetUserDep
from airflow.utils.session import create_session
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse

from airflow_provider_vai.analysis.diff.comparison import Comparison, compared_versions, unsaved_edits
from airflow_provider_vai.analysis.diff.side_by_side import SideBySide, side_by_side, spec_text
from airflow_provider_vai.exceptions import SpecError
from airflow_provider_vai.plugin.api.access import authoring, is_allowed, reading
from airflow_provider_vai.plugin.api.dag_versions import dag_versions
from airflow_provider_vai.plugin.api.parameters import DagId, Offset, VersionNumber
from airflow_provider_vai.plugin.api.stored_automation import existing_or_deleted
from airflow_provider_vai.plugin.pages.forms import Form, new_key
from airflow_provider_vai.plugin.pages.frame import ROOT, page, path_of
from airflow_provider_vai.plugin.pages.sending import carried_out
from airflow_provider_vai.plugin.pages.viewed import TABS, may_edit_connections, viewed
from airflow_provider_vai.plugin.routes import automations, history
from airflow_provider_vai.store.state import AutomationState

router = APIRouter(
    prefix=f"{ROOT}/automations/{{dag_id}}", include_in_schema=False, default_response_class=HTMLResponse
)

ROWS = 50
THEN = "then"
"""Name of the field with the address of the form that edits by hand stood in the way of; its fields follow as
``then:<name>``."""

PLAIN_PATH = re.compile(r"(?:[\w.~%-]*[\w~%-]/?)+")
MOST_DAG_VERSIONS = 200


@router.get("/versions", dependencies=reading())
def versions(request: Request, user: GetUserDep, dag_id: DagId, at: Offset = 0) -> Response:
    """List the versions and changes of status, also those of a deleted automation."""
    state = existing_or_deleted(dag_id)
    entries = list(state.log.entries())
    with create_session(scoped=False) as session:
        held = dag_versions(session, state, MOST_DAG_VERSIONS)
    airflow = defaultdict(list)
    for one in held:
        airflow[one.version].append(one.dag_version)
    may_read_code = is_allowed(user, "GET", dag_id, DagAccessEntity.CODE)
    edits = unsaved_edits(state) if state.sidecar is not None and state.is_edited and may_read_code else None
    values = {
        "items": entries[at : at + ROWS],
        "total": len(entries),
        "limit": ROWS,
        "offset": at,
        "airflow": airflow,
        "edits": edits,
        "edited_code": _edited_code(state) if edits and edits.text else None,
        "may_read_code": may_read_code,
        "may_delete": may_edit_connections(user) and is_allowed(user, "DELETE", dag_id),
    }
    return _page(request, user, state, "versions", **values)


@router.get("/versions/{number}/diff", dependencies=reading(DagAccessEntity.CODE))
def difference(
    request: Request,
    user: GetUserDep,
    dag_id: DagId,
    number: VersionNumber,
    *,
    to: Annotated[int | None, Query(ge=1, le=10**6)] = None,
) -> Response:
    """Show what differs between a version and another one, by default the newest, and offer to restore the first."""
    state = existing_or_deleted(dag_id)
    old = history.version_of(state, number)
    new = next(state.log.versions()) if to is None else history.version_of(state, to)
    comparison: Comparison = compared_versions(old, new)
    numbers = [entry.sidecar.version for entry in state.log.versions()]
    values = {
        "old": old,
        "new": new,
        "changes": comparison.changes,
        "specs": side_by_side(spec_text(old.sidecar.automation), spec_text(new.sidecar.automation)),
        "code": side_by_side(old.dag_file or "", new.dag_file or ""),
        "numbers": numbers,
    }
    return _page(request, user, state, "version_diff", **values)


@router.post("/versions/{number}/restore", dependencies=authoring())
def restore(request: Request, user: GetUserDep, dag_id: DagId, number: VersionNumber, form: Form) -> Response:
    """Make an earlier version the newest one."""

    def do() -> str:
        history.restored(dag_id, number, if_match=form.if_match, by=user.get_name())
        return path_of("automations", dag_id, "versions")

    return carried_out(request, user, form, do)


@router.post("/versions/edits", dependencies=authoring())
def keep_edits(request: Request, user: GetUserDep, dag_id: DagId, form: Form) -> Response:
    """Make a version of the edits by hand: of both files, or of the one that the form names."""
    keep: history.Edits = next((one for one in get_args(history.Edits) if one == form.get("keep")), "both")

    def do() -> str:
        history.edits_kept(dag_id, keep=keep, if_match=form.if_match, by=user.get_name())
        return path_of("automations", dag_id, "versions")

    answer = carried_out(request, user, form, do)
    then = form.get(THEN)
    if not then.startswith(f"ui/{path_of('automations', dag_id)}/") or not PLAIN_PATH.fullmatch(then):
        return answer
    fields = [(name.removeprefix(f"{THEN}:"), value) for name, value in form.fields if name.startswith(f"{THEN}:")]
    return _page(request, user, existing_or_deleted(dag_id), "send_again", then=then, fields=fields)


@router.post("/delete", dependencies=authoring("DELETE"))
def delete(request: Request, user: GetUserDep, dag_id: DagId, form: Form) -> Response:
    """Delete the automation, if its DAG id was typed as a confirmation."""

    def do() -> str:
        if form.get("confirm").strip() != dag_id:
            raise SpecError(
                "the DAG id that you typed is another one",
                where="confirm",
                remedy=f"To delete the automation, type {dag_id} exactly.",
            )
        automations.deleted(dag_id, if_match=form.if_match, by=user.get_name())
        return path_of("automations", dag_id, "versions")

    return carried_out(request, user, form, do)


def _page(request: Request, user: Any, state: AutomationState, template: str, /, **values: Any) -> Response:
    """Return a page of an automation; of a deleted one without the tabs, which have nothing to show."""
    dag_id = state.log.dag_id
    values |= {"state": state, "key": new_key(), "dag_id": dag_id, "may_restore": _may_author(user, dag_id)}
    if state.sidecar is None:
        return page(request, f"{template}.html", base="deleted.html", **values)
    about = viewed(request, user, dag_id)
    return page(request, f"{template}.html", base="automation.html", about=about, tab="versions", tabs=TABS, **values)


def _edited_code(state: AutomationState) -> SideBySide:
    """Return the DAG file as the newest version has it, beside the file as it is now."""
    newest = state.newest_version
    return side_by_side((newest.dag_file if newest else None) or "", state.dag_file or "")


def _may_author(user: Any, dag_id: str) -> bool:
    return may_edit_connections(user) and is_allowed(user, "PUT", dag_id)

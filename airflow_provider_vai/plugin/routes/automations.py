"""``/api/v1/automations``: list, make, read, change and delete automations."""

from __future__ import annotations

from typing import Annotated, Any

from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.core_api.security import GetUserDep
from airflow.utils.session import create_session
from fastapi import APIRouter, Query, Response
from pydantic import Field

from airflow_provider_vai.authoring.editing.edit_requests import ChangeAutomation
from airflow_provider_vai.authoring.editing.settings import OPTIONS
from airflow_provider_vai.model.automation import Automation
from airflow_provider_vai.model.factories import new_dict
from airflow_provider_vai.plugin.api import airflow_state
from airflow_provider_vai.plugin.api.access import AUTHOR_NEW, READ_ANY, authoring, reading
from airflow_provider_vai.plugin.api.airflow_state import AirflowDag
from airflow_provider_vai.plugin.api.automation_response import (
    AutomationItem,
    AutomationShown,
    Status,
    UnreadableAutomation,
    automation_response,
    list_items,
)
from airflow_provider_vai.plugin.api.automation_writes import write_change
from airflow_provider_vai.plugin.api.configured_folders import automations_folder
from airflow_provider_vai.plugin.api.etags import IfMatch, check_if_match
from airflow_provider_vai.plugin.api.idempotency import OnceDep
from airflow_provider_vai.plugin.api.json_response import ListPage, MaskedJson
from airflow_provider_vai.plugin.api.kept_answers import kept_answer
from airflow_provider_vai.plugin.api.openapi import body_of, with_headers
from airflow_provider_vai.plugin.api.parameters import DagId, Limit, Offset
from airflow_provider_vai.plugin.api.problems import public
from airflow_provider_vai.plugin.api.request_body import RequestModel, SmallBody
from airflow_provider_vai.plugin.api.stored_automation import existing, refuse_edited_by_hand
from airflow_provider_vai.plugin.routes import new_automations
from airflow_provider_vai.secrets.masking import mask
from airflow_provider_vai.store import lifecycle
from airflow_provider_vai.store.summaries import Summary, Unreadable, summaries

router = APIRouter(prefix="/api/v1/automations", tags=["automations"])


class AutomationPage(ListPage):
    """A page of the list of automations. One whose sidecar cannot be read is listed with the reason."""

    items: list[AutomationItem | UnreadableAutomation]


class DagFileResponse(Response):
    """An answer that is a Python file, which no browser shows as a page."""

    media_type = "text/x-python"


class Changes(RequestModel):
    """Settings of an automation to change. A setting that is left out stays; ``null`` resets it to its default.

    ``arguments`` are values of steps: ``{step: {argument: value}}``. An argument may be a place inside its value, like
    ``json.items.0``; a value may be a reference such as ``{"$from": ["step", "key"]}``. ``params`` are set one by one,
    and ``null`` removes one. ``triggers`` and ``conditions`` are replaced as a whole.
    """

    description: str | None = None
    triggers: list[dict[str, Any]] | None = None
    conditions: list[str] | None = None
    params: dict[str, dict[str, Any] | None] | None = None
    tags: list[str] | None = None
    owner: str | None = None
    max_active_runs: int | None = None
    max_active_tasks: int | None = None
    timeout_seconds: float | None = None
    retries: int | None = None
    retry_delay_seconds: float | None = None
    notifications: list[dict[str, Any]] | None = None
    arguments: dict[str, dict[str, Any]] = Field(default_factory=new_dict)
    ungated: bool = False
    summary: str = ""

    def edit(self) -> ChangeAutomation:
        """Return the edit that the body asks for."""
        given = self.model_fields_set
        return ChangeAutomation(
            params=self.params,
            triggers=(self.triggers or []) if "triggers" in given else None,
            conditions=(self.conditions or []) if "conditions" in given else None,
            values=self.arguments,
            options={name: getattr(self, name) for name in OPTIONS if name in given},
            ungated=self.ungated,
        )


@router.get("", dependencies=READ_ANY, response_model=AutomationPage)
def listing(
    user: GetUserDep,
    *,
    limit: Limit = 100,
    offset: Offset = 0,
    status: Status | None = None,
    q: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """List the automations whose DAGs the user may read, by DAG id.

    :param status: only automations with this status.
    :param q: only automations with this text in their DAG id or description.
    """
    return MaskedJson(listed(user, limit=limit, offset=offset, status=status, q=q))


def listed(user: Any, *, limit: int, offset: int, status: Status | None, q: str | None) -> AutomationPage:
    """Return a page of the list of automations, see :func:`listing`."""
    found = [
        one
        for one in summaries(automations_folder(), keep=lambda dag_ids: readable(dag_ids, user))
        if q is None or q.casefold() in _searched_text(one).casefold()
    ]
    with create_session(scoped=False) as session:
        if status is not None:
            dags = airflow_state.known_dags(session, [one.dag_id for one in found])
            found = [one for one in found if _status(one, dags[one.dag_id]) == status]
        shown = found[offset : offset + limit]
        dags = airflow_state.known_dags(session, [one.dag_id for one in shown])
    readable_ones = iter(list_items([(one, dags[one.dag_id]) for one in shown if isinstance(one, Summary)]))
    items = [
        next(readable_ones)
        if isinstance(one, Summary)
        else UnreadableAutomation(dag_id=one.dag_id, error=public(one.problem))
        for one in shown
    ]
    return AutomationPage(items=items, total=len(found), limit=limit, offset=offset)


@router.post(
    "",
    dependencies=AUTHOR_NEW,
    status_code=201,
    response_model=AutomationShown,
    responses=with_headers("ETag", "Location", statuses=(200, 201), model=AutomationShown),
    openapi_extra=body_of(Automation, also="the short form of a spec, or a document of the platform"),
)
def create(user: GetUserDep, body: SmallBody, once: OnceDep) -> Response:
    """Make an automation from a spec: the short form, the full form, or the platform's own document."""

    def make() -> Response:
        document = body.json()
        return new_automations.create(user, document)

    return once(body.content, make)


@router.get("/{dag_id}", dependencies=reading(), response_model=AutomationShown, responses=with_headers("ETag"))
def read(dag_id: DagId) -> Response:
    """Show an automation: its spec, its history, its DAG in Airflow. A change sends its ETag back in If-Match."""
    return automation_response(dag_id)


@router.patch(
    "/{dag_id}",
    dependencies=authoring(),
    response_model=AutomationShown,
    responses=with_headers("ETag"),
    openapi_extra=body_of(Changes),
)
def change(dag_id: DagId, user: GetUserDep, body: SmallBody, if_match: IfMatch = None) -> Response:
    """Change settings of an automation, as a new version."""
    return changed(dag_id, body.read(Changes), if_match=if_match, by=user.get_name())


def changed(dag_id: str, changes: Changes, *, if_match: str | None, by: str) -> Response:
    """Change settings of an automation, and return the answer that shows it.

    :param dag_id: of the automation.
    :param changes: the settings to change.
    :param if_match: the header ``If-Match``.
    :param by: the user's name.
    :raises HTTPException: see ``write_change``.
    :raises VaiError: see ``write_change``.
    """
    summary = changes.summary or f"changed {', '.join(sorted(changes.model_fields_set - {'summary'})) or 'nothing'}"
    return write_change(dag_id, changes.edit(), if_match=if_match, by=by, summary=summary)


@router.delete("/{dag_id}", dependencies=authoring("DELETE"), status_code=204, response_class=Response)
def delete(dag_id: DagId, user: GetUserDep, if_match: IfMatch = None) -> Response:
    """Remove an automation's files, and pause its DAG. Its versions stay, and one can be restored."""
    deleted(dag_id, if_match=if_match, by=user.get_name())
    return Response(status_code=204, headers={"Cache-Control": "no-store"})


def deleted(dag_id: str, *, if_match: str | None, by: str) -> None:
    """Remove an automation's files, and pause its DAG.

    :param if_match: the header ``If-Match``. :param by: the user's name.
    :raises HTTPException: 404, 409, 412, 428. :raises VaiError: see ``lifecycle.delete``.
    """
    state = existing(dag_id)
    folder = automations_folder()
    expected = check_if_match(if_match, state, folder)
    refuse_edited_by_hand(existing(dag_id))
    lifecycle.delete(folder, dag_id, by=by, expected=expected, carry_out=lambda: airflow_state.pause(dag_id))


@router.get("/{dag_id}/dag", dependencies=reading(DagAccessEntity.CODE), response_class=DagFileResponse)
def dag_file(dag_id: DagId) -> Response:
    """Show the DAG file as it is now."""
    answer = kept_answer(dag_id, "dag", lambda state: mask(state.dag_file or "").encode("utf-8", "surrogateescape"))
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return DagFileResponse(answer.body, headers=headers)


def _searched_text(found: Summary | Unreadable) -> str:
    """Return what a search looks at: the text as it is shown, so that it cannot find out a masked credential."""
    return f"{found.dag_id} {found.shown_description if isinstance(found, Summary) else ''}"


def _status(found: Summary | Unreadable, dag: AirflowDag) -> str:
    return airflow_state.status(found.status, dag) if isinstance(found, Summary) else "error"


def readable(names: list[str], user: Any) -> list[str]:
    """Return the names of the DAGs that the user may read; one query answers for all of them."""
    from airflow.api_fastapi.app import get_auth_manager
    from airflow.models.dag import DagModel
    from sqlalchemy import select

    manager = get_auth_manager()
    allowed = manager.get_authorized_dag_ids(user=user, method="GET")
    with create_session(scoped=False) as session:
        known = set(session.scalars(select(DagModel.dag_id)))
    new = set(names) - known  # no team owns them: asking for one at a time would look for its team each time
    allowed |= manager.filter_authorized_dag_ids(dag_ids=new, user=user, method="GET")
    return [name for name in names if name in allowed]

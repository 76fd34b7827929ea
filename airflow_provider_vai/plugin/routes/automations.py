"""``/api/v1/automations``: list, make, read, change and delete automations."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.core_api.security import GetUserDep
from airflow.utils.session import create_session
from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from airflow_provider_vai.authoring.editing.edit_requests import ChangeAutomation
from airflow_provider_vai.authoring.editing.settings import OPTIONS
from airflow_provider_vai.exceptions import SpecError
from airflow_provider_vai.model.automation import Automation
from airflow_provider_vai.model.sidecar import SUFFIX, Sidecar, parse_sidecar
from airflow_provider_vai.plugin.api import airflow_state, etags, folders, publishing, views
from airflow_provider_vai.plugin.api.access import AUTHOR_NEW, READ_ANY, authoring, is_allowed, reading
from airflow_provider_vai.plugin.api.bodies import RequestBody, Small
from airflow_provider_vai.plugin.api.etags import IfMatch
from airflow_provider_vai.plugin.api.idempotency import OnceDep
from airflow_provider_vai.plugin.api.json_body import Json
from airflow_provider_vai.plugin.api.openapi import AUTOMATION, AUTOMATIONS, answers, body_of, text_answer
from airflow_provider_vai.plugin.api.problems import public
from airflow_provider_vai.plugin.routes import new_automations
from airflow_provider_vai.secrets.masking import mask
from airflow_provider_vai.store import lifecycle, shared_files
from airflow_provider_vai.store.shared_files import AnyPath

router = APIRouter(prefix="/api/v1/automations", tags=["automations"])

Status = Literal["draft", "active", "paused", "error"]
Page = Annotated[int, Query(ge=1, le=1000)]
Offset = Annotated[int, Query(ge=0, le=10**9)]


class Changes(RequestBody):
    """Settings of an automation to change; what is left out stays, ``null`` is the default again.

    ``arguments`` are values of steps: ``{step: {argument: value}}``; an argument may be a place in its value, like
    ``json.items.0``, and a value a reference such as ``{"$from": ["step", "key"]}``. ``params`` are set one by one;
    ``null`` removes one. ``triggers`` and ``conditions`` are replaced as a whole.
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
    arguments: dict[str, dict[str, Any]] = Field(default_factory=dict)
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


@router.get("", dependencies=READ_ANY, responses=answers(AUTOMATIONS))
def listing(
    request: Request,
    user: GetUserDep,
    *,
    limit: Page = 100,
    offset: Offset = 0,
    status: Status | None = None,
    q: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """List the automations whose DAGs the user may read, by DAG id.

    :param status: only these. :param q: only those with this text in their DAG id or description.
    """
    folder = folders.automations_folder()
    names = [name[: -len(SUFFIX)] for name in shared_files.names(folder, SUFFIX)]
    sidecars = [(name, _sidecar(folder, name)) for name in _readable(names, request, user)]
    with create_session(scoped=False) as session:
        known = airflow_state.known(session, [name for name, _ in sidecars])
    items = []
    for name, sidecar in sidecars:
        if isinstance(sidecar, Sidecar):
            items.append(views.item(sidecar, known[name]))
        else:
            items.append({"dagId": name, "status": "error", "error": sidecar})
    if status is not None:
        items = [item for item in items if item["status"] == status]
    if q is not None:
        items = [it for it in items if q.casefold() in f"{it['dagId']} {it.get('description', '')}".casefold()]
    return Json({"items": items[offset : offset + limit], "total": len(items), "limit": limit, "offset": offset})


@router.post(
    "",
    dependencies=AUTHOR_NEW,
    status_code=201,
    responses=answers(AUTOMATION, 201),
    openapi_extra=body_of(Automation, also="the short form of dev/docs/spec.md, or the platform's own document"),
)
def create(request: Request, user: GetUserDep, body: Small, once: OnceDep) -> Response:
    """Make an automation of a spec: the short form, the full form, or the platform's own document."""

    def make() -> Response:
        document = body.json()
        return new_automations.create(request, user, document)

    return once(body.content, make)


@router.get("/{dag_id}", dependencies=reading(), responses=answers(AUTOMATION))
def read(dag_id: str) -> Response:
    """Show an automation: its spec, its versions, how Airflow has it. The ETag is what changes of it rest on."""
    return views.shown(dag_id)


@router.patch("/{dag_id}", dependencies=authoring(), responses=answers(AUTOMATION), openapi_extra=body_of(Changes))
def change(dag_id: str, user: GetUserDep, body: Small, if_match: IfMatch = None) -> Response:
    """Change settings of an automation, as a new version."""
    changes = body.read(Changes)
    edit = changes.edit()
    said = changes.summary or f"changed {', '.join(sorted(changes.model_fields_set - {'summary'})) or 'nothing'}"
    return publishing.edited(dag_id, edit, if_match=if_match, by=user.get_name(), summary=said)


@router.delete("/{dag_id}", dependencies=authoring("DELETE"), status_code=204, responses=answers(None, 204))
def delete(dag_id: str, user: GetUserDep, if_match: IfMatch = None) -> Response:
    """Remove an automation's files, and pause its DAG. Its versions stay, and one can be restored."""
    state = views.existing(dag_id)
    folder = folders.automations_folder()
    expected = etags.checked(if_match, state, folder)
    views.unedited(views.existing(dag_id))
    lifecycle.delete(
        folder, dag_id, by=user.get_name(), expected=expected, carry_out=lambda: airflow_state.pause(dag_id)
    )
    return Response(status_code=204, headers={"Cache-Control": "no-store"})


@router.get("/{dag_id}/dag", dependencies=reading(DagAccessEntity.CODE), responses=text_answer("text/x-python"))
def dag_file(dag_id: str) -> Response:
    """Show the DAG file as it is now."""
    text = views.existing(dag_id).dag_file or ""
    return Response(
        mask(text).encode("utf-8", "surrogateescape"),
        media_type="text/x-python",
        headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"},
    )


def _readable(names: list[str], request: Request, user: Any) -> list[str]:
    """Return the names of the DAGs that the user may read; Airflow is asked once for those that it knows."""
    from airflow.api_fastapi.app import get_auth_manager
    from airflow.models.dag import DagModel
    from sqlalchemy import select

    allowed = get_auth_manager().get_authorized_dag_ids(user=user, method="GET")
    with create_session(scoped=False) as session:
        known = set(session.scalars(select(DagModel.dag_id)))
    return [name for name in names if name in allowed or (name not in known and is_allowed(request, user, "GET", name))]


def _sidecar(folder: AnyPath, name: str) -> Sidecar | str:
    """Return a sidecar, or why it cannot be read."""
    content = shared_files.read(folder / (name + SUFFIX))
    if content is None:
        return "it was deleted in this moment"
    try:
        return parse_sidecar(content, name)
    except SpecError as error:
        return public(f"the sidecar cannot be read: {error.problem}")

"""``/api/v1/automations/{dag_id}``: its versions, and its status: draft, active, paused."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, HTTPException, Path, Query, Response
from pydantic import Field

from airflow_provider_vai.analysis.diff.comparison import compared_versions
from airflow_provider_vai.authoring import activation
from airflow_provider_vai.exceptions import NotReviewed
from airflow_provider_vai.plugin.api import airflow_state, etags, folders, views
from airflow_provider_vai.plugin.api.access import authoring, changing, reading
from airflow_provider_vai.plugin.api.bodies import RequestBody, Small
from airflow_provider_vai.plugin.api.etags import IfMatch
from airflow_provider_vai.plugin.api.idempotency import OnceDep
from airflow_provider_vai.plugin.api.json_body import Json, time, to_wire
from airflow_provider_vai.plugin.api.openapi import AUTOMATION, answers, body_of
from airflow_provider_vai.plugin.api.problems import Problem
from airflow_provider_vai.secrets.masking import mask
from airflow_provider_vai.store import lifecycle
from airflow_provider_vai.store.state import AutomationState
from airflow_provider_vai.store.versions import Entry

router = APIRouter(prefix="/api/v1/automations/{dag_id}", tags=["versions"])

Number = Annotated[int, Path(ge=1, le=10**6)]


class Activate(RequestBody):
    """What a person looked at: the numbers of review items, or ``all`` of them.

    An item may also be named by its message, or by itself, as ``toReview`` shows it.
    """

    reviewed: list[int | str | dict[str, Any]] | Literal["all"] = Field(default_factory=list)


@router.get("/versions", dependencies=reading(), responses=answers("VersionPage"))
def versions(
    dag_id: str,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    offset: Annotated[int, Query(ge=0, le=10**9)] = 0,
) -> Response:
    """List versions and changes of status, newest first; of a deleted automation, too."""
    state = _logged(dag_id)
    entries = list(state.log.entries())
    items = [_item(entry) for entry in entries[offset : offset + limit]]
    body = {"items": items, "total": len(entries), "limit": limit, "offset": offset}
    return Json(body, headers={"ETag": etags.of(state.number)})


@router.get("/versions/{number}", dependencies=reading(DagAccessEntity.CODE), responses=answers("VersionShown"))
def version(dag_id: str, number: Number) -> Response:
    """Show the spec and the DAG file of a version."""
    entry = _version(_logged(dag_id), number)
    body = {**_item(entry), "automation": to_wire(entry.sidecar.automation), "dagFile": mask(entry.dag_file or "")}
    return Json(body)


@router.get("/versions/{number}/diff", dependencies=reading(DagAccessEntity.CODE), responses=answers("Difference"))
def difference(dag_id: str, number: Number, to: Annotated[int | None, Query(ge=1, le=10**6)] = None) -> Response:
    """Show what differs between a version and another one; left out: the newest."""
    state = _logged(dag_id)
    old = _version(state, number)
    new = next(state.log.versions()) if to is None else _version(state, to)
    found = compared_versions(old, new)
    return Json(
        {
            "from": old.sidecar.version,
            "to": new.sidecar.version,
            "changes": [change.as_json() for change in found.changes],
            "dagFile": found.text,
        }
    )


@router.post("/versions/{number}/restore", dependencies=authoring(), responses=answers(AUTOMATION))
def restore(
    dag_id: str, number: Number, user: GetUserDep, *, body: Small, once: OnceDep, if_match: IfMatch = None
) -> Response:
    """Make an earlier version the newest one; of a deleted automation, too."""

    def make() -> Response:
        state = _logged(dag_id)
        folder = folders.automations_folder()
        expected = etags.checked(if_match, state, folder)
        _version(state, number)
        if state.sidecar is None and state.dag_file is not None:
            raise Problem(409, "a DAG file of that name is there now that was not made here")
        lifecycle.restore(folder, dag_id, number, by=user.get_name(), expected=expected)
        return views.shown(dag_id)

    return once(body.content, make)


@router.post(
    "/activate",
    dependencies=changing(),
    responses=answers(AUTOMATION),
    openapi_extra=body_of(Activate, required=False),
)
def activate(dag_id: str, user: GetUserDep, body: Small, once: OnceDep, if_match: IfMatch = None) -> Response:
    """Say who reviewed an automation, and unpause its DAG."""

    def make() -> Response:
        state, expected = _current(dag_id, if_match)
        views.unedited(state)
        try:
            activation.activate(
                folders.automations_folder(),
                dag_id,
                reviewed=body.read(Activate).reviewed,
                shown=lambda number, item: views.review_items([(number, item)])[0],
                by=user.get_name(),
                expected=expected,
                carry_out=lambda: airflow_state.unpause(state),
            )
        except NotReviewed as error:
            raise _not_reviewed(state, error) from None
        return views.shown(dag_id)

    return once(body.content, make)


@router.post("/pause", dependencies=changing(), responses=answers(AUTOMATION))
def pause(dag_id: str, user: GetUserDep, body: Small, once: OnceDep, if_match: IfMatch = None) -> Response:
    """Pause an automation and its DAG."""

    def make() -> Response:
        _, expected = _current(dag_id, if_match)
        lifecycle.pause(
            folders.automations_folder(),
            dag_id,
            by=user.get_name(),
            expected=expected,
            carry_out=lambda: airflow_state.pause(dag_id),
        )
        return views.shown(dag_id)

    return once(body.content, make)


def _current(dag_id: str, if_match: str | None) -> tuple[AutomationState, int]:
    """Return an automation and the entry that a change of its status rests on."""
    state = views.existing(dag_id)
    expected = etags.checked(if_match, state, folders.automations_folder())
    return (views.existing(dag_id) if expected != state.number else state), expected


def _not_reviewed(state: AutomationState, error: NotReviewed) -> Problem:
    total = len(state.sidecar.review) if state.sidecar else 0
    return Problem(
        409,
        f"{len(error.items)} of {total} items are not reviewed",
        open=views.review_items(error.items),
        remedy='Look at each, and name its number in "reviewed"; or say "all".',
    )


def _logged(dag_id: str) -> AutomationState:
    """Return an automation that is there or was.

    :raises HTTPException: 404.
    """
    state = views.state_of(dag_id)
    if state.newest is None and state.sidecar is None:
        raise HTTPException(404, "there is no such automation")
    return state


def _version(state: AutomationState, number: int) -> Entry:
    entry = next((entry for entry in state.log.versions() if entry.sidecar.version == number), None)
    if entry is None:
        raise HTTPException(404, "there is no such version")
    return entry


def _item(entry: Entry) -> dict[str, Any]:
    return {
        "entry": entry.number,
        "version": entry.sidecar.version,
        "change": entry.change,
        "at": time(entry.at),
        "by": entry.by,
        "summary": mask(entry.summary),
    }

"""``/api/v1/automations/{dag_id}``: the versions of an automation, and its status: draft, active, paused."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.core_api.security import GetUserDep
from airflow.utils.session import create_session
from fastapi import APIRouter, HTTPException, Query, Response
from pydantic import Field

from airflow_provider_vai.analysis.diff.comparison import compared_versions
from airflow_provider_vai.authoring import activation
from airflow_provider_vai.exceptions import NotReviewed
from airflow_provider_vai.languages.plural import plural
from airflow_provider_vai.model.automation import Automation
from airflow_provider_vai.model.factories import new_list
from airflow_provider_vai.plugin.api import airflow_state
from airflow_provider_vai.plugin.api.access import authoring, changing, reading
from airflow_provider_vai.plugin.api.automation_response import AutomationShown, as_shown, automation_response
from airflow_provider_vai.plugin.api.configured_folders import automations_folder
from airflow_provider_vai.plugin.api.dag_versions import DagVersionShown, dag_versions
from airflow_provider_vai.plugin.api.etags import IfMatch, check_if_match, etag
from airflow_provider_vai.plugin.api.idempotency import OnceDep
from airflow_provider_vai.plugin.api.json_response import ListPage, MaskedJson, ResponseModel
from airflow_provider_vai.plugin.api.kept_answers import kept_answer
from airflow_provider_vai.plugin.api.openapi import body_of, with_headers
from airflow_provider_vai.plugin.api.parameters import DagId, Limit, Offset, VersionNumber
from airflow_provider_vai.plugin.api.parsing import read_soon
from airflow_provider_vai.plugin.api.problems import Problem
from airflow_provider_vai.plugin.api.request_body import RequestModel, SmallBody
from airflow_provider_vai.plugin.api.stored_automation import existing, existing_or_deleted, refuse_edited_by_hand
from airflow_provider_vai.plugin.routes.review import accepted
from airflow_provider_vai.store import lifecycle
from airflow_provider_vai.store.edits import keeps_edits
from airflow_provider_vai.store.publisher import publish
from airflow_provider_vai.store.state import AutomationState
from airflow_provider_vai.store.versions import Change as ChangeKind, Entry

router = APIRouter(prefix="/api/v1/automations/{dag_id}", tags=["versions"])


Edits = Literal["both", "dag_file", "sidecar", "none"]


class VersionItem(ResponseModel):
    """An entry of an automation's log: a new version, or a change of its status."""

    entry: int
    version: int
    change: ChangeKind
    at: datetime
    by: str
    summary: str


class VersionPage(ListPage):
    """A page of the log, newest first."""

    items: list[VersionItem]


class VersionShown(VersionItem):
    """A version with its spec and its DAG file."""

    automation: Automation
    dag_file: str


class KeepEdits(RequestModel):
    """Which edits by hand to keep: those in ``both`` files, merged, or those in one of them; the others are dropped.

    ``none`` makes a version without the edits that the newest version contains.
    """

    keep: Edits = "both"


class DagVersionList(ResponseModel):
    """Airflow's DAG versions of an automation."""

    items: list[DagVersionShown]


class ChangeShown(ResponseModel):
    """One difference between two specs, see :class:`airflow_provider_vai.analysis.diff.spec_diff.Change`."""

    place: str
    what: Literal["added", "removed", "changed", "moved"]
    before: Any
    after: Any


class VersionDiff(ResponseModel):
    """What differs between two versions; ``dagFile`` is the unified diff of their DAG files."""

    from_: int = Field(alias="from")
    to: int
    changes: list[ChangeShown]
    dag_file: str


class Activate(RequestModel):
    """What a person reviewed: the numbers of review items, ``all`` of them, or those ``accepted`` with PUT ``review``.

    An item may also be named by its message, or by itself, as ``toReview`` shows it.
    """

    reviewed: list[int | str | dict[str, Any]] | Literal["all", "accepted"] = Field(default_factory=new_list)


@router.get("/versions", dependencies=reading(), response_model=VersionPage, responses=with_headers("ETag"))
def versions(dag_id: DagId, limit: Limit = 100, offset: Offset = 0) -> Response:
    """List versions and changes of status, newest first; also those of a deleted automation."""
    state = existing_or_deleted(dag_id)
    entries = list(state.log.entries())
    items = [VersionItem(**_item(entry)) for entry in entries[offset : offset + limit]]
    page = VersionPage(items=items, total=len(entries), limit=limit, offset=offset)
    return MaskedJson(page, headers=etag(state.number))


@router.get("/versions/{number}", dependencies=reading(DagAccessEntity.CODE), response_model=VersionShown)
def version(dag_id: DagId, number: VersionNumber) -> Response:
    """Show the spec and the DAG file of a version."""

    def make(state: AutomationState) -> VersionShown:
        entry = version_of(state, number)
        return VersionShown(**_item(entry), automation=entry.sidecar.automation, dag_file=entry.dag_file or "")

    return MaskedJson(kept_answer(dag_id, ("version", number), make, read=existing_or_deleted).body)


@router.get("/versions/{number}/diff", dependencies=reading(DagAccessEntity.CODE), response_model=VersionDiff)
def difference(
    dag_id: DagId,
    number: VersionNumber,
    to: Annotated[
        int | None, Query(description="The other version; by default the newest one.", ge=1, le=10**6)
    ] = None,
) -> Response:
    """Show what differs between a version and another one; by default the newest."""

    def make(state: AutomationState) -> VersionDiff:
        old = version_of(state, number)
        new = next(state.log.versions()) if to is None else version_of(state, to)
        comparison = compared_versions(old, new)
        return VersionDiff(
            from_=old.sidecar.version,
            to=new.sidecar.version,
            changes=[ChangeShown.model_validate(change) for change in comparison.changes],
            dag_file=comparison.text,
        )

    return MaskedJson(kept_answer(dag_id, ("difference", number, to), make, read=existing_or_deleted).body)


@router.post(
    "/versions/{number}/restore",
    dependencies=authoring(),
    response_model=AutomationShown,
    responses=with_headers("ETag"),
)
def restore(
    dag_id: DagId, number: VersionNumber, user: GetUserDep, *, body: SmallBody, once: OnceDep, if_match: IfMatch = None
) -> Response:
    """Make an earlier version the newest one; also that of a deleted automation."""

    def make() -> Response:
        restored(dag_id, number, if_match=if_match, by=user.get_name())
        return automation_response(dag_id)

    return once(body.content, make)


def restored(dag_id: str, number: int, *, if_match: str | None, by: str) -> None:
    """Make an earlier version of an automation, or of a deleted one, the newest.

    :param number: the version. :param if_match: the header ``If-Match``. :param by: the user's name.
    :raises HTTPException: 404, 409, 412, 428. :raises VaiError: see ``lifecycle.restore``.
    """
    state = existing_or_deleted(dag_id)
    folder = automations_folder()
    expected = check_if_match(if_match, state, folder)
    version_of(state, number)
    if state.sidecar is None and state.dag_file is not None:
        raise Problem(409, "a DAG file with that name exists now that was not made here")
    lifecycle.restore(folder, dag_id, number, by=by, expected=expected, pause=airflow_state.pause)
    read_soon(dag_id)


@router.post(
    "/versions",
    dependencies=authoring(),
    status_code=201,
    response_model=AutomationShown,
    responses=with_headers("ETag", statuses=(201,)),
    openapi_extra=body_of(KeepEdits, required=False),
)
def keep_edits(dag_id: DagId, user: GetUserDep, body: SmallBody, once: OnceDep, if_match: IfMatch = None) -> Response:
    """Make a version of what somebody edited by hand in the DAG file or the sidecar."""

    def make() -> Response:
        edits_kept(dag_id, keep=body.read(KeepEdits).keep, if_match=if_match, by=user.get_name())
        return automation_response(dag_id, 201)

    return once(body.content, make)


def edits_kept(dag_id: str, *, keep: Edits, if_match: str | None, by: str) -> None:
    """Make a version of an automation's edits by hand.

    :param keep: which edits to keep, see :class:`KeepEdits`. :param if_match: the header ``If-Match``.
    :param by: the user's name.
    :raises HTTPException: 404, 409 there is no such edit, or one would be lost, 412, 428.
    :raises VaiError: see ``publish``.
    """
    state, expected = _current(dag_id, if_match)
    if keep == "none":
        _check_only_kept(state)
    elif not state.is_edited:
        raise Problem(409, "neither the DAG file nor the sidecar was edited by hand since the newest version")
    edited = state.sidecar if keep == "dag_file" else state.found or state.sidecar
    assert edited is not None  # noqa: S101 - existing() checked it
    publish(
        edited.automation,
        automations_folder(),
        by=by,
        summary="dropped the edits by hand" if keep == "none" else "edited by hand",
        force=keep in ("sidecar", "none"),
        expected=expected,
        from_sidecar=True,
        pause=airflow_state.pause,
    )
    read_soon(dag_id)


def _check_only_kept(state: AutomationState) -> None:
    """Check that the newest version contains edits by hand, and that there are no others, which would be lost."""
    refuse_edited_by_hand(state)
    if state.sidecar is None or not keeps_edits(state.sidecar):
        raise Problem(409, "the newest version contains no edits by hand")


@router.get("/dag-versions", dependencies=reading(DagAccessEntity.VERSION), response_model=DagVersionList)
def airflow_versions(dag_id: DagId, limit: Limit = 100) -> Response:
    """List Airflow's own DAG versions, newest first, each with the version of the automation that it holds."""
    state = existing_or_deleted(dag_id)
    with create_session(scoped=False) as session:
        return MaskedJson(DagVersionList(items=dag_versions(session, state, limit)))


@router.post(
    "/activate",
    dependencies=changing(),
    response_model=AutomationShown,
    responses=with_headers("ETag"),
    openapi_extra=body_of(Activate, required=False),
)
def activate(dag_id: DagId, user: GetUserDep, body: SmallBody, once: OnceDep, if_match: IfMatch = None) -> Response:
    """Record who reviewed an automation, and unpause its DAG."""

    def make() -> Response:
        activated(dag_id, body.read(Activate), if_match=if_match, by=user.get_name())
        return automation_response(dag_id)

    return once(body.content, make)


@router.post("/pause", dependencies=changing(), response_model=AutomationShown, responses=with_headers("ETag"))
def pause(dag_id: DagId, user: GetUserDep, body: SmallBody, once: OnceDep, if_match: IfMatch = None) -> Response:
    """Pause an automation and its DAG."""

    def make() -> Response:
        paused(dag_id, if_match=if_match, by=user.get_name())
        return automation_response(dag_id)

    return once(body.content, make)


def activated(dag_id: str, given: Activate, *, if_match: str | None, by: str) -> None:
    """Activate an automation.

    :param dag_id: the automation. :param given: what the person reviewed.
    :param if_match: the header ``If-Match``. :param by: the user's name.
    :raises HTTPException: 404, 409 an item is open or Airflow has not read the DAG file, 412, 428.
    :raises VaiError: see :func:`airflow_provider_vai.authoring.activation.activate`.
    """
    state, expected = _current(dag_id, if_match)
    refuse_edited_by_hand(state)
    assert state.sidecar is not None  # noqa: S101 - existing() checked it
    try:
        activation.activate(
            automations_folder(),
            dag_id,
            reviewed=accepted(state.sidecar) if given.reviewed == "accepted" else given.reviewed,
            shown=as_shown,
            by=by,
            expected=expected,
            carry_out=lambda: airflow_state.unpause(state),
        )
    except NotReviewed as error:
        raise _not_reviewed(state, error) from None


def paused(dag_id: str, *, if_match: str | None, by: str) -> None:
    """Pause an automation and its DAG.

    :param dag_id: the automation. :param if_match: the header ``If-Match``. :param by: the user's name.
    :raises HTTPException: 404, 412, 428. :raises VaiError: see :func:`airflow_provider_vai.store.lifecycle.pause`.
    """
    _, expected = _current(dag_id, if_match)
    lifecycle.pause(
        automations_folder(), dag_id, by=by, expected=expected, carry_out=lambda: airflow_state.pause(dag_id)
    )


def _current(dag_id: str, if_match: str | None) -> tuple[AutomationState, int]:
    """Return an automation and the number of the entry that a change of its status is based on."""
    state = existing(dag_id)
    expected = check_if_match(if_match, state, automations_folder())
    return (existing(dag_id) if expected != state.number else state), expected


def _not_reviewed(state: AutomationState, error: NotReviewed) -> Problem:
    total = len(state.sidecar.review) if state.sidecar else 0
    return Problem(
        409,
        f"{len(error.items)} of {plural(total, 'item is not reviewed', 'items are not reviewed')}",
        open=[as_shown(number, item) for number, item in error.items],
        remedy='Look at each, and name its number in "reviewed"; or say "all".',
    )


def version_of(state: AutomationState, number: int) -> Entry:
    """Return the log entry of a version.

    :raises HTTPException: 404.
    """
    entry = next((entry for entry in state.log.versions() if entry.sidecar.version == number), None)
    if entry is None:
        raise HTTPException(404, "there is no such version")
    return entry


def _item(entry: Entry) -> dict[str, Any]:
    return {
        "entry": entry.number,
        "version": entry.sidecar.version,
        "change": entry.change,
        "at": entry.at,
        "by": entry.by,
        "summary": entry.summary,
    }

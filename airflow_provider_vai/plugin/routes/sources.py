"""``/api/v1/sources``: traces on the server that are not stored yet: of the recorder, and in allowed folders."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.core_api.security import GetUserDep
from airflow.models.xcom import XComModel
from airflow.utils.session import create_session
from fastapi import APIRouter, HTTPException, Response
from pydantic import Field
from sqlalchemy import select

from airflow_provider_vai.authoring.stored_recordings import Stored, Summary
from airflow_provider_vai.authoring.trace_files import FoundTrace, content_of, trace_files
from airflow_provider_vai.exceptions import UnreadableTrace, VaiError
from airflow_provider_vai.plugin.api import reading
from airflow_provider_vai.plugin.api.access import AUTHOR_NEW, READ_RECORDINGS, allowed_dags
from airflow_provider_vai.plugin.api.configured_folders import import_folders
from airflow_provider_vai.plugin.api.idempotency import OnceDep
from airflow_provider_vai.plugin.api.json_response import ListPage, MaskedJson, ResponseModel
from airflow_provider_vai.plugin.api.parameters import Limit, Offset, SourceId
from airflow_provider_vai.plugin.api.problems import described
from airflow_provider_vai.plugin.api.request_body import SmallBody, trace_limit
from airflow_provider_vai.plugin.api.task_places import columns_of_place, places
from airflow_provider_vai.plugin.routes.recordings import RecordingList, item, stored
from airflow_provider_vai.recorder.places import XCOM_KEY, recording_path

router = APIRouter(prefix="/api/v1/sources", tags=["recordings"])

MOST_RECORDED = 500
"""So many of the recorder's newest runs are listed."""

SECONDS = 10.0
"""How long one list may read files that it has not read before; the others are listed without title and calls."""

REMEMBERED = 5000


class SourceItem(ResponseModel):
    """A trace on the server. ``calls``, ``outcome`` and ``title`` are null if it was not read, or has several ``runs``.

    ``problem`` says why it cannot be read. ``name`` is its path below an allowed folder, or the task instance.
    """

    id: str
    kind: Literal["recorder", "session", "file"]
    name: str
    agent: str | None
    changed_at: datetime
    size: int | None
    runs: int | None = Field(description="How many runs it contains; null: it was not read yet.")
    title: str | None
    calls: int | None
    outcome: str | None
    problem: str | None


class SourcePage(ListPage):
    """A page of sources, the one that changed last first."""

    items: list[SourceItem]


@dataclass(frozen=True)
class RecordedTask:
    """The recording of an agent that ran in a task instance."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    loop_round: str | None
    changed_at: datetime
    agent: None = None
    size: None = None

    @property
    def name(self) -> str:
        """The task instance in words."""
        index = f" [{self.map_index}]" if self.map_index >= 0 else ""
        in_round = f", round {self.loop_round.rpartition('.')[2]}" if self.loop_round else ""
        return f"{self.dag_id} · {self.task_id}{index}{in_round} · {self.run_id}"

    @property
    def id(self) -> str:
        """What a request calls it."""
        names = ["recorder", self.dag_id, self.run_id, self.task_id, str(self.map_index)]
        key = "\0".join([*names, self.loop_round] if self.loop_round else names)
        return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:32]


AnySource = FoundTrace | RecordedTask
_known: dict[tuple[str, datetime], list[Summary] | str] = {}


@router.get("", dependencies=READ_RECORDINGS, response_model=SourcePage)
def listing(user: GetUserDep, limit: Limit = 20, offset: Offset = 0) -> Response:
    """List traces that can be imported: runs of the recorder, and files and sessions in the configured folders."""
    return MaskedJson(sources(user, limit=limit, offset=offset))


@router.post("/{source_id}", dependencies=AUTHOR_NEW, status_code=201, response_model=RecordingList,
             responses={200: {"model": RecordingList}})  # fmt: skip
def store(user: GetUserDep, source_id: SourceId, body: SmallBody, once: OnceDep) -> Response:
    """Store a trace of the list, as if it was posted; its recordings can then be crystallized."""

    def keep() -> Response:
        entries, is_new = imported(user, source_id)
        return MaskedJson(RecordingList(items=[item(entry) for entry in entries]), 201 if is_new else 200)

    return once(body.content, keep)


def sources(user: Any, *, limit: int, offset: int) -> SourcePage:
    """Return a page of the traces on the server that a user may import, the one that changed last first.

    :param user: who asks. :param limit: how many. :param offset: after how many.
    """
    found = sorted(_found(user), key=lambda one: (one.changed_at, one.name), reverse=True)
    end = time.monotonic() + SECONDS
    items = [_item(one, end) for one in found[offset : offset + limit]]
    return SourcePage(items=items, total=len(found), limit=limit, offset=offset)


def imported(user: Any, source_id: str) -> tuple[list[Stored], bool]:
    """Store a trace of the list, and return its recordings and whether any of them is new.

    :param user: who asks. :param source_id: see :class:`SourceItem`.
    :raises HTTPException: 404 there is no such source, or the user may not see it.
    :raises VaiError: it cannot be read or stored.
    """
    one = next((one for one in _found(user) if one.id == source_id), None)
    if one is None:
        raise HTTPException(404, "there is no such source")
    return stored(_content(one), None, _ending(one) == ".yaml", user.get_name())


def _found(user: Any) -> Iterator[AnySource]:
    yield from trace_files(import_folders())
    query = (
        select(XComModel.dag_id, XComModel.run_id, XComModel.timestamp, *columns_of_place(XComModel))
        .where(XComModel.key == XCOM_KEY)
        .order_by(XComModel.timestamp.desc())
        .limit(MOST_RECORDED)
    )
    with create_session(scoped=False) as session:
        found = session.execute(query).all()
        rows = [
            RecordedTask(row.dag_id, row.run_id, row.task_id, *place, row.timestamp)
            for row, place in zip(found, places(session, found), strict=True)
        ]
    readable = allowed_dags(user, "GET", (row.dag_id for row in rows), DagAccessEntity.TASK_INSTANCE)
    allowed = allowed_dags(user, "PUT", readable)
    yield from (row for row in rows if row.dag_id in allowed)


def _item(one: AnySource, end: float) -> SourceItem:
    read = _read(one, end)
    runs = read if isinstance(read, list) else None
    only = runs[0] if runs and len(runs) == 1 else {}
    return SourceItem(
        id=one.id,
        kind=_kind(one),
        name=one.name,
        agent=one.agent,
        changed_at=one.changed_at,
        size=one.size,
        runs=None if runs is None else len(runs),
        title=only.get("title"),
        calls=only.get("calls"),
        outcome=only.get("outcome"),
        problem=read if isinstance(read, str) else None,
    )


def _kind(one: AnySource) -> Literal["recorder", "session", "file"]:
    if isinstance(one, RecordedTask):
        return "recorder"
    return "session" if one.agent else "file"


def _read(one: AnySource, end: float) -> list[Summary] | str | None:
    """Return what is in a trace, or why it cannot be read; ``None``: there is no time left to read it."""
    key = (one.id, one.changed_at)
    if key not in _known:
        if time.monotonic() > end:
            return None
        if len(_known) >= REMEMBERED:
            _known.clear()
        try:
            _known[key] = reading.summaries(_content(one), None, _ending(one))
        except (VaiError, HTTPException) as error:
            problem = described(error)[0]
            if problem.status >= 500:
                return None
            _known[key] = problem.detail
    return _known[key]


def _content(one: AnySource) -> bytes:
    """Return the content of a trace.

    :raises UnreadableTrace: it cannot be read, or is too large.
    """
    if isinstance(one, FoundTrace):
        return content_of(one, trace_limit())
    try:
        return recording_path(one.dag_id, one.run_id, one.task_id, one.map_index, one.loop_round).read_bytes()
    except OSError:
        remedy = "Check [vai] runs_path, or run the task again."
        raise UnreadableTrace("the recording of this task is not there", where=one.name, remedy=remedy) from None


def _ending(one: AnySource) -> str:
    return one.ending if isinstance(one, FoundTrace) else ".json"

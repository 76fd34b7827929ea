"""``/api/v1/agents/runs`` and ``/api/v1/chat/threads``: store, list, show and crystallize recordings."""

from __future__ import annotations

from typing import Annotated

from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, HTTPException, Query, Response
from pydantic import Field

from airflow_provider_vai.authoring import stored_recordings
from airflow_provider_vai.authoring.stored_recordings import Stored
from airflow_provider_vai.exceptions import UnknownFormat
from airflow_provider_vai.model.run import Run
from airflow_provider_vai.plugin.api import reading
from airflow_provider_vai.plugin.api.access import AUTHOR_NEW, READ_RECORDINGS
from airflow_provider_vai.plugin.api.automation_response import AutomationShown
from airflow_provider_vai.plugin.api.configured_folders import recordings_folder
from airflow_provider_vai.plugin.api.etags import IfMatch
from airflow_provider_vai.plugin.api.idempotency import OnceDep
from airflow_provider_vai.plugin.api.json_response import ListPage, MaskedJson, ResponseModel
from airflow_provider_vai.plugin.api.openapi import body_of, with_headers
from airflow_provider_vai.plugin.api.parameters import Limit, Offset, RecordingId
from airflow_provider_vai.plugin.api.request_body import SmallBody, TraceBody
from airflow_provider_vai.plugin.routes import crystallizing
from airflow_provider_vai.plugin.routes.crystallizing import Source

PLACES: dict[Source, str] = {"agent_run": "/api/v1/agents/runs", "chat_thread": "/api/v1/chat/threads"}
YAML = ("application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml")
Format = Annotated[str | None, Query(max_length=100, description="The trace's format; by default it is detected.")]
TRACE = {"requestBody": {"required": True, "content": {
    "application/json": {"schema": {"description": "A trace in any supported format, unchanged."}},
    "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
}}}  # fmt: skip


class RecordingItem(ResponseModel):
    """A recording: one run of a stored trace. ``calls`` is the number of its tool calls."""

    run_id: str
    source: Source
    format: str
    title: str | None
    outcome: str
    calls: int = Field(ge=0)
    crystallize_eligible: bool = Field(description="Whether it can be crystallized without further options.")
    trace_sha256: str
    stored_at: str = Field(json_schema_extra={"format": "date-time"})
    stored_by: str


class RecordingList(ResponseModel):
    """The recordings of one trace."""

    items: list[RecordingItem]


class RecordingPage(ListPage):
    """A page of recordings, the one stored last first."""

    items: list[RecordingItem]


router = APIRouter(tags=["recordings"])


def _add_routes(source: Source, prefix: str, article: str, name: str) -> None:
    """Add the routes of one kind of recording."""

    def post(user: GetUserDep, body: TraceBody, once: OnceDep, format: Format = None) -> Response:
        def keep() -> Response:
            entries, is_new = stored(body.content, format, body.content_type in YAML, user.get_name())
            check_source(entries, source)
            return MaskedJson(RecordingList(items=[item(entry) for entry in entries]), 201 if is_new else 200)

        return once(body.content, keep)

    def listing(limit: Limit = 100, offset: Offset = 0) -> Response:
        entries = stored_recordings.listed(recordings_folder(), source)
        items = [item(entry) for entry in entries[offset : offset + limit]]
        return MaskedJson(RecordingPage(items=items, total=len(entries), limit=limit, offset=offset))

    def read(recording_id: RecordingId) -> Response:
        return MaskedJson(reading.shown_run(found(source, recording_id)))

    def crystallize(
        user: GetUserDep,
        recording_id: RecordingId,
        *,
        body: SmallBody,
        once: OnceDep,
        if_match: IfMatch = None,
    ) -> Response:
        def make() -> Response:
            options = body.read(crystallizing.Crystallize)
            made = crystallizing.draft(user, found(source, recording_id), options)
            return crystallizing.written(made, by=user.get_name(), summary=options.summary, if_match=if_match)

        return once(body.content, make)

    def preview(user: GetUserDep, recording_id: RecordingId, body: SmallBody) -> Response:
        made = crystallizing.draft(user, found(source, recording_id), body.read(crystallizing.Crystallize))
        return MaskedJson(crystallizing.preview(made))

    post.__doc__ = f"Store a trace file of any supported format; its {name}s can then be crystallized."
    listing.__doc__ = f"List the {name}s, the one stored last first."
    read.__doc__ = f"Show what happened in {article} {name}, with credentials masked."
    crystallize.__doc__ = f"Turn {article} {name} into a draft of an automation."
    preview.__doc__ = f"Show what {article} {name} would become: the spec and the DAG file. Nothing is written."
    one = f"{prefix}/{{recording_id:path}}"
    add = router.add_api_route
    add(prefix, post, methods=["POST"], dependencies=AUTHOR_NEW, status_code=201, response_model=RecordingList,
        responses={200: {"model": RecordingList}}, openapi_extra=TRACE, operation_id=f"post_{source}")  # fmt: skip
    add(prefix, listing, methods=["GET"], dependencies=READ_RECORDINGS, response_model=RecordingPage,
        operation_id=f"list_{source}s")  # fmt: skip
    add(f"{one}/crystallize", crystallize, methods=["POST"], dependencies=AUTHOR_NEW, status_code=201,
        response_model=AutomationShown,
        responses=with_headers("ETag", "Location", statuses=(200, 201), model=AutomationShown),
        openapi_extra=body_of(crystallizing.Crystallize, required=False),
        operation_id=f"crystallize_{source}")  # fmt: skip
    add(f"{one}/preview", preview, methods=["POST"], dependencies=AUTHOR_NEW, response_model=crystallizing.Preview,
        openapi_extra=body_of(crystallizing.Crystallize, required=False),
        operation_id=f"preview_{source}")  # fmt: skip
    add(one, read, methods=["GET"], dependencies=READ_RECORDINGS, response_model=Run,
        operation_id=f"read_{source}")  # fmt: skip


_add_routes("agent_run", PLACES["agent_run"], "an", "agent run")
_add_routes("chat_thread", PLACES["chat_thread"], "a", "chat thread")


def stored(content: bytes, format: str | None, is_yaml: bool, by: str) -> tuple[list[Stored], bool]:
    """Store a trace file, and return its recordings and whether any of them is new.

    :param format: an adapter's name; ``None``: the format is detected. :param is_yaml: whether it is YAML, not JSON.
    :param by: the user's name.
    :raises TraceError: it cannot be read. :raises HTTPException: 422, 503.
    """
    ending = ".yaml" if is_yaml else ".json"
    return stored_recordings.store(recordings_folder(), content, format, ending, by, summarised=reading.summaries)


def check_source(entries: list[Stored], source: Source) -> None:
    """Check that a trace contains a recording of a kind.

    :raises UnknownFormat: it has only recordings of the other kind.
    """
    if not any(entry.source == source for entry in entries):
        other = next(place for kind, place in PLACES.items() if kind != source)
        raise UnknownFormat("the trace contains no such recording", where="trace", remedy=f"GET {other} lists it.")


def found(source: Source, recording_id: str) -> Stored:
    """Return a stored recording.

    :raises HTTPException: 404.
    """
    entry = stored_recordings.found(recordings_folder(), source, recording_id)
    if entry is None:
        raise HTTPException(404, "there is no such recording")
    return entry


def item(entry: Stored) -> RecordingItem:
    """Return a recording as a list shows it."""
    return RecordingItem.model_validate(
        {
            "run_id": entry.run_id,
            "source": entry.source,
            "format": entry.format,
            "title": entry.title,
            "outcome": entry.outcome,
            "calls": entry.calls,
            "crystallize_eligible": entry.is_eligible,
            "trace_sha256": entry.trace_sha256,
            "stored_at": entry.at,
            "stored_by": entry.by,
        }
    )

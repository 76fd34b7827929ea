"""``/api/v1/agents/runs`` and ``/api/v1/chat/threads``: store, list, show and crystallize recordings."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, HTTPException, Query, Request, Response
from pydantic import Field, ValidationError

from airflow_provider_vai.authoring import stored_recordings
from airflow_provider_vai.authoring.crystallize_options import CrystallizeOptions
from airflow_provider_vai.authoring.stored_recordings import Stored
from airflow_provider_vai.crystallizer.draft import Derive
from airflow_provider_vai.exceptions import SpecError, UnknownFormat
from airflow_provider_vai.model.run import Run
from airflow_provider_vai.model.tools_file import ToolsFile
from airflow_provider_vai.model.validation import problems
from airflow_provider_vai.plugin.api import reading
from airflow_provider_vai.plugin.api.access import AUTHOR_NEW, READ_RECORDINGS
from airflow_provider_vai.plugin.api.automation_response import AutomationShown
from airflow_provider_vai.plugin.api.automation_writes import write_new
from airflow_provider_vai.plugin.api.configured_folders import recordings_folder
from airflow_provider_vai.plugin.api.etags import IfMatch
from airflow_provider_vai.plugin.api.idempotency import OnceDep
from airflow_provider_vai.plugin.api.json_response import ListPage, MaskedJson, ResponseModel
from airflow_provider_vai.plugin.api.openapi import body_of, with_headers
from airflow_provider_vai.plugin.api.parameters import Limit, Offset, RecordingId
from airflow_provider_vai.plugin.api.request_body import RequestModel, SmallBody, TraceBody
from airflow_provider_vai.plugin.api.stored_automation import read_any_state
from airflow_provider_vai.plugin.routes import new_automations
from airflow_provider_vai.secrets.masking import mask

Source = Literal["agent_run", "chat_thread"]
MOST_TRACES = 50
"""Further recordings in one request: each is a trace file of up to ``[vai] trace_limit_bytes`` that is read anew."""

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


class FurtherTrace(RequestModel):
    """A stored recording: the id of its run, its kind (by default that of the address), and the digest of its trace
    file (by default the one that was stored last)."""

    run_id: str
    source: Source | None = None
    trace_sha256: str | None = None


class Crystallize(RequestModel):
    """The options of ``vai crystallize``; ``tools`` are the rules of a tools file.

    ``traces`` are further recordings, as run ids, or as objects where an id is not enough. With the recording of the
    address they are exports of one run, which are merged, or several runs of one task, which become one automation.
    """

    traces: list[str | FurtherTrace] = Field(default_factory=list, max_length=MOST_TRACES)
    dag_id: str | None = Field(default=None, min_length=1)
    gates: Literal["auto", "recorded"] = "auto"
    freeze_all: bool = False
    derive: Derive = "proposed"
    parallel: bool = False
    loops: bool = False
    turns: list[int] | None = None
    calls: list[str] | None = None
    exclude: list[str] = Field(default_factory=list)
    schedule: str | None = None
    triggers: list[dict[str, Any]] | None = None
    tools: list[dict[str, Any]] = Field(default_factory=list)
    allow_unsuccessful: bool = False
    allow_unmapped: bool = False
    summary: str = ""


router = APIRouter(tags=["recordings"])


def _add_routes(source: Source, prefix: str, name: str) -> None:
    """Add the routes of one kind of recording."""

    def post(request: Request, user: GetUserDep, body: TraceBody, once: OnceDep, format: Format = None) -> Response:
        return once(body.content, lambda: _stored(source, body.content, format, body.content_type, user.get_name()))

    def listing(limit: Limit = 100, offset: Offset = 0) -> Response:
        entries = stored_recordings.listed(recordings_folder(), source)
        items = [_item(entry) for entry in entries[offset : offset + limit]]
        return MaskedJson(RecordingPage(items=items, total=len(entries), limit=limit, offset=offset))

    def read(recording_id: RecordingId) -> Response:
        return MaskedJson(reading.shown_run(_found(source, recording_id)))

    def crystallize(
        request: Request,
        user: GetUserDep,
        recording_id: RecordingId,
        *,
        body: SmallBody,
        once: OnceDep,
        if_match: IfMatch = None,
    ) -> Response:
        def make() -> Response:
            return _crystallized(request, user, _found(source, recording_id), body.read(Crystallize), if_match)

        return once(body.content, make)

    post.__doc__ = f"Store a trace file of any supported format; its {name}s can then be crystallized."
    listing.__doc__ = f"List the {name}s, the one stored last first."
    read.__doc__ = f"Show what happened in a {name}, with credentials masked."
    crystallize.__doc__ = f"Turn a {name} into a draft of an automation."
    one = f"{prefix}/{{recording_id:path}}"
    add = router.add_api_route
    add(prefix, post, methods=["POST"], dependencies=AUTHOR_NEW, status_code=201, response_model=RecordingList,
        responses={200: {"model": RecordingList}}, openapi_extra=TRACE, operation_id=f"post_{source}")  # fmt: skip
    add(prefix, listing, methods=["GET"], dependencies=READ_RECORDINGS, response_model=RecordingPage,
        operation_id=f"list_{source}s")  # fmt: skip
    add(f"{one}/crystallize", crystallize, methods=["POST"], dependencies=AUTHOR_NEW, status_code=201,
        response_model=AutomationShown,
        responses=with_headers("ETag", "Location", statuses=(200, 201), model=AutomationShown),
        openapi_extra=body_of(Crystallize, required=False), operation_id=f"crystallize_{source}")  # fmt: skip
    add(one, read, methods=["GET"], dependencies=READ_RECORDINGS, response_model=Run,
        operation_id=f"read_{source}")  # fmt: skip


_add_routes("agent_run", PLACES["agent_run"], "agent run")
_add_routes("chat_thread", PLACES["chat_thread"], "chat thread")


def _stored(source: Source, content: bytes, format: str | None, content_type: str, by: str) -> Response:
    ending = ".yaml" if content_type in YAML else ".json"
    folder = recordings_folder()
    entries, is_new = stored_recordings.store(folder, content, format, ending, by, summarised=reading.summaries)
    if not any(entry.source == source for entry in entries):
        other = next(place for kind, place in PLACES.items() if kind != source)
        raise UnknownFormat("the trace contains no such recording", where="trace", remedy=f"GET {other} lists it.")
    return MaskedJson(RecordingList(items=[_item(entry) for entry in entries]), 201 if is_new else 200)


def _found(source: Source, recording_id: str) -> Stored:
    entry = stored_recordings.found(recordings_folder(), source, recording_id)
    if entry is None:
        raise HTTPException(404, "there is no such recording")
    return entry


def _item(entry: Stored) -> RecordingItem:
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


def _crystallized(request: Request, user: Any, entry: Stored, body: Crystallize, if_match: str | None) -> Response:
    entries = _with_further(entry, body.traces)
    _check_tools(body.tools)
    automation, sentence = reading.crystallized(entries, body.tools, _options(body))
    new_automations.check_name(request, user, automation.dag_id)
    state = read_any_state(automation.dag_id)
    return write_new(
        automation,
        state,
        by=user.get_name(),
        summary=body.summary,
        if_match=if_match,
        taken_for=sentence,
    )


def _with_further(entry: Stored, traces: list[str | FurtherTrace]) -> list[Stored]:
    """Return the recording of the address and the further ones, each once.

    The right to read one recording is the right to read all (``READ_RECORDINGS``), and the route asked for it.

    :raises SpecError: one is not stored.
    """
    entries = [entry]
    for number, named in enumerate(traces):
        wanted = FurtherTrace(run_id=named) if isinstance(named, str) else named
        source = wanted.source or entry.source
        found = stored_recordings.found(recordings_folder(), source, wanted.run_id, wanted.trace_sha256)
        if found is None:
            raise SpecError(
                f"there is no recording {mask(wanted.run_id)[:80]!r} of the kind {source}",
                where=f"traces[{number}]",
                remedy="Store its trace first; GET /vai/api/v1/agents/runs and /chat/threads list what is stored.",
            )
        entries += [] if found in entries else [found]
    return entries


def _options(body: Crystallize) -> CrystallizeOptions:
    return CrystallizeOptions(
        dag_id=body.dag_id,
        gates=body.gates,
        freeze_all=body.freeze_all,
        derive=body.derive,
        parallel=body.parallel,
        loops=body.loops,
        turns=body.turns,
        calls=body.calls,
        exclude=body.exclude,
        schedule=body.schedule,
        triggers=body.triggers,
        allow_unsuccessful=body.allow_unsuccessful,
        allow_unmapped=body.allow_unmapped,
    )


def _check_tools(rules: list[dict[str, Any]]) -> None:
    """Check rules of a tools file.

    :raises SpecError: one of them is wrong.
    """
    try:
        ToolsFile.model_validate({"tools": rules})
    except ValidationError as error:
        raise SpecError(
            mask(problems(error)), where="tools", remedy="dev/docs/tools-file.md describes a rule."
        ) from None

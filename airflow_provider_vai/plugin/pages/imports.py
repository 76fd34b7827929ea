"""Hands in a trace, and lists the recordings that were stored."""

from __future__ import annotations

from typing import Annotated, Any, get_args

from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.responses import HTMLResponse

from airflow_provider_vai.authoring import stored_recordings
from airflow_provider_vai.authoring.stored_recordings import Stored
from airflow_provider_vai.exceptions import UnreadableTrace, VaiError
from airflow_provider_vai.plugin.api.access import AUTHOR_NEW, READ_RECORDINGS
from airflow_provider_vai.plugin.api.configured_folders import recordings_folder
from airflow_provider_vai.plugin.api.parameters import Offset
from airflow_provider_vai.plugin.api.problems import ProblemDetails, described
from airflow_provider_vai.plugin.api.request_body import trace_limit
from airflow_provider_vai.plugin.pages.forms import Form, is_editable, new_key
from airflow_provider_vai.plugin.pages.frame import ROOT, page, path_of, redirect
from airflow_provider_vai.plugin.pages.remedies import in_words
from airflow_provider_vai.plugin.pages.sending import carried_out
from airflow_provider_vai.plugin.pages.uploads import Trace, Upload
from airflow_provider_vai.plugin.routes.crystallizing import Source
from airflow_provider_vai.plugin.routes.recordings import stored
from airflow_provider_vai.plugin.routes.sources import imported, sources
from airflow_provider_vai.traces.formats import adapters

router = APIRouter(prefix=ROOT, include_in_schema=False, default_response_class=HTMLResponse)

ROWS, SOURCES = 50, 20


@router.get("/import", dependencies=READ_RECORDINGS)
def imports(
    request: Request,
    user: GetUserDep,
    *,
    trace: Annotated[str, Query(max_length=64)] = "",
    at: Offset = 0,
    from_: Annotated[Offset, Query(alias="from")] = 0,
) -> Response:
    """Show the form for a trace, the stored recordings, and traces on the server that can be imported.

    :param trace: only the recordings in the trace file with this digest. :param from_: the first trace on the server.
    """
    return _shown(request, user, trace=trace, at=at, from_=from_)


@router.post("/import", dependencies=AUTHOR_NEW)
def hand_in(request: Request, user: GetUserDep, given: Trace) -> Response:
    """Store a trace, and open its recording; of several, their list. Storing a trace again changes nothing."""
    try:
        if not given.content.strip():
            raise UnreadableTrace("there is no trace", remedy="Choose a file, or paste a trace into the text field.")
        entries, _ = stored(given.content, given.format, given.is_yaml, user.get_name())
    except (VaiError, HTTPException) as error:
        found = described(error)[0]
        problem = found.model_copy(update={"remedy": in_words(found.remedy)})
        return _shown(request, user, given=given, problem=problem, status=problem.status)
    return redirect(request, _opened(entries))


@router.post("/import/source", dependencies=AUTHOR_NEW)
def import_source(request: Request, user: GetUserDep, form: Form) -> Response:
    """Store a trace on the server, and open its recording; of several, their list."""
    return carried_out(request, user, form, lambda: _opened(imported(user, form.get("source"))[0]))


def _opened(entries: list[Stored]) -> str:
    """Return the address that shows what was stored."""
    if len(entries) == 1:
        return address_of(entries[0])
    return path_of("import", trace=entries[0].trace_sha256)


def address_of(entry: Stored) -> str:
    """Return the address of the page of a recording, below ``/ui``."""
    return path_of("recordings", entry.source, entry.run_id)


def newest_recordings() -> list[Stored]:
    """Return the stored recordings of both kinds, those stored last first."""
    found = [one for source in get_args(Source) for one in stored_recordings.listed(recordings_folder(), source)]
    return sorted(found, key=lambda one: (one.at, one.run_id), reverse=True)


def _shown(
    request: Request,
    user: Any,
    *,
    trace: str = "",
    at: int = 0,
    from_: int = 0,
    given: Upload | None = None,
    problem: ProblemDetails | None = None,
    status: int = 200,
) -> Response:
    entries = [one for one in newest_recordings() if trace in ("", one.trace_sha256)]
    values: dict[str, Any] = {
        "items": [(one, address_of(one)) for one in entries[at : at + ROWS]],
        "total": len(entries),
        "limit": ROWS,
        "offset": at,
        "trace": trace,
        "query": f"trace={trace}&" if trace.isalnum() else "",
        "text": given.text if given and is_editable(given.text) else "",
        "format": given.format if given else None,
        "formats": sorted(adapter.name for adapter in adapters()),
        "problem": problem,
        "megabytes": trace_limit() // 1024**2,
        "on_server": None if trace else sources(user, limit=SOURCES, offset=from_),
        "key": new_key(),
    }
    return page(request, "import.html", status, section="import", **values)

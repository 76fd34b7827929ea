"""What the plugin serves below ``/vai`` on Airflow's API server.

A router stands in a module of its own, and names in its ``dependencies`` what a user must be allowed to do: a route
without such a dependency would be open to anyone. Errors are answered as problem+json.
"""

from __future__ import annotations

from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from airflow_provider_vai.plugin import approvals, flashboards

ROUTERS = (approvals.router, flashboards.router)


def problem(request: Request, error: Exception) -> JSONResponse:
    """Return an error as RFC 9457 wants it: the status, its name, what was wrong."""
    if isinstance(error, RequestValidationError):
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        detail = "; ".join(f"{part['loc'][-1]}: {part['msg']}" for part in error.errors())
    else:
        assert isinstance(error, HTTPException)  # noqa: S101 - the app registers this function for these two only
        status, detail = HTTPStatus(error.status_code), error.detail
    body = {"type": "about:blank", "title": status.phrase, "status": status.value, "detail": detail}
    headers = {**(getattr(error, "headers", None) or {}), "Cache-Control": "no-store"}
    return JSONResponse(body, status.value, headers, media_type="application/problem+json")


def make_app() -> FastAPI:
    """Return the app; it publishes no schema of itself, which Airflow would show to anyone."""
    made = FastAPI(title="VirtuousAI", docs_url=None, redoc_url=None, openapi_url=None)
    for router in ROUTERS:
        made.include_router(router)
    for error in (HTTPException, RequestValidationError):
        made.add_exception_handler(error, problem)
    return made


app = make_app()

"""The web app that Airflow's API server mounts at ``/vai``.

Each router names in its ``dependencies`` the permission that a route requires: a route without one would be open to
everyone. There are two exceptions. The senders of webhooks are not Airflow users: a signature takes the place of the
permission. And the style sheet and scripts of the pages contain nothing of an automation. JSON answers are written by
:class:`~airflow_provider_vai.plugin.api.json_response.MaskedJson`, errors as problem+json or, for pages, as pages.
"""

from __future__ import annotations

from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from airflow_provider_vai.exceptions import VaiError
from airflow_provider_vai.model import notifiers
from airflow_provider_vai.operators.runtime.compat import configuration
from airflow_provider_vai.plugin.api import openapi
from airflow_provider_vai.plugin.api.json_response import MaskedJson
from airflow_provider_vai.plugin.api.problems import error_response
from airflow_provider_vai.plugin.pages.errors import as_signed_out, error_page, with_typed
from airflow_provider_vai.plugin.pages.frame import is_page
from airflow_provider_vai.plugin.pages.site import ROUTERS as PAGES
from airflow_provider_vai.plugin.routes import (
    all_savings,
    approvals,
    artifacts,
    automations,
    choices,
    dag_runs,
    derivations,
    findings,
    flashboards,
    gates,
    history,
    recordings,
    review,
    savings,
    setup,
    sources,
    steps,
    triggers,
)
from airflow_provider_vai.plugin.webhooks import route as webhooks

ROUTERS = (
    openapi.router,
    recordings.router,
    sources.router,
    automations.router,
    steps.router,
    derivations.router,
    choices.router,
    findings.router,
    review.router,
    history.router,
    triggers.router,
    dag_runs.router,
    savings.router,
    all_savings.router,
    setup.router,
    artifacts.router,
    approvals.router,
    flashboards.router,
    gates.router,
    webhooks.router,
)


async def answer_to_error(request: Request, error: Exception) -> Response:
    """Return the answer to an error: a page for a page, problem+json for the API."""
    if not is_page(request):
        return error_response(request, error)
    error = as_signed_out(error)
    await with_typed(request, error)
    return await run_in_threadpool(error_page, request, error)


def make_app() -> FastAPI:
    """Return the app. FastAPI's own schema and docs pages are off: everyone could read them."""
    notifiers.read_setting(lambda: str(configuration().get("vai", "notifiers", fallback="")))
    made = FastAPI(
        title="VirtuousAI",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        default_response_class=MaskedJson,
        responses=openapi.ERRORS,
    )
    for router in (*ROUTERS, *PAGES):
        made.include_router(router)
    for error in (HTTPException, RequestValidationError, VaiError, Exception):
        made.add_exception_handler(error, answer_to_error)
    return made


app = make_app()

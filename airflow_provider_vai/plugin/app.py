"""What the plugin serves below ``/vai`` on Airflow's API server.

A router stands in a module of its own, and names in its ``dependencies`` what a user must be allowed to do: a route
without such a dependency would be open to anyone. The one exception is the webhook, whose senders are no users: there a
signature takes its place. Errors are answered as problem+json.
"""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from airflow_provider_vai.exceptions import VaiError
from airflow_provider_vai.plugin.api import openapi, problems
from airflow_provider_vai.plugin.routes import (
    approvals,
    automations,
    dag_runs,
    flashboards,
    gates,
    history,
    recordings,
    savings as ledger,
    steps,
)
from airflow_provider_vai.plugin.webhooks import route as webhooks

ROUTERS = (
    openapi.router,
    recordings.router,
    automations.router,
    steps.router,
    history.router,
    dag_runs.router,
    ledger.router,
    approvals.router,
    flashboards.router,
    gates.router,
    webhooks.router,
)


def make_app() -> FastAPI:
    """Return the app; Airflow would show a schema of itself to anyone, so there is none but :mod:`openapi`'s."""
    made = FastAPI(title="VirtuousAI", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    for router in ROUTERS:
        made.include_router(router)
    for error in (HTTPException, RequestValidationError, VaiError, Exception):
        made.add_exception_handler(error, problems.answered)
    return made


app = make_app()

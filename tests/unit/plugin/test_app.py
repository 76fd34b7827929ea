"""The plugin stays cheap where no page is asked for; none of its routes is open to anyone, or answers unmasked."""

from __future__ import annotations

import subprocess
import sys

import pytest
from fastapi import Response
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.routing import APIRoute

from airflow_provider_vai.plugin import VaiPlugin, app as api
from airflow_provider_vai.plugin.api import access
from airflow_provider_vai.plugin.api.json_response import MaskedJson
from airflow_provider_vai.plugin.routes.artifacts import ArtifactResponse
from airflow_provider_vai.plugin.routes.automations import DagFileResponse
from airflow_provider_vai.plugin.webhooks import route as webhooks

ROUTES = [route for router in api.ROUTERS for route in router.routes]
WEBHOOK = "/webhooks/{path:path}"
SWITCHES = ("activate", "pause", "review", "runs")
"""What the right on the DAG alone allows: it changes nothing of what an automation does."""


def asked(route: APIRoute) -> list[str]:
    """Return the names of what a route asks for, before anything else."""
    return [getattr(dependency.call, "__qualname__", "") for dependency in route.dependant.dependencies]


def test_the_plugin_imports_no_web_app() -> None:
    """Every task process loads the plugin; the web app is imported when the API server asks for it."""
    script = (
        "import sys, airflow.plugins_manager; before = set(sys.modules); import airflow_provider_vai.plugin;"
        "assert not {'fastapi', 'airflow_provider_vai.plugin.api'} & (set(sys.modules) - before)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_the_app_is_registered_under_its_prefix() -> None:
    """Airflow mounts the app under /vai."""
    (entry,) = VaiPlugin().fastapi_apps

    assert (entry["app"], entry["url_prefix"]) == (api.app, "/vai")


def test_every_json_answer_is_masked() -> None:
    """A route answers with the one JSON serializer, or with something that is no JSON."""
    others = {
        ("GET", "/ui"): HTMLResponse,
        ("DELETE", "/api/v1/automations/{dag_id}"): Response,
        ("GET", "/api/v1/automations/{dag_id}/dag"): DagFileResponse,
        ("GET", "/flashboards/{dag_id}/{task_id}/latest"): RedirectResponse,
        ("GET", "/flashboards/{dag_id}/{run_id}/{task_id}"): HTMLResponse,
        ("GET", "/gates/{dag_id}/{run_id}/{task_id}"): HTMLResponse,
        ("GET", "/artifacts/{dag_id}/{run_id}/{task_id}"): ArtifactResponse,
    }
    for route in (route for route in api.app.routes if isinstance(route, APIRoute)):
        for method in route.methods:
            kind = Response if route.path.startswith("/ui/static/") else HTMLResponse
            expected = kind if route.path.startswith("/ui/") else others.get((method, route.path), MaskedJson)
            assert route.response_class is expected, route.path


def test_every_json_answer_has_a_model() -> None:
    """The OpenAPI document knows each JSON answer by its model; the document itself is the only one without."""
    without = [
        route.path
        for route in api.app.routes
        if isinstance(route, APIRoute) and route.response_class is MaskedJson and route.response_model is None
    ]

    assert without == ["/api/v1/openapi.json"]


def test_every_route_asks_for_a_permission() -> None:
    """No route goes without a check of Airflow's auth manager, and the app shows no schema of itself.

    The one exception is the webhook: its senders are no users, and each delivery is signed instead.
    """
    assert ROUTES
    for route in ROUTES:
        assert isinstance(route, APIRoute)
        if route.path == WEBHOOK:
            assert [it.call for it in route.dependant.dependencies] == [webhooks.signed_delivery]
            continue
        assert any(check.startswith("requires_access") for check in asked(route)), route.path
    assert (api.app.openapi_url, api.app.docs_url, api.app.redoc_url) == (None, None, None)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{sorted(route.methods)} {route.path}")
def test_what_a_route_asks_for(route: APIRoute) -> None:
    """A change needs a request of our own; whatever says what an automation does, the right to edit connections, too.

    So do recordings and their values, which say what a person told an agent, and the setup, which names folders and
    connections. A route about one DAG asks for that DAG, after its name was looked at.
    """
    if not route.path.startswith("/api/v1/") or route.path.endswith(("approvals", "openapi.json")):
        return
    checks, is_write = asked(route), route.methods & {"POST", "PUT", "PATCH", "DELETE"}
    confidential = ("/agents/", "/chat/", "/sources", "/setup", "/derivations")
    is_confidential = any(part in route.path for part in confidential)
    is_switch = route.path.endswith(SWITCHES) and "{dag_id}" in route.path
    assert (access.own_request.__name__ in checks) is bool(is_write)
    assert (access.edits_connections.__name__ in checks) is (is_confidential or bool(is_write and not is_switch))
    if "{dag_id}" in route.path:
        assert checks[0] == access.known_name.__name__
        assert checks[1].startswith("requires_access_dag")


def test_requests_that_block_run_in_threads() -> None:
    """Routes that read and write files or the database are no coroutines: they would hold up all others."""
    import inspect

    for route in ROUTES:
        assert isinstance(route, APIRoute)
        assert not inspect.iscoroutinefunction(route.endpoint), route.path

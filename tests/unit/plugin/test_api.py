"""The plugin stays cheap where no page is asked for, and none of its routes is open to anyone."""

from __future__ import annotations

import subprocess
import sys

from fastapi.routing import APIRoute

from airflow_provider_vai.plugin import VaiPlugin, api


def test_the_plugin_imports_no_web_app() -> None:
    """Every task process loads the plugin; the web app is imported when the API server asks for it."""
    script = (
        "import sys; import airflow_provider_vai.plugin;"
        "assert not [m for m in sys.modules if m in ('fastapi', 'airflow_provider_vai.plugin.api')]"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_the_app_is_registered_under_its_prefix() -> None:
    """Airflow mounts the app under /vai."""
    (entry,) = VaiPlugin().fastapi_apps

    assert (entry["app"], entry["url_prefix"]) == (api.app, "/vai")


def test_every_route_asks_for_a_permission() -> None:
    """No route goes without a check of Airflow's auth manager, and the app shows no schema of itself."""
    routes = [route for router in api.ROUTERS for route in router.routes]

    assert routes
    for route in routes:
        assert isinstance(route, APIRoute)
        checks = [getattr(it.call, "__qualname__", "") for it in route.dependant.dependencies]
        assert any(check.startswith("requires_access") for check in checks), route.path
    assert (api.app.openapi_url, api.app.docs_url, api.app.redoc_url) == (None, None, None)

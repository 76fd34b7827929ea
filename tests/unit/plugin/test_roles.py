"""The table of roles, which the end-to-end tests try, has every route of the HTTP API."""

from __future__ import annotations

import re

from airflow_provider_vai.plugin import app
from tests.e2e.test_api_access import TABLE


def test_the_table_has_every_route() -> None:
    """A route that is added has to say there who may use it."""
    routes = {
        (method, re.sub(r":path}", "}", route.path).removeprefix("/api/v1"))
        for router in app.ROUTERS
        for route in router.routes
        for method in route.methods
        if route.path.startswith("/api/v1/")
    }

    assert {(method, path) for method, _, path, _, _ in TABLE} == routes

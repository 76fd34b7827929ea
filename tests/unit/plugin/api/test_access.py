"""No other site can make a browser change anything; a name is looked at before anything else; many DAGs at once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from fastapi import HTTPException, Request

from airflow_provider_vai.plugin.api import access
from airflow_provider_vai.plugin.api.access import is_name, own_request
from tests.unit.plugin.api_support import made

BEARER = {"authorization": "Bearer x"}
OURS = [
    BEARER,
    {"Authorization": "bearer x"},
    {**BEARER, "sec-fetch-site": "cross-site", "origin": "https://evil.example"},
    {"sec-fetch-site": "same-origin"},
    {"sec-fetch-site": "same-origin", "origin": "null"},
    {"origin": "https://air.example:8080"},
    {"origin": "http://air.example:8080"},
    {"origin": "https://public.example"},
]
THEIRS = [
    {},
    {"cookie": "_token=x"},
    {"cookie": "_token=x", "content-type": "application/json", "x-requested-with": "XMLHttpRequest"},
    {"authorization": "Basic eDp4"},
    {"authorization": "Bearer"},
    {"sec-fetch-site": "same-site"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "none"},
    {"sec-fetch-site": "cross-site", "origin": "https://air.example:8080"},
    {"sec-fetch-site": ""},
    {"origin": "null"},
    {"origin": ""},
    {"origin": "https://air.example"},
    {"origin": "https://evil.example"},
    {"origin": "https://air.example:8080.evil.example"},
    {"origin": "https://evil.example#air.example:8080"},
    {"origin": "https://[air.example:8080"},
    {"referer": "https://air.example:8080/"},
]


def request(headers: dict[str, str]) -> Request:
    """Return a request to this server."""
    given = {"host": "air.example:8080", **headers}
    raw = [(name.lower().encode(), value.encode()) for name, value in given.items()]
    return Request({"type": "http", "method": "POST", "path": "/", "headers": raw, "query_string": b""})


@pytest.mark.parametrize("headers", OURS, ids=str)
def test_requests_of_our_own(headers: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A token in a header, or the browser's word that the page is of this origin."""
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://public.example/below")

    asyncio.run(own_request(request(headers)))


@pytest.mark.parametrize("headers", THEIRS, ids=str)
def test_requests_that_others_can_cause(headers: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever else comes with Airflow's cookie is refused."""
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://public.example/below")

    with pytest.raises(HTTPException) as refused:
        asyncio.run(own_request(request(headers)))
    assert refused.value.status_code == 403


@pytest.mark.parametrize("name", ["a", "Täglich-1.2_x", "7", "a" * 200])
def test_names(name: str) -> None:
    """What can name a file."""
    assert is_name(name)


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../x", "a/b", "a\\b", "a\0", "a b", "-a", "_a", "~", "a" * 201, "é" * 101, "\ud800", "a\n"]
)
def test_names_that_lead_elsewhere(name: str) -> None:
    """What cannot is no automation's."""
    assert not is_name(name)


@pytest.mark.parametrize("path", ["..%2f..%2fx", "%00", "~", "a%20b", "%ff", "x" * 300, "%F0%9F%92%A9", ".vai"])
@pytest.mark.parametrize("rest", ["", "/dag", "/steps", "/versions", "/versions/1", "/runs"])
def test_strange_names_are_not_there(op: Any, path: str, rest: str) -> None:
    """404, without a traceback and before Airflow's database is asked about them."""
    answer = op.get(f"/api/v1/automations/{path}{rest}")

    assert answer.status_code == 404, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_many_dags_at_once(op: Any, read_by_airflow: Any, queries: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Each DAG gets the answer that it gets alone; their teams are looked for in batches."""
    from airflow.api_fastapi.app import get_auth_manager
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
    from airflow.models.dag import DagModel

    made(op)
    read_by_airflow()
    viewer = SimpleAuthManagerUser(username="viewer-person", role="viewer")
    names = ["nightly", "new_1", "new_2", "new_1"]
    monkeypatch.setattr(access, "MOST_NAMES", 2)
    queries.clear()

    assert access.allowed_dags(viewer, "GET", names, DagAccessEntity.RUN) == {"nightly", "new_1", "new_2"}

    if hasattr(DagModel, "get_dag_id_to_team_name_mapping"):  # since Airflow 3.2
        assert len(queries) == 2
        asked: list[Any] = []
        monkeypatch.setattr(DagModel, "get_dag_id_to_team_name_mapping", lambda names: {"nightly": "red"})
        manager = type(get_auth_manager())  # of an instance, monkeypatch would leave the method behind
        monkeypatch.setattr(manager, "is_authorized_dag", lambda self, **given: asked.append(given))
        assert access.allowed_dags(viewer, "PUT", names) == set()
        assert {(one["details"].id, one["details"].team_name) for one in asked} == {
            ("nightly", "red"), ("new_1", None), ("new_2", None),
        }  # fmt: skip
        assert {(one["method"], one["access_entity"]) for one in asked} == {("PUT", None)}
    else:
        assert access.allowed_dags(viewer, "PUT", names) == set()

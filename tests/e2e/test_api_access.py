"""Who may do what: every route for every role, and every way in which another site could have a browser act."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.e2e.api_server import RUN_ID, SEED, TWO_STEPS, client, serving, token, wait_read

pytestmark = pytest.mark.e2e

ROLES = ("admin", "olga", "ursula", "victor", None)
"""Users of the roles admin, op, user and viewer, and nobody."""

READ = (200, 200, 200, 200, 401)
NOT_THERE = (404, 404, 404, 404, 401)
AUTHOR = (None, None, 403, 403, 401)
SWITCH = (None, None, None, 403, 401)
"""Per role the status; ``None``: past the permission, so neither 401 nor 403."""

ONE = "/automations/there"
STALE = {"If-Match": '"999"'}
TABLE: list[tuple[str, str, str, Any, tuple[int | None, ...]]] = [
    ("GET", "/agents/runs", "/agents/runs", None, (200, 200, 403, 403, 401)),
    ("POST", "/agents/runs", "/agents/runs", {}, AUTHOR),
    ("GET", f"/agents/runs/{RUN_ID}", "/agents/runs/{recording_id}", None, (200, 200, 403, 403, 401)),
    ("POST", f"/agents/runs/{RUN_ID}/crystallize", "/agents/runs/{recording_id}/crystallize", {"dagId": "."}, AUTHOR),
    ("GET", "/chat/threads", "/chat/threads", None, (200, 200, 403, 403, 401)),
    ("POST", "/chat/threads", "/chat/threads", {}, AUTHOR),
    ("GET", "/chat/threads/x", "/chat/threads/{recording_id}", None, (404, 404, 403, 403, 401)),
    ("POST", "/chat/threads/x/crystallize", "/chat/threads/{recording_id}/crystallize", {}, AUTHOR),
    ("GET", "/automations", "/automations", None, READ),
    ("POST", "/automations", "/automations", {}, AUTHOR),
    ("GET", ONE, "/automations/{dag_id}", None, READ),
    ("PATCH", ONE, "/automations/{dag_id}", {}, AUTHOR),
    ("DELETE", ONE, "/automations/{dag_id}", None, AUTHOR),
    ("GET", f"{ONE}/dag", "/automations/{dag_id}/dag", None, READ),
    ("GET", f"{ONE}/steps", "/automations/{dag_id}/steps", None, READ),
    ("POST", f"{ONE}/steps", "/automations/{dag_id}/steps", {"kind": "x"}, AUTHOR),
    ("PATCH", f"{ONE}/steps/one", "/automations/{dag_id}/steps/{key}", {}, AUTHOR),
    ("DELETE", f"{ONE}/steps/one", "/automations/{dag_id}/steps/{key}", None, AUTHOR),
    ("POST", f"{ONE}/steps/one/move", "/automations/{dag_id}/steps/{key}/move", {}, AUTHOR),
    ("GET", f"{ONE}/versions", "/automations/{dag_id}/versions", None, READ),
    ("GET", f"{ONE}/versions/1", "/automations/{dag_id}/versions/{number}", None, READ),
    ("GET", f"{ONE}/versions/1/diff", "/automations/{dag_id}/versions/{number}/diff", None, READ),
    ("POST", f"{ONE}/versions/1/restore", "/automations/{dag_id}/versions/{number}/restore", None, AUTHOR),
    ("POST", f"{ONE}/activate", "/automations/{dag_id}/activate", {}, SWITCH),
    ("POST", f"{ONE}/pause", "/automations/{dag_id}/pause", None, SWITCH),
    ("GET", f"{ONE}/runs", "/automations/{dag_id}/runs", None, READ),
    ("POST", f"{ONE}/runs", "/automations/{dag_id}/runs", {"conf": 7}, SWITCH),
    ("GET", f"{ONE}/savings", "/automations/{dag_id}/savings", None, READ),
    ("GET", "/approvals?dag_id=there", "/approvals", None, READ),
    ("GET", "/approvals/open", "/approvals/open", None, READ),
    ("GET", f"{ONE}/artifacts", "/automations/{dag_id}/artifacts", None, READ),
    ("GET", f"{ONE}/dag-versions", "/automations/{dag_id}/dag-versions", None, READ),
    ("GET", f"{ONE}/explanation", "/automations/{dag_id}/explanation", None, READ),
    ("GET", f"{ONE}/findings", "/automations/{dag_id}/findings", None, READ),
    ("GET", f"{ONE}/review", "/automations/{dag_id}/review", None, READ),
    ("PUT", f"{ONE}/review", "/automations/{dag_id}/review", {}, SWITCH),
    ("GET", f"{ONE}/triggers", "/automations/{dag_id}/triggers", None, READ),
    ("GET", f"{ONE}/runs/none", "/automations/{dag_id}/runs/{run_id}", None, NOT_THERE),
    ("POST", f"{ONE}/versions", "/automations/{dag_id}/versions", {}, AUTHOR),
    ("GET", f"{ONE}/steps/one/derivations", "/automations/{dag_id}/steps/{key}/derivations", None, AUTHOR),
    ("POST", f"{ONE}/steps/one/derivations", "/automations/{dag_id}/steps/{key}/derivations", {}, AUTHOR),
    ("POST", f"{ONE}/steps/one/lift", "/automations/{dag_id}/steps/{key}/lift", {}, AUTHOR),
    ("POST", f"{ONE}/steps/one/model", "/automations/{dag_id}/steps/{key}/model", {}, AUTHOR),
    ("POST", f"/agents/runs/{RUN_ID}/preview", "/agents/runs/{recording_id}/preview", {"dagId": "."}, AUTHOR),
    ("POST", "/chat/threads/x/preview", "/chat/threads/{recording_id}/preview", {}, AUTHOR),
    ("GET", "/sources", "/sources", None, (200, 200, 403, 403, 401)),
    ("POST", "/sources/x", "/sources/{source_id}", {}, AUTHOR),
    ("GET", "/savings", "/savings", None, READ),
    ("GET", "/setup", "/setup", None, (200, 200, 403, 403, 401)),
    ("GET", "/openapi.json", "/openapi.json", None, READ),
]
ORIGINS = [
    ({}, False),
    ({"Origin": "{url}"}, True),
    ({"Sec-Fetch-Site": "same-origin"}, True),
    ({"Sec-Fetch-Site": "same-origin", "Origin": "{url}"}, True),
    ({"Sec-Fetch-Site": "same-site", "Origin": "https://sub.example"}, False),
    ({"Sec-Fetch-Site": "cross-site", "Origin": "{url}"}, False),
    ({"Sec-Fetch-Site": "none"}, False),
    ({"Origin": "https://evil.example"}, False),
    ({"Origin": "null"}, False),
    ({"Referer": "{url}/"}, False),
    ({"X-Requested-With": "XMLHttpRequest", "Content-Type": "application/json"}, False),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A healthy Airflow with one automation and one recording, both unreachable for a stranger."""
    with serving(tmp_path_factory.mktemp("access")) as running:
        with client(running, "olga") as api:
            assert api.post("/agents/runs", content=SEED.read_bytes()).status_code == 201
            assert api.post("/automations", json={**TWO_STEPS, "dagId": "there"}).status_code == 201
            wait_read(running, api, "there")
        yield running


@pytest.fixture(scope="module")
def clients(server: Any) -> Iterator[dict[str | None, httpx.Client]]:
    """A client for each role."""
    made = {role: client(server, role) for role in ROLES}
    yield made
    for one in made.values():
        one.close()


@pytest.mark.parametrize(("method", "path", "route", "body", "statuses"), TABLE, ids=lambda part: str(part)[:40])
def test_roles(clients: Any, method: str, path: str, route: str, body: Any, statuses: tuple[int | None, ...]) -> None:
    """Each role gets what the table says, and a refusal says nothing of what is there."""
    for role, status in zip(ROLES, statuses, strict=True):
        answer = clients[role].request(method, path, json=body, headers=STALE)
        if status is None:
            assert answer.status_code not in (401, 403), (role, answer.text)
            assert answer.status_code < 500, (role, answer.text)
        else:
            assert answer.status_code == status, (role, answer.text)
        if answer.status_code in (401, 403):
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.headers["cache-control"] == "no-store"
            assert "Two questions" not in answer.text


@pytest.mark.parametrize(
    "path", ["/automations/not_there", "/automations/not_there/steps", "/automations/not_there/runs"]
)
def test_what_is_not_there(clients: Any, path: str) -> None:
    """A stranger does not learn what is there: 401 before 404."""
    assert clients[None].get(path).status_code == 401
    assert clients["victor"].get(path).status_code == 404


@pytest.mark.parametrize(("headers", "is_ours"), ORIGINS, ids=str)
def test_the_cookie_alone(server: Any, headers: dict[str, str], is_ours: bool) -> None:
    """A browser sends the login cookie with whatever any site asks; a change needs to be of this origin."""
    cookies = {"_token": token(server, "olga")}
    given = {name: value.format(url=server.url) for name, value in headers.items()}
    with httpx.Client(base_url=f"{server.url}/vai/api/v1", cookies=cookies, trust_env=False, timeout=60) as browser:
        assert browser.get("/automations", headers=given).status_code == 200
        for method, path in (("POST", "/automations"), ("PATCH", ONE), ("DELETE", ONE), ("POST", f"{ONE}/pause")):
            answer = browser.request(method, path, headers={**given, **STALE})
            assert (answer.status_code != 403) is is_ours, (method, path, answer.text)
            assert answer.status_code < 500


def test_tokens_that_are_none(server: Any) -> None:
    """A made-up token is no token, and does not let the cookie through either."""
    with client(server, None) as nobody:
        for value in ("Bearer nonsense", "Bearer", "Basic eDp4", "bearer a.b.c"):
            answer = nobody.get("/automations", headers={"Authorization": value})
            assert answer.status_code in (401, 403), (value, answer.text)
        nobody.cookies.set("_token", token(server, "olga"))
        answer = nobody.post("/automations", headers={"Authorization": "Bearer x"})
        assert answer.status_code in (401, 403)


def test_no_schema_for_strangers(server: Any) -> None:
    """FastAPI's own pages are off; ours is for whoever may see Airflow's."""
    with httpx.Client(base_url=server.url, trust_env=False, timeout=60) as nobody:
        for path in ("/vai/docs", "/vai/redoc", "/vai/openapi.json"):
            assert nobody.get(path).status_code == 404
        assert nobody.get("/vai/api/v1/openapi.json").status_code == 401

"""Answers of the API as JSON files under ``tests/golden/api``: what a client sees, less what differs in every run."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from fastapi.routing import APIRoute
from jsonschema.validators import Draft202012Validator
from starlette.routing import Match

from airflow_provider_vai.plugin.api import openapi
from airflow_provider_vai.plugin.app import app
from tests.paths import GOLDEN

FOLDER = GOLDEN / "api"
HEADERS = ("etag", "location", "cache-control", "retry-after", "idempotency-replayed")
TEXTS = ("dagFile", "pricedBy")
"""Fields whose text changes with the templates, or with a list of prices."""

DIGESTS = ("templatesSha256", "dagSha256", "renderedSha256", "specSha256", "traceSha256")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?")


@dataclass
class Recorder:
    """Sends requests and keeps what was answered.

    Each JSON answer must have been written by ``MaskedJson``, and fit the OpenAPI document.

    :param client: of the API. :param written: what ``MaskedJson`` wrote. :param kept: the exchanges so far.
    """

    client: Any
    written: list[bytes]
    kept: list[dict[str, Any]] = field(default_factory=list)

    def __call__(self, method: str, path: str, **request: Any) -> Any:
        """Send a request, keep the answer, and return it."""
        answer = self.client.request(method, path, follow_redirects=False, **request)
        kind = answer.headers.get("content-type", "")
        route = route_of(method, answer.request.url.path)
        if "json" in kind:
            assert answer.content in self.written, path
            check_fits(method, route, answer)
        self.kept.append(
            {
                "asked": f"{method} {_TIME.sub('<time>', path)}",
                "route": f"{method} {route}",
                "status": answer.status_code,
                "type": kind,
                "headers": {name: _plain(answer.headers[name]) for name in HEADERS if name in answer.headers},
                "body": _plain(_kept(method, answer.json())) if "json" in kind else None,
            }
        )
        return answer


def route_of(method: str, path: str) -> str:
    """Return the path of the route that answers a request."""
    scope = {"type": "http", "method": method, "path": path, "headers": []}
    for route in app.routes:
        if isinstance(route, APIRoute) and route.matches(scope)[0] is Match.FULL:
            return route.path
    raise AssertionError(f"no route answers {method} {path}")


def check_fits(method: str, route: str, answer: Any) -> None:
    """Compare an answer with the OpenAPI document, as far as its route is in there."""
    operation = document()["paths"].get(route.replace(":path}", "}"), {}).get(method.lower())
    if operation is None:
        return
    status = str(answer.status_code)
    content = operation["responses"].get(status) or operation["responses"][f"{status[0]}XX"]
    schema = content["content"][answer.headers["content-type"]]["schema"]
    whole = {**schema, "components": document()["components"]}
    found = Draft202012Validator(whole).iter_errors(answer.json())
    problems = [f"{error.json_path}: {error.message[:300]}" for error in found]
    assert not problems, (route, problems)


@cache
def document() -> Any:
    """Return the OpenAPI document."""
    return openapi.document(app)


def check(name: str, recorder: Recorder) -> None:
    """Compare the answers with the file of that name, or write it where ``VAI_WRITE_GOLDEN`` is set."""
    file = FOLDER / f"{name}.json"
    if os.environ.get("VAI_WRITE_GOLDEN"):
        file.write_text(json.dumps(recorder.kept, indent=1, sort_keys=True) + "\n", encoding="ascii")
    expected = json.loads(file.read_text(encoding="ascii"))
    for found, wanted in zip(recorder.kept, expected, strict=True):
        assert found == wanted, found["asked"]


def recorded() -> list[dict[str, Any]]:
    """Return all recorded exchanges."""
    return [one for file in sorted(FOLDER.glob("*.json")) for one in json.loads(file.read_text(encoding="ascii"))]


def _kept(method: str, body: Any) -> Any:
    """Return what is kept of an answer: of an error its place and its members' names, since its words may change; of a
    write that shows an automation, its state, since GET shows it whole."""
    if not isinstance(body, dict):
        return body
    if "detail" in body:
        return {"members": sorted(body), "title": body["title"], "where": body.get("where")}
    if method != "GET" and "steps" in body:
        return {name: body[name] for name in ("dagId", "status", "version", "entry")} | {"members": sorted(body)}
    return body


def _plain(value: Any, name: str = "") -> Any:
    """Return data with a word in place of what differs in every run."""
    if name in TEXTS and isinstance(value, str):
        return "<text>"
    if name in DIGESTS and isinstance(value, str):
        return "<digest>"
    if name == "generator":
        return {**value, "version": "<version>", "templatesSha256": "<digest>"}
    if isinstance(value, dict):
        return {key: _plain(part, key) for key, part in value.items()}
    if isinstance(value, list):
        return [_plain(part, name) for part in value]
    return _TIME.sub("<time>", value) if isinstance(value, str) else value

"""The OpenAPI document of the API, for those who may see Airflow's own; and the parts of it that routes name."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import BaseModel

from airflow_provider_vai import __version__
from airflow_provider_vai.model.run import Run
from airflow_provider_vai.model.sidecar import Sidecar
from airflow_provider_vai.plugin.api import json_body as wire
from airflow_provider_vai.plugin.api.access import READ_SCHEMA
from airflow_provider_vai.plugin.api.json_body import Json
from airflow_provider_vai.store.versions import Entry

PREFIX = "/api/v1/"
PROBLEM = "Problem"
AUTOMATION = "AutomationShown"
AUTOMATIONS = "AutomationPage"
NULLABLE_TEXT = {"type": ["string", "null"]}
NULLABLE_TIME = {"type": ["string", "null"], "format": "date-time"}
COUNT = {"type": "integer", "minimum": 0}
STATUS = {"enum": ["draft", "active", "paused", "error"]}

BESIDE: dict[str, Any] = {
    "status": STATUS,
    "error": {**NULLABLE_TEXT, "description": "Why Airflow cannot read the DAG file."},
    "isPaused": {"type": ["boolean", "null"], "description": "Airflow's switch; null: it has not read the DAG file."},
    "toReview": {"type": "array", "items": {"$ref": "#/components/schemas/ReviewItem"}},
    "entry": {**COUNT, "description": "The number in the ETag."},
}

TAKEN_FOR = {"takenFor": {"type": "string", "description": "Of several recordings: exports of one run, or runs."}}

NAMES: dict[str, dict[str, Any]] = {
    "dag_id": {"pattern": r"^\w[\w.-]*$", "maxLength": 200},
    "key": {"pattern": r"^\w+$"},
    "recording_id": {"pattern": r"^[^\r\n]+$"},
}
"""What names in paths may be; others are not there. A mounted app's address ends at a line break."""

router = APIRouter(tags=["schema"])


def answers(schema: str | None, status: int = 200, *others: int) -> dict[int | str, dict[str, Any]]:
    """Return what a route answers: JSON of a named schema, or an error.

    :param schema: its name among :func:`components`; ``None``: nothing. :param others: further statuses of the same.
    """
    content = {"content": {"application/json": {"schema": _ref(schema)}}} if schema else {}
    found: dict[int | str, dict[str, Any]] = {code: {"description": "Done", **content} for code in (status, *others)}
    return {**found, **errors()}


def text_answer(media_type: str) -> dict[int | str, dict[str, Any]]:
    """Return what a route answers that shows a text."""
    return {200: {"description": "Done", "content": {media_type: {"schema": {"type": "string"}}}}, **errors()}


def errors() -> dict[int | str, dict[str, Any]]:
    """Return what every route may answer besides."""
    problem = {"content": {"application/problem+json": {"schema": _ref(PROBLEM)}}}
    return {"4XX": {"description": "Refused", **problem}, "5XX": {"description": "Failed", **problem}}


def body_of(model: type[BaseModel], *, also: str = "", required: bool = True) -> dict[str, Any]:
    """Return the part of the document about a JSON body.

    :param also: which other documents are read, in words.
    """
    wanted: dict[str, Any] = {"$ref": f"#/components/schemas/{model.__name__}"}
    _bodies[model.__name__] = model
    if also:
        wanted = {"anyOf": [wanted, {"type": "object", "description": also}]}
    return {"requestBody": {"required": required, "content": {"application/json": {"schema": wanted}}}}


_bodies: dict[str, type[BaseModel]] = {}


@router.get("/api/v1/openapi.json", dependencies=READ_SCHEMA, include_in_schema=False)
def openapi(request: Request) -> Response:
    """Return the OpenAPI document."""
    path = request.scope.get("root_path", "")
    return Json({**document(request.app), "servers": [{"url": path or "/"}]})


def document(app: Any) -> dict[str, Any]:
    """Return the OpenAPI document of the routes below ``/api/v1``."""
    routes = [route for route in app.routes if isinstance(route, APIRoute) and route.path.startswith(PREFIX)]
    made = get_openapi(title="VirtuousAI automations", version=__version__, routes=routes, openapi_version="3.1.0")
    parts = made.setdefault("components", {})
    parts["schemas"] = {**parts.get("schemas", {}), **components()}
    parts["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer"}}
    made["security"] = [{"bearer": []}]
    for path in made["paths"].values():
        for operation in path.values():
            operation.pop("security", None)
            for parameter in operation.get("parameters", ()):
                parameter["schema"] |= NAMES.get(parameter["name"], {})
            operation["responses"].pop("422", None)  # FastAPI's own form of it; ours is among the errors
            operation["responses"] |= {str(status): answer for status, answer in errors().items()}
    return made


def components() -> dict[str, Any]:
    """Return the named schemas."""
    parts: dict[str, Any] = {}
    models: list[type[BaseModel]] = [Run, Sidecar, Entry, *_bodies.values()]
    for model in models:
        wire.schema(model, parts)
    for model in _bodies.values():
        parts[model.__name__].setdefault("additionalProperties", False)
    parts["Argument"] = {**parts["Argument"], "additionalProperties": True}
    parts["ReviewItem"] = _open(parts["ReviewItem"])  # with its number where an automation is shown
    parts["ReviewItem"]["properties"]["number"] = {**COUNT, "description": "What `reviewed` of an activation takes."}
    shown = _object(TAKEN_FOR, **BESIDE, editedByHand={"type": "boolean"})
    parts[AUTOMATION] = {"allOf": [_open(parts["Sidecar"]), shown]}
    parts["Sidecar"] = _open(parts["Sidecar"])
    parts.update(_pages())
    return parts


def _pages() -> dict[str, Any]:
    """Return the schemas of answers that are no models."""
    item = {"dagId": {"type": "string"}, "status": STATUS, "error": NULLABLE_TEXT}
    text, number, version = {"type": "string"}, {"type": "integer"}, {"type": ["integer", "null"]}
    entry = _object(entry=number, version=number, change=text, at=text, by=text, summary=text)
    recorded = _object(
        runId=text, source=text, format=text, title=NULLABLE_TEXT, outcome=text, calls=COUNT,
        crystallizeEligible={"type": "boolean"},
    )  # fmt: skip
    dag_run = _object(
        runId=text, state=text, runType=text, triggeredBy=NULLABLE_TEXT, triggeringUser=NULLABLE_TEXT,
        logicalDate=NULLABLE_TIME, startedAt=NULLABLE_TIME, endedAt=NULLABLE_TIME, note=NULLABLE_TEXT,
        version={"anyOf": [version, {"const": "edited"}]}, skipped=NULLABLE_TEXT,
    )  # fmt: skip
    amount = {"type": ["number", "null"]}
    cost = _object(inputTokens=amount, outputTokens=amount, costUsd=amount, seconds=amount)
    saved = _object(runId=text, state=text, started=NULLABLE_TIME, spent=cost, saved=cost)
    change = _object(place=text, what=text, before={}, after={})
    return {
        PROBLEM: _object(type=text, title=text, status=number, detail=text, optional={"where": text, "remedy": text}),
        AUTOMATIONS: _page(_object(**item)),
        "StepPage": _object(items={"type": "array", "items": _ref("Step")}),
        "VersionPage": _page(entry),
        "VersionShown": _object(entry=number, version=number, automation=_object(), dagFile=text),
        "Difference": _object(
            **dict[str, Any]({"from": number, "to": number}), changes={"type": "array", "items": change}, dagFile=text
        ),
        "RecordingPage": _page(recorded),
        "Recordings": _object(items={"type": "array", "items": recorded}),
        "DagRun": dag_run,
        "DagRunPage": _page(dag_run),
        "Ledger": _object(
            dagId=text,
            recorded=cost,
            saved=cost,
            rows={"type": "array", "items": saved},
            notes={"type": "array"},
            modelSteps={"type": "array", "items": text},
            model=NULLABLE_TEXT,
            pricedBy=NULLABLE_TEXT,
        ),
    }


def _page(item: dict[str, Any]) -> dict[str, Any]:
    return _object(items={"type": "array", "items": item}, total=COUNT, limit=COUNT, offset=COUNT)


def _object(optional: Any = None, **fields: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {**fields, **(optional or {})}, "required": list(fields)}


def _open(part: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in part.items() if name != "additionalProperties"}


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}

"""The OpenAPI document of the API: FastAPI derives it from the routes and their models; this module adds the rest.

The rest are errors, response headers, request bodies (the routes read them on their own, to limit their size) and the
security scheme.
"""

from __future__ import annotations

import re
from typing import Any

from fastapi import APIRouter, Request
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from airflow_provider_vai import __version__
from airflow_provider_vai.plugin.api.access import READ_SCHEMA, permissions
from airflow_provider_vai.plugin.api.json_response import MaskedJson
from airflow_provider_vai.plugin.api.problems import ProblemDetails, ProblemResponse
from airflow_provider_vai.plugin.api.request_body import RequestModel

Responses = dict[int | str, dict[str, Any]]

PREFIX = "/api/v1/"
REFERENCE = "#/components/schemas/{model}"
_PROBLEM = {"schema": {"$ref": REFERENCE.format(model=ProblemDetails.__name__)}}
ERRORS: Responses = {
    status: {"description": description, "content": {ProblemResponse.media_type: _PROBLEM}}
    for status, description in (("4XX", "The request is refused."), ("5XX", "The server failed."))
}
"""What every route may answer besides."""

_HEADERS = {
    "ETag": "The state of the automation; a change sends it back in If-Match.",
    "Location": "The address of the automation.",
}

_PARAMETER = re.compile(r":param (\w+): (.*?)(?=\s*:\w+(?: \w+)?:|\Z)", re.DOTALL)
_FIELDS = re.compile(r"\n\s*:(?:param|return|raises)\b.*", re.DOTALL)
"""What a docstring says about parameters, and everything in it from there on."""

router = APIRouter(tags=["schema"])
_request_models: dict[str, type[RequestModel]] = {}


def with_headers(*names: str, statuses: tuple[int, ...] = (200,), model: Any = None) -> Responses:
    """Return the part of the document about the headers of a route's answers.

    :param names: ``ETag``, ``Location``. :param statuses: of the answers that have them.
    :param model: the model of these answers, for statuses beside the route's own.
    """
    headers = {name: {"description": _HEADERS[name], "schema": {"type": "string"}} for name in names}
    answer: dict[str, Any] = {"headers": headers, **({"model": model} if model else {})}
    return dict.fromkeys(statuses, answer)


def body_of(model: type[BaseModel], *, also: str = "", required: bool = True) -> dict[str, Any]:
    """Return the part of the document about a JSON body.

    :param model: a request model, or one that a route of the document also answers with.
    :param also: which other documents are accepted, in words.
    """
    if issubclass(model, RequestModel):
        _request_models[model.__name__] = model
    schema: dict[str, Any] = {"$ref": REFERENCE.format(model=model.__name__)}
    if also:
        schema = {"anyOf": [schema, {"type": "object", "description": also}]}
    return {"requestBody": {"required": required, "content": {"application/json": {"schema": schema}}}}


@router.get("/api/v1/openapi.json", dependencies=READ_SCHEMA, include_in_schema=False, response_model=None)
def openapi(request: Request) -> MaskedJson:
    """Return the OpenAPI document."""
    path = request.scope.get("root_path", "")
    return MaskedJson({**document(request.app), "servers": [{"url": path or "/"}]})


def document(app: Any) -> dict[str, Any]:
    """Return the OpenAPI document of the routes below ``/api/v1``.

    ``x-permissions`` of an operation lists Airflow's permissions that it requires.

    :param app: the app with the routes.
    """
    routes = [route for route in app.routes if isinstance(route, APIRoute) and route.path.startswith(PREFIX)]
    made = get_openapi(title="VirtuousAI automations", version=__version__, routes=routes, openapi_version="3.1.0")
    added: list[tuple[type[BaseModel], JsonSchemaMode]] = [(ProblemDetails, "serialization")]
    added += [(model, "validation") for model in _request_models.values()]
    _, schemas = models_json_schema(added, ref_template=REFERENCE)
    made["components"]["schemas"] |= schemas["$defs"]
    made["components"]["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer"}}
    made["security"] = [{"bearer": []}]
    for path in made["paths"].values():
        for operation in path.values():
            operation.pop("security", None)
            _describe(operation)
    for route in routes:
        for method in route.methods if route.include_in_schema else ():
            operation = made["paths"][route.path_format][method.lower()]
            operation["x-permissions"] = permissions(route.dependencies)
    return made


def _describe(operation: dict[str, Any]) -> None:
    """Take the summary and the meaning of parameters from an operation's docstring, and write it as Markdown."""
    said = operation["description"].replace("``", "`")
    meanings = dict(_PARAMETER.findall(said))
    text = _FIELDS.sub("", said).strip()
    operation["description"] = " ".join(text.split())
    operation["summary"] = operation["description"].partition(". ")[0].partition(": ")[0].partition("; ")[0].rstrip(".")
    for parameter in operation.get("parameters", ()):
        meaning = meanings.get(parameter["name"], "")
        if meaning and "description" not in parameter:
            parameter["description"] = meaning[0].upper() + " ".join(meaning[1:].split())

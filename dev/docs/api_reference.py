"""The page of the HTTP API's endpoints, for ``generate.py``: the OpenAPI document, as a page."""

from __future__ import annotations

import json
import os
import shlex
import tempfile
from collections.abc import Iterator, Mapping
from typing import Any

from schema_tables import anchor, cell, fields, referred, text, type_of

from airflow_provider_vai.model.sidecar import Sidecar

PREFIX = "/api/v1"
METHODS = ("get", "post", "put", "patch", "delete")
TITLES = {
    "recordings": "Recordings",
    "automations": "Automations",
    "steps": "Steps",
    "review": "Review",
    "versions": "Versions and status",
    "runs": "DAG runs",
    "approvals": "Approvals",
    "setup": "Setup and savings",
}
"""The sections, by the tag of the endpoints in them."""

EXAMPLES: Mapping[str, Any] = {
    "Crystallize": {"dagId": "monthly_revenue", "schedule": "0 6 1 * *"},
    "Automation": {
        "dagId": "ping",
        "steps": [{"kind": "http_request", "arguments": {"conn_id": "shop", "endpoint": "health"}}],
    },
    "Changes": {"description": "Every Monday", "triggers": [{"type": "schedule", "schedule": "0 6 * * 1"}]},
    "NewStep": {"kind": "generate_query", "key": "top", "arguments": {"conn_id": "warehouse", "sql": "SELECT 1"}},
    "ChangedStep": {"arguments": {"title": "Revenue"}},
    "FrozenValues": {"freeze": {}},
    "StepPosition": {"after": "generate_query"},
    "ReviewDecisions": {"decisions": [{"number": 1, "decision": "accepted", "note": "checked"}]},
    "KeepEdits": {"keep": "dag_file"},
    "Activate": {"reviewed": "all"},
    "AcceptedDerivation": {"place": "description", "say": ["total of revenue"], "number": 1},
    "LiftedArgument": {"place": "title", "name": "title"},
    "ModelText": {"place": "description", "reads": ["generate_query.rows"]},
    "NewRun": {"conf": {"month": "2026-03"}},
}
"""A body for each request model; a test checks that the endpoints accept them."""

VALUES = {
    "dag_id": "monthly_revenue",
    "key": "create_flashboard",
    "number": "1",
    "place": "description",
    "recording_id": "run-1",
    "run_id": "manual__2026-03-01",
    "source_id": "0123456789abcdef0123456789abcdef",
}
"""Values of the parameters in the examples' paths."""

INTRODUCTION = """\
# HTTP API: endpoints

Every endpoint of the API, as the OpenAPI document describes it (`GET /vai/api/v1/openapi.json`). [The HTTP
API](api.md) explains how they work together. All paths are below `/vai/api/v1` of Airflow's API server. The
[glossary](glossary.md) explains the words used here.

In the examples, `$VAI` is the address of the API (`https://airflow.example.com/vai/api/v1`) and `$TOKEN` an access
token of Airflow.

## Permissions

The permissions are Airflow's own. An endpoint that names several needs all of them. With Airflow's simple auth
manager, a `viewer` may read, a `user` may also edit DAGs and create DAG runs, an `op` or `admin` may also edit
connections.

## Errors

Errors are `application/problem+json` ([fields](#problemdetails)). Each endpoint lists those that it may answer with:

| status | when |
| --- | --- |
| 401 | there is no valid token |
| 403 | a permission is missing, or a change comes from another site |
| 404 | there is no such automation, step, version, recording or DAG run |
| 409 | the current state does not allow the change; with `Idempotency-Key`: the first request is still running |
| 412, 428 | `If-Match` is outdated; it is missing where an automation is changed |
| 413 | the body is too large |
| 422 | something in the request is wrong: `problem`, `where` and `remedy` say what |
| 503 | the storage or the reading processes are not available; try again after `Retry-After` seconds |
"""


def page() -> str:
    """Return the page."""
    os.environ.setdefault("AIRFLOW_HOME", tempfile.mkdtemp(prefix="vai-docs-"))  # importing Airflow writes its settings
    from airflow_provider_vai.plugin.api.openapi import document
    from airflow_provider_vai.plugin.app import make_app

    return rendered(document(make_app()))


def rendered(document: Mapping[str, Any]) -> str:
    """Return the page of an OpenAPI document.

    :param document: the document.
    """
    schemas: Mapping[str, Any] = document["components"]["schemas"]
    linked = {name: _target(name) for name in schemas}
    lines = [INTRODUCTION]
    operations = [
        (path.removeprefix(PREFIX), method, item[method])
        for path, item in document["paths"].items()
        for method in METHODS
        if method in item
    ]
    assert {_tag(operation) for _, _, operation in operations} == set(TITLES)
    for tag, title in TITLES.items():
        lines += [f"## {title}", ""]
        for path, method, operation in operations:
            if _tag(operation) == tag:
                lines += _operation(path, method, operation, schemas, linked)
    lines += ["## Objects", "", "The objects in bodies and answers.", ""]
    for name in sorted(_own(document, linked)):
        lines += [f"### {name}", ""]
        if said := text(schemas[name].get("description", "")).strip():
            lines += [said, ""]
        lines += [*(fields(schemas[name], linked, "required") or [f"{type_of(schemas[name], linked)}."]), ""]
    return "\n".join(lines).rstrip() + "\n"


def _tag(operation: Mapping[str, Any]) -> str:
    return str(operation["tags"][0])


def _operation(
    path: str, method: str, operation: Mapping[str, Any], schemas: Mapping[str, Any], linked: Mapping[str, str]
) -> list[str]:
    parameters = operation.get("parameters", [])
    lines = [f"### {method.upper()} {path}", "", text(operation["description"]), ""]
    lines += [f"**Permissions:** {', '.join(operation['x-permissions'])}", ""]
    if parameters:
        lines += ["| parameter | in | type | default | meaning |", "| --- | --- | --- | --- | --- |"]
        lines += [_parameter(one, linked) for one in parameters] + [""]
    body = operation.get("requestBody")
    if body:
        kinds = [f"{_content(content['schema'], linked)} (`{kind}`)" for kind, content in body["content"].items()]
        lines += [f"**Body**{'' if body.get('required') else ' (optional)'}: {', or '.join(kinds)}", ""]
    lines += ["| answer | body | headers |", "| --- | --- | --- |"]
    answers = {status: answer for status, answer in operation["responses"].items() if status.isdigit()}
    lines += [_answer(status, answers[status], linked) for status in sorted(answers)]
    lines += ["", f"**Errors:** {', '.join(_errors(path, method, operation))}"]
    return [*lines, "", "```bash", example(path, method, operation), "```", ""]


def _errors(path: str, method: str, operation: Mapping[str, Any]) -> list[str]:
    """Return the statuses of the errors that an endpoint may answer with, see the table of the page."""
    parameters = operation.get("parameters", [])
    names = {one["name"] for one in parameters}
    changes = method != "get" and "{dag_id}" in path
    body = "requestBody" in operation
    known = {
        "404": "{" in path,
        "409": changes or "idempotency-key" in names,
        "412": "if-match" in names,
        "413": body,
        "422": body or any(one["in"] != "path" or one["schema"].get("type") == "integer" for one in parameters),
        "428": changes and "if-match" in names,
    }
    return ["401", "403", *(status for status, may_be in known.items() if may_be), "503"]


def _content(schema: Mapping[str, Any], linked: Mapping[str, str]) -> str:
    """Return what a body is; a description comes before the type."""
    if schema.get("format") == "binary":
        return "a file"
    options = schema.get("anyOf", [schema])
    said = (str(one.get("description", "")).rstrip(".") or type_of(one, linked) for one in options)
    return " or ".join(one[0].lower() + one[1:] for one in said)


def _parameter(one: Mapping[str, Any], linked: Mapping[str, str]) -> str:
    schema = one["schema"]
    options = [option for option in schema.get("anyOf", [schema]) if option.get("type") != "null"]
    kind = " or ".join(type_of(option, linked) for option in options)
    default = schema.get("default")
    shown = "required" if one.get("required") else f"`{json.dumps(default)}`" if default is not None else ""
    name = one["name"].title() if one["in"] == "header" else one["name"]
    return f"| `{name}` | {one['in']} | {kind} | {shown} | {cell(one.get('description', ''))} |"


def _answer(status: str, answer: Mapping[str, Any], linked: Mapping[str, str]) -> str:
    contents = [
        f"{type_of(content['schema'], linked)}" if content.get("schema") else f"`{kind}`"
        for kind, content in answer.get("content", {}).items()
    ]
    headers = ", ".join(f"`{name}`" for name in answer.get("headers", {}))
    return f"| {status} | {' or '.join(contents) or 'none'} | {headers} |"


def example(path: str, method: str, operation: Mapping[str, Any]) -> str:
    """Return a call of an endpoint with curl.

    :param path: the path below the prefix.
    :param method: the method, in lower case.
    :param operation: the operation of the document.
    """
    for name, value in VALUES.items():
        path = path.replace(f"{{{name}}}", value)
    required = [one for one in operation.get("parameters", []) if one.get("required") and one["in"] == "query"]
    query = "&".join(f"{one['name']}={VALUES[one['name']]}" for one in required)
    words = ["curl", *(["-X", method.upper()] if method not in ("get", "post") else [])]
    line = f'{shlex.join(words)} "$VAI{path}{f"?{query}" if query else ""}" -H "Authorization: Bearer $TOKEN"'
    names = {one["name"] for one in operation.get("parameters", [])}
    more = ["-H 'If-Match: \"1\"'"] if "if-match" in names and path.startswith("/automations/") else []
    body = operation.get("requestBody")
    if body and "application/octet-stream" in body["content"]:
        more.append("--data-binary @run.json")
    elif body:
        model = next(referred(body))
        more += ["-H 'Content-Type: application/json'", f"-d {shlex.quote(json.dumps(EXAMPLES[model]))}"]
    elif method == "post":
        more.append("-X POST")
    return " \\\n  ".join([line, *more])


def _target(name: str) -> str:
    """Return where an object is described: on this page, or on that of the sidecar or of derived values."""
    if name.endswith("Node"):
        return "derived.md"
    described = Sidecar.model_json_schema(by_alias=True)["$defs"]
    return f"sidecar.md#{name.lower()}" if "properties" in described.get(name, {}) else f"#{anchor(name)}"


def _own(document: Mapping[str, Any], linked: Mapping[str, str]) -> set[str]:
    """Return the objects of this page: those that endpoints name, and those in them."""
    schemas = document["components"]["schemas"]
    found: set[str] = set()
    waiting = list(_named(document))
    while waiting:
        name = waiting.pop()
        if name not in found and linked[name].startswith("#"):
            found.add(name)
            waiting += referred(schemas[name])
    return found


def _named(document: Mapping[str, Any]) -> Iterator[str]:
    yield from referred(document["paths"])

"""Phoenix: the spans of one trace, from the project that holds it."""

from __future__ import annotations

from typing import Any

from airflow_provider_vai.traces.pull.base import (
    NEWEST,
    Credentials,
    ListedRun,
    every_page,
    items,
    listed_run,
    newest_of,
    no_run,
)
from airflow_provider_vai.traces.pull.http import Client, segment
from airflow_provider_vai.traces.reading.values import as_object

PROJECTS = "v1/projects"
PAGE = 1000
KIND = "openinference.span.kind"


class PhoenixSource:
    """Reads Phoenix's REST API."""

    name = "phoenix"
    example = "http://127.0.0.1:6006"
    variables = ("PHOENIX_API_KEY",)
    is_open = True

    def headers(self, credentials: Credentials) -> dict[str, str]:
        """Return the system key or user key."""
        return {"Authorization": f"Bearer {credentials.password}"} if credentials.password else {}

    def newest(self, client: Client) -> list[ListedRun]:
        """Return the newest traces of all projects: their root spans."""
        roots = []
        for project in _projects(client):
            path = _spans(project)
            response = client.get(path, parent_id="null", limit=NEWEST)
            roots += [span for span in items(response, "data", path) if not span.get("parent_id")]
        return newest_of(listed_run(_trace_id(span), span.get("name"), span.get("start_time")) for span in roots)

    def trace(self, client: Client, id: str) -> Any:
        """Return the trace's spans, each with its kind among its attributes, as instrumentations write it."""
        for project in _projects(client):
            if spans := _of_trace(client, _spans(project), id):
                return [_with_kind(span) for span in spans]
        raise no_run("trace", id, client.url)


def _projects(client: Client) -> list[dict[str, Any]]:
    def fetch_page(cursor: Any) -> tuple[list[dict[str, Any]], Any]:
        response = client.get(PROJECTS, cursor=cursor)
        return items(response, "data", PROJECTS), response.get("next_cursor")

    return every_page(fetch_page, f"{client.url}/{PROJECTS}")


def _of_trace(client: Client, path: str, id: str) -> list[dict[str, Any]]:
    def fetch_page(cursor: Any) -> tuple[list[dict[str, Any]], Any]:
        response = client.get(path, trace_id=id, limit=PAGE, cursor=cursor)
        listed = items(response, "data", path)  # a server before 13.9 ignores trace_id and returns every span
        return [span for span in listed if _trace_id(span) == id], response.get("next_cursor")

    return every_page(fetch_page, f"{client.url}/{path}")


def _spans(project: dict[str, Any]) -> str:
    return f"{PROJECTS}/{segment(str(project.get('id')))}/spans"


def _trace_id(span: dict[str, Any]) -> Any:
    return as_object(span.get("context")).get("trace_id")


def _with_kind(span: dict[str, Any]) -> dict[str, Any]:
    kind, attributes = span.get("span_kind"), span.get("attributes")
    if not isinstance(kind, str) or kind == "UNKNOWN" or not isinstance(attributes, dict):
        return span
    return {**span, "attributes": {KIND: kind, **attributes}}


SOURCE = PhoenixSource()

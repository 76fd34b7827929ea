"""Phoenix: the spans of one trace, from whichever project holds it."""

from __future__ import annotations

from typing import Any

from airflow_provider_vai.traces.pull.base import (
    NEWEST,
    Credentials,
    ListedRun,
    every_page,
    found,
    items,
    newest_of,
    no_run,
)
from airflow_provider_vai.traces.pull.http import Client, segment

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
        """Return what authenticates: a system or user key."""
        return {"Authorization": f"Bearer {credentials.password}"} if credentials.password else {}

    def newest(self, client: Client) -> list[ListedRun]:
        """Return the newest traces of all projects: their root spans."""
        roots = []
        for project in _projects(client):
            path = _spans(project)
            answer = client.get(path, parent_id="null", limit=NEWEST)
            roots += [span for span in items(answer, "data", path) if not span.get("parent_id")]
        return newest_of(found(_trace_id(span), span.get("name"), span.get("start_time")) for span in roots)

    def trace(self, client: Client, id: str) -> Any:
        """Return the trace's spans, each with its kind among its attributes, where instrumentations write it."""
        for project in _projects(client):
            if spans := _of_trace(client, _spans(project), id):
                return [_with_kind(span) for span in spans]
        raise no_run("trace", id, client.url)


def _projects(client: Client) -> list[dict[str, Any]]:
    def ask(mark: Any) -> tuple[list[dict[str, Any]], Any]:
        answer = client.get(PROJECTS, cursor=mark)
        return items(answer, "data", PROJECTS), answer.get("next_cursor")

    return every_page(ask, f"{client.url}/{PROJECTS}")


def _of_trace(client: Client, path: str, id: str) -> list[dict[str, Any]]:
    def ask(mark: Any) -> tuple[list[dict[str, Any]], Any]:
        answer = client.get(path, trace_id=id, limit=PAGE, cursor=mark)
        listed = items(answer, "data", path)  # a server before 13.9 knows no trace_id and sends every span
        return [span for span in listed if _trace_id(span) == id], answer.get("next_cursor")

    return every_page(ask, f"{client.url}/{path}")


def _spans(project: dict[str, Any]) -> str:
    return f"{PROJECTS}/{segment(str(project.get('id')))}/spans"


def _trace_id(span: dict[str, Any]) -> Any:
    context = span.get("context")
    return context.get("trace_id") if isinstance(context, dict) else None


def _with_kind(span: dict[str, Any]) -> dict[str, Any]:
    kind, attributes = span.get("span_kind"), span.get("attributes")
    if not isinstance(kind, str) or kind == "UNKNOWN" or not isinstance(attributes, dict):
        return span
    return {**span, "attributes": {KIND: kind, **attributes}}


SOURCE = PhoenixSource()

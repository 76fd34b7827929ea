"""Langfuse's public API: a trace with its observations."""

from __future__ import annotations

from typing import Any

from airflow_provider_vai.exceptions import PullError
from airflow_provider_vai.traces.pull.base import (
    NEWEST,
    Credentials,
    ListedRun,
    basic,
    every_page,
    items,
    listed_run,
    newest_of,
    no_run,
)
from airflow_provider_vai.traces.pull.http import Client, segment
from airflow_provider_vai.traces.reading.values import as_object

TRACES, OBSERVATIONS = "api/public/traces", "api/public/v2/observations"
"""A server has the first, the second, or both; only the first returns everything about a trace in one response."""

PAGE = 1000
GROUPS = {"fields": "core,basic,io,metadata,model,usage,trace_context", "expandMetadata": "attributes"}


class LangfuseSource:
    """Reads Langfuse's public API."""

    name = "langfuse"
    example = "https://cloud.langfuse.com"
    variables = ("LANGFUSE_PUBLIC_KEY", "LANGFUSE_SECRET_KEY")
    is_open = False

    def headers(self, credentials: Credentials) -> dict[str, str]:
        """Return basic authentication: the public key is the user, the secret key the password."""
        return basic(credentials)

    def newest(self, client: Client) -> list[ListedRun]:
        """Return the newest traces of the keys' project."""
        response = client.get(TRACES, limit=NEWEST, orderBy="timestamp.desc", fields="core", or_none=True)
        if response is None:
            query: dict[str, Any] = {"isRootObservation": "true", "fields": "core,basic,trace_context"}
            return newest_of(
                listed_run(item.get("traceId"), item.get("traceName") or item.get("name"), item.get("startTime"))
                for item in items(client.get(OBSERVATIONS, limit=NEWEST, **query), "data", OBSERVATIONS)
            )
        listed = items(response, "data", TRACES)
        return newest_of(listed_run(item.get("id"), item.get("name"), item.get("timestamp")) for item in listed)

    def trace(self, client: Client, id: str) -> Any:
        """Return the export ``{trace, observations}``."""
        path = f"{TRACES}/{segment(id)}"
        facts = client.get(path, or_none=True)
        where = f"{client.url}/{path}"
        if facts is None:
            observations = _observations(client, id)
            if not observations:
                raise no_run("trace", id, client.url)
            facts = {"id": id, "name": observations[0].get("traceName")}
        else:
            observations = items(facts, "observations", where)
        if not observations:
            remedy = "Langfuse may take minutes to show a new trace; try again later."
            raise PullError("the trace has no observations", where=where, remedy=remedy)
        facts = {name: value for name, value in facts.items() if name != "observations"}
        return {"trace": facts, "observations": observations}


def _observations(client: Client, id: str) -> list[dict[str, Any]]:
    def fetch_page(cursor: Any) -> tuple[list[dict[str, Any]], Any]:
        response = client.get(OBSERVATIONS, traceId=id, limit=PAGE, cursor=cursor, or_none=True, **GROUPS)
        if response is None:
            return [], None
        next_cursor = as_object(as_object(response).get("meta")).get("cursor")
        return items(response, "data", OBSERVATIONS), next_cursor

    return every_page(fetch_page, f"{client.url}/{OBSERVATIONS}")


SOURCE = LangfuseSource()

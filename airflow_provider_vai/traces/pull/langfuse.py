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
    found,
    items,
    newest_of,
    no_run,
)
from airflow_provider_vai.traces.pull.http import Client, segment

TRACES, OBSERVATIONS = "api/public/traces", "api/public/v2/observations"
"""A server has the first, the second, or both; only the first has everything about a trace in one answer."""

PAGE = 1000
GROUPS = {"fields": "core,basic,io,metadata,model,usage,trace_context", "expandMetadata": "attributes"}


class LangfuseSource:
    """Reads Langfuse's public API."""

    name = "langfuse"
    example = "https://cloud.langfuse.com"
    variables = ("LANGFUSE_PUBLIC_KEY", "LANGFUSE_SECRET_KEY")
    is_open = False

    def headers(self, credentials: Credentials) -> dict[str, str]:
        """Return what authenticates: the public key as the user, the secret key as the password."""
        return basic(credentials)

    def newest(self, client: Client) -> list[ListedRun]:
        """Return the newest traces of the keys' project."""
        answer = client.get(TRACES, limit=NEWEST, orderBy="timestamp.desc", fields="core", or_none=True)
        if answer is None:
            answer = client.get(OBSERVATIONS, limit=NEWEST, isRootObservation="true", fields="core,basic,trace_context")
            return newest_of(
                found(item.get("traceId"), item.get("traceName") or item.get("name"), item.get("startTime"))
                for item in items(answer, "data", OBSERVATIONS)
            )
        listed = items(answer, "data", TRACES)
        return newest_of(found(item.get("id"), item.get("name"), item.get("timestamp")) for item in listed)

    def trace(self, client: Client, id: str) -> Any:
        """Return the export ``{trace, observations}``."""
        path = f"{TRACES}/{segment(id)}"
        about = client.get(path, or_none=True)
        where = f"{client.url}/{path}"
        if about is None:
            observations = _observations(client, id)
            if not observations:
                raise no_run("trace", id, client.url)
            about = {"id": id, "name": observations[0].get("traceName")}
        else:
            observations = items(about, "observations", where)
        if not observations:
            remedy = "Langfuse may take minutes to show what was just recorded; try again later."
            raise PullError("the trace has no observations", where=where, remedy=remedy)
        about = {name: value for name, value in about.items() if name != "observations"}
        return {"trace": about, "observations": observations}


def _observations(client: Client, id: str) -> list[dict[str, Any]]:
    def ask(mark: Any) -> tuple[list[dict[str, Any]], Any]:
        answer = client.get(OBSERVATIONS, traceId=id, limit=PAGE, cursor=mark, or_none=True, **GROUPS)
        if answer is None:
            return [], None
        meta = answer.get("meta") if isinstance(answer, dict) else None
        return items(answer, "data", OBSERVATIONS), meta.get("cursor") if isinstance(meta, dict) else None

    return every_page(ask, f"{client.url}/{OBSERVATIONS}")


SOURCE = LangfuseSource()

"""LangSmith: all the runs of one trace."""

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
from airflow_provider_vai.traces.pull.http import Client
from airflow_provider_vai.traces.reading.values import as_list, as_object

RUNS, PROJECTS = "api/v1/runs/query", "api/v1/sessions"
PAGE = 100
"""The maximum number of runs on a page."""

SELECT = (
    *("id", "name", "run_type", "start_time", "end_time", "status", "error", "extra", "inputs", "outputs", "tags"),
    *("trace_id", "dotted_order", "parent_run_id", "session_id", "prompt_tokens", "completion_tokens", "total_cost"),
)


class LangSmithSource:
    """Reads LangSmith's API."""

    name = "langsmith"
    example = "https://api.smith.langchain.com"
    variables = ("LANGSMITH_API_KEY",)
    is_open = False

    def headers(self, credentials: Credentials) -> dict[str, str]:
        """Return the API key."""
        return {"X-API-Key": credentials.password}

    def newest(self, client: Client) -> list[ListedRun]:
        """Return the newest traces of the newest projects: their root runs."""
        response = client.get(PROJECTS, limit=PAGE)
        projects = as_list(response)
        listed = items({"data": projects}, "data", PROJECTS)
        if not listed:
            return []
        query = {
            "session": [project.get("id") for project in listed],
            "is_root": True,
            "limit": NEWEST,
            "select": ["id", "trace_id", "name", "start_time"],
        }
        runs = items(client.post(RUNS, query), "runs", RUNS)
        return newest_of(
            listed_run(run.get("trace_id") or run.get("id"), run.get("name"), run.get("start_time")) for run in runs
        )

    def trace(self, client: Client, id: str) -> Any:
        """Return ``{runs}``: the trace's runs in the order of their start."""

        def fetch_page(cursor: Any) -> tuple[list[dict[str, Any]], Any]:
            query = {"trace": id, "limit": PAGE, "select": list(SELECT), **({"cursor": cursor} if cursor else {})}
            response = client.post(RUNS, query)
            next_cursor = as_object(as_object(response).get("cursors")).get("next")
            return items(response, "runs", RUNS), next_cursor

        runs = every_page(fetch_page, f"{client.url}/{RUNS}")
        if not runs:
            raise no_run("trace", id, client.url)
        return {"runs": sorted(runs, key=lambda run: str(run.get("dotted_order") or ""))}


SOURCE = LangSmithSource()

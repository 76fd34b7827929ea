"""LangSmith: all the runs of one trace."""

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
from airflow_provider_vai.traces.pull.http import Client

RUNS, PROJECTS = "api/v1/runs/query", "api/v1/sessions"
PAGE = 100
"""Most runs that a page can have."""

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
        """Return what authenticates."""
        return {"X-API-Key": credentials.password}

    def newest(self, client: Client) -> list[ListedRun]:
        """Return the newest traces of the newest projects: their root runs."""
        answer = client.get(PROJECTS, limit=PAGE)
        projects = answer if isinstance(answer, list) else []
        listed = items({"data": projects}, "data", PROJECTS)
        if not listed:
            return []
        asked = {
            "session": [project.get("id") for project in listed],
            "is_root": True,
            "limit": NEWEST,
            "select": ["id", "trace_id", "name", "start_time"],
        }
        runs = items(client.post(RUNS, asked), "runs", RUNS)
        return newest_of(
            found(run.get("trace_id") or run.get("id"), run.get("name"), run.get("start_time")) for run in runs
        )

    def trace(self, client: Client, id: str) -> Any:
        """Return ``{runs}``: the trace's runs in the order in which they began."""

        def ask(mark: Any) -> tuple[list[dict[str, Any]], Any]:
            asked = {"trace": id, "limit": PAGE, "select": list(SELECT), **({"cursor": mark} if mark else {})}
            answer = client.post(RUNS, asked)
            cursors = answer.get("cursors") if isinstance(answer, dict) else None
            return items(answer, "runs", RUNS), cursors.get("next") if isinstance(cursors, dict) else None

        runs = every_page(ask, f"{client.url}/{RUNS}")
        if not runs:
            raise no_run("trace", id, client.url)
        return {"runs": sorted(runs, key=lambda run: str(run.get("dotted_order") or ""))}


SOURCE = LangSmithSource()

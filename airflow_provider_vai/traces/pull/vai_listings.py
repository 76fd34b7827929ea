"""The platform's listings, and which action runs belong to a run or thread."""

from __future__ import annotations

from typing import Any

from airflow_provider_vai.exceptions import PullError
from airflow_provider_vai.languages.plural import plural
from airflow_provider_vai.traces.formats.vai.action_run import get_field
from airflow_provider_vai.traces.pull.base import every_page, items
from airflow_provider_vai.traces.pull.http import Client

API = "api/v1"
PAGE = 100
LINKS = ("triggerSourceId", "agentRunId", "threadId", "turnId", "parentActionRunId")


def action_runs(client: Client, id: str, turns: list[Any]) -> list[dict[str, Any]]:
    """Return the action runs of an agent run or chat thread, in the platform's order.

    The platform does not document such a listing. An action run belongs here if it names the run or thread as the
    source of its trigger, one of the thread's turns, or another such action run as its parent.

    :param id: the agent run's or thread's id.
    :param turns: the thread's turns, if the platform returned them.
    :raises PullError: there is none.
    """
    # by id, because a run that starts meanwhile moves the pages, and some runs are listed twice
    listed = list({str(run.get("id")): run for run in all_pages(client, f"{API}/action-runs", "runs")}.values())
    known = {id, *(turn["id"] for turn in turns if isinstance(turn, dict) and isinstance(turn.get("id"), str))}
    kept: dict[int, dict[str, Any]] = {}
    while True:
        links = [(at, run) for at, run in enumerate(listed) if at not in kept and _links(run) & known]
        if not links:
            break
        kept |= dict(links)
        known |= {run["id"] for _, run in links if isinstance(run.get("id"), str)}
    if kept:
        return [kept[at] for at in sorted(kept)]
    raise PullError(
        f"none of {plural(len(listed), 'action run')} refers to {id!r} or one of its turns",
        where=f"{client.url}/{API}/action-runs",
        remedy="Put the run and its action runs into one file yourself; dev/docs/sources.md shows the envelope.",
    )


def _links(run: dict[str, Any]) -> set[Any]:
    return {link for name in LINKS if isinstance(link := get_field(run, name), str)}


def all_pages(client: Client, path: str, name: str) -> list[dict[str, Any]]:
    """Return all objects of a listing that is paged by offset.

    :param name: the key of the list in a response.
    """

    def fetch_page(offset: Any) -> tuple[list[dict[str, Any]], Any]:
        response = unwrapped(client.get(path, limit=PAGE, offset=offset or 0))
        page = items(response, name, path)
        next_offset = (offset or 0) + len(page)
        total = response.get("total")
        has_next = response.get("hasNext", next_offset < total if isinstance(total, int) else len(page) == PAGE)
        return page, next_offset if page and has_next else None

    return every_page(fetch_page, f"{client.url}/{path}")


def unwrapped(response: Any) -> Any:
    """Return a response without the envelope ``{data, meta}`` that one page of the platform's documentation shows."""
    is_wrapped = isinstance(response, dict) and "data" in response and response.keys() <= {"data", "meta"}
    return response["data"] if is_wrapped else response

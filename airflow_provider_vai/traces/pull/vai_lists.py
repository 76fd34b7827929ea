"""The platform's listings, and which action runs belong to a run or thread."""

from __future__ import annotations

from typing import Any

from airflow_provider_vai.exceptions import PullError
from airflow_provider_vai.traces.formats.vai.action_run import get
from airflow_provider_vai.traces.pull.base import every_page, items
from airflow_provider_vai.traces.pull.http import Client

API = "api/v1"
PAGE = 100
LINKS = ("triggerSourceId", "agentRunId", "threadId", "turnId", "parentActionRunId")


def action_runs(client: Client, id: str, turns: list[Any]) -> list[dict[str, Any]]:
    """Return the action runs of an agent run or chat thread, in the platform's order.

    The platform documents no such listing. They are found by what they name: the run or thread as their trigger's
    source, one of its turns, or another of them as their parent.

    :param id: the agent run's or thread's id.
    :param turns: the thread's turns, where the platform served them.
    :raises PullError: there is none.
    """
    once = {str(run.get("id")): run for run in every(client, f"{API}/action-runs", "runs")}  # a new run moves the pages
    listed = list(once.values())
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
        f"none of {len(listed)} action runs names {id!r} or one of its turns",
        where=f"{client.url}/{API}/action-runs",
        remedy="Put the run and its action runs into one file by hand; dev/docs/sources.md shows the envelope.",
    )


def _links(run: dict[str, Any]) -> set[Any]:
    named = (get(run, name) for name in LINKS)
    return {name for name in named if isinstance(name, str)}


def every(client: Client, path: str, name: str) -> list[dict[str, Any]]:
    """Return all objects of a listing that is paged by offset.

    :param name: the member of the answer with the objects.
    """

    def ask(mark: Any) -> tuple[list[dict[str, Any]], Any]:
        answer = bare(client.get(path, limit=PAGE, offset=mark or 0))
        listed = items(answer, name, path)
        following = (mark or 0) + len(listed)
        total = answer.get("total")
        has_next = answer.get("hasNext", following < total if isinstance(total, int) else len(listed) == PAGE)
        return listed, following if listed and has_next else None

    return every_page(ask, f"{client.url}/{path}")


def bare(answer: Any) -> Any:
    """Return an answer without the envelope ``{data, meta}`` that one page of the platform's documentation names."""
    is_wrapped = isinstance(answer, dict) and "data" in answer and answer.keys() <= {"data", "meta"}
    return answer["data"] if is_wrapped else answer

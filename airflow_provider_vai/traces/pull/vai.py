"""The platform: an agent run or a chat thread with its action runs, in the envelope that the ``vai`` adapter reads."""

from __future__ import annotations

from typing import Any

from airflow_provider_vai.traces.formats.vai.action_run import get_field
from airflow_provider_vai.traces.pull.base import Credentials, ListedRun, items, listed_run, newest_of, no_run
from airflow_provider_vai.traces.pull.http import Client, segment
from airflow_provider_vai.traces.pull.vai_listings import API, PAGE, action_runs, all_pages, unwrapped

BEARER = ("vai_pat_", "eyJ")
"""The beginnings of personal and user tokens; any other token is an API key, which has a header of its own."""

KEPT = ("turns", "messages", "actionRuns", "approvals")
"""Lists that some builds of the platform return inside the thread or run."""


class VaiSource:
    """Reads the platform's REST API."""

    name = "vai"
    example = "https://vai.example.com"
    variables = ("VAI_TOKEN",)
    is_open = False

    def headers(self, credentials: Credentials) -> dict[str, str]:
        """Return the personal or user token, or the API key."""
        if credentials.password.startswith(BEARER):
            return {"Authorization": f"Bearer {credentials.password}"}
        return {"X-API-Key": credentials.password}

    def newest(self, client: Client) -> list[ListedRun]:
        """Return the newest chat threads; the platform does not document a listing of agent runs."""
        path = f"{API}/chat/threads"
        listed = items(unwrapped(client.get(path, limit=PAGE)), "items", path)
        times = (get_field(item, "lastMessageAt") or get_field(item, "createdAt") for item in listed)
        return newest_of(
            listed_run(item.get("id"), item.get("title"), at) for item, at in zip(listed, times, strict=True)
        )

    def trace(self, client: Client, id: str) -> Any:
        """Return the envelope of the agent run, or of the chat thread, with this id."""
        kind, record = "agentRun", unwrapped(client.get(f"{API}/agents/runs/{segment(id)}", or_none=True))
        if record is None:
            kind, record = "thread", unwrapped(client.get(f"{API}/chat/threads/{segment(id)}", or_none=True))
        if not isinstance(record, dict):
            raise no_run("agent run or chat thread", id, client.url)
        lists = {name: record[name] for name in KEPT if isinstance(record.get(name), list)}
        if lists.get("actionRuns"):
            actions = items(lists, "actionRuns", f"{client.url}/{API}")
        else:
            actions = action_runs(client, id, lists.get("turns", []))
        envelope = {kind: {name: value for name, value in record.items() if name not in lists}}
        if spec := _spec(client, get_field(record, "agentSpecId")):
            envelope["agentSpec"] = spec
        approvals = lists.get("approvals") or _approvals(client, id if kind == "thread" else None, actions)
        return {**envelope, **lists, "actionRuns": actions, "approvals": approvals}


def _spec(client: Client, id: Any) -> dict[str, Any] | None:
    specs = all_pages(client, f"{API}/agents/specs", "specs") if isinstance(id, str) else []
    return next((spec for spec in specs if spec.get("id") == id), None)


def _approvals(client: Client, thread: str | None, actions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the requests about these action runs; none if the platform's build has no such list."""
    response = unwrapped(client.get(f"{API}/approvals", limit=PAGE, thread_id=thread, or_none=True))
    ids = [run.get("id") for run in actions] + [get_field(run, "toolCallId") for run in actions]
    call_ids = [call_id for call_id in ids if isinstance(call_id, str)]
    listed = items(response, "items", f"{API}/approvals") if response is not None else []
    return [request for request in listed if get_field(request, "toolCallId") in call_ids]


SOURCE = VaiSource()

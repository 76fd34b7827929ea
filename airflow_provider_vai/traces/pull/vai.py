"""The platform: an agent run or a chat thread with its action runs, in the envelope that the adapter ``vai`` reads."""

from __future__ import annotations

from typing import Any

from airflow_provider_vai.traces.formats.vai.action_run import get
from airflow_provider_vai.traces.pull.base import Credentials, ListedRun, found, items, newest_of, no_run
from airflow_provider_vai.traces.pull.http import Client, segment
from airflow_provider_vai.traces.pull.vai_lists import API, PAGE, action_runs, bare, every

BEARER = ("vai_pat_", "eyJ")
"""How the tokens of people begin; other keys are API keys, which have a header of their own."""

KEPT = ("turns", "messages", "actionRuns", "approvals")
"""Lists that some builds may serve with a thread or run itself."""


class VaiSource:
    """Reads the platform's REST API."""

    name = "vai"
    example = "https://vai.example.com"
    variables = ("VAI_TOKEN",)
    is_open = False

    def headers(self, credentials: Credentials) -> dict[str, str]:
        """Return what authenticates: a personal or user token, or an API key."""
        if credentials.password.startswith(BEARER):
            return {"Authorization": f"Bearer {credentials.password}"}
        return {"X-API-Key": credentials.password}

    def newest(self, client: Client) -> list[ListedRun]:
        """Return the newest chat threads; the platform documents no listing of agent runs."""
        path = f"{API}/chat/threads"
        listed = items(bare(client.get(path, limit=PAGE)), "items", path)
        return newest_of(
            found(item.get("id"), item.get("title"), get(item, "lastMessageAt") or get(item, "createdAt"))
            for item in listed
        )

    def trace(self, client: Client, id: str) -> Any:
        """Return the envelope of the agent run of this id, or of the chat thread."""
        kind, held = "agentRun", bare(client.get(f"{API}/agents/runs/{segment(id)}", or_none=True))
        if held is None:
            kind, held = "thread", bare(client.get(f"{API}/chat/threads/{segment(id)}", or_none=True))
        if not isinstance(held, dict):
            raise no_run("agent run or chat thread", id, client.url)
        served = {name: held[name] for name in KEPT if isinstance(held.get(name), list)}
        if served.get("actionRuns"):
            actions = items(served, "actionRuns", f"{client.url}/{API}")
        else:
            actions = action_runs(client, id, served.get("turns", []))
        envelope = {kind: {name: value for name, value in held.items() if name not in served}}
        if spec := _spec(client, get(held, "agentSpecId")):
            envelope["agentSpec"] = spec
        approvals = served.get("approvals") or _approvals(client, id if kind == "thread" else None, actions)
        return {**envelope, **served, "actionRuns": actions, "approvals": approvals}


def _spec(client: Client, id: Any) -> dict[str, Any] | None:
    specs = every(client, f"{API}/agents/specs", "specs") if isinstance(id, str) else []
    return next((spec for spec in specs if spec.get("id") == id), None)


def _approvals(client: Client, thread: str | None, actions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the requests about these action runs; none where the platform's build has no such list."""
    answer = bare(client.get(f"{API}/approvals", limit=PAGE, thread_id=thread, or_none=True))
    named = [run.get("id") for run in actions] + [get(run, "toolCallId") for run in actions]
    about = [name for name in named if isinstance(name, str)]
    listed = items(answer, "items", f"{API}/approvals") if answer is not None else []
    return [request for request in listed if get(request, "toolCallId") in about]


SOURCE = VaiSource()

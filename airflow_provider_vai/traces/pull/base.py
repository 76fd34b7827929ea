"""The interface of a live source: its credentials, its newest runs, and one run as a document for its adapter."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from airflow_provider_vai.exceptions import PullError
from airflow_provider_vai.traces.pull.http import Client
from airflow_provider_vai.traces.reading.values import parse_time

NEWEST = 20
"""The number of runs that a listing shows."""

PAGES = 200
"""A listing with more pages than this is abandoned: a broken server may always name a next page."""


@dataclass(frozen=True)
class Credentials:
    """A token or password, for some sources with a login. Neither appears in a message or a repr."""

    login: str = field(default="", repr=False)
    password: str = field(default="", repr=False)


@dataclass(frozen=True)
class ListedRun:
    """A run in a listing."""

    id: str
    title: str
    at: datetime | None


class LiveSource(Protocol):
    """A live source.

    ``variables`` are the environment variables of its credentials: that of the token, or those of login and password.
    ``is_open`` is whether a server may need no credentials. ``example`` is an address for help texts.
    """

    name: str
    example: str
    variables: tuple[str, ...]
    is_open: bool

    def headers(self, credentials: Credentials) -> dict[str, str]:
        """Return the headers that every request needs."""
        ...

    def newest(self, client: Client) -> list[ListedRun]:
        """Return the newest runs, newest first.

        :raises PullError: the source refuses, or its response has another shape.
        """
        ...

    def trace(self, client: Client, id: str) -> Any:
        """Return the document of one run.

        :raises PullError: there is no such run, the source refuses, or its response has another shape.
        """
        ...


def basic(credentials: Credentials) -> dict[str, str]:
    """Return the header of HTTP basic authentication."""
    pair = f"{credentials.login}:{credentials.password}".encode()
    return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}


def listed_run(id: Any, title: Any, at: Any) -> ListedRun:
    """Return a run in a listing from the values in a server's response."""
    return ListedRun(str(id), title if isinstance(title, str) else "", parse_time(at))


def newest_of(runs: Iterable[ListedRun]) -> list[ListedRun]:
    """Return the newest of these runs without repetitions; runs without a time come last."""
    once = {run.id: run for run in runs}.values()
    return sorted(once, key=lambda run: run.at.timestamp() if run.at else 0.0, reverse=True)[:NEWEST]


def items(response: Any, name: str, where: str) -> list[dict[str, Any]]:
    """Return the objects that a response lists.

    :param name: the key of the list; if it is missing, the list is empty.
    :param where: the address, for messages.
    :raises PullError: the response has another shape.
    """
    listed = response.get(name, []) if isinstance(response, dict) else None
    if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
        raise PullError(
            f"the response has no list of objects under {name!r}",
            where=where,
            remedy="Check that --url is the address of this source, and its version.",
        )
    return listed


def every_page(fetch_page: Callable[[Any], tuple[list[dict[str, Any]], Any]], where: str) -> list[dict[str, Any]]:
    """Return the items of all pages.

    :param fetch_page: takes a page's cursor, ``None`` for the first page; returns the page's items and the next
        cursor, ``None`` at the end.
    :param where: the address, for messages.
    :raises PullError: the pages do not end.
    """
    all_items: list[dict[str, Any]] = []
    cursor = None
    for _ in range(PAGES):
        page, next_cursor = fetch_page(cursor)
        all_items += page
        if next_cursor is None or next_cursor == cursor:
            return all_items
        cursor = next_cursor
    raise PullError(
        f"more than {PAGES} pages",
        where=where,
        remedy="Export only that run with the source's own tools, and read the file.",
    )


def no_run(kind: str, id: str, where: str) -> PullError:
    """Return the error for an id that the source does not know."""
    return PullError(f"there is no {kind} {id!r}", where=where, remedy="`vai pull SOURCE --list` shows the newest ids.")

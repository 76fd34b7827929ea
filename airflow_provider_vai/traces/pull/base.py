"""What a live source is: its credentials, its newest runs, and one run as the document that its adapter reads."""

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
"""Runs that a listing shows."""

PAGES = 200
"""Pages after which a listing is given up: a server that always names a next page ends nothing."""


@dataclass(frozen=True)
class Credentials:
    """Who asks: a token or password, for some sources with a login. They stand in no message and no repr."""

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

    ``variables`` are the environment variables of its credentials: the token's, or the login's and the password's;
    ``is_open`` says that a server may need none. ``example`` is what its address looks like.
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

        :raises PullError: the source refuses or answers something else.
        """
        ...

    def trace(self, client: Client, id: str) -> Any:
        """Return the document of one run.

        :raises PullError: there is no such run, or the source refuses or answers something else.
        """
        ...


def basic(credentials: Credentials) -> dict[str, str]:
    """Return the header of HTTP's basic authentication."""
    pair = f"{credentials.login}:{credentials.password}".encode()
    return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}


def found(id: Any, title: Any, at: Any) -> ListedRun:
    """Return a run in a listing from what a server said of it."""
    return ListedRun(str(id), title if isinstance(title, str) else "", parse_time(at))


def newest_of(runs: Iterable[ListedRun]) -> list[ListedRun]:
    """Return the newest of these runs, each once; runs without a time last."""
    once = {run.id: run for run in runs}.values()
    return sorted(once, key=lambda run: run.at.timestamp() if run.at else 0.0, reverse=True)[:NEWEST]


def items(answer: Any, name: str, where: str) -> list[dict[str, Any]]:
    """Return the objects that an answer lists.

    :param name: the member with the list; one that is missing lists nothing.
    :param where: what was asked, for messages.
    :raises PullError: the answer has another shape.
    """
    listed = answer.get(name, []) if isinstance(answer, dict) else None
    if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
        raise PullError(
            f"the answer has no list of objects under {name!r}",
            where=where,
            remedy="Check that --url is the address of this source, and its version.",
        )
    return listed


def every_page(ask: Callable[[Any], tuple[list[dict[str, Any]], Any]], where: str) -> list[dict[str, Any]]:
    """Return the items of all pages.

    :param ask: takes a page's mark, first ``None``; returns its items and the next page's mark, ``None`` at the end.
    :param where: what is asked, for messages.
    :raises PullError: the pages do not end.
    """
    every: list[dict[str, Any]] = []
    mark = None
    for _ in range(PAGES):
        listed, following = ask(mark)
        every += listed
        if following is None or following == mark:
            return every
        mark = following
    raise PullError(
        f"more than {PAGES} pages",
        where=where,
        remedy="Export the one run by the source's own means, and read the file.",
    )


def no_run(kind: str, id: str, where: str) -> PullError:
    """Return the error of an id that the source does not know."""
    return PullError(f"no {kind} {id!r}", where=where, remedy="`vai pull SOURCE --list` shows the newest ids.")

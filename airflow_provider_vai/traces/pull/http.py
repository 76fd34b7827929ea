"""A small HTTP client for every live source: JSON only, bounded in time and size, never shows a token."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import quote, urljoin, urlsplit

from airflow_provider_vai.exceptions import PullError, UnreadableTrace
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.model import time_limit
from airflow_provider_vai.traces.reading.files import LIMIT_BYTES, decode_text

if TYPE_CHECKING:
    import httpx

SECONDS = 30.0
"""The longest time, in seconds, that a server may send nothing."""

LONGEST_WAIT = 60.0
"""The longest wait, in seconds, that a busy server may ask for; with a longer one the user has to try again."""

SHORTEST = 4
"""The fewest characters of a token that is masked; masking a shorter one would blank out half a message."""

TRIES, REDIRECTS = 4, 5
BUSY = (429, 503)
METHOD_KEPT = (307, 308)
REMEDIES = {
    401: "Check the token in {tokens}.",
    403: "Use a token in {tokens} that may read traces.",
}
REMEDY, SERVER_REMEDY = (
    "Check the id, and that --url is the address of this source.",
    "The server failed; try again later.",
)
MESSAGE_KEYS = ("detail", "message", "error", "title")
"""The keys under which servers put an error's message."""


class Client:
    """Sends requests to one server.

    :param url: the server's address, with the path of its API if there is one.
    :param headers: the headers that authenticate each request.
    :param secrets: the tokens themselves, which a server may repeat; no message shows them.
    :param tokens: where the tokens come from, for messages.
    :param seconds: the longest time that the server may send nothing, in seconds.
    :param longest: the longest time that a request may take in all, in seconds, however steadily the response arrives.
    :param limit: the largest response body, in bytes.
    """

    def __init__(
        self,
        url: str,
        headers: Mapping[str, str],
        *,
        secrets: Iterable[str] = (),
        tokens: str = "the environment",
        seconds: float = SECONDS,
        longest: float = time_limit.LONGEST_RESPONSE_SECONDS,
        limit: int = LIMIT_BYTES,
    ) -> None:
        self.url = _checked(url)
        self.seconds, self.longest, self.limit, self._tokens = seconds, longest, limit, tokens
        self._headers = {"Accept": "application/json", **headers}
        tokens_sent = {*secrets, *headers.values(), *(value.split(" ")[-1] for value in headers.values())}
        self._secrets = sorted((token for token in tokens_sent if len(token) >= SHORTEST), key=len, reverse=True)

    def get(self, path: str, *, or_none: bool = False, **query: Any) -> Any:
        """Return the JSON at a path below the server's address.

        :param or_none: return ``None`` if the server responds with 404.
        :param query: the query parameters; those that are ``None`` are left out.
        :raises PullError: the server cannot be reached, refuses, or responds with something else than JSON.
        """
        params = {name: value for name, value in query.items() if value is not None}
        return self._json("GET", path, or_none, params=params)

    def post(self, path: str, body: Any, *, or_none: bool = False) -> Any:
        """Return the JSON that the server responds to a JSON body; see :meth:`get`."""
        return self._json("POST", path, or_none, json=body)

    def _json(self, method: str, path: str, or_none: bool, **request: Any) -> Any:
        import httpx

        where = f"{self.url}/{path}"
        try:
            status, content = self._in_time(method, where, request)
        except time_limit.TookTooLong:
            self._refuse(f"the response takes more than {self.longest:g} s", where, "Try again later.")
        except httpx.TimeoutException:
            problem = f"no response within {self.seconds:g} s"
            self._refuse(problem, where, "Try again, or use a server that is less busy.")
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:  # ValueError: an invalid host in a redirect
            reason = str(error)[:200] or type(error).__name__
            self._refuse(f"cannot be reached: {reason}", where, "Check --url, and that the server is up.")
        if status == 404 and or_none:
            return None
        if status >= 400:
            remedy = REMEDIES.get(status, REMEDY if status < 500 else SERVER_REMEDY).format(tokens=self._tokens)
            self._refuse(f"HTTP {status}{_server_message(content)}", where, remedy, status)
        try:
            return json_text.loads(decode_text(content, where), where=where)
        except UnreadableTrace as error:
            self._refuse(error.problem, where, "Check that --url is the address of the API, not of a web page.")

    def _in_time(self, method: str, url: str, request: dict[str, Any]) -> tuple[int, bytes]:
        session = self._session
        try:
            return time_limit.within(self.longest, lambda: self._response(method, url, request), session.close)
        except time_limit.TookTooLong:
            del self._session  # it is closed; the next request opens a new one
            raise

    def _response(self, method: str, url: str, request: dict[str, Any]) -> tuple[int, bytes]:
        """Return the status and body of the response, after redirects on this server and the waits it asks for."""
        tries = redirects = 0
        while True:
            with self._session.stream(method, url, **request) as response:
                if response.has_redirect_location and redirects < REDIRECTS:
                    url, redirects = self._redirect_target(response, method), redirects + 1
                    request = {**request, "params": None}
                    continue
                tries += 1
                if response.status_code not in BUSY or tries == TRIES:
                    if not response.has_redirect_location:
                        return response.status_code, self._body(response)
                    self._refuse(f"more than {REDIRECTS} redirects", self.url, "Check --url.")
                wait = _wait(response.headers.get("Retry-After"), tries)
            if wait > LONGEST_WAIT:
                problem = f"the server is busy and asks to wait {wait:.0f} s"
                self._refuse(problem, self.url, "Try again after that.", response.status_code)
            time.sleep(wait)

    @cached_property
    def _session(self) -> httpx.Client:
        import httpx

        return httpx.Client(headers=self._headers, timeout=self.seconds)

    def _redirect_target(self, response: httpx.Response, method: str) -> str:
        """Return the target of a redirect. It must be on the same server, because the headers hold tokens."""
        here = urlsplit(str(response.url))
        target = urljoin(str(response.url), response.headers["Location"])
        there = urlsplit(target)
        same = (here.scheme, here.hostname, here.port) == (there.scheme, there.hostname, there.port)
        to_tls = (here.scheme, there.scheme, here.port, there.port) == ("http", "https", None, None)
        if not same and not (to_tls and here.hostname == there.hostname):
            server = f"{there.scheme}://{there.hostname}" + (f":{there.port}" if there.port else "")
            problem = f"redirects to another server, {server}, which must not see the token"
            self._refuse(problem, self.url, "If that is the right server, name it with --url.", response.status_code)
        if method != "GET" and response.status_code not in METHOD_KEPT:
            self._refuse("redirects away from the API", self.url, "Check --url.", response.status_code)
        return target

    def _body(self, response: httpx.Response) -> bytes:
        body = bytearray()
        for chunk in response.iter_bytes(65536):
            body += chunk
            if len(body) > self.limit:
                problem = f"the response is over the limit of {self.limit / 1e6:g} MB"
                self._refuse(problem, self.url, "Export the run with the source's own tools, and split the file.")
        return bytes(body)

    def _refuse(self, problem: str, where: str, remedy: str, status: int | None = None) -> NoReturn:
        for secret in self._secrets:
            problem = problem.replace(secret, "***")
        raise PullError(problem, where=where, remedy=remedy) from None


def segment(id: str) -> str:
    """Return an id quoted as one segment of a path, so that it cannot change the path."""
    return quote(id, safe="") if id.strip(".") else quote(id, safe="").replace(".", "%2E")


def _checked(url: str) -> str:
    try:
        parts = urlsplit(url)
        is_server = (
            parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
        )
    except ValueError:
        is_server = False
    if not is_server:
        raise PullError("not an http or https address", where="--url", remedy="For example: https://host:port")
    if parts.username or parts.password or parts.query:
        problem = "has a user, a password or a query, which other people can see on a command line"
        raise PullError(problem, where="--url", remedy="Put the token into its environment variable, or use --conn-id.")
    return url.partition("#")[0].rstrip("/")


def _server_message(content: bytes) -> str:
    """Return the server's own error message with a colon before it; empty if it sent none."""
    with suppress(UnreadableTrace):
        body = json_text.loads(decode_text(content, ""), where="")
        values = (body.get(key) for key in MESSAGE_KEYS) if isinstance(body, dict) else ()
        if message := next((value for value in values if isinstance(value, str) and value), None):
            return f": {message[:200]}"
    return ""


def _wait(retry_after: str | None, tries: int) -> float:
    """Return how long to wait, in seconds: the server's ``Retry-After`` (seconds or a date), else 1, 2, 4."""
    if retry_after and retry_after.isascii() and retry_after.isdigit():
        return float(retry_after[:10])
    with suppress(TypeError, ValueError):
        at = parsedate_to_datetime(retry_after or "")
        return max(0.0, (at.astimezone(timezone.utc) - datetime.now(timezone.utc)).total_seconds())
    return float(2 ** (tries - 1))

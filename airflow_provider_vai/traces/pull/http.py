"""One small HTTP client for every live source: JSON only, bounded in time and size, and silent about tokens."""

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
from airflow_provider_vai.traces.reading.files import LIMIT_BYTES, decode_text

if TYPE_CHECKING:
    import httpx

SECONDS = 30.0
"""Longest silence of a server, in seconds."""

LONGEST_ANSWER = 600.0
"""Longest time, in seconds, that an answer may take to arrive, however steadily it drips."""

LONGEST_WAIT = 60.0
"""Longest wait, in seconds, that a busy server may ask for; a longer one is the user's to wait."""

SHORTEST = 4
"""Characters of a token; a shorter one would blank out half a message."""

TRIES, REDIRECTS = 4, 5
BUSY = (429, 503)
METHOD_KEPT = (307, 308)
REMEDIES = {
    401: "Check the token in {tokens}.",
    403: "Use a token in {tokens} that may read traces.",
}
REMEDY, SERVERS_OWN = (
    "Check the id, and that --url is the address of this source.",
    "The server failed; try again later.",
)
SAID = ("detail", "message", "error", "title")
"""Where servers put their words for people."""


class Client:
    """Asks one server.

    :param url: the server's address, with a path if the API stands below one.
    :param headers: what authenticates each request.
    :param secrets: the tokens themselves, which a server may repeat; no message shows them.
    :param tokens: where the tokens come from, for messages.
    :param seconds: longest silence of the server.
    :param limit: largest body, in bytes.
    """

    def __init__(
        self,
        url: str,
        headers: Mapping[str, str],
        *,
        secrets: Iterable[str] = (),
        tokens: str = "the environment",
        seconds: float = SECONDS,
        limit: int = LIMIT_BYTES,
    ) -> None:
        self.url = _checked(url)
        self.seconds, self.limit, self._tokens = seconds, limit, tokens
        self._headers = {"Accept": "application/json", **headers}
        words = {*secrets, *headers.values(), *(value.split(" ")[-1] for value in headers.values())}
        self._secrets = sorted((word for word in words if len(word) >= SHORTEST), key=len, reverse=True)

    def get(self, path: str, *, or_none: bool = False, **query: Any) -> Any:
        """Return the JSON at a path below the server's address.

        :param or_none: return ``None`` where the server answers 404.
        :param query: what stands behind the question mark; ``None`` is left out.
        :raises PullError: the server cannot be reached, refuses, or answers something else than JSON.
        """
        asked = {name: value for name, value in query.items() if value is not None}
        return self._json("GET", path, or_none, params=asked)

    def post(self, path: str, body: Any, *, or_none: bool = False) -> Any:
        """Return the JSON that answers a JSON body; see :meth:`get`."""
        return self._json("POST", path, or_none, json=body)

    def _json(self, method: str, path: str, or_none: bool, **asked: Any) -> Any:
        import httpx

        where = f"{self.url}/{path}"
        try:
            status, content = self._answer(method, where, asked)
        except httpx.TimeoutException:
            self._refuse(f"no answer within {self.seconds:g} s", where, "Try again, or ask a server that is less busy.")
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:  # the last: a name that is none, in a redirect
            words = str(error)[:200] or type(error).__name__
            self._refuse(f"cannot be reached: {words}", where, "Check --url, and that the server is up.")
        if status == 404 and or_none:
            return None
        if status >= 400:
            remedy = REMEDIES.get(status, REMEDY if status < 500 else SERVERS_OWN).format(tokens=self._tokens)
            self._refuse(f"HTTP {status}{_said(content)}", where, remedy, status)
        try:
            return json_text.loads(decode_text(content, where), where=where)
        except UnreadableTrace as error:
            self._refuse(error.problem, where, "Check that --url is the address of the API, not of a page.")

    def _answer(self, method: str, url: str, asked: dict[str, Any]) -> tuple[int, bytes]:
        """Return the status and body of the answer, behind redirects on this server and waits that it asks for."""
        tries = redirects = 0
        while True:
            with self._session.stream(method, url, **asked) as response:
                if response.has_redirect_location and redirects < REDIRECTS:
                    url, asked, redirects = self._redirected(response, method), {**asked, "params": None}, redirects + 1
                    continue
                tries += 1
                if response.status_code not in BUSY or tries == TRIES:
                    if not response.has_redirect_location:
                        return response.status_code, self._body(response)
                    self._refuse(f"more than {REDIRECTS} redirects", self.url, "Check --url.")
                wait = _wait(response.headers.get("Retry-After"), tries)
            if wait > LONGEST_WAIT:
                self._refuse(f"busy: it asks to wait {wait:.0f} s", self.url, "Try again then.", response.status_code)
            time.sleep(wait)

    @cached_property
    def _session(self) -> httpx.Client:
        import httpx

        return httpx.Client(headers=self._headers, timeout=self.seconds)

    def _redirected(self, response: httpx.Response, method: str) -> str:
        """Return where a redirect leads: only to the same server, for the headers hold tokens."""
        here = urlsplit(str(response.url))
        target = urljoin(str(response.url), response.headers["Location"])
        there = urlsplit(target)
        same = (here.scheme, here.hostname, here.port) == (there.scheme, there.hostname, there.port)
        to_tls = (here.scheme, there.scheme, here.port, there.port) == ("http", "https", None, None)
        if not same and not (to_tls and here.hostname == there.hostname):
            named = f"{there.scheme}://{there.hostname}" + (f":{there.port}" if there.port else "")
            problem = f"redirects to another server, {named}, which must not see the token"
            self._refuse(problem, self.url, "If that is the right one, name it with --url.", response.status_code)
        if method != "GET" and response.status_code not in METHOD_KEPT:
            self._refuse("redirects away from the API", self.url, "Check --url.", response.status_code)
        return target

    def _body(self, response: httpx.Response) -> bytes:
        body, end = bytearray(), time.monotonic() + LONGEST_ANSWER
        for chunk in response.iter_bytes(65536):
            body += chunk
            if len(body) > self.limit:
                size = f"the answer is over the limit of {self.limit / 1e6:g} MB"
                self._refuse(size, self.url, "Export the run by the source's own means, and split the file.")
            if time.monotonic() > end:
                self._refuse(f"the answer takes more than {LONGEST_ANSWER:g} s", self.url, "Try again later.")
        return bytes(body)

    def _refuse(self, problem: str, where: str, remedy: str, status: int | None = None) -> NoReturn:
        for secret in self._secrets:
            problem = problem.replace(secret, "***")
        raise PullError(problem, where=where, remedy=remedy) from None


def segment(id: str) -> str:
    """Return an id as one segment of a path, whatever is in it."""
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
        raise PullError("no http or https address of a server", where="--url", remedy="For example: https://host:port")
    if parts.username or parts.password or parts.query:
        problem = "an address with a user, a password or a query: other people can see a command line"
        raise PullError(problem, where="--url", remedy="Put the token into its environment variable, or use --conn-id.")
    return url.partition("#")[0].rstrip("/")


def _said(content: bytes) -> str:
    """Return the server's own words on an error, if it has any."""
    with suppress(UnreadableTrace):
        body = json_text.loads(decode_text(content, ""), where="")
        words = (body.get(name) for name in SAID) if isinstance(body, dict) else ()
        if found := next((word for word in words if isinstance(word, str) and word), None):
            return f": {found[:200]}"
    return ""


def _wait(asked: str | None, tries: int) -> float:
    """Return how many seconds to wait: what the server asks for, in seconds or as a date, else 1, 2, 4."""
    if asked and asked.isascii() and asked.isdigit():
        return float(asked[:10])
    with suppress(TypeError, ValueError):
        at = parsedate_to_datetime(asked or "")
        return max(0.0, (at.astimezone(timezone.utc) - datetime.now(timezone.utc)).total_seconds())
    return float(2 ** (tries - 1))

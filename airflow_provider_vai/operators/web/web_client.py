"""Fetches a page: each hop's address is checked and is the very one connected to, and size and time are limited."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_provider_vai import __version__
from airflow_provider_vai.operators.web import public_address

if TYPE_CHECKING:
    import httpx

LIMIT_BYTES = 5 * 1024 * 1024
TIMEOUT_SECONDS = 30.0
REDIRECTS = 5
CONTENT_TYPES = ("text/html", "text/plain", "application/xhtml+xml")
_PORTS = range(1, 65536)
_HEADERS = {
    "User-Agent": f"airflow-provider-vai/{__version__}",
    "Accept": ", ".join(CONTENT_TYPES),
    "Accept-Encoding": "gzip",
}


class PageRefused(ValueError):
    """The page is not fetched: the URL, its address, or the answer is not acceptable. A retry changes nothing."""


class PageUnavailable(Exception):
    """The page could not be fetched this time."""


@dataclass(frozen=True)
class PageResponse:
    """What a server sent: the status, the content type with its charset, the decoded bytes."""

    status: int
    content_type: str
    charset: str | None
    content: bytes


def fetch(url: str, *, allow_private: bool = False) -> PageResponse:
    """Return the page at ``url``; every redirect is a new request that is checked like the first.

    A name is resolved once a hop and the connection goes to that checked address, so a name server that answers
    otherwise a moment later changes nothing. No proxy, cookie or credential is used.

    :param allow_private: fetch from addresses that are not public, too.
    :raises Refused: the URL, an address, a redirect or the answer is not acceptable.
    :raises Unavailable: the server was not reached, was too slow, or has a passing trouble.
    """
    import asyncio

    import httpx

    try:
        return asyncio.run(asyncio.wait_for(_followed(url, allow_private), TIMEOUT_SECONDS))
    except (public_address.NotPublic, httpx.InvalidURL, UnicodeError) as error:
        raise PageRefused(str(error)) from None
    except asyncio.TimeoutError:  # another class than TimeoutError before Python 3.11
        raise PageUnavailable(f"no whole answer within {TIMEOUT_SECONDS:g} seconds") from None
    except (httpx.HTTPError, OSError) as error:
        raise PageUnavailable(f"{type(error).__name__}: {error}") from None


async def _followed(text: str, allow_private: bool) -> PageResponse:
    url = _checked(text)
    for _ in range(REDIRECTS + 1):
        answer = await _requested(url, allow_private)
        if isinstance(answer, PageResponse):
            return answer
        url = _checked(str(url.join(answer)))
    raise PageRefused(f"more than {REDIRECTS} redirects")


def _checked(text: str) -> httpx.URL:
    import httpx

    if re.search(r"[\x00-\x20\x7f\\]", text):
        raise PageRefused("the URL holds a space, a backslash or a control character: encode it")
    try:
        url = httpx.URL(text).copy_with(fragment=None)
        port = url.port
    except (httpx.InvalidURL, ValueError) as error:
        raise PageRefused(f"the URL cannot be read: {error}") from None
    if url.scheme not in ("http", "https") or not url.host or port not in (None, *_PORTS):
        raise PageRefused(f"only http:// and https:// URLs with a host are fetched, not {url.scheme or 'a path'!r}")
    if url.userinfo:
        raise PageRefused("the URL holds a user name or password")
    return url


async def _requested(url: httpx.URL, allow_private: bool) -> PageResponse | str:
    """Return the answer, or where it redirects to."""
    import httpx

    port = url.port or (443 if url.scheme == "https" else 80)
    addresses = await public_address.resolved(url.host, port, allow_private=allow_private)
    headers = {**_HEADERS, "Host": url.netloc.decode("ascii")}
    extensions: dict[str, Any] = {"sni_hostname": url.raw_host.decode("ascii").strip("[]")}
    # one client a hop: the pinned URL names an address, and cookies of one host must not go to another on it
    async with httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=TIMEOUT_SECONDS) as client:
        for number, address in enumerate(addresses, start=1):
            pinned = url.copy_with(host=address)
            try:
                async with client.stream("GET", pinned, headers=headers, extensions=extensions) as response:
                    return await _read(response)
            except httpx.ConnectError:
                if number == len(addresses):
                    raise
    raise PageRefused(f"the name {url.host!r} has no address")


async def _read(response: httpx.Response) -> PageResponse | str:
    status = response.status_code
    if status in (301, 302, 303, 307, 308) and "location" in response.headers:
        return response.headers["location"]
    if status >= 500 or status in (408, 425, 429):
        raise PageUnavailable(f"the server answers {status}")
    if not 200 <= status < 300:
        raise PageRefused(f"the server answers {status}")
    content_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type not in CONTENT_TYPES:
        raise PageRefused(f"the content type is {content_type!r}: only {', '.join(CONTENT_TYPES)} are read")
    if response.headers.get("content-encoding", "identity").lower() not in ("identity", "gzip"):
        raise PageRefused("the answer is compressed in a way that was not asked for")
    content = bytearray()
    async for part in response.aiter_bytes():
        content += part
        if len(content) > LIMIT_BYTES:
            raise PageRefused(f"the page is larger than {LIMIT_BYTES} bytes")
    return PageResponse(status, content_type, response.charset_encoding, bytes(content))

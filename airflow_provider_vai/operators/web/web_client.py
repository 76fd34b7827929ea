"""Fetches a page with limits on size and time, and connects only to IP addresses that were checked."""

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
    """The URL, the IP address or the response is not acceptable. A retry does not help."""


class PageUnavailable(Exception):
    """The server could not be reached or failed temporarily."""


@dataclass(frozen=True)
class PageResponse:
    """A server's response.

    :param status: the status code.
    :param content_type: the media type, without parameters.
    :param charset: the charset of the content type header, if any.
    :param content: the decompressed body.
    """

    status: int
    content_type: str
    charset: str | None
    content: bytes


def fetch(url: str, *, allow_private: bool = False) -> PageResponse:
    """Return the page at ``url``. Each redirect is a new request, which is checked like the first one.

    For each hop, the host name is resolved once, and the request goes to the address that was checked. A name server
    that returns another address a moment later has no effect. No proxy, cookie or credential is used.

    :param allow_private: also fetch from addresses that are not public.
    :raises PageRefused: the URL, an address, a redirect or the response is not acceptable.
    :raises PageUnavailable: the server could not be reached, was too slow, or failed temporarily.
    """
    import asyncio

    import httpx

    try:
        return asyncio.run(asyncio.wait_for(_followed(url, allow_private), TIMEOUT_SECONDS))
    except (public_address.NotPublic, httpx.InvalidURL, UnicodeError) as error:
        raise PageRefused(str(error)) from None
    except asyncio.TimeoutError:  # not the built-in TimeoutError before Python 3.11
        raise PageUnavailable(f"no complete response within {TIMEOUT_SECONDS:g} seconds") from None
    except (httpx.HTTPError, OSError) as error:
        raise PageUnavailable(f"{type(error).__name__}: {error}") from None


async def _followed(text: str, allow_private: bool) -> PageResponse:
    url = _checked(text)
    for _ in range(REDIRECTS + 1):
        response = await _requested(url, allow_private)
        if isinstance(response, PageResponse):
            return response
        url = _checked(str(url.join(response)))
    raise PageRefused(f"more than {REDIRECTS} redirects")


def _checked(text: str) -> httpx.URL:
    import httpx

    if re.search(r"[\x00-\x20\x7f\\]", text):
        raise PageRefused("the URL has a space, a backslash or a control character: encode it")
    try:
        url = httpx.URL(text).copy_with(fragment=None)
        port = url.port
    except (httpx.InvalidURL, ValueError) as error:
        raise PageRefused(f"the URL is not valid: {error}") from None
    if url.scheme not in ("http", "https") or not url.host or port not in (None, *_PORTS):
        raise PageRefused(f"only http:// and https:// URLs with a host are fetched, not {url.scheme or 'a path'!r}")
    if url.userinfo:
        raise PageRefused("the URL has a user name or password: remove them")
    return url


async def _requested(url: httpx.URL, allow_private: bool) -> PageResponse | str:
    """Return the response, or the URL that it redirects to."""
    import httpx

    port = url.port or (443 if url.scheme == "https" else 80)
    addresses = await public_address.resolved(url.host, port, allow_private=allow_private)
    headers = {**_HEADERS, "Host": url.netloc.decode("ascii")}
    extensions: dict[str, Any] = {"sni_hostname": url.raw_host.decode("ascii").strip("[]")}
    # A new client for each hop: the URL has an IP address, so a client could send one host's cookies to another host.
    async with httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=TIMEOUT_SECONDS) as client:
        for number, address in enumerate(addresses, start=1):
            pinned = url.copy_with(host=address)
            try:
                async with client.stream("GET", pinned, headers=headers, extensions=extensions) as response:
                    return await _read(response)
            except httpx.ConnectError:
                if number == len(addresses):
                    raise
    raise PageRefused(f"the host {url.host!r} has no address")


async def _read(response: httpx.Response) -> PageResponse | str:
    status = response.status_code
    if status in (301, 302, 303, 307, 308) and "location" in response.headers:
        return response.headers["location"]
    if status >= 500 or status in (408, 425, 429):
        raise PageUnavailable(f"the server returned the status {status}")
    if not 200 <= status < 300:
        raise PageRefused(f"the server returned the status {status}")
    content_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type not in CONTENT_TYPES:
        raise PageRefused(f"the content type is {content_type!r}: only {', '.join(CONTENT_TYPES)} are read")
    if response.headers.get("content-encoding", "identity").lower() not in ("identity", "gzip"):
        raise PageRefused(
            f"the response has the encoding {response.headers['content-encoding']!r}, but only gzip was requested"
        )
    content = bytearray()
    async for part in response.aiter_bytes():
        content += part
        if len(content) > LIMIT_BYTES:
            raise PageRefused(f"the page is larger than {LIMIT_BYTES} bytes")
    return PageResponse(status, content_type, response.charset_encoding, bytes(content))

"""Refuses requests that would send a connection's credentials elsewhere, or that have credentials in the DAG file."""

from __future__ import annotations

import posixpath
import re
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

_CONNECTION = frozenset({"host", "content-length", "transfer-encoding", "connection", "upgrade"})
_PORTS = {"http": 80, "https": 443}


class RequestRefused(ValueError):
    """The request must not be sent. The message says why and what to do."""


def checked_url(base_url: str, endpoint: str) -> str:
    """Return the URL of ``endpoint`` on the connection's server.

    :param base_url: the connection's scheme, host, port and path.
    :param endpoint: a path, or a full URL.
    :raises RequestRefused: the endpoint is on another server, or its path leads out of the connection's path.
    """
    if re.search(r"[\x00-\x20\x7f\\]", endpoint):
        raise RequestRefused(f"the endpoint {endpoint!r} has a space, a backslash or a control character: encode it")
    if endpoint.startswith("//"):
        raise RequestRefused(f"the endpoint {endpoint!r} names a server: write only the path")
    if re.match(r"[a-z][a-z0-9+.-]*:", endpoint, re.IGNORECASE):
        url = endpoint
    else:
        url = f"{base_url.rstrip('/')}/{endpoint.lstrip('/')}" if endpoint else base_url
    if _origin(url) != _origin(base_url):
        raise RequestRefused(
            f"the endpoint {endpoint!r} is not on the connection's server ({base_url}), and the connection's"
            " credentials must not go to another server: create a connection for that server"
        )
    if url != endpoint:
        check_path(base_url, url)
    return url


def check_path(base_url: str, url: str) -> None:
    """Check that a URL is below the connection's path, so that ``../`` cannot lead out of it.

    :param base_url: the connection's scheme, host, port and path.
    :raises RequestRefused: it is not.
    """
    if not f"{_path(url)}/".startswith(f"{_path(base_url)}/"):
        raise RequestRefused(
            f"the URL {url!r} is not below the connection's path ({base_url}): create a connection for that path"
        )


def checked_headers(headers: dict[str, Any]) -> dict[str, str]:
    """Return the headers with their values as text.

    :raises RequestRefused: a header carries credentials, or only the HTTP client may set it.
    """
    if not headers:
        return {}
    from airflow_provider_vai.secrets.headers import carries_credentials  # slow: the room's patterns come with it

    for name in headers:
        if carries_credentials(name):
            raise RequestRefused(
                f"the header {name!r} carries credentials: set it in the connection (login or extra) instead"
            )
        if name.lower() in _CONNECTION:
            raise RequestRefused(f"the header {name!r} is set by the HTTP client: leave it out")
    return {name: str(value) for name, value in headers.items()}


def _path(url: str) -> str:
    """Return a URL's path as servers read it: escapes decoded, dots resolved, without a trailing slash."""
    path = posixpath.normpath("/" + unquote(urlsplit(url).path).replace("\\", "/").lstrip("/"))
    return "" if path == "/" else path


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts: SplitResult = urlsplit(url)
    if parts.username is not None or parts.password is not None:
        raise RequestRefused("the URL has a user name or password: set them in the connection instead")
    try:
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        raise RequestRefused(f"the port of the URL {url!r} is not a valid number") from None
    return parts.scheme, parts.hostname, port

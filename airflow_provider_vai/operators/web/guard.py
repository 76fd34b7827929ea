"""Refuses requests that carry a connection's credentials elsewhere, or credentials out of the DAG file."""

from __future__ import annotations

import posixpath
import re
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from airflow_provider_vai.secrets.headers import carries_credentials

_CONNECTION = frozenset({"host", "content-length", "transfer-encoding", "connection", "upgrade"})
_PORTS = {"http": 80, "https": 443}


class RequestRefused(ValueError):
    """The request must not be sent; the message says why and what to do."""


def checked_url(base_url: str, endpoint: str) -> str:
    """Return the URL of ``endpoint`` on the connection's server.

    :param base_url: the connection's scheme, host, port and path.
    :param endpoint: a path, or a full URL.
    :raises RequestRefused: it is on another server, or a path that leads out of the connection's.
    """
    if re.search(r"[\x00-\x20\x7f\\]", endpoint):
        raise RequestRefused(f"the endpoint {endpoint!r} holds a space, a backslash or a control character: encode it")
    if endpoint.startswith("//"):
        raise RequestRefused(f"the endpoint {endpoint!r} names a server: give the path alone")
    if re.match(r"[a-z][a-z0-9+.-]*:", endpoint, re.IGNORECASE):
        url = endpoint
    else:
        url = f"{base_url.rstrip('/')}/{endpoint.lstrip('/')}" if endpoint else base_url
    if _origin(url) != _origin(base_url):
        raise RequestRefused(
            f"the endpoint {endpoint!r} is not on the connection's server ({base_url}), and its"
            " credentials go nowhere else: make a connection for that server"
        )
    if url != endpoint:
        check_path(base_url, url)
    return url


def check_path(base_url: str, url: str) -> None:
    """Return only if a URL is below the path of a connection: ``../`` must not lead out of it.

    :raises RequestRefused: it is not.
    """
    if not f"{_path(url)}/".startswith(f"{_path(base_url)}/"):
        raise RequestRefused(
            f"the URL {url!r} is not below the connection's path ({base_url}): make a connection for that path"
        )


def checked_headers(headers: dict[str, Any]) -> dict[str, str]:
    """Return the headers as text.

    :raises RequestRefused: one carries credentials, or belongs to the transport.
    """
    for name in headers:
        if carries_credentials(name):
            raise RequestRefused(
                f"the header {name!r} carries credentials: put it into the connection (login or extra)"
            )
        if name.lower() in _CONNECTION:
            raise RequestRefused(f"the header {name!r} is set by the transport: leave it out")
    return {name: str(value) for name, value in headers.items()}


def _path(url: str) -> str:
    """Return a URL's path as servers read it: escapes decoded, dots resolved, without a slash at its end."""
    path = posixpath.normpath("/" + unquote(urlsplit(url).path).replace("\\", "/").lstrip("/"))
    return "" if path == "/" else path


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts: SplitResult = urlsplit(url)
    if parts.username is not None or parts.password is not None:
        raise RequestRefused("the URL holds a user name or password: put them into the connection")
    try:
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        raise RequestRefused(f"the URL {url!r} has a port that is no number") from None
    return parts.scheme, parts.hostname, port

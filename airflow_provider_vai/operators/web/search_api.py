"""Clients of two search APIs: SearXNG and Tavily."""

from __future__ import annotations

import json
from typing import Any

from airflow_provider_vai.model import time_limit

LIMIT_BYTES = 5 * 1024 * 1024
TIMEOUT_SECONDS = 30.0
"""How many seconds a whole request may take."""

TAVILY_RESULTS = 20  # the most that Tavily returns for one query


class SearchRefused(ValueError):
    """The connection or the response cannot be used. A retry does not help."""


class SearchUnavailable(Exception):
    """The service could not be reached or failed temporarily."""


def search(connection: Any, query: str, max_results: int) -> list[dict[str, str]]:
    """Return search results as ``{"title", "url", "snippet"}``.

    :param connection: the Airflow connection of the service; see :class:`~.web_search.WebSearchOperator`.
    :param max_results: the maximum number of results.
    :raises SearchRefused: the connection is incomplete, the service refused the query, or its response is not usable.
    :raises SearchUnavailable: the service could not be reached or failed temporarily.
    """
    url = f"{_base_url(connection)}/search"
    api = connection.extra_dejson.get("api", "searxng")
    if api == "searxng":
        auth = (connection.login, connection.password or "") if connection.login else None
        response = _requested("GET", url, params={"q": query, "format": "json"}, auth=auth)
    elif api == "tavily":
        if not connection.password:
            raise SearchRefused("the connection has no password: set it to the service's API key")
        body = {"query": query, "max_results": min(max_results, TAVILY_RESULTS)}
        response = _requested("POST", url, json=body, headers={"Authorization": f"Bearer {connection.password}"})
    else:
        raise SearchRefused(f"'api' in the connection's extra must be 'searxng' or 'tavily', not {api!r}")
    return _results(response)[:max_results]


def _base_url(connection: Any) -> str:
    host = (connection.host or "").rstrip("/")
    if not host:
        raise SearchRefused("the connection has no host: set it to the address of the search service")
    base = host if "://" in host else f"{connection.schema or 'http'}://{host}"
    if not base.startswith(("http://", "https://")):
        raise SearchRefused(f"the scheme {base.partition('://')[0]!r} of the connection must be http or https")
    return f"{base}:{connection.port}" if connection.port else base


def _requested(method: str, url: str, **options: Any) -> Any:
    status, content = _received(method, url, options)
    if status >= 500 or status in (408, 425, 429):
        raise SearchUnavailable(f"the service returned the status {status}")
    if status == 403 and method == "GET":
        raise SearchRefused(
            "the service returned the status 403: add 'json' to search.formats in the settings of the SearXNG server"
        )
    if not 200 <= status < 300:
        raise SearchRefused(f"the service returned the status {status}: {content[:2000].decode(errors='replace')}")
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise SearchRefused("the response is not JSON: check 'api' in the connection's extra") from None


def _received(method: str, url: str, options: dict[str, Any]) -> tuple[int, bytes]:
    import httpx

    try:
        # Redirects are not followed, so the credentials go only to the connection's host.
        with httpx.Client(timeout=TIMEOUT_SECONDS, follow_redirects=False) as client:

            def work() -> tuple[int, bytes]:
                with client.stream(method, url, **options) as response:
                    return response.status_code, _content(response)

            return time_limit.within(TIMEOUT_SECONDS, work, client.close)
    except httpx.InvalidURL as error:
        raise SearchRefused(f"the connection's host is not a valid address: {error}") from None
    except time_limit.TookTooLong:
        raise SearchUnavailable(f"no complete response within {TIMEOUT_SECONDS:g} seconds") from None
    except httpx.HTTPError as error:
        raise SearchUnavailable(f"{type(error).__name__}: {error}") from None


def _content(response: Any) -> bytes:
    content = bytearray()
    for part in response.iter_bytes():
        content += part
        if len(content) > LIMIT_BYTES:
            raise SearchRefused(f"the response is larger than {LIMIT_BYTES} bytes")
    return bytes(content)


def _results(response: Any) -> list[dict[str, str]]:
    results = response.get("results") if isinstance(response, dict) else None
    if not isinstance(results, list) or not all(isinstance(result, dict) and result.get("url") for result in results):
        raise SearchRefused(
            "the response has no list of results with a url each: check 'api' in the connection's extra"
        )
    if not results and response.get("unresponsive_engines"):
        raise SearchUnavailable("none of the service's search engines responded")
    return [
        {
            "title": str(result.get("title") or ""),
            "url": str(result["url"]),
            "snippet": str(result.get("content") or ""),
        }
        for result in results
    ]

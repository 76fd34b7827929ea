"""Search services in two shapes: SearXNG's and Tavily's."""

from __future__ import annotations

import json
from typing import Any

LIMIT_BYTES = 5 * 1024 * 1024
TIMEOUT_SECONDS = 30.0
TAVILY_RESULTS = 20  # Tavily refuses to be asked for more


class SearchRefused(ValueError):
    """The connection or the answer is not usable. A retry changes nothing."""


class SearchUnavailable(Exception):
    """The service did not answer this time."""


def search(connection: Any, query: str, max_results: int) -> list[dict[str, str]]:
    """Return the results of the connection's search service as ``{"title", "url", "snippet"}``.

    :param connection: an Airflow connection; see :class:`~.web_search.WebSearchOperator`.
    :raises Refused: the connection names no service, or the service refused or answered something else.
    :raises Unavailable: the service was not reached, or has a passing trouble.
    """
    url = f"{_base_url(connection)}/search"
    api = connection.extra_dejson.get("api", "searxng")
    if api == "searxng":
        auth = (connection.login, connection.password or "") if connection.login else None
        answer = _asked("GET", url, params={"q": query, "format": "json"}, auth=auth)
    elif api == "tavily":
        if not connection.password:
            raise SearchRefused("the connection has no password: store the key of the service there")
        body = {"query": query, "max_results": min(max_results, TAVILY_RESULTS)}
        answer = _asked("POST", url, json=body, headers={"Authorization": f"Bearer {connection.password}"})
    else:
        raise SearchRefused(f"the connection's extra names the api {api!r}: it is 'searxng' or 'tavily'")
    return _results(answer)[:max_results]


def _base_url(connection: Any) -> str:
    host = (connection.host or "").rstrip("/")
    if not host:
        raise SearchRefused("the connection names no host: put the address of the search service there")
    base = host if "://" in host else f"{connection.schema or 'http'}://{host}"
    if not base.startswith(("http://", "https://")):
        raise SearchRefused("the search service is reached by http or https")
    return f"{base}:{connection.port}" if connection.port else base


def _asked(method: str, url: str, **options: Any) -> Any:
    import httpx

    try:
        # no redirect is followed: the credentials go to the connection's host only
        with httpx.stream(method, url, timeout=TIMEOUT_SECONDS, follow_redirects=False, **options) as response:
            content = bytearray()
            for part in response.iter_bytes():
                content += part
                if len(content) > LIMIT_BYTES:
                    raise SearchRefused(f"the answer is larger than {LIMIT_BYTES} bytes")
            status = response.status_code
    except httpx.InvalidURL as error:
        raise SearchRefused(f"the connection's host is no address: {error}") from None
    except httpx.HTTPError as error:
        raise SearchUnavailable(f"{type(error).__name__}: {error}") from None
    if status >= 500 or status in (408, 425, 429):
        raise SearchUnavailable(f"the service answers {status}")
    if status == 403 and method == "GET":
        raise SearchRefused(
            "the service answers 403: a SearXNG server needs 'json' among search.formats in its settings"
        )
    if not 200 <= status < 300:
        raise SearchRefused(f"the service answers {status}: {bytes(content[:2000]).decode(errors='replace')}")
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise SearchRefused("the answer is not JSON: is the connection's extra 'api' right?") from None


def _results(answer: Any) -> list[dict[str, str]]:
    found = answer.get("results") if isinstance(answer, dict) else None
    if not isinstance(found, list) or not all(isinstance(one, dict) and one.get("url") for one in found):
        raise SearchRefused("the answer holds no list of results with a url: is the connection's extra 'api' right?")
    if not found and answer.get("unresponsive_engines"):
        raise SearchUnavailable("no engine of the service answered")
    return [
        {"title": str(one.get("title") or ""), "url": str(one["url"]), "snippet": str(one.get("content") or "")}
        for one in found
    ]

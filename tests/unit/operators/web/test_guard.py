"""A connection's credentials stay on its server, and the DAG file has none."""

from __future__ import annotations

import pytest

from airflow_provider_vai.operators.web.guard import RequestRefused, checked_headers, checked_url

BASE = "https://api.example.com/v1"


@pytest.mark.parametrize(
    ("endpoint", "url"),
    [
        ("", BASE),
        ("orders", f"{BASE}/orders"),
        ("/orders?a=http://x//y", f"{BASE}/orders?a=http://x//y"),
        ("https://api.example.com/v2/x", "https://api.example.com/v2/x"),
        ("https://API.example.com:443/x", "https://API.example.com:443/x"),
        ("@evil.example/x", f"{BASE}/@evil.example/x"),
    ],
)
def test_url_on_the_server(endpoint: str, url: str) -> None:
    """A path, or a full URL with the same scheme, host and port, is accepted."""
    assert checked_url(BASE, endpoint) == url


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://api.example.com/x",
        "https://api.example.com:8443/x",
        "https://evil.example/x",
        "https://api.example.com.evil.example/x",
        "https://api.example.com@evil.example/x",
        "https://user:pass@api.example.com/x",
        "HTTPS://evil.example",
        "//evil.example/x",
        "\\\\evil.example/x",
        "/\\evil.example",
        "https:evil.example",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "/a b",
        "/a\r\nX: y",
        " https://evil.example",
        "../admin",
        "orders/../../admin",
        "%2e%2e/admin",
        "..%2Fadmin",
        "https://api.example.com:port/",
    ],
)
def test_url_elsewhere_is_refused(endpoint: str) -> None:
    """Anything that could reach another server is refused."""
    with pytest.raises(RequestRefused):
        checked_url(BASE, endpoint)


@pytest.mark.parametrize(
    "name", ["Authorization", "cookie", "Proxy-Authorization", "X-API-Key", "X-Auth-Token", "api_key", "Token", "Host"]
)
def test_credentials_in_headers_are_refused(name: str) -> None:
    """Headers that authenticate, or that only the HTTP client may set, are refused."""
    with pytest.raises(RequestRefused, match=name):
        checked_headers({name: "x"})


def test_other_headers_become_text() -> None:
    """Other headers pass."""
    assert checked_headers({"Accept": "a/b", "X-Count": 3}) == {"Accept": "a/b", "X-Count": "3"}

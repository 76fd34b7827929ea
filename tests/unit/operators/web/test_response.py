"""How the bytes of a response become a result."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_vai.operators.web.response import _body


@pytest.mark.parametrize(
    ("content", "content_type", "body"),
    [
        (b'{"a": 1}', "application/json; charset=utf-8", {"a": 1}),
        (b"[1]", "application/problem+json", [1]),
        (b"not json", "application/json", "not json"),
        (b"1e400", "application/json", "1e400"),
        (b"", "application/json", ""),
        (b"{}", "text/plain", "{}"),
        ("é".encode("latin-1"), "text/plain; charset=latin-1", "é"),
        (b"\xff\x00", "application/octet-stream", b"\xff\x00"),
    ],
)
def test_bodies(content: bytes, content_type: str, body: Any) -> None:
    """A body is parsed as JSON if the server declares it as JSON, and no value is lost."""
    assert _body(content, content_type) == body

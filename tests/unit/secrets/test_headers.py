"""The names of headers that carry credentials."""

from __future__ import annotations

import pytest

from airflow_provider_vai.secrets.find import find
from airflow_provider_vai.secrets.headers import carries_credentials, may_carry_credentials
from airflow_provider_vai.secrets.masking import masked

ALWAYS = [
    "Authorization", "proxy-authorization", "X-Amz-Authorization", "Cookie", "Set-Cookie", "cookie2", "apikey",
    "Api-Key", "X-API-Key", "x_api_key", "X-Auth-Token", "X-AuthKey", "Access-Key", "access_token", "Private-Token",
    "x_token", "X-SessionToken", "client-secret", "ClientSecret", "X-Password", "X-Session",
]  # fmt: skip
NEVER = ["Accept", "Content-Type", "Idempotency-Key", "X-Idempotency-Key", "X-Request-Id", "User-Agent", "If-Match"]
WHOLE_NAMES = ["X-Auth", "x-key", "X-Hub-Signature-256", "X-Amz-Security-Token", "Api-Key", "ApiKey"]
TOKEN = "q7Zr2LmX9vKd4TnB8sWy3HcF6"


@pytest.mark.parametrize("name", ALWAYS)
def test_only_the_connection_supplies_them(name: str) -> None:
    """Such headers are dropped from a recorded request, and refused at run time."""
    assert carries_credentials(name)


@pytest.mark.parametrize("name", NEVER)
def test_other_headers_are_sent(name: str) -> None:
    """A key that makes a request idempotent is not a credential."""
    assert not carries_credentials(name)


@pytest.mark.parametrize("name", ["Authorization", "Proxy-Authorization", "Cookie", "set-cookie", *WHOLE_NAMES])
def test_what_stands_beside_the_name(name: str) -> None:
    """In a pair and in a text, the name alone marks the value as a credential."""
    value = f"sid={TOKEN}" if "cookie" in name.lower() else TOKEN

    assert may_carry_credentials(name)
    assert TOKEN not in str(masked([name, value]))
    assert [span.secret for span in find(f"-H '{name}: {value}'")] == [value]


@pytest.mark.parametrize("name", ["session notes", "token", "the secret", "Accept", "keyboard", "monkey"])
def test_words_that_are_not_whole_names(name: str) -> None:
    """A list of two texts is not a header just because one contains such a word."""
    assert not may_carry_credentials(name)
    assert masked([name, "Monday"]) == [name, "Monday"]

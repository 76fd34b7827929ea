"""A source's address and credentials, from environment variables or an Airflow connection."""

from __future__ import annotations

import base64

import pytest

from airflow_provider_vai.exceptions import PullError
from airflow_provider_vai.traces.pull import NAMES, source
from airflow_provider_vai.traces.pull.base import Credentials
from airflow_provider_vai.traces.pull.connection import Connection, client, parse_connection


@pytest.mark.parametrize(
    ("text", "url", "login", "password"),
    [
        ('{"host": "https://vai.example.com/x", "password": "s"}', "https://vai.example.com/x", "", "s"),
        ('{"host": "vai.example.com", "port": "8443", "login": "me"}', "https://vai.example.com:8443", "me", ""),
        ('{"host": "h", "schema": "http", "port": 80, "extra": {"a": 1}}', "http://h:80", "", ""),
        ("vai://:s%2Fs@vai.example.com:8443", "https://vai.example.com:8443", "", "s/s"),
        ("vai://me:s@https%3A%2F%2Fvai.example.com%2Fapi", "https://vai.example.com/api", "me", "s"),
        ("http://https://me:s@vai.example.com:81/", "https://vai.example.com:81", "me", "s"),
        ("vai://h:5000/http?__extra__=%7B%7D", "http://h:5000", "", ""),
        ("vai://[::1]:5000/http", "http://[::1]:5000", "", ""),
    ],
)
def test_a_connection_is_read_as_airflow_writes_it(text, url, login, password):
    """As JSON or as a URI."""
    connection = parse_connection(text, "AIRFLOW_CONN_X")

    assert (connection.url, connection.login, connection.password) == (url, login, password)
    assert "password" not in repr(connection)


@pytest.mark.parametrize(
    "text",
    [None, "", "{", '{"host": ""}', '{"host": "h", "port": "x"}', "nonsense", "vai://:secret@", "vai://:secret@h:x"],
)
def test_an_invalid_connection_is_refused(text):
    """The message has the variable's name, not its value."""
    with pytest.raises(PullError) as caught:
        parse_connection(text, "AIRFLOW_CONN_X")
    assert caught.value.where == "AIRFLOW_CONN_X"
    assert "secret" not in str(caught.value)


def test_airflow_agrees_on_the_uris():
    """A URI that Airflow writes for a connection is read as the same server and credentials."""
    airflow = pytest.importorskip("airflow.models.connection")
    original = airflow.Connection(
        conn_id="x", conn_type="vai", host="https://vai.example.com/a b", login="m@e", password="s:/?#", port=8443
    )

    connection = parse_connection(original.get_uri(), "AIRFLOW_CONN_X")

    for field in ("host", "login", "password", "port"):
        assert getattr(connection, field) == getattr(original, field)


@pytest.mark.parametrize(
    ("name", "environment", "headers"),
    [
        ("vai", {"VAI_TOKEN": "vai_pat_x\n"}, {"Authorization": "Bearer vai_pat_x"}),
        ("vai", {"VAI_TOKEN": "key"}, {"X-API-Key": "key"}),
        ("mlflow", {}, {}),
        ("mlflow", {"MLFLOW_TRACKING_TOKEN": "t"}, {"Authorization": "Bearer t"}),
        ("phoenix", {"PHOENIX_API_KEY": "k"}, {"Authorization": "Bearer k"}),
        (
            "langfuse",
            {"LANGFUSE_PUBLIC_KEY": "p", "LANGFUSE_SECRET_KEY": "s"},
            {"Authorization": "Basic " + base64.b64encode(b"p:s").decode()},
        ),
        ("langsmith", {"LANGSMITH_API_KEY": "k"}, {"X-API-Key": "k"}),
    ],
)
def test_each_source_sends_its_own_headers(name, environment, headers):
    """The tokens come from the source's own variables."""
    source_client = client(source(name), "https://host", None, environment)

    assert source_client._headers == {"Accept": "application/json", **headers}


@pytest.mark.parametrize(
    ("name", "environment"),
    [
        ("vai", {}),
        ("vai", {"VAI_TOKEN": " "}),
        ("vai", {"VAI_TOKEN": "a\nb"}),
        ("vai", {"VAI_TOKEN": "é"}),
        ("langfuse", {"LANGFUSE_SECRET_KEY": "s"}),
        ("langsmith", {}),
    ],
)
def test_a_missing_or_invalid_token_is_refused(name, environment):
    """The message names the variables."""
    with pytest.raises(PullError) as caught:
        client(source(name), "https://host", None, environment)
    assert source(name).variables[0] in caught.value.where


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("url", "conn_id"), [(None, None), ("https://host", "x")])
def test_either_an_address_or_a_connection(name, url, conn_id):
    """There is no default address, so that a token never goes to a server that the user did not name."""
    with pytest.raises(PullError, match="needs either --url or --conn-id"):
        client(source(name), url, conn_id, {})


def test_a_connection_gives_address_and_token():
    """The variable's name is the id in upper case."""
    environment = {"AIRFLOW_CONN_MY_MLFLOW": "mlflow://me:s@host:5000/http"}

    source_client = client(source("mlflow"), None, "my_mlflow", environment)

    assert source_client.url == "http://host:5000"
    assert source_client._headers["Authorization"] == "Basic " + base64.b64encode(b"me:s").decode()


def test_credentials_show_nothing():
    """Their repr is safe in a log and among a traceback's locals."""
    assert "sesame" not in repr(Credentials("sesame", "sesame")) + repr(Connection("h", "", None, "sesame", "sesame"))

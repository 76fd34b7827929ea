"""The effect of a step from its kind and arguments."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_vai.model.argument import Argument, Output, Wire
from airflow_provider_vai.model.artifacts import OPTION
from airflow_provider_vai.model.kinds import by_name
from airflow_provider_vai.model.step_effects import declared, effect_of, values_of

MUTATION = "mutation Pay { pay }"


@pytest.fixture(autouse=True)
def artifacts(monkeypatch: pytest.MonkeyPatch) -> None:
    """One artifacts folder for all machines that run the tests."""
    monkeypatch.setenv(OPTION, "s3://aws@bucket/vai")


def effect(kind: str, stated: Any = None, **arguments: Any) -> str:
    """Return the effect of a step."""
    return effect_of(by_name()[kind], arguments, stated).effect


@pytest.mark.parametrize(
    ("kind", "arguments", "expected"),
    [
        ("file_sync", {"destination": "s3://aws@bucket/vai/copy"}, "artifact"),
        ("file_sync", {"destination": "s3://bucket/vai/copy", "destination_conn_id": "aws"}, "artifact"),
        ("file_sync", {"destination": "s3://bucket/vai/copy"}, "write"),
        ("file_sync", {"destination": "s3://bucket/vai/copy", "destination_conn_id": "other"}, "write"),
        ("file_sync", {"destination": "file:///data/archive"}, "write"),
        ("file_sync", {"destination": "s3://aws@bucket/vai/../x"}, "write"),
        ("file_sync", {"destination": "file:///data/archive", "own_destination": True}, "artifact"),
        ("file_sync", {"destination": "file:///data/archive", "own_destination": "yes"}, "write"),
        ("duckdb_transform", {"path": "s3://aws@bucket/vai/a.parquet"}, "artifact"),
        ("duckdb_transform", {"path": "s3://aws@bucket/a.parquet"}, "write"),
        ("duckdb_transform", {"table": "t", "conn_id": "warehouse"}, "write"),
        ("duckdb_transform", {"table": "t", "own_destination": True}, "artifact"),
        ("dlt_extract", {"destination_conn_id": "warehouse"}, "write"),
        ("dlt_extract", {"destination_conn_id": "warehouse", "dataset": "d"}, "write"),
        ("dlt_extract", {"destination_conn_id": "warehouse", "own_destination": True}, "artifact"),
        ("fetch_page", {"url": "https://a.example/?q=1"}, "read"),
        ("fetch_page", {"url": ["https://a.example/", "https://a.example/?_method=DELETE"]}, "write"),
        ("generate_query", {"sql": "SELECT 1"}, "read"),
        ("mcp_tool", {"tool": "a", "arguments": {}}, "write"),
        ("mcp_tool", {"tool": "a", "arguments": {}, "effect": "read"}, "read"),
    ],
)
def test_effect_of_targets(kind: str, arguments: dict[str, Any], expected: str) -> None:
    """A target below the artifacts folder, or that is declared as its own, is an artifact; any other one is a write."""
    assert effect(kind, **arguments) == expected


LOADS = [
    {"resources": [{"name": "a", "endpoint": {"path": "a", "method": "POST"}}]},
    {"resources": [{"name": "a", "endpoint": {"path": "a?_method=PUT"}}]},
    {"resources": [{"name": "a", "endpoint": {"path": "a", "json": {"query": MUTATION}}}]},
    {"client": {"headers": {"X-HTTP-Method-Override": "DELETE"}}, "resources": ["a"]},
]


@pytest.mark.parametrize("config", LOADS)
def test_load_that_sends_writes(config: dict[str, Any]) -> None:
    """A load whose source sends requests that may write is a write even into its own destination."""
    assert effect("dlt_extract", source_config=config, own_destination=True) == "write"
    reads = {"resources": [{"name": "a", "endpoint": {"path": "a", "method": "get", "params": {"q": "x"}}}]}
    assert effect("dlt_extract", source_config=reads, own_destination=True) == "artifact"


OVERRIDES: list[dict[str, Any]] = [
    {"headers": {"X-HTTP-Method-Override": "DELETE"}},
    {"headers": {"x-http-method": "merge"}},
    {"headers": {"X_Method_Override": "PUT"}},
    {"query": {"_method": "delete"}},
    {"query": {"X-HTTP-Method-Override": ["PATCH"]}},
    {"json": {"_method": "DELETE"}},
    {"data": "a=1&_method=DELETE"},
    {"data": {"_method": "DELETE"}},
    {"data": '{"a": 1, "_method": "DELETE"}'},
    {"endpoint": "/a?_method=DELETE"},
    {"endpoint": "/a?_HttpMethod=PATCH"},
]
MUTATIONS: list[dict[str, Any]] = [
    {"query": {"query": MUTATION}},
    {"query": {"other": "x", "q": MUTATION}},
    {"json": {"query": MUTATION, "operationName": "Look"}},
    {"json": [{"query": "{ a }"}, {"query": MUTATION}]},
    {"data": '{"query": "mutation { pay }", "query": "{ a }"}'},
    {"data": "query=mutation%20%7B%20pay%20%7D"},
    {"data": MUTATION},
    {"endpoint": "/graphql?query=mutation+%7Bpay%7D"},
]


@pytest.mark.parametrize("arguments", [*OVERRIDES, *MUTATIONS])
@pytest.mark.parametrize("method", [None, "GET", "HEAD", "OPTIONS", "POST"])
def test_hidden_writes(arguments: dict[str, Any], method: str | None) -> None:
    """An overridden method and a mutation are a write with each method, even if somebody states less."""
    given = {**arguments, **({"method": method} if method else {})}
    assert effect("http_request", **given) == "write"
    found = effect_of(by_name()["http_request"], given, "read")
    assert (found.effect, found.refused) == ("write", "read")
    assert found.why


@pytest.mark.parametrize(
    ("arguments", "expected", "stated"),
    [
        ({}, "read", "read"),
        ({"method": "GET", "query": {"query": "{ a }", "method": "DELETE"}}, "read", "read"),
        ({"method": "GET", "headers": {"X-HTTP-Method-Override": "GET"}}, "write", "read"),
        ({"method": "POST"}, "write", "read"),
        ({"method": "POST", "headers": {"X-HTTP-Method-Override": "GET"}}, "write", "read"),
        ({"method": "POST", "json": {"query": "query A { mutation }"}}, "write", "read"),
        ({"method": "POST", "json": {"query": "mutation rates"}}, "write", "read"),
        ({"method": "-"}, "write", "read"),
    ],
)
def test_stated_reads(arguments: dict[str, Any], expected: str, stated: str) -> None:
    """Other requests have the effect of their method, and may be stated to read."""
    assert effect("http_request", **arguments) == expected
    assert effect("http_request", "read", **arguments) == stated


NAMED: list[dict[str, Any]] = [
    {"endpoint": "/orders/7/delete"},
    {"endpoint": "/delete?id=1"},
    {"endpoint": "/v2/deleteOrder/"},
    {"endpoint": "https://chat.example/api/chat.delete"},
    {"endpoint": "/api.php?action=delete_user&id=1"},
    {"endpoint": "/api", "query": {"Action": "CancelOrder"}},
    {"endpoint": "/api", "query": [["op", "update"]]},
]
READING: list[dict[str, Any]] = [
    {"endpoint": "/orders/7"},
    {"endpoint": "/updates"},
    {"endpoint": "/delete/log"},
    {"endpoint": "/blog/create-a-report-with-airflow"},
    {"endpoint": "/api?action=search&update=1"},
    {"endpoint": "http://[broken/delete"},
    {"endpoint": None},
]


@pytest.mark.parametrize("arguments", NAMED)
def test_address_that_names_a_change(arguments: dict[str, Any]) -> None:
    """A GET that is called a change is a write, unless somebody states that it reads; a page may have such a title."""
    assert effect("http_request", **arguments) == "write"
    assert effect("http_request", "read", **arguments) == "read"
    assert effect("fetch_page", url=arguments["endpoint"]) == "read"


@pytest.mark.parametrize("arguments", READING)
def test_address_that_names_no_change(arguments: dict[str, Any]) -> None:
    """Nouns, titles, other parts and other fields say nothing."""
    assert effect("http_request", **arguments) == "read"


@pytest.mark.parametrize("kind", ["file_sync", "duckdb_transform", "dlt_extract"])
def test_making_something_is_no_read(kind: str) -> None:
    """What writes to a destination cannot be stated to read; to call it an artifact declares the destination."""
    found = effect_of(by_name()[kind], {"destination": "file:///a", "path": "file:///a"}, "read")
    assert (found.effect, found.refused) == ("write", "read")
    found = effect_of(by_name()[kind], {}, "artifact")
    assert (found.effect, found.is_lowered) == ("artifact", True)
    assert declared(by_name()[kind], found) == {"own_destination": True}


def test_declarations() -> None:
    """Only what does not follow from the arguments is declared in the DAG file."""
    tool, request = by_name()["mcp_tool"], by_name()["http_request"]
    assert declared(tool, effect_of(tool, {}, "read")) == {"effect": "read"}
    assert declared(tool, effect_of(tool, {}, "write")) == {}
    assert declared(request, effect_of(request, {"method": "POST"}, "read")) == {}
    sync = by_name()["file_sync"]
    assert declared(sync, effect_of(sync, {"destination": "s3://aws@bucket/vai/a"}, "artifact")) == {}


def test_what_is_known_before_a_run() -> None:
    """A template counts with its text, also inside a value; what a result fills in is unknown."""
    arguments = {
        "json": Argument(class_="wired", value={"query": None}, wires=[Wire(at=["query"], template=MUTATION)]),
        "endpoint": Argument(class_="template", value="/a?_method={{ ds }}"),
        "query": Argument(class_="wired", from_=Output(step="a")),
    }
    values = values_of(arguments)
    assert values == {"json": {"query": MUTATION}, "endpoint": "/a?_method={{ ds }}", "query": "-"}
    assert effect("http_request", **values) == "write"

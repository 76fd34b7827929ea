"""The argument models of the kinds that send HTTP requests."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import AliasChoices, Field

from airflow_provider_vai.model.kind_arguments import Arguments


class HttpRequestArguments(Arguments):
    """One HTTP request. ``endpoint`` is a path on the connection's server, or a full URL on that server."""

    written_first = ("conn_id", "method")

    conn_id: str = Field(min_length=1)
    endpoint: str = Field(validation_alias=AliasChoices("endpoint", "url", "path"))
    method: Literal["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    query: dict[str, Any] | None = Field(default=None, validation_alias=AliasChoices("query", "params"))
    headers: dict[str, str] | None = None
    json_: Any = Field(default=None, alias="json", validation_alias=AliasChoices("json", "body"))
    data: str | None = None
    expected_status: int | list[int] | None = None
    expected_shape: dict[str, Any] | None = None


class WebSearchArguments(Arguments):
    """One query to the connection's search API."""

    written_first = ("conn_id",)

    query: str = Field(min_length=1, validation_alias=AliasChoices("query", "q"))
    conn_id: str = Field(min_length=1)
    max_results: int | None = Field(
        default=None, ge=1, le=100, validation_alias=AliasChoices("max_results", "limit", "num_results")
    )


class FetchPageArguments(Arguments):
    """A request for the readable text of one page, or of several."""

    url: str | list[str] = Field(validation_alias=AliasChoices("url", "urls"))
    conn_id: str | None = None
    max_characters: int | None = Field(default=None, ge=1)

"""Every JSON answer of the plugin: camelCase names, times in UTC, credentials masked.

The app's default response class is :class:`MaskedJson`, so a route that returns plain data is masked as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict

from airflow_provider_vai.languages.masked_json import masked_json, utc
from airflow_provider_vai.model.base import Spec

__all__ = ["VALUE_KEYS", "ListPage", "MaskedJson", "ResponseModel", "utc"]

VALUE_KEYS = ("value", "default")
"""Keys of the value of an argument or param: its name decides whether the value is a credential."""


class ResponseModel(Spec):
    """Base response model: camelCase names in JSON; built from the names that the package uses, or from attributes."""

    model_config = ConfigDict(from_attributes=True)


class ListPage(ResponseModel):
    """Base of a page of a list: ``total`` counts the whole list."""

    total: int
    limit: int
    offset: int


class MaskedJson(JSONResponse):
    """The one JSON serializer.

    :param content: a model, or data of JSON types and times; see
        :func:`~airflow_provider_vai.languages.masked_json.masked_json`.
    """

    def __init__(
        self, content: Any, status_code: int = 200, headers: Mapping[str, str] | None = None, **more: Any
    ) -> None:
        super().__init__(content, status_code, {"Cache-Control": "no-store", **(headers or {})}, **more)

    def render(self, content: Any) -> bytes:
        """Return the JSON text. Bytes are text that another process wrote in the same way."""
        if isinstance(content, bytes):
            return content
        fields = content.model_dump(by_alias=True) if isinstance(content, BaseModel) else content
        return masked_json(fields, VALUE_KEYS)

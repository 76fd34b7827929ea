"""Every JSON answer of the plugin: camelCase names, times in UTC, credentials masked.

The app's default response class is :class:`MaskedJson`, so a route that returns plain data is masked as well.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict

from airflow_provider_vai.model.base import Spec
from airflow_provider_vai.secrets.masking import masked

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

    Text is written as ASCII: a trace may hold characters that UTF-8 cannot express.

    :param content: a model, or data of JSON types and times.
    """

    def __init__(
        self, content: Any, status_code: int = 200, headers: Mapping[str, str] | None = None, **more: Any
    ) -> None:
        super().__init__(content, status_code, {"Cache-Control": "no-store", **(headers or {})}, **more)

    def render(self, content: Any) -> bytes:
        """Return the JSON text."""
        fields = content.model_dump(by_alias=True) if isinstance(content, BaseModel) else content
        document = json.loads(json.dumps(fields, default=_in_utc, allow_nan=False))
        shown = masked(document, transparent=VALUE_KEYS)
        return json.dumps(shown, allow_nan=False, separators=(",", ":")).encode("ascii")


def utc(at: datetime) -> str:
    """Return a time in UTC as RFC 3339 wants it; one without a time zone is taken as UTC."""
    aware = at if at.tzinfo else at.replace(tzinfo=timezone.utc)
    return aware.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")


def _in_utc(value: Any) -> str:
    if isinstance(value, datetime):
        return utc(value)
    raise TypeError(f"{type(value).__name__} is not a type of JSON")

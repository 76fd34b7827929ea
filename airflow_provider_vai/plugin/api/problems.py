"""Errors as problem+json (RFC 9457): what was wrong, where, and what to do about it; never a path of this server, a
credential or a traceback.
"""

from __future__ import annotations

import logging
import re
import sys
import tempfile
from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic.alias_generators import to_camel
from starlette.exceptions import HTTPException

from airflow_provider_vai.exceptions import (
    Conflict,
    EditedByHand,
    NotReviewed,
    PublishError,
    UnusableName,
    VaiError,
)
from airflow_provider_vai.operators.runtime.compat import configuration
from airflow_provider_vai.plugin.api import folders
from airflow_provider_vai.secrets.masking import mask

log = logging.getLogger(__name__)

STATUS: tuple[tuple[type[VaiError], int], ...] = (
    (Conflict, 412),
    (EditedByHand, 409),
    (NotReviewed, 409),
    (UnusableName, 422),
    (PublishError, 503),
    (VaiError, 422),
)
"""The first class that an error is of gives its status."""

OPTION = re.compile(r"--([a-z-]+)")
QUOTED_FILE = re.compile(r'File "[^"\n]*[/\\]([^"\n/\\]+)"')


class Problem(HTTPException):
    """An error with members beside those of RFC 9457.

    :param members: names and JSON data.
    """

    def __init__(self, status: int, detail: str, **members: Any) -> None:
        super().__init__(status, detail)
        self.members = members


def answered(request: Request, error: Exception) -> JSONResponse:
    """Return the answer for an error, whatever it is."""
    if isinstance(error, RequestValidationError):
        parts = [f"{part['loc'][-1] if part['loc'] else 'request'}: {part['msg']}" for part in error.errors()]
        return _json(422, public("; ".join(parts)), {})
    if isinstance(error, HTTPException):
        members = getattr(error, "members", {})
        return _json(error.status_code, public(str(error.detail)), members, dict(error.headers or {}))
    if isinstance(error, VaiError):
        return of(error)
    return _json(500, "something went wrong here; the server's log says what", {})


def of(error: VaiError) -> JSONResponse:
    """Return the answer for a refusal."""
    status = next(status for kind, status in STATUS if isinstance(error, kind))
    if isinstance(error, UnusableName):
        error.where = "dagId"
    if option := OPTION.fullmatch(error.where):  # the command line's name for what is a field of a body here
        status, error.where = 422, to_camel(option[1].replace("-", "_"))
    if status >= 500:
        log.error("The automations cannot be served: %s", error)
        return _json(status, "the server's storage refuses; its log says why", {}, {"Retry-After": "60"})
    members = {"problem": error.problem, "where": error.where, "remedy": error.remedy}
    return _json(status, public(error.problem), {name: public(text) for name, text in members.items()})


def public(text: str) -> str:
    """Return a message without this server's folders, and with credentials masked."""
    return all_public([text])[0]


def all_public(texts: Iterable[str]) -> list[str]:
    """Return the same for many messages."""
    folders_ = _folders()
    return [_without(text, folders_) for text in texts]


def _without(text: str, folders_: Sequence[str]) -> str:
    for folder in folders_:
        text = text.replace(f"{folder}/", "").replace(folder, "the server's folder")
    return mask(QUOTED_FILE.sub(r'File "\1"', text))


def _folders() -> list[str]:
    """Return the folders that a message may name, the longest first."""
    named = [
        tempfile.gettempdir(),
        sys.prefix,
        sys.base_prefix,
        configuration().get("core", "dags_folder", fallback=""),
    ]
    for made in (folders.automations_folder, folders.runs_folder):
        try:
            folder = made()
        except VaiError:
            continue
        named += [str(folder), str(getattr(folder, "path", folder))]
    return sorted({name.rstrip("/") for name in named if len(name) > 1}, key=len, reverse=True)


def _json(status: int, detail: str, members: dict[str, Any], headers: dict[str, str] | None = None) -> JSONResponse:
    try:
        title = HTTPStatus(status).phrase
    except ValueError:
        title = "Error"
    body = {**members, "type": "about:blank", "title": title, "status": status, "detail": detail}
    body = {name: _printable(value) for name, value in body.items()}
    given = {"Cache-Control": "no-store", **(headers or {})}
    return JSONResponse(body, status, given, media_type="application/problem+json")


def _printable(value: Any) -> Any:
    """Return data without halves of characters, which UTF-8 cannot have."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, list):
        return [_printable(part) for part in value]
    return value

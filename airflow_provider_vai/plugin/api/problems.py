"""Errors as problem+json (RFC 9457): what is wrong, where, and what to do.

No answer contains a path of the server, a credential or a traceback. :func:`error_response` handles every error.
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
from pydantic import ConfigDict
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
from airflow_provider_vai.plugin.api import configured_folders
from airflow_provider_vai.plugin.api.json_response import MaskedJson, ResponseModel
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
"""The status of an error: that of the first class which it is an instance of."""

DROP_EDITS = (
    "Make the same change in the DAG file, or POST .../versions with keep: `dag_file` or `sidecar` keeps one side of"
    " edits that no version contains, `none` drops the edits by hand that the newest version contains."
)
"""What to do about edits by hand that contradict a change."""

OPTION = re.compile(r"--([a-z-]+)")
QUOTED_FILE = re.compile(r'File "[^"\n]*[/\\]([^"\n/\\]+)"')


class ProblemDetails(ResponseModel):
    """An error as problem+json (RFC 9457).

    ``problem``, ``where`` and ``remedy`` say more about ``detail``; an answer may have further members.
    """

    model_config = ConfigDict(extra="allow")

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    problem: str = ""
    where: str = ""
    remedy: str = ""

    def omitted(self) -> set[str]:
        """Leave out the members that the error does not have."""
        return {"problem", "where", "remedy"} - self.model_fields_set


class ProblemResponse(MaskedJson):
    """A JSON answer that is an error."""

    media_type = "application/problem+json"


class Problem(HTTPException):
    """An error with members beside those of RFC 9457.

    :param members: names and JSON data.
    """

    def __init__(self, status: int, detail: str, **members: Any) -> None:
        super().__init__(status, detail)
        self.members = members


def error_response(request: Request, error: Exception) -> ProblemResponse:
    """Return the answer for an error, whatever it is."""
    problem, headers = described(error)
    return ProblemResponse(problem, problem.status, headers)


def described(error: Exception) -> tuple[ProblemDetails, dict[str, str]]:
    """Return what is wrong, whatever the error is, and the headers of the answer."""
    if isinstance(error, RequestValidationError):
        parts = [f"{part['loc'][-1] if part['loc'] else 'request'}: {part['msg']}" for part in error.errors()]
        return _details(422, public("; ".join(parts))), {}
    if isinstance(error, HTTPException):
        members = getattr(error, "members", {})
        return _details(error.status_code, public(str(error.detail)), **members), dict(error.headers or {})
    if isinstance(error, VaiError):
        return _refusal(error)
    return _details(500, "something went wrong on the server; its log says what"), {}


def _refusal(error: VaiError) -> tuple[ProblemDetails, dict[str, str]]:
    status = next(status for kind, status in STATUS if isinstance(error, kind))
    if isinstance(error, UnusableName):
        error.where = "dagId"
    if option := OPTION.fullmatch(error.where):  # the command line's name for what is a field of a body here
        status, error.where = 422, to_camel(option[1].replace("-", "_"))
    if status >= 500:
        log.error("A request could not be served: %s", error)
        return _details(status, "the server's storage refused; its log says why"), {"Retry-After": "60"}
    if isinstance(error, EditedByHand) and error.conflicts:
        error.remedy = DROP_EDITS
    members = {"problem": error.problem, "where": error.where, "remedy": error.remedy}
    return _details(status, public(error.problem), **{name: public(text) for name, text in members.items()}), {}


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
    for configured in (configured_folders.automations_folder, configured_folders.recordings_folder):
        try:
            folder = configured()
        except VaiError:
            continue
        named += [str(folder), str(getattr(folder, "path", folder))]
    return sorted({name.rstrip("/") for name in named if len(name) > 1}, key=len, reverse=True)


TITLES = {413: "Content Too Large", 422: "Unprocessable Content"}
"""The names that RFC 9110 gives: before Python 3.13, the standard library has older ones."""


def _details(status: int, detail: str, **members: Any) -> ProblemDetails:
    try:
        title = TITLES.get(status) or HTTPStatus(status).phrase
    except ValueError:
        title = "Error"
    return ProblemDetails(title=title, status=status, detail=detail, **members)

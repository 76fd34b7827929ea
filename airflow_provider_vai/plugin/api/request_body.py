"""The body of a request: read up to a size and time limit, parsed as strict JSON, validated by a model."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from fastapi import Depends, HTTPException, Request
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel
from starlette.requests import ClientDisconnect

from airflow_provider_vai.authoring.specs.document import DEEPEST, LIMIT_BYTES
from airflow_provider_vai.exceptions import SpecError, VaiError
from airflow_provider_vai.languages import json_text, storable
from airflow_provider_vai.model.validation import problems
from airflow_provider_vai.operators.runtime.compat import configuration
from airflow_provider_vai.secrets.masking import mask

TRACE_LIMIT_BYTES = 32 * 1024 * 1024
"""Default of ``[vai] trace_limit_bytes``."""

BODY_SECONDS = 120
"""How long a client may take to send its body."""


class RequestModel(BaseModel):
    """Base request model: camelCase names, unknown keys rejected, exact types."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, populate_by_name=True, strict=True)


AnyRequest = TypeVar("AnyRequest", bound=RequestModel)


@dataclass(frozen=True)
class RequestBody:
    """The body of a request.

    :param content: its bytes. :param content_type: the media type in lower case, without parameters.
    """

    content: bytes
    content_type: str

    def json(self) -> Any:
        """Return the JSON document.

        :raises HTTPException: 400 it is not JSON, 415 its content type is not JSON.
        :raises SpecError: it is nested too deeply, or contains text that Airflow cannot store.
        """
        document = self._parsed()
        check_data(document, where="the body")
        return document

    def _parsed(self) -> Any:
        if self.content_type != "application/json" and not self.content_type.endswith("+json"):
            raise HTTPException(415, "the body must be JSON, with the header Content-Type: application/json")
        try:
            return json_text.loads(self.content.decode("utf-8"), where="the body")
        except UnicodeDecodeError as error:
            raise HTTPException(400, f"the body is not UTF-8 at byte {error.start}") from None
        except RecursionError:
            raise HTTPException(400, "the body is nested too deeply") from None
        except VaiError as error:
            raise HTTPException(400, f"the body: {error.problem}") from None

    def read(self, model: type[AnyRequest]) -> AnyRequest:
        """Return the body as a model; an empty body is an empty object.

        :raises SpecError: it does not fit the model.
        """
        document = self._parsed() if self.content else {}
        return validated_request(model, document, where="the body", remedy="GET /vai/api/v1/openapi.json describes it.")


def validated_request(model: type[AnyRequest], document: Any, *, where: str, remedy: str) -> AnyRequest:
    """Return data as a request model.

    :param model: the model. :param document: JSON data.
    :param where: what the data is, for the message. :param remedy: what to do if it does not fit.
    :raises SpecError: it does not fit the model, or see :func:`check_data`.
    """
    check_data(document, where=where)
    try:
        return model.model_validate(document)
    except ValidationError as error:
        raise SpecError(mask(problems(error)), where=where, remedy=remedy) from None


def check_data(document: Any, *, where: str) -> None:
    """Check that Airflow can store JSON data from a request, however it was sent.

    :param document: JSON data. :param where: what the data is, for the message.
    :raises SpecError: it is nested too deeply, or contains text that Airflow cannot store.
    """
    if json_text.is_deeper(document, DEEPEST):
        raise SpecError(f"nested more than {DEEPEST} levels deep", where=where, remedy="Flatten it.")
    if found := storable.unstorable(document):
        place = "".join(f".{part}" for part in found[0])
        raise SpecError(found[1], where=f"{where}{place}", remedy=storable.REMEDY)


async def read_bytes(request: Request, limit: int, seconds: float, option: str = "") -> bytes:
    """Return the bytes of a request's body; reading stops at the limit, whatever ``Content-Length`` says.

    :param limit: the largest size in bytes. :param seconds: how long the client may take to send the body.
    :param option: the configuration option that sets the limit, for the message.
    :raises HTTPException: 413 it is too large, 408 it did not arrive in time, 400 the connection ended.
    """
    named = f" ({option})" if option else ""
    too_large = HTTPException(413, f"the body is larger than {limit} bytes{named}")
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > limit:
        raise too_large
    body = bytearray()

    async def read() -> None:
        async for chunk in request.stream():
            body.extend(chunk)
            if len(body) > limit:
                raise too_large

    try:
        await asyncio.wait_for(read(), seconds)
    except asyncio.TimeoutError:
        raise HTTPException(408, f"the body did not arrive within {seconds} seconds") from None
    except ClientDisconnect:
        raise HTTPException(400, "the connection ended before the body did") from None
    return bytes(body)


async def small_body(request: Request) -> RequestBody:
    """Return the body of a request about an automation, of up to 5 MB; see :func:`read_bytes`."""
    return await _received(request, LIMIT_BYTES)


async def trace_body(request: Request) -> RequestBody:
    """Return a body that is a trace file, of up to ``[vai] trace_limit_bytes``; see :func:`read_bytes`."""
    return await _received(request, trace_limit(), "[vai] trace_limit_bytes")


def trace_limit() -> int:
    """Return ``[vai] trace_limit_bytes``, the largest size of a trace that the server reads."""
    return int(configuration().getint("vai", "trace_limit_bytes", fallback=TRACE_LIMIT_BYTES))


SmallBody = Annotated[RequestBody, Depends(small_body)]
TraceBody = Annotated[RequestBody, Depends(trace_body)]


async def _received(request: Request, limit: int, option: str = "") -> RequestBody:
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return RequestBody(await read_bytes(request, limit, BODY_SECONDS, option), content_type)

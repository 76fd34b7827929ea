"""The bodies of requests: read up to a limit, as strict JSON, into a model."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from fastapi import Depends, HTTPException, Request
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from airflow_provider_vai.authoring.specs.file import DEEPEST, LIMIT_BYTES
from airflow_provider_vai.exceptions import SpecError, VaiError
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.model.validation import problems
from airflow_provider_vai.operators.runtime.compat import configuration
from airflow_provider_vai.plugin.api.receiving import received
from airflow_provider_vai.secrets.masking import mask

TRACE_LIMIT_BYTES = 32 * 1024 * 1024
"""Default of ``[vai] trace_limit_bytes``."""

BODY_SECONDS = 120
"""How long a client may take to send its body."""


class RequestBody(BaseModel):
    """Base of what requests may say: camel case, nothing unknown."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, populate_by_name=True, strict=True)


AnyOptions = TypeVar("AnyOptions", bound=RequestBody)


@dataclass(frozen=True)
class Body:
    """A request's body, and what kind of content its sender says it is."""

    content: bytes
    content_type: str

    def json(self) -> Any:
        """Return the JSON document.

        :raises HTTPException: 400 it is none, 415 it is said to be something else.
        :raises SpecError: it is nested too deeply, or holds half a character.
        """
        if self.content_type != "application/json" and not self.content_type.endswith("+json"):
            raise HTTPException(415, "the body has to be JSON, with the header Content-Type: application/json")
        try:
            document = json_text.loads(self.content.decode("utf-8"), where="the body")
            json.dumps(document, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise SpecError("a text holds half a character (a lone surrogate)", where="the body") from None
        except UnicodeDecodeError as error:
            raise HTTPException(400, f"the body is not UTF-8 at byte {error.start}") from None
        except RecursionError:
            raise HTTPException(400, "the body is nested too deeply") from None
        except VaiError as error:
            raise HTTPException(400, f"the body: {error.problem}") from None
        _check_depth(document)
        return document

    def read(self, model: type[AnyOptions]) -> AnyOptions:
        """Return the body as a model; an empty one says nothing.

        :raises SpecError: it does not fit.
        """
        document = self.json() if self.content else {}
        try:
            return model.model_validate(document)
        except ValidationError as error:
            raise SpecError(
                mask(problems(error)), where="the body", remedy="GET /vai/api/v1/openapi.json describes it."
            ) from None


async def small(request: Request) -> Body:
    """Return the body of a request about an automation.

    :raises HTTPException: 413 it is too large, 408 it does not come, 400 the connection ended.
    """
    return await _received(request, LIMIT_BYTES)


async def trace(request: Request) -> Body:
    """Return a body that is a trace file, of up to ``[vai] trace_limit_bytes``; see :func:`small`."""
    limit = configuration().getint("vai", "trace_limit_bytes", fallback=TRACE_LIMIT_BYTES)
    return await _received(request, limit, "[vai] trace_limit_bytes")


Small = Annotated[Body, Depends(small)]
TraceBody = Annotated[Body, Depends(trace)]


async def _received(request: Request, limit: int, option: str = "") -> Body:
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return Body(await received(request, limit, BODY_SECONDS, option), content_type)


def _check_depth(value: Any) -> None:
    if json_text.is_deeper(value, DEEPEST):
        raise SpecError(f"nested more than {DEEPEST} deep", where="the body", remedy="Flatten it.")

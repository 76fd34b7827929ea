"""A trace that a person chose or pasted: read from a multipart form within the limits of trace files."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, HTTPException, Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from airflow_provider_vai.plugin.api.request_body import TraceBody

MOST_FIELDS = 8
YAML_ENDINGS = (".yaml", ".yml")


@dataclass(frozen=True)
class Upload:
    """A trace from a form.

    :param content: the bytes of the file, else of the pasted text. :param text: the pasted text, to show it again.
    :param format: the format that the person chose; ``None``: it is detected. :param is_yaml: whether it is YAML.
    """

    content: bytes
    text: str
    format: str | None
    is_yaml: bool


async def uploaded(request: Request, body: TraceBody) -> Upload:
    """Return the trace in a request's form.

    :raises HTTPException: 400 the form cannot be read, 413 it is too large, 415 it is not a multipart form.
    """
    if body.content_type != "multipart/form-data":
        raise HTTPException(415, "this form must be sent as multipart/form-data")

    async def stream() -> AsyncGenerator[bytes, None]:
        yield body.content

    parser = MultiPartParser(
        request.headers, stream(), max_files=1, max_fields=MOST_FIELDS, max_part_size=len(body.content)
    )
    try:
        fields = await parser.parse()
    except (MultiPartException, KeyError, UnicodeDecodeError):
        raise HTTPException(400, "the form cannot be read") from None
    given = {name: value for name, value in fields.items() if isinstance(value, str)}
    text, named = given.get("text", ""), given.get("format") or None
    file = fields.get("trace")
    content, name = (await file.read(), file.filename or "") if isinstance(file, UploadFile) else (b"", "")
    if content:
        return Upload(content, text, named, name.lower().endswith(YAML_ENDINGS))
    is_json = text.lstrip("\ufeff \r\n\t").startswith(("{", "["))
    return Upload(text.encode("utf-8", "replace"), text, named, not is_json)


Trace = Annotated[Upload, Depends(uploaded)]

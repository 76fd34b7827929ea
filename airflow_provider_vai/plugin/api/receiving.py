"""The bytes of a request's body, as many as are allowed, in the time that is allowed."""

from __future__ import annotations

import asyncio

from fastapi import HTTPException, Request
from starlette.requests import ClientDisconnect


async def received(request: Request, limit: int, seconds: float, option: str = "") -> bytes:
    """Return the body; reading stops where it gets larger, whatever ``Content-Length`` says or does not say.

    :param limit: how many bytes it may have. :param seconds: how long the client may take to send it.
    :param option: the configuration that sets the limit, for the message.
    :raises HTTPException: 413 it is too large, 408 it does not come, 400 the connection ended.
    """
    named = f" ({option})" if option else ""
    refused = HTTPException(413, f"the body is larger than {limit} bytes{named}")
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > limit:
        raise refused
    body = bytearray()

    async def read() -> None:
        async for chunk in request.stream():
            body.extend(chunk)
            if len(body) > limit:
                raise refused

    try:
        await asyncio.wait_for(read(), seconds)
    except asyncio.TimeoutError:
        raise HTTPException(408, f"the body did not arrive within {seconds} seconds") from None
    except ClientDisconnect:
        raise HTTPException(400, "the connection ended before the body did") from None
    return bytes(body)

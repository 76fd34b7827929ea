"""Waits for the answer of a call to an MCP server, and turns it into JSON data."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from typing import Any

from airflow_provider_vai.languages import json_text
from airflow_provider_vai.model import time_limit


def limit(connection: Any) -> float:
    """Return how many seconds a whole call may take, as the connection's extra says."""
    return float(connection.extra_dejson.get("call_timeout") or time_limit.LONGEST_RESPONSE_SECONDS)


def within(call: Callable[[], Coroutine[Any, Any, Any]], seconds: float) -> Any:
    """Run a call in an event loop of its own, because a session cannot be shared between event loops.

    :raises time_limit.TookTooLong: it has no answer after so many seconds.
    """
    import asyncio

    running: list[tuple[asyncio.AbstractEventLoop, Any]] = []

    async def run() -> Any:
        running.append((asyncio.get_running_loop(), asyncio.current_task()))
        return await call()

    def stop() -> None:
        for loop, task in running:
            loop.call_soon_threadsafe(task.cancel)

    return time_limit.within(seconds, lambda: asyncio.run(run()), stop)


def cause(error: BaseException) -> BaseException:
    """Return the first error in nested exception groups, in which the client reports a lost connection."""
    inner = getattr(error, "exceptions", None)
    return cause(inner[0]) if inner else error


def result(answer: Any) -> Any:
    """Return the structured content if there is any, otherwise the content blocks."""
    blocks = [_block(block) for block in answer.content]
    content = blocks[0] if len(blocks) == 1 else blocks
    structured = answer.structured_content
    if structured is None:
        return content if blocks else None
    if set(structured) == {"result"} and _is_wrapped(structured["result"], content, blocks):
        return structured["result"]
    return structured


def _is_wrapped(result: Any, content: Any, blocks: list[Any]) -> bool:
    # Structured content must be an object, so FastMCP wraps any other result as {"result": ...}. The content blocks
    # then have the plain result: as text, as JSON, or one block for each list item. If the tool itself returns
    # {"result": x}, the text has that whole object.
    if content == (result if isinstance(result, str) else json.dumps(result)):
        return True
    return any(form == result and type(form) is type(result) for form in (content, blocks))


def _block(block: Any) -> Any:
    """Return one content block: text is parsed if it is JSON, any other block (image, link) becomes an object."""
    if hasattr(block, "text"):
        return json_text.parsed_text(block.text, where="the tool's result")
    return block.model_dump(mode="json", exclude_none=True)

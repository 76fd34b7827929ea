"""An agent loop around a chat completion, for recordings made by tracers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any


def answered(
    messages: list[dict[str, Any]],
    complete: Callable[[list[dict[str, Any]]], Any],
    tools: Mapping[str, Callable[..., Any]],
) -> str:
    """Return the answer to one request, after the tool calls that the model asks for.

    :param messages: the request; the messages that follow are appended.
    :param complete: takes the messages so far and returns the completion.
    :param tools: the functions by name; a ``LookupError`` is passed to the model as the tool's error.
    """
    while True:
        message = complete(list(messages))["choices"][0]["message"]
        if not message.get("tool_calls"):
            return str(message["content"])
        messages.append(message)
        for call in message["tool_calls"]:
            function = call["function"]
            try:
                result = json.dumps(tools[function["name"]](**json.loads(function["arguments"])))
            except LookupError as error:
                result = f"Error: {error}"
            messages.append({"role": "tool", "tool_call_id": call["id"], "content": result})

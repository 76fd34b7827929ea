"""The JavaScript Agents SDK's names for what the Python one and the API call otherwise."""

from __future__ import annotations

import re
from typing import Any

from airflow_provider_vai.traces.formats.openai.items import HOSTED
from airflow_provider_vai.traces.reading.values import text_or_none

KINDS = {"function_call_result": "function_call_output", "computer_call_result": "computer_call_output"}
_HUMP = re.compile(r"(?<=[a-z0-9])[A-Z]")


def snake_keys(found: Any) -> dict[str, Any]:
    """Return an object with its own keys in snake_case, what is below them unchanged; of anything else ``{}``."""
    if not isinstance(found, dict):
        return {}
    return {_HUMP.sub(lambda letter: f"_{letter[0].lower()}", key): value for key, value in found.items()}


def snake_item(found: Any) -> dict[str, Any]:
    """Return an item under the API's names: its keys, its type, a hosted call as the provider gave it."""
    item = snake_keys(found)
    kind = text_or_none(item.get("type"))
    if kind == "hosted_tool_call":
        given = snake_keys(item.get("provider_data"))
        names = (text_or_none(given.get("type")), text_or_none(item.get("name")))
        return {**item, **given, "type": next((name for name in names if name in HOSTED), kind)}
    if kind == "function_call_result" and isinstance(item.get("output"), dict):
        item["output"] = [item["output"]]  # one part
    return {**item, "type": KINDS[kind]} if kind in KINDS else item

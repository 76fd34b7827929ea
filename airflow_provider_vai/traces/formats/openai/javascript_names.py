"""Converts names of the JavaScript Agents SDK to those of the Python SDK and the API."""

from __future__ import annotations

import re
from typing import Any

from airflow_provider_vai.traces.formats.openai.items import HOSTED
from airflow_provider_vai.traces.reading.values import text_or_none

KINDS = {"function_call_result": "function_call_output", "computer_call_result": "computer_call_output"}
_HUMP = re.compile(r"(?<=[a-z0-9])[A-Z]")


def snake_keys(value: Any) -> dict[str, Any]:
    """Return an object with its own keys in snake_case and the values unchanged; ``{}`` for anything else."""
    if not isinstance(value, dict):
        return {}
    return {_HUMP.sub(lambda capital: f"_{capital[0].lower()}", key): value for key, value in value.items()}


def snake_item(value: Any) -> dict[str, Any]:
    """Return an item with the API's names for its keys and its type, and a hosted call in the provider's form."""
    item = snake_keys(value)
    kind = text_or_none(item.get("type"))
    if kind == "hosted_tool_call":
        provider_data = snake_keys(item.get("provider_data"))
        names = (text_or_none(provider_data.get("type")), text_or_none(item.get("name")))
        return {**item, **provider_data, "type": next((name for name in names if name in HOSTED), kind)}
    if kind == "function_call_result" and isinstance(item.get("output"), dict):
        item["output"] = [item["output"]]  # one part
    return {**item, "type": KINDS[kind]} if kind in KINDS else item

"""What message-like formats put into messages: content parts, arguments, results, usage."""

from __future__ import annotations

import ast
import json
import math
import warnings
from typing import Any

from airflow_provider_vai.languages import json_text
from airflow_provider_vai.model.run import Usage
from airflow_provider_vai.traces.reading.values import parse_arguments, parse_json

MEDIA = frozenset(
    [
        "audio",
        "audio-url",
        "binary",
        "cache-point",
        "container_upload",
        "document",
        "document-url",
        "file",
        "image",
        "image-url",
        "image_url",
        "input_audio",
        "input_file",
        "input_image",
        "uploaded-file",
        "video-url",
    ]
)
"""Content parts without text. They are skipped on purpose; any other unknown part is noted."""

LONGEST_REPR, DEEPEST_REPR = 1_000_000, 60
"""The longest Python repr that is parsed, in characters, and its deepest nesting; a larger one stays text."""

TEXT = frozenset({"text", "input_text", "output_text", "refusal"})


def proposed_arguments(value: Any) -> dict[str, Any] | str:
    """Return a call's arguments as the model proposed them. No arguments are ``{}``, because ``None`` means not run."""
    return {} if value is None else parse_arguments(value) or {}


def result_value(content: Any) -> Any:
    """Return a result: JSON text is parsed once, a single text part becomes its text, several parts stay as is."""
    content = _only_text(content)
    return parse_json(content) if isinstance(content, str) else content


def parse_python_repr(value: Any, opening: tuple[str, ...] = ("{", "[")) -> Any:
    """Return the object or list that a framework wrote with ``str()``, else the value itself.

    JSON text that the JSON reader refused stays text: parsing it as Python would lose something.

    :param opening: what such a text may begin with.
    """
    if not isinstance(value, str) or not value.lstrip().startswith(opening):
        return value
    if len(value) > LONGEST_REPR or _brackets(value) > DEEPEST_REPR:
        return value
    try:
        json.loads(value)
        return value
    except (ValueError, RecursionError):
        pass
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about unknown escapes in the text
            parsed = parse_json(json.dumps(ast.literal_eval(value.strip())))
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return value
    return value if isinstance(parsed, str) else parsed


def _brackets(text: str) -> int:
    """Return how deeply a text nests brackets."""
    deepest = level = 0
    for character in text:
        level += (character in "([{") - (character in ")]}")
        deepest = max(deepest, level)
    return deepest


def error_text(content: Any) -> str | None:
    """Return an error's content as text."""
    content = _only_text(content)
    return content if content is None or isinstance(content, str) else json_text.canonical(content)


def _only_text(content: Any) -> Any:
    if isinstance(content, list) and len(content) == 1:
        text = part_text(content[0])
        return content if text is None else text
    return content


def part_text(part: Any) -> str | None:
    """Return the text of a content part; ``None`` for any other kind of part."""
    if not isinstance(part, dict) or part_kind(part) not in TEXT:
        return None
    text = part.get("text", part.get("content"))
    return text if isinstance(text, str) else None


def part_kind(part: Any) -> str:
    """Return the kind of a content part, as the part itself names it."""
    kind = part.get("type", part.get("kind")) if isinstance(part, dict) else None
    return kind if isinstance(kind, str) else f"of type {type(part).__name__}"


def total_usage(usages: list[dict[str, Any]], *, tokens: tuple[str, ...], costs: list[Any]) -> Usage | None:
    """Return the sums over a run's model calls.

    :param usages: the usage of each model call.
    :param tokens: the keys of the input and output tokens in turn: the current pair, then older pairs.
    :param costs: costs in US dollars, as numbers or as decimal numbers in text.
    :return: ``None`` if nothing is known.
    """
    sums = Usage(
        input_tokens=_total(usages, tokens[::2]),
        output_tokens=_total(usages, tokens[1::2]),
        cost_usd=_total_cost(costs),
    )
    return sums if sums != Usage() else None


def with_cached_tokens(usage: dict[str, Any]) -> dict[str, Any]:
    """Return Anthropic's usage with the cached tokens counted as input tokens, as other providers do."""
    keys = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
    counts = [usage[key] for key in keys if isinstance(usage.get(key), int)]
    return {**usage, "input_tokens": sum(counts)} if counts else usage


def _total(usages: list[dict[str, Any]], keys: tuple[str, ...]) -> int | None:
    counts = [next((usage[key] for key in keys if key in usage), None) for usage in usages]
    return sum(count for count in counts if isinstance(count, int)) or None


def _total_cost(values: list[Any]) -> float | None:
    known = []
    for value in values:
        try:
            known.append(float(value))
        except (TypeError, ValueError, OverflowError):
            continue
    return sum(known) if known and math.isfinite(sum(known)) else None

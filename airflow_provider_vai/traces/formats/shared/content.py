"""What message-like formats put into a message: content parts, arguments, results, usage."""

from __future__ import annotations

import ast
import json
import math
import warnings
from typing import Any

from airflow_provider_vai.languages import json_text
from airflow_provider_vai.model.run import Usage
from airflow_provider_vai.traces.reading.trace import arguments, parsed

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
"""Content parts that hold no text: passed over knowingly, every other unknown part is noted."""

LONGEST_REPR, DEEPEST_REPR = 1_000_000, 60
"""Characters of a Python repr that are read, and brackets in brackets; a longer or deeper one stays text."""

TEXT = frozenset({"text", "input_text", "output_text", "refusal"})


def proposed(value: Any) -> dict[str, Any] | str:
    """Return a call's arguments as the model gave them: none at all are ``{}``, as ``None`` means not run."""
    return {} if value is None else arguments(value) or {}


def result_value(content: Any) -> Any:
    """Return a result: JSON text parsed once, one text part as its text, several parts as they are."""
    content = _only_text(content)
    return parsed(content) if isinstance(content, str) else content


def fields(value: Any) -> dict[str, Any]:
    """Return ``value`` if it is an object, else an empty one: for parts that only describe."""
    return value if isinstance(value, dict) else {}


def python_value(value: Any, opening: tuple[str, ...] = ("{", "[")) -> Any:
    """Return the object or list in a result that a framework wrote with ``str()``, else the value itself.

    JSON text that the JSON reader refused stays text: Python would read it with a loss.

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
            warnings.simplefilter("ignore")  # of unknown escapes in the text
            found = parsed(json.dumps(ast.literal_eval(value.strip())))
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return value
    return value if isinstance(found, str) else found


def _brackets(text: str) -> int:
    """Return how deep brackets stand in each other in a text."""
    deepest = level = 0
    for letter in text:
        level += (letter in "([{") - (letter in ")]}")
        deepest = max(deepest, level)
    return deepest


def error_text(content: Any) -> str | None:
    """Return what an error says, in text."""
    content = _only_text(content)
    return content if content is None or isinstance(content, str) else json_text.canonical(content)


def _only_text(content: Any) -> Any:
    if isinstance(content, list) and len(content) == 1:
        words = part_text(content[0])
        return content if words is None else words
    return content


def part_text(part: Any) -> str | None:
    """Return the text of a content part, or ``None`` where it is of another kind."""
    if not isinstance(part, dict) or part_kind(part) not in TEXT:
        return None
    words = part.get("text", part.get("content"))
    return words if isinstance(words, str) else None


def part_kind(part: Any) -> str:
    """Return what a content part calls itself."""
    kind = part.get("type", part.get("kind")) if isinstance(part, dict) else None
    return kind if isinstance(kind, str) else f"of type {type(part).__name__}"


def usage(spent: list[dict[str, Any]], *, tokens: tuple[str, ...], costs: list[Any]) -> Usage | None:
    """Return the sums over a run's model calls.

    :param spent: what each model call says of its usage.
    :param tokens: the keys of input and output tokens, and of their older names.
    :param costs: costs in US dollars, numbers or decimal numbers in text.
    :return: ``None`` where nothing is known.
    """
    sums = Usage(
        input_tokens=_total(spent, tokens[::2]),
        output_tokens=_total(spent, tokens[1::2]),
        cost_usd=_total_cost(costs),
    )
    return sums if sums != Usage() else None


def with_cached(spent: dict[str, Any]) -> dict[str, Any]:
    """Return Anthropic's usage with the cached tokens among the input tokens, as other providers count them."""
    keys = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
    counts = [spent[key] for key in keys if isinstance(spent.get(key), int)]
    return {**spent, "input_tokens": sum(counts)} if counts else spent


def _total(spent: list[dict[str, Any]], keys: tuple[str, ...]) -> int | None:
    counts = [next((item[key] for key in keys if key in item), None) for item in spent]
    return sum(count for count in counts if isinstance(count, int)) or None


def _total_cost(values: list[Any]) -> float | None:
    known = []
    for value in values:
        try:
            known.append(float(value))
        except (TypeError, ValueError, OverflowError):
            continue
    return sum(known) if known and math.isfinite(sum(known)) else None

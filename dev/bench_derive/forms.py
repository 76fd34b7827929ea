"""The forms in which the tools answer with a list of records."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import yaml

Rows = list[dict[str, Any]]


def _markdown(rows: Rows) -> str:
    fields = list(rows[0])
    lines = [fields, ["---"] * len(fields), *([str(row[field]) for field in fields] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _records(rows: Rows) -> str:
    return "\n".join(", ".join(f"{field}: {value}" for field, value in row.items()) for row in rows)


FORMS: dict[str, Callable[[Rows, str], Any]] = {
    "JSON rows": lambda rows, key: {"rows": rows},
    "page": lambda rows, key: {"row_count": len(rows), "columns": list(rows[0]), "data": {"items": rows}},
    "list": lambda rows, key: rows,
    "YAML": lambda rows, key: yaml.safe_dump(rows, sort_keys=False, allow_unicode=True),
    "Markdown table": lambda rows, key: _markdown(rows),
    "records": lambda rows, key: _records(rows),
    "object of objects": lambda rows, key: {row[key]: row for row in rows},
}
"""By name: makes an answer of the records and the field of their id. ``page`` repeats facts about its list."""

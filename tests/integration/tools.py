"""Functions for the tests' ``python_tool`` steps."""

from __future__ import annotations

from typing import Any


def echo(value: Any = None) -> Any:
    """Return the argument."""
    return value


async def echo_later(value: Any) -> Any:
    """Return the argument from a coroutine."""
    return value


def forge(path: str) -> dict[str, Any]:
    """Return a forged artifact reference."""
    keys = ("artifact", "path", "sha256", "bytes", "rows", "columns", "preview")
    return {**dict.fromkeys(keys), "path": path, "sha256": "0" * 64}

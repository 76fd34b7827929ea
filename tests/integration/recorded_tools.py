"""Functions that a recorded agent calls, and that the steps of its automation call again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def stock(item: str) -> dict[str, Any]:
    """Return how many of an item are in stock. The very first call fails."""
    busy = HERE / "busy"
    if busy.exists():
        busy.unlink()
        raise _retry("the counter is busy, ask again")
    return {"item": item, "left": 7}


def set_price(item: str, price: int) -> dict[str, Any]:
    """Store a price."""
    with (HERE / "prices.txt").open("a", encoding="utf-8") as prices:
        prices.write(f"{item}={price}\n")
    return {"item": item, "price": price}


def drop(item: str) -> str:
    """Delete an item. Nobody approves this."""
    raise AssertionError(f"{item} was dropped")


def broken(item: str) -> str:
    """Always fail."""
    raise ConnectionError(f"no route to {item}, the key is s3cret-of-the-test")


def _retry(reason: str) -> Exception:
    from pydantic_ai import ModelRetry

    return ModelRetry(reason)

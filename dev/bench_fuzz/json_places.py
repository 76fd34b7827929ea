"""Every place in a JSON document; the fuzzer and the tests of mutations damage them."""

from __future__ import annotations

from typing import Any


def places(document: Any) -> list[tuple[Any, Any]]:
    """Return every container of a document with every key or index in it."""
    found, open_ = [], [document]
    while open_:
        holder = open_.pop()
        for key in holder if isinstance(holder, dict) else range(len(holder)) if isinstance(holder, list) else ():
            found.append((holder, key))
            open_.append(holder[key])
    return found

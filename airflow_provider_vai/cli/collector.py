"""Turns off Python's garbage collector for commands that are faster without it."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_collector() -> Iterator[None]:
    """Disable garbage collection inside the block.

    A run and its automation consist of many objects without reference cycles. Python frees them without the collector,
    which would only scan them again and again.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()

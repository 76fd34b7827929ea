"""Python's garbage collector, and commands that do better without it."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_collector() -> Iterator[None]:
    """Run no garbage collection in the block.

    A run and its automation are many objects, none of which refers to itself in a circle: memory is given back without
    the collector, which would walk them again and again.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()

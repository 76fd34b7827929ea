"""A time limit for work that may block.

A timeout of an HTTP library limits each read, so a server that sends a byte now and then outlives it. Every whole
request, with its headers and its body, therefore runs within a time limit of this module or of asyncio.
"""

from __future__ import annotations

import contextvars
import logging
import threading
from collections.abc import Callable
from typing import Any, TypeVar

log = logging.getLogger(__name__)

GRACE_SECONDS = 5.0
"""How many seconds the work may take to end after it was stopped, before it is abandoned."""

LONGEST_RESPONSE_SECONDS = 600.0
"""How many seconds a response may take in all, where the user has not set a limit, however steadily it arrives."""

T = TypeVar("T")


class TookTooLong(TimeoutError):
    """The work exceeded its time limit and was stopped or abandoned."""


def within(seconds: float, work: Callable[[], T], stop: Callable[[], None] | None) -> T:
    """Return ``work()``, or raise after the time limit, even if the work does not react to being stopped.

    The work runs in a separate thread, because a thread that waits inside a database driver cannot be interrupted.

    :param seconds: the time limit.
    :param stop: asks the work to end. It is called from the waiting thread, repeatedly until the work ends. ``None``:
        the work cannot be asked, and is abandoned at once.
    :raises TookTooLong: the work took longer.
    """
    outcome: dict[str, Any] = {}

    def run() -> None:
        try:
            outcome["value"] = work()
        except BaseException as error:
            outcome["error"] = error

    thread = threading.Thread(target=contextvars.copy_context().run, args=(run,), daemon=True)
    thread.start()
    thread.join(min(seconds, threading.TIMEOUT_MAX))
    if thread.is_alive():
        if stop is not None:
            _end(thread, stop)
        raise TookTooLong(f"it took longer than {seconds:g} seconds")
    if "error" in outcome:
        raise outcome["error"]
    value: T = outcome["value"]
    return value


def _end(thread: threading.Thread, stop: Callable[[], None]) -> None:
    interval = 0.25  # repeat the request, because the work may not have begun when it was stopped first
    for _ in range(int(GRACE_SECONDS / interval)):
        try:
            stop()
        except Exception as error:  # a driver may raise anything; the time limit applies nevertheless
            log.warning("The work could not be stopped: %s", error)
        thread.join(interval)
        if not thread.is_alive():
            return
    log.warning("The work did not end within %s seconds after it was stopped; it is abandoned", GRACE_SECONDS)

"""Ends work that takes too long."""

from __future__ import annotations

import contextvars
import logging
import threading
from collections.abc import Callable
from typing import Any, TypeVar

log = logging.getLogger(__name__)

GRACE_SECONDS = 5.0
"""How long a stopped work may take to end before it is left to itself."""

T = TypeVar("T")


class TookTooLong(TimeoutError):
    """The work was stopped, or left to itself, when its time was over."""


def within(seconds: float, work: Callable[[], T], stop: Callable[[], None]) -> T:
    """Return ``work()``, or raise when its time is over, whether or not it reacts to being stopped.

    The work runs in a thread of its own: a thread that waits inside a database's driver cannot be woken otherwise.

    :param seconds: the time that the work may take.
    :param stop: asks the work to end; called from the waiting thread, repeatedly until the work ends.
    :raises TookTooLong: it took longer.
    """
    ended: dict[str, Any] = {}

    def run() -> None:
        try:
            ended["value"] = work()
        except BaseException as error:
            ended["error"] = error

    thread = threading.Thread(target=contextvars.copy_context().run, args=(run,), daemon=True)
    thread.start()
    thread.join(min(seconds, threading.TIMEOUT_MAX))
    if thread.is_alive():
        _end(thread, stop)
        raise TookTooLong(f"it took longer than {seconds:g} seconds")
    if "error" in ended:
        raise ended["error"]
    value: T = ended["value"]
    return value


def _end(thread: threading.Thread, stop: Callable[[], None]) -> None:
    step = 0.25  # what is asked to end before it has begun must be asked again
    for _ in range(int(GRACE_SECONDS / step)):
        try:
            stop()
        except Exception as error:  # whatever a driver raises here, the time is over
            log.warning("The work could not be stopped: %s", error)
        thread.join(step)
        if not thread.is_alive():
            return
    log.warning("The work did not end within %s seconds of being stopped, and is left to itself", GRACE_SECONDS)

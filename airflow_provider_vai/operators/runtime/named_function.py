"""A Python function that a step names: importing it, and whether its source is the one that was reviewed."""

from __future__ import annotations

import hashlib
import importlib
import inspect
from collections.abc import Awaitable, Callable
from typing import Any

from airflow_provider_vai.operators.arguments import names_function
from airflow_provider_vai.operators.runtime.errors import NothingSent


def imported(name: str) -> Callable[..., Any]:
    """Import a function.

    :param name: ``package.module:function``.
    :raises NothingSent: it has another form, cannot be imported, or is no function.
    """
    if not names_function(name):
        raise NothingSent(f"python_callable must be 'package.module:function', not {name!r}")
    module, _, path = name.partition(":")
    try:
        function = importlib.import_module(module)
        for part in path.split("."):
            function = getattr(function, part)
    except (ImportError, AttributeError) as error:
        raise NothingSent(f"{name} cannot be imported on this worker: {error}. Install its package") from error
    if not callable(function):
        raise NothingSent(f"{name} is a {type(function).__name__}, not a function")
    return function


def change(function: Callable[..., Any], name: str, reviewed: str) -> str | None:
    """Return what to say if a function's source is not the one that was reviewed; ``None`` if it is.

    :param function: the function. :param name: its name, for the message.
    :param reviewed: the SHA-256 digest of the source that was reviewed.
    :raises NothingSent: its source cannot be read.
    """
    try:
        source = inspect.getsource(function)
    except (OSError, TypeError) as error:
        raise NothingSent(f"the source of {name} cannot be read: {error}") from error
    digest = hashlib.sha256(source.encode()).hexdigest()
    if digest == reviewed:
        return None
    return (
        f"{name} has changed since it was reviewed: the digest of its source was {reviewed} and is now {digest}. Review"
        " it and set source_sha256 to the new digest"
    )


async def awaited(awaitable: Awaitable[Any]) -> Any:
    """Return the result of an awaitable, for ``asyncio.run``."""
    return await awaitable

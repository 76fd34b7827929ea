"""What is scored: each adapter makes an automation of a recorded run and runs it on other versions of the data."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

Perform = Callable[[str, "dict[str, Any] | None"], Any]
"""Takes the tool and the arguments of a call, ``None`` if its arguments could not be filled in; returns the answer."""


class Adapter(Protocol):
    """An automation of one recorded run."""

    def __init__(self, program: Path, work: Path) -> None:
        """Make the automation.

        :param program: the program's folder. :param work: a folder for the adapter's own files.
        :raises RuntimeError: the run is refused.
        """

    def run(self, version: int, perform: Perform) -> None:
        """Make the calls of one run, in order, with ``perform``.

        :param version: the version of the data; an adapter that is scored in earnest has no use for it.
        """

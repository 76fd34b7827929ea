"""The entry points with which other distributions add action kinds and trace formats."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint, EntryPoints


def extensions(group: str) -> list[EntryPoint]:
    """Return the entry points of a group, sorted by name.

    :param group: The name of the group.
    """
    return sorted(_every().select(group=group), key=lambda entry: entry.name)


@cache
def _every() -> EntryPoints:
    """Return every entry point. Reading them takes as long for one group as for all."""
    from importlib.metadata import entry_points

    return cast("EntryPoints", entry_points())  # Python 3.10 calls it SelectableGroups

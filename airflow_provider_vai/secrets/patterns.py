"""Regular expressions that are compiled when they are first used.

Importing the finders would otherwise take most of the start of a command, and most texts need few of the patterns.
"""

from __future__ import annotations

import re
from typing import Any, cast

_METHODS = frozenset({"search", "match", "fullmatch", "finditer", "findall", "sub", "subn", "split"})


def deferred(text: str, flags: int = 0) -> re.Pattern[str]:
    """Return a regular expression that is compiled when it is first used.

    A mistake in it is raised then, so each pattern needs a test that uses it.

    :param text: The regular expression.
    :param flags: The flags of :func:`re.compile`.
    """
    return cast("re.Pattern[str]", _Pattern(text, flags))


class _Pattern:
    """Stands in for a compiled pattern. After the first use of a method, the method is that of the pattern itself."""

    def __init__(self, text: str, flags: int) -> None:
        self._given = text, flags

    def __getattr__(self, name: str) -> Any:
        compiled = re.compile(*self.__dict__["_given"])
        found = getattr(compiled, name)
        self.__dict__.update({method: getattr(compiled, method) for method in _METHODS})
        return found

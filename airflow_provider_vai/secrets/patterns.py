"""Regular expressions that are compiled when they are first used.

Compiling them at import would take a tenth of the time of a short command, and most texts need few of the patterns.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, cast

from airflow_provider_vai.secrets.distinct_words import lower_words

LONG = 200
"""Characters of a text of which each different word is searched once."""

_METHODS = frozenset({"search", "match", "fullmatch", "finditer", "findall", "sub", "subn", "split"})


def deferred(text: str, flags: int = 0) -> re.Pattern[str]:
    """Return a regular expression that is compiled when it is first used.

    A mistake in it is raised then, so each pattern needs a test that uses it.

    :param text: The regular expression.
    :param flags: The flags of :func:`re.compile`.
    """
    return cast("re.Pattern[str]", _Pattern(text, flags))


def may_match(text: str, words: Iterable[str]) -> bool:
    """Return whether a text has one of some words, in any case: looking for words is far faster than for a pattern.

    Of a text with other characters than ASCII, it is always true: some of them are equal to letters without case.

    :param text: The text.
    :param words: In lower case; one of them is in every match of the pattern that is asked for.
    """
    if not text.isascii():
        return True
    lower = text.lower()
    if len(text) <= LONG:
        return any(word in lower for word in words)
    different = lower_words(text)
    return any(all(part in different for part in word.split()) and (" " not in word or word in lower) for word in words)


class _Pattern:
    """Stands in for a compiled pattern. After the first use of a method, the method is that of the pattern itself."""

    def __init__(self, text: str, flags: int) -> None:
        self._given = text, flags

    def __getattr__(self, name: str) -> Any:
        compiled = re.compile(*self.__dict__["_given"])
        found = getattr(compiled, name)
        self.__dict__.update({method: getattr(compiled, method) for method in _METHODS})
        return found

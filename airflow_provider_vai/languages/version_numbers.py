"""The numbers of a version, to compare releases."""

from __future__ import annotations

import re


def numbers(text: str) -> tuple[int, ...]:
    """Return the numbers that a version begins with: ``3.1.0rc1`` is ``(3, 1, 0)``.

    :param text: The version.
    """
    found = re.match(r"\d+(\.\d+)*", text)
    return tuple(map(int, found[0].split("."))) if found else ()

"""Writes recorded text into Markdown as plain text."""

from __future__ import annotations

import re

_MARKS = re.compile(r"([\\`*_\[\]<>|#&!~$@]|:(?=//)|(?<=\b[Ww]{3})\.)")


def escaped(text: str) -> str:
    """Return text as one line of Markdown that shows it as it is: no emphasis, link, image, HTML or table cell.

    The line must not be the start of a block, because a list or heading mark there is not escaped.

    >>> escaped("a|b <i>")
    'a\\\\|b \\\\<i\\\\>'

    :param text: The text. Each stretch of white space becomes one space.
    """
    return _MARKS.sub(r"\\\1", " ".join(text.split()))

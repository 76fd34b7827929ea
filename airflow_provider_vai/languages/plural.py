"""Numbers with their nouns, in the messages and pages of every room."""

from __future__ import annotations


def plural(count: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun: ``1 step``, ``1,200 steps``.

    :param count: the number. :param one: the noun, or the rest of the sentence, for one.
    :param many: the same for any other number; ``None``: ``one`` with an ``s``.
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"

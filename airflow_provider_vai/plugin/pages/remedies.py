"""Remedies that name an option of the command line, in the words of a page."""

from __future__ import annotations

import re

OPTION = re.compile(r"(^|\. )?--([a-z-]+)( NAME)?")
OPTIONS = {
    "allow-unsuccessful": "the option \u201cUse a run that failed\u201d",
    "allow-unmapped": "the option \u201cKeep tools without a kind\u201d",
    "dag-id": "the field DAG id",
    "calls": "the boxes of the calls",
    "exclude": "the boxes of the calls",
    "schedule": "the field Schedule",
    "format": "the field Format",
}
"""What the options of the command line are called on the page."""


def in_words(remedy: str) -> str:
    """Return a remedy with the page's names of the options instead of those of the command line.

    :param remedy: the remedy of an error.
    """
    return OPTION.sub(_named, remedy)


def _named(found: re.Match[str]) -> str:
    start, option, value = found[1], found[2], found[3] or ""
    name = OPTIONS.get(option, f"`vai crystallize --{option}{value}`")
    return name if start is None else f"{start}{name[0].upper()}{name[1:]}"

"""Decide when a replayed answer counts as equal, and which differences do not count, with the reason."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

MOMENT = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?"
WRITTEN_NOW = {"send_email": "timestamp", "append_to_file": "last_modified", "create_file": "last_modified"}
"""For each tool that answers with the time of the call: the field with that time."""


@dataclass(frozen=True)
class Mask:
    """A difference that does not count.

    :param name: for the report.
    :param reason: why two runs of the same call differ in it.
    :param pattern: matches the places in the text; its second group is what differs.
    :param settled: returns what is compared instead.
    """

    name: str
    reason: str
    pattern: re.Pattern[str]
    settled: Callable[[str], str]

    def apply(self, text: str) -> str:
        """Return the text without the differences."""
        return self.pattern.sub(lambda found: found[1] + self.settled(found[2]), text)


def _in_order(lines: str) -> str:
    return "\n".join(sorted(lines.splitlines())) + "\n" * lines.endswith("\n")


MASKS = (
    Mask(
        "wall clock",
        "the tool writes the time of the call into the record that it returns",
        re.compile(rf"(?m)^(\s*(?:- )?(?:timestamp|last_modified): )('?{MOMENT}'?)$"),
        lambda moment: "(the time of the call)",
    ),
    Mask(
        "set order",
        "a new calendar event stores its participants as a set, and mails them in that order: Python orders a set of "
        "texts differently in each process",
        re.compile(r"(?m)^(\s*(?:- )?(?:participants|recipients):\n)((?:\s*- .*\n?)+)"),
        _in_order,
    ),
)


def clock_of(tool: str, text: str) -> str | None:
    """Return the time at which a recorded call ran, if its answer shows it, so that a replay can set its clock."""
    field = WRITTEN_NOW.get(tool)
    found = re.findall(rf"(?m)^{field}: ({MOMENT})$", text) if field else []
    return found[-1] if found else None


def difference(recorded: str, replayed: str) -> list[str] | None:
    """Return the names of the masks needed to make the two equal, empty if they are equal; ``None`` if they differ.

    >>> difference("a", "a"), difference("a", "b")
    ([], None)
    """
    used = []
    for mask in MASKS:
        if recorded == replayed:
            break
        masked = mask.apply(recorded), mask.apply(replayed)
        if masked != (recorded, replayed):
            recorded, replayed = masked
            used.append(mask.name)
    return used if recorded == replayed else None


def first_difference(recorded: str, replayed: str) -> str:
    """Return the first pair of lines that differ, shortened, for the report."""
    pairs = zip(recorded.splitlines() or [""], replayed.splitlines() or [""], strict=False)
    for left, right in pairs:
        if left != right:
            return f"{left.strip()[:90]!r} became {right.strip()[:90]!r}"
    return f"{len(recorded.splitlines())} lines became {len(replayed.splitlines())}"

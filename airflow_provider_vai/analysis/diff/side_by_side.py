"""Two texts beside each other: which lines belong together, which words of them differ, and what stays the same.

Lines are matched by the rules of the three-way merge, so a page never says that a merge would see another change.
Credentials are masked before anything is compared for the page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Any

import yaml  # type: ignore[import-untyped]  # its stubs are a separate package

from airflow_provider_vai.analysis.diff.spec_diff import PROVENANCE, STEP_PROVENANCE
from airflow_provider_vai.authoring.specs.written import spec_value
from airflow_provider_vai.model.automation import Automation
from airflow_provider_vai.secrets.masking import masked_lines
from airflow_provider_vai.store.text_merge import changed_ranges

AROUND = 3
"""How many unchanged lines stand above and below a change; the others are folded."""

MOST_ROWS = 4000
"""A page that a browser cannot lay out helps nobody: what follows is left out."""

MOST_WORDS = 600
LEAST_ALIKE = 0.3
"""Lines with more words than the first, or less alike than the second, are marked as a whole."""

WORD = re.compile(r"\w+|\s+|.", re.DOTALL)


@dataclass(frozen=True)
class LinePart:
    """A part of a line.

    :param text: its text, with credentials masked. :param is_changed: whether the other side has other words here.
    """

    text: str
    is_changed: bool = False


@dataclass(frozen=True)
class NumberedLine:
    """A line of one side: its number, counted from 1, and its parts."""

    number: int
    parts: tuple[LinePart, ...]


@dataclass(frozen=True)
class LinePair:
    """Two lines beside each other; ``None``: this side has no such line."""

    old: NumberedLine | None
    new: NumberedLine | None

    @property
    def is_same(self) -> bool:
        """Whether nothing in it changed."""
        return all(
            side is not None and not any(part.is_changed for part in side.parts) for side in (self.old, self.new)
        )


@dataclass(frozen=True)
class Stretch:
    """Lines that follow each other.

    :param pairs: the lines. :param is_folded: whether they are unchanged and far from each change.
    """

    pairs: tuple[LinePair, ...]
    is_folded: bool = False


@dataclass(frozen=True)
class SideBySide:
    """Two texts beside each other.

    :param stretches: their lines; none: the texts are the same. :param left_out: how many pairs of lines are left out.
    """

    stretches: tuple[Stretch, ...] = ()
    left_out: int = 0


def side_by_side(old: str, new: str) -> SideBySide:
    """Put two texts beside each other.

    :param old: the text on the left. :param new: the text on the right.
    :return: their lines; the pairs after the first :data:`MOST_ROWS` are counted only.
    """
    if old == new:
        return SideBySide()
    before, after = old.split("\n"), new.split("\n")
    pairs = list(_pairs((before, masked_lines(before)), (after, masked_lines(after))))
    return SideBySide(tuple(_stretches(pairs[:MOST_ROWS])), max(len(pairs) - MOST_ROWS, 0))


def spec_text(automation: Automation) -> str:
    """Return a spec as YAML for people, with texts of several lines as such; what was recorded as evidence is left out.

    :param automation: the spec.
    """
    document = automation.model_dump(mode="json", exclude_defaults=True, exclude={*PROVENANCE, "steps"})
    document["steps"] = [
        {
            **step.model_dump(mode="json", exclude_defaults=True, exclude={*STEP_PROVENANCE, "arguments"}),
            "arguments": {name: spec_value(argument) for name, argument in step.arguments.items()},
        }
        for step in automation.steps
    ]
    return str(yaml.dump(document, Dumper=_Blocks, sort_keys=False, allow_unicode=True, width=10**6))


class _Blocks(yaml.SafeDumper):  # type: ignore[misc]
    """Writes texts of several lines as blocks, and nothing as an alias."""

    def ignore_aliases(self, data: object) -> bool:
        return True

    def _text(self, text: str) -> Any:
        style = "|" if "\n" in text else None
        return self.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Blocks.add_representer(str, _Blocks._text)


def _pairs(old: tuple[Sequence[str], Sequence[str]], new: tuple[Sequence[str], Sequence[str]]) -> Iterator[LinePair]:
    """Yield the lines of two texts in pairs; each text is given as it is, and as it is shown."""
    at = new_at = 0
    ends = (len(old[0]), len(old[0]), len(new[0]), len(new[0]))
    for start, end, new_start, new_end in (*changed_ranges(list(old[0]), list(new[0])), ends):
        for number, new_number in zip(range(at, start), range(new_at, new_start), strict=True):
            yield LinePair(_line(number, old[1][number]), _line(new_number, new[1][new_number]))
        for one, other in zip_longest(range(start, end), range(new_start, new_end)):
            yield _changed(
                None if one is None else (one, old[1][one]), None if other is None else (other, new[1][other])
            )
        at, new_at = end, new_end


def _line(number: int, text: str) -> NumberedLine:
    return NumberedLine(number + 1, (LinePart(text),))


def _changed(one: tuple[int, str] | None, other: tuple[int, str] | None) -> LinePair:
    """Return a pair of which at least one side changed, with the words that differ."""
    words = tuple(WORD.findall(side[1]) if side else [] for side in (one, other))
    parts: list[list[LinePart]] = [[], []]
    if all(0 < len(side) <= MOST_WORDS for side in words):
        matcher = SequenceMatcher(None, words[0], words[1], autojunk=False)
        if matcher.ratio() >= LEAST_ALIKE and words[0] != words[1]:
            for what, start, end, new_start, new_end in matcher.get_opcodes():
                texts = ("".join(words[0][start:end]), "".join(words[1][new_start:new_end]))
                for found, text in zip(parts, texts, strict=True):
                    found.extend([LinePart(text, what != "equal")] if text else [])
    whole = [[LinePart(side[1], is_changed=True)] if side else [] for side in (one, other)]
    if not any(part.is_changed for side in parts for part in side):
        parts = whole
    made = [
        NumberedLine(side[0] + 1, tuple(found)) if side else None
        for side, found in zip((one, other), parts, strict=True)
    ]
    return LinePair(*made)


def _stretches(pairs: Sequence[LinePair]) -> Iterator[Stretch]:
    """Yield the lines with those folded that are far from a change; folding one line or two would save nothing."""
    near = [False] * len(pairs)
    for at, pair in enumerate(pairs):
        if not pair.is_same:
            for place in range(max(at - AROUND, 0), min(at + AROUND + 1, len(pairs))):
                near[place] = True
    start = 0
    for at in range(1, len(pairs) + 1):
        if at == len(pairs) or near[at] != near[start]:
            yield Stretch(tuple(pairs[start:at]), is_folded=not near[start])
            start = at

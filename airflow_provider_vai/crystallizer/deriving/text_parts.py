"""Compares a text with those of other runs: if the words between its parts are equal, what have they in the parts?"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import pairwise

from airflow_provider_vai.crystallizer.deriving.agreement import ValueInRuns

Span = tuple[int, int]
TextParts = Mapping[Span, ValueInRuns]
"""By the start and end of each part of a text that may vary: the part, with those of the other runs."""

FIGURE = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)*(?: ?%)?")


def compared(expected: ValueInRuns, spans: Sequence[Span], numbers: Collection[Span]) -> TextParts | None:
    """Return what the other runs have in place of parts of a text; ``None`` if the words between them differ.

    :param expected: the text, and the texts of the other runs.
    :param spans: the parts that may vary. Of parts that overlap, the first counts.
    :param numbers: those that are numbers.
    """
    chosen: list[Span] = []
    for start, end in spans:
        if all(end <= other[0] or other[1] <= start for other in chosen):
            chosen.append((start, end))
    chosen.sort()
    text = str(expected.value)
    edges = [(0, 0), *chosen, (len(text), len(text))]
    fixed = [text[one[1] : other[0]] for one, other in pairwise(edges)]
    are_numbers = [span in numbers for span in chosen]
    found = [list(_parts(other, fixed, are_numbers)) if isinstance(other, str) else [] for _, other in expected.others]
    if any(
        len(parts) != len(chosen) or _joined(fixed, parts) != other
        for parts, (_, other) in zip(found, expected.others, strict=True)
    ):
        return None
    others = [run for run, _ in expected.others]
    return {
        span: ValueInRuns(text[slice(*span)], list(zip(others, (parts[number] for parts in found), strict=True)))
        for number, span in enumerate(chosen)
    }


def _parts(text: str, fixed: Sequence[str], are_numbers: Sequence[bool]) -> Iterator[str]:
    """Yield the parts of a text between fixed words, from left to right; it ends early where the words are not found.

    A number ends with its last digit. Any other part ends where the next words begin for the first time.
    """
    place = len(fixed[0])
    for number, (is_number, words) in enumerate(zip(are_numbers, fixed[1:], strict=True), 1):
        if is_number:
            match = FIGURE.match(text, place)
            end = match.end() if match else -1
        elif number == len(are_numbers):
            end = len(text) - len(words)
        else:
            end = text.find(words, place + 1) if words else -1
        if end <= place:
            return
        yield text[place:end]
        place = end + len(words)


def _joined(fixed: Sequence[str], parts: Sequence[str]) -> str:
    return "".join(part for pair in zip(fixed, [*parts, ""], strict=True) for part in pair)

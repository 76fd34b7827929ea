"""merge: one text out of two that were changed independently of each other, line by line.

The rule is that of diff3 and of ``git merge-file``: a stretch of lines that one side changed is taken from that side; a
stretch that both sides changed is a conflict, unless both made the same of it. Changes that touch, with no unchanged
line between them, count as changes of one stretch.

Lines end at ``\\n`` alone (a ``\\r`` before it belongs to the line), and a last line without its end differs from the
same line with it; so no line end is ever changed.
"""

from __future__ import annotations

import io
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, NamedTuple

__all__ = ["MergeConflict", "Merged", "merge"]

BASE_NAME = "rendered before"
MAX_PAIRS = 1_000_000
"""Of equal lines in two stretches that :mod:`difflib` is given: its time grows with them, and faster than they do."""


@dataclass(frozen=True)
class MergeConflict:
    """A stretch of lines that both sides changed, each in its own way.

    :param line: where its ``<<<<<<<`` stands in the merged text, counted from 1.
    :param base: the lines as they were, with their line ends; empty where both sides inserted.
    :param ours: what the first side made of them; empty where it deleted them.
    :param theirs: what the second side made of them.
    """

    line: int
    base: list[str]
    ours: list[str]
    theirs: list[str]


@dataclass(frozen=True)
class Merged:
    """The merged text; with conflicts it holds their markers and is nothing to use before a person resolved them."""

    text: str
    conflicts: list[MergeConflict]


class _Change(NamedTuple):
    """Lines ``start:end`` of the base became lines ``new_start:new_end`` of a side."""

    start: int
    end: int
    new_start: int
    new_end: int


class _Stretch(NamedTuple):
    """Lines of the base that a side changed, and what each side has there (as slices of the three texts)."""

    base: slice
    ours: slice
    theirs: slice


def merge(
    base: str, ours: str, theirs: str, *, names: tuple[str, str] = ("the DAG file", "the new rendering")
) -> Merged:
    """Merge two texts that were made from one.

    :param base: the text that both were made from.
    :param ours: the one side; in a conflict it stands first.
    :param theirs: the other side.
    :param names: what the markers call the two sides; each one line.
    :return: the text with the changes of both sides. Where they contradict each other, the lines of ours, of the base
        and of theirs stand between the markers of ``git merge-file --diff3``, and :attr:`Merged.conflicts` lists them
        in order. A marker ends as the first line of ours does, ``\\r\\n`` or ``\\n``.
    """
    if theirs in (ours, base):
        return Merged(ours, [])
    if ours == base:
        return Merged(theirs, [])
    texts = _lines(base), _lines(ours), _lines(theirs)
    written = _Writer(names, "\r\n" if _is_crlf(*texts) else "\n")
    done = 0
    for stretch in _stretches(_changes(texts[0], texts[1]), _changes(texts[0], texts[2])):
        written.lines += texts[0][done : stretch.base.start]
        done = stretch.base.stop
        old, one, other = (text[part] for text, part in zip(texts, stretch, strict=True))
        if one in (other, old):
            written.lines += other
        elif other == old:
            written.lines += one
        else:
            written.conflict(old, one, other)
    written.lines += texts[0][done:]
    return Merged("".join(written.lines), written.conflicts)


class _Writer:
    """The merged lines so far."""

    def __init__(self, names: tuple[str, str], line_end: str) -> None:
        self.lines: list[str] = []
        self.conflicts: list[MergeConflict] = []
        self.names = names
        self.line_end = line_end

    def conflict(self, base: list[str], ours: list[str], theirs: list[str]) -> None:
        """Write the three versions of a stretch between markers."""
        self.conflicts.append(MergeConflict(len(self.lines) + 1, base, ours, theirs))
        self._part(f"<<<<<<< {self.names[0]}", ours)
        self._part(f"||||||| {BASE_NAME}", base)
        self._part("=======", theirs)
        self._part(f">>>>>>> {self.names[1]}", [])

    def _part(self, marker: str, lines: list[str]) -> None:
        self.lines.append(marker + self.line_end)
        self.lines += lines
        if lines and not lines[-1].endswith("\n"):  # a marker has a line of its own
            self.lines[-1] += self.line_end


def _lines(text: str) -> list[str]:
    return list(io.StringIO(text, newline="\n"))  # unlike splitlines, which knows ten line ends


def _is_crlf(base: list[str], ours: list[str], theirs: list[str]) -> bool:
    first = next((text[0] for text in (ours, theirs, base) if text and text[0].endswith("\n")), "")
    return first.endswith("\r\n")


def _stretches(ours: list[_Change], theirs: list[_Change]) -> Iterator[_Stretch]:
    """Yield the changed stretches of the base, in order; changes that overlap or touch are one stretch."""
    shifts = [0, 0]  # of each side's line numbers against the base's, up to here
    waiting = sorted([(change, 0) for change in ours] + [(change, 1) for change in theirs])
    at = 0
    while at < len(waiting):
        start, end = waiting[at][0].start, waiting[at][0].end
        before = tuple(shifts)
        while at < len(waiting) and waiting[at][0].start <= end:
            change, side = waiting[at]
            end = max(end, change.end)
            shifts[side] = change.new_end - change.end
            at += 1
        parts = (slice(start + old, end + new) for old, new in zip(before, shifts, strict=True))
        yield _Stretch(slice(start, end), *parts)


def _changes(base: list[str], side: list[str]) -> list[_Change]:
    """Return what a side changed, in order; between two changes at least one line stayed."""
    changes = []
    start = new_start = 0
    for block in (*_matches(base, side), (len(base), len(side), 0)):
        if (start, new_start) != block[:2]:
            changes.append(_Change(start, block[0], new_start, block[1]))
        start, new_start = block[0] + block[2], block[1] + block[2]
    return _moved_down(changes, base, side)


def _moved_down(changes: list[_Change], base: list[str], side: list[str]) -> list[_Change]:
    """Return the changes with each insertion and deletion as far down as repeated lines let it be.

    A third ``)`` after two may stand at three places. Both sides' changes must be told in one way, or the same change
    on both sides would be made twice. A change that comes to touch the next one is one change with it.
    """
    moved: list[_Change] = []
    for change in reversed(changes):
        start, end, new_start, new_end = change
        limit = moved[-1].start if moved else len(base)
        if start == end:
            while end < limit and side[new_start] == base[end]:
                start, end, new_start, new_end = start + 1, end + 1, new_start + 1, new_end + 1
        elif new_start == new_end:
            while end < limit and base[start] == base[end]:
                start, end, new_start, new_end = start + 1, end + 1, new_start + 1, new_end + 1
        if moved and end == limit:
            _, end, _, new_end = moved.pop()
        moved.append(_Change(start, end, new_start, new_end))
    return moved[::-1]


def _matches(base: list[str], side: list[str]) -> list[tuple[int, int, int]]:
    """Return what both have in common, in order, as (place in the base, place in the side, number of lines).

    Lines that stand once in both hold the two together (the idea of Bram Cohen's patience diff): first those that stand
    once inside what encloses them, so that ``},`` of one task is not taken for the same line of another; then those
    that stand once at all. :mod:`difflib` compares what is left between them.
    """
    found: list[tuple[int, int, int]] = []
    gaps = [(slice(0, len(base)), slice(0, len(side)))]
    views: tuple[tuple[list[Any], list[Any]], ...] = ((_enclosed(base), _enclosed(side)), (base, side))
    for base_keys, side_keys in views:
        wider, gaps = gaps, []
        for old, new in wider:
            start, new_start = old.start, new.start
            for anchor, new_anchor in _anchors(base_keys, side_keys, old, new):
                found.append((anchor, new_anchor, 1))
                gaps.append((slice(start, anchor), slice(new_start, new_anchor)))
                start, new_start = anchor + 1, new_anchor + 1
            gaps.append((slice(start, old.stop), slice(new_start, new.stop)))
    for old, new in gaps:
        found += ((old.start + at, new.start + to, size) for at, to, size in _similar(base[old], side[new]))
    return sorted(found)


def _enclosed(lines: list[str]) -> list[tuple[str, str]]:
    """Return each line together with the one that encloses it, or an empty text.

    That is the nearest line before it that is indented less; of a closing bracket and of an empty line it is the line
    whose end they are. One is enough: the brackets around two like lines are told apart in the same way. All of them
    would be too many, as a change of the outermost would make another of every line.
    """
    enclosed: list[tuple[str, str]] = []
    above: list[tuple[int, str]] = []  # the lines that enclose the next one, with their indent
    for line in lines:
        bare = line.strip()
        indent = len(line) - len(line.lstrip())
        if bare:
            while above and (above[-1][0] > indent or (above[-1][0] == indent and bare[0] not in ")]}")):
                above.pop()
        enclosed.append((line, above[-1][1] if above else ""))
        if bare and not (above and above[-1][0] == indent):
            above.append((indent, line))
    return enclosed


def _ends(base: list[str], side: list[str]) -> tuple[int, int]:
    """Return how many lines are the same at the start and, without those, at the end."""
    most = min(len(base), len(side))
    head = next((at for at in range(most) if base[at] != side[at]), most)
    tail = next((at for at in range(most - head) if base[-1 - at] != side[-1 - at]), most - head)
    return head, tail


def _similar(base: list[str], side: list[str]) -> list[tuple[int, int, int]]:
    """Return the matching blocks of two stretches, in order.

    What lies between their equal ends counts as changed as a whole if comparing it would take too long: more conflicts,
    but none is missed.
    """
    head, tail = _ends(base, side)
    base_end, side_end = len(base) - tail, len(side) - tail
    in_base, in_side = Counter(base[head:base_end]), Counter(side[head:side_end])
    blocks = [(0, 0, head)]
    if sum(count * in_side[line] for line, count in in_base.items()) <= MAX_PAIRS:
        found = SequenceMatcher(None, base[head:base_end], side[head:side_end], autojunk=False).get_matching_blocks()
        blocks += [(head + block.a, head + block.b, block.size) for block in found]
    return [*blocks, (base_end, side_end, tail)]


def _anchors(base: list[Any], side: list[Any], old: slice, new: slice) -> list[tuple[int, int]]:
    """Return the places of keys that stand once in each stretch: the most of them that are in the same order in both.

    The longest increasing subsequence, by patience sorting: ``ends[n]`` is the smallest place in the side at which a
    sequence of ``n + 1`` anchors can end.
    """
    in_base, in_side = Counter(base[old]), Counter(side[new])
    places = {side[at]: at for at in range(new.start, new.stop)}
    ends: list[int] = []
    last: list[int] = []  # the anchor at which such a sequence ends
    chain: list[tuple[int, int, int]] = []  # of each anchor: its two places, and the anchor before it
    for at in range(old.start, old.stop):
        if in_base[base[at]] != 1 or in_side[base[at]] != 1:
            continue
        place = places[base[at]]
        length = bisect_left(ends, place)
        ends[length : length + 1] = [place]
        last[length : length + 1] = [len(chain)]
        chain.append((at, place, last[length - 1] if length else -1))
    anchors = []
    link = last[-1] if last else -1
    while link >= 0:
        at, place, link = chain[link]
        anchors.append((at, place))
    return anchors[::-1]

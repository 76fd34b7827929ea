"""Three-way merge of texts, line by line.

The rule is that of diff3 and ``git merge-file``. A range of lines that only one side changed is taken from that side. A
range that both sides changed is a conflict, unless the results are equal. Changes with no unchanged line between them
count as one range.

Lines end only at ``\\n`` (a ``\\r`` before it is part of the line), and a last line without a line end differs from the
same line with one. So the merge never changes a line end.
"""

from __future__ import annotations

import io
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, NamedTuple

__all__ = ["ChangedRange", "MergeConflict", "Merged", "changed_ranges", "merge"]

BASE_NAME = "rendered before"
MAX_PAIRS = 1_000_000
"""Maximum number of pairs of equal lines that :mod:`difflib` compares: its time grows faster than their number."""


@dataclass(frozen=True)
class MergeConflict:
    """A range of lines that both sides changed differently.

    :param line: The line of its ``<<<<<<<`` marker in the merged text, counted from 1.
    :param base: The original lines, with their line ends; empty if both sides inserted lines.
    :param ours: The lines of the first side; empty if it deleted them.
    :param theirs: The lines of the second side; empty if it deleted them.
    """

    line: int
    base: list[str]
    ours: list[str]
    theirs: list[str]


@dataclass(frozen=True)
class Merged:
    """The merged text. If there are conflicts, it contains markers and cannot be used until a person resolves them."""

    text: str
    conflicts: list[MergeConflict]


class ChangedRange(NamedTuple):
    """A change of lines ``start:end`` of the base into lines ``new_start:new_end`` of one side."""

    start: int
    end: int
    new_start: int
    new_end: int


class _Stretch(NamedTuple):
    """A changed range, as slices of the base and of the two sides."""

    base: slice
    ours: slice
    theirs: slice


def merge(
    base: str, ours: str, theirs: str, *, names: tuple[str, str] = ("the DAG file", "the new rendering")
) -> Merged:
    """Merge two texts that were both made from ``base``.

    :param base: The common original.
    :param ours: One side; it comes first in conflicts.
    :param theirs: The other side.
    :param names: The names of the two sides in the markers, each one line.
    :return: the text with the changes of both sides. Each conflict contains the lines of ``ours``, ``base`` and
        ``theirs`` between the markers of ``git merge-file --diff3``, and :attr:`Merged.conflicts` lists them in order.
        A marker has the line end of the first line of ``ours``, ``\\r\\n`` or ``\\n``.
    """
    if theirs in (ours, base):
        return Merged(ours, [])
    if ours == base:
        return Merged(theirs, [])
    texts = _lines(base), _lines(ours), _lines(theirs)
    written = _Writer(names, "\r\n" if _is_crlf(*texts) else "\n")
    done = 0
    for stretch in _stretches(changed_ranges(texts[0], texts[1]), changed_ranges(texts[0], texts[2])):
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
        """Write the three versions of a range between markers."""
        self.conflicts.append(MergeConflict(len(self.lines) + 1, base, ours, theirs))
        self._part(f"<<<<<<< {self.names[0]}", ours)
        self._part(f"||||||| {BASE_NAME}", base)
        self._part("=======", theirs)
        self._part(f">>>>>>> {self.names[1]}", [])

    def _part(self, marker: str, lines: list[str]) -> None:
        self.lines.append(marker + self.line_end)
        self.lines += lines
        if lines and not lines[-1].endswith("\n"):  # so that the next marker is on its own line
            self.lines[-1] += self.line_end


def _lines(text: str) -> list[str]:
    return list(io.StringIO(text, newline="\n"))  # splitlines would split at ten kinds of line ends


def _is_crlf(base: list[str], ours: list[str], theirs: list[str]) -> bool:
    first = next((text[0] for text in (ours, theirs, base) if text and text[0].endswith("\n")), "")
    return first.endswith("\r\n")


def _stretches(ours: list[ChangedRange], theirs: list[ChangedRange]) -> Iterator[_Stretch]:
    """Yield the changed ranges of the base, in order; changes that overlap or touch form one range."""
    shifts = [0, 0]  # offset of each side's line numbers from the base's so far
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


def changed_ranges(base: list[str], side: list[str]) -> list[ChangedRange]:
    """Return the changes of a side, in order, with at least one unchanged line between two changes.

    :param base: The lines of the original.
    :param side: The lines of the side.
    """
    changes = []
    start = new_start = 0
    for block in (*_matches(base, side), (len(base), len(side), 0)):
        if (start, new_start) != block[:2]:
            changes.append(ChangedRange(start, block[0], new_start, block[1]))
        start, new_start = block[0] + block[2], block[1] + block[2]
    return _moved_down(changes, base, side)


def _moved_down(changes: list[ChangedRange], base: list[str], side: list[str]) -> list[ChangedRange]:
    """Return the changes with each insertion and deletion moved down as far as repeated lines allow.

    If a third ``)`` is added to two others, the insertion could be at three positions. Both sides must use the same
    one, or an identical change on both sides would be applied twice. A change that then touches the next is merged with
    it.
    """
    moved: list[ChangedRange] = []
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
        moved.append(ChangedRange(start, end, new_start, new_end))
    return moved[::-1]


def _matches(base: list[str], side: list[str]) -> list[tuple[int, int, int]]:
    """Return the common blocks, in order, as (position in the base, position in the side, number of lines).

    Lines that occur once in both texts are the anchors, as in Bram Cohen's patience diff. First come lines that are
    unique together with their enclosing line, so that ``},`` of one task is not matched with that of another; then
    lines that are unique by themselves. :mod:`difflib` compares the ranges between the anchors.
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
    """Return each line together with its enclosing line; the latter is empty if there is none.

    The enclosing line is the nearest one above that is indented less. For a closing bracket or an empty line, it is the
    line of the block to which they belong. One level is enough, because the enclosing lines are matched in the same
    way. With all levels, a change in the outermost line would make every line inside differ.
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
    """Return the number of equal lines at the start, and of equal lines at the end of the rest."""
    most = min(len(base), len(side))
    head = next((at for at in range(most) if base[at] != side[at]), most)
    tail = next((at for at in range(most - head) if base[-1 - at] != side[-1 - at]), most - head)
    return head, tail


def _similar(base: list[str], side: list[str]) -> list[tuple[int, int, int]]:
    """Return the matching blocks of two ranges, in order.

    If comparing the part between their equal ends would take too long, all of it counts as changed. This may cause
    additional conflicts, but never hides one.
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
    """Return the positions of keys that occur once in each range: the largest set with the same order in both.

    This is the longest increasing subsequence, found by patience sorting: ``ends[n]`` is the smallest position in the
    side at which a sequence of ``n + 1`` anchors can end.
    """
    in_base, in_side = Counter(base[old]), Counter(side[new])
    places = {side[at]: at for at in range(new.start, new.stop)}
    ends: list[int] = []
    last: list[int] = []  # the anchor at which such a sequence ends
    chain: list[tuple[int, int, int]] = []  # for each anchor: its two positions, and the previous anchor
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

"""Three-way merges keep both changes and show conflicts, like git."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from airflow_provider_vai.store.text_merge import MergeConflict, Merged, merge

GIT = shutil.which("git")
NEEDS_GIT = pytest.mark.skipif(GIT is None, reason="git is not installed")
MARKERS = ("<<<<<<< the DAG file", "||||||| rendered before", "=======", ">>>>>>> the new rendering")


def text(letters: str) -> str:
    """Return one line for each letter; ``!`` at the end removes the last line end."""
    lines = "".join(f"{letter}\n" for letter in letters.removesuffix("!"))
    return lines[:-1] if letters.endswith("!") else lines


CLEAN = {
    "nothing": ("abc", "abc", "abc", "abc"),
    "ours changes": ("abc", "aXc", "abc", "aXc"),
    "theirs changes": ("abc", "abc", "aXc", "aXc"),
    "ours inserts": ("abc", "abXc", "abc", "abXc"),
    "theirs deletes": ("abc", "abc", "ac", "ac"),
    "both delete the same": ("abc", "ac", "ac", "ac"),
    "both change the same": ("abc", "aXc", "aXc", "aXc"),
    "both insert the same": ("abc", "aXbc", "aXbc", "aXbc"),
    "the same, and each another": ("abcdefg", "aXcdeYg", "ZXcdefg".replace("Z", "a") + "W", "aXcdeYgW"),
    "apart by one line": ("abc", "Xbc", "abY", "XbY"),
    "insert and delete, apart": ("abcde", "aXbcde", "abce", "aXbce"),
    "at the start and at the end": ("abc", "Xabc", "abcY", "XabcY"),
    "moved down, apart from a change": ("abcdefgh", "bcadefgh", "abcdefgX", "bcadefgX"),
    "empty, ours writes": ("", "ab", "", "ab"),
    "empty, both write the same": ("", "ab", "ab", "ab"),
    "both empty it": ("ab", "", "", ""),
    "theirs empties it": ("ab", "ab", "", ""),
    "no last line end anywhere": ("abc!", "Xbc!", "abc!", "Xbc!"),
    "ours drops the last line end": ("abc", "abc!", "Xbc", "Xbc!"),
    "theirs adds the last line end": ("abc!", "Xbc!", "abc", "Xbc"),
    "repeated lines": (")a))b)", ")X))b)", ")a))b)Y", ")X))b)Y"),
}


@pytest.mark.parametrize(("base", "ours", "theirs", "expected"), CLEAN.values(), ids=CLEAN)
def test_both_changes_are_kept(base: str, ours: str, theirs: str, expected: str) -> None:
    """The result does not depend on which side made a change, or which side is called ours."""
    assert merge(text(base), text(ours), text(theirs)) == Merged(text(expected), [])
    assert merge(text(base), text(theirs), text(ours)) == Merged(text(expected), [])


CONTRADICTIONS = {
    "both change": ("abc", "aXc", "aYc", (2, "b", "X", "Y")),
    "change and delete": ("abc", "aXc", "ac", (2, "b", "X", "")),
    "both insert at the start": ("a", "Xa", "Ya", (1, "", "X", "Y")),
    "both insert at the end": ("a", "aX", "aY", (2, "", "X", "Y")),
    "insert beside a change": ("abc", "aXbc", "aYc", (2, "b", "Xb", "Y")),
    "neighbours": ("abcd", "aXcd", "abYd", (2, "bc", "Xc", "bY")),
    "neighbours, one deleted": ("abcd", "acd", "abYd", (2, "bc", "c", "bY")),
    "overlapping": ("abcde", "aXYde", "abZWe", (2, "bcd", "XYd", "bZW")),
    "one large, two small": ("abcdef", "aXYZWf", "aKcdLf", (2, "bcde", "XYZW", "KcdL")),
    "one the start of the other": ("abc", "aXc", "aXYc", (2, "b", "X", "XY")),
    "empty, both write": ("", "X", "Y", (1, "", "X", "Y")),
    "emptied and changed": ("ab", "", "aX", (1, "ab", "", "aX")),
    "last line end and another word": ("ab", "ab!", "aX", (2, "b", "b!", "X")),
    "no last line end, both change": ("ab!", "aX!", "aY!", (2, "b!", "X!", "Y!")),
}


@pytest.mark.parametrize(("base", "ours", "theirs", "expected"), CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_a_contradiction_is_a_conflict(base: str, ours: str, theirs: str, expected: tuple[int, str, str, str]) -> None:
    """A conflict has its line and the three versions, and the text shows them between markers."""
    merged = merge(text(base), text(ours), text(theirs))
    line, *parts = expected
    assert merged.conflicts == [MergeConflict(line, *(text(part).splitlines(keepends=True) for part in parts))]
    shown = merged.text.splitlines()[line - 1 :]
    old, one, other = (text(part).splitlines() for part in parts)
    wanted = [MARKERS[0], *one, MARKERS[1], *old, MARKERS[2], *other, MARKERS[3]]
    assert shown[: len(wanted)] == wanted


def test_every_conflict_is_found_at_its_line() -> None:
    """Lines are counted in the merged text, including the markers of earlier conflicts."""
    merged = merge(text("abcdefgh"), text("XbcYefgZ"), text("KbcLefgMh"))
    lines = merged.text.splitlines()
    assert [lines[conflict.line - 1] for conflict in merged.conflicts] == [MARKERS[0]] * 3
    assert lines.count(MARKERS[0]) == 3


def test_the_sides_are_called_as_asked() -> None:
    """The markers contain the given names."""
    lines = merge("a\n", "b\n", "c\n", names=("mine", "yours")).text.splitlines()
    assert (lines[0], lines[-1]) == ("<<<<<<< mine", ">>>>>>> yours")


def test_windows_line_ends_stay() -> None:
    """Lines are never rewritten, and markers have the line ends of the lines around them."""
    assert merge("a\r\nb\r\nc\r\n", "X\r\nb\r\nc\r\n", "a\r\nb\r\nY\r\n").text == "X\r\nb\r\nY\r\n"
    conflict = merge("a\r\nb", "a\r\nX", "a\r\nY").text
    assert conflict.count("\r\n") == conflict.count("\n") == 8


def test_a_changed_line_end_is_a_change() -> None:
    """A side that changed every line end conflicts with a changed line."""
    assert len(merge("a\nb\nc\n", "a\r\nb\r\nc\r\n", "a\nX\nc\n").conflicts) == 1


@pytest.mark.parametrize("character", ["\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\0"])
def test_only_a_line_feed_ends_a_line(character: str) -> None:
    """Other characters that Python treats as line ends are part of a line, since string literals may contain them."""
    base = f"a{character}b\nc\nd\n"
    assert merge(base, base + "e\n", "X" + base) == Merged(f"X{base}e\n", [])
    (conflict,) = merge(base, "Y" + base, "X" + base).conflicts
    assert conflict.ours == [f"Ya{character}b\n"]


def test_the_same_change_among_repeated_lines_is_made_once() -> None:
    """A line inserted among equal lines is the same change on both sides, whatever changed before it."""
    assert merge(text("abbb)"), text("abbbb)"), text("Xabbbb)")) == Merged(text("Xabbbb)"), [])
    assert merge(text("bbbaaaa"), text("bbbaaaaa"), text("babbaaaaa")) == Merged(text("babbaaaaa"), [])


@pytest.mark.timeout(60)
@pytest.mark.parametrize("kinds", [2, 3, 20_000], ids=["two kinds of lines", "three", "all different"])
def test_large_texts(kinds: int) -> None:
    """Twenty thousand lines changed throughout by both sides merge quickly; difflib alone would take minutes."""
    lines = [f"line {number * number % 7919 % kinds if kinds < 9 else number}\n" for number in range(20_000)]
    ours, theirs = list(lines), list(lines)
    for at in range(0, 20_000, 100):
        ours[at] = f"ours {at}\n"
        theirs[at + 50] = f"theirs {at}\n"
    merged = merge("".join(lines), "".join(ours), "".join(theirs))
    both = [one if one != line else other for line, one, other in zip(lines, ours, theirs, strict=True)]
    if kinds > 9:
        assert merged == Merged("".join(both), [])
    else:  # nothing to hold on to: the whole is shown as one conflict, and nothing is lost
        (conflict,) = merged.conflicts
        assert resolved(merged, lambda c: c.ours) == "".join([*ours[:19_951], *theirs[19_951:]])
        assert len(conflict.ours) == len(conflict.theirs)


def test_repeated_lines_do_not_hold_apart_what_belongs_together() -> None:
    """The closing brackets of one task are not matched with those of another."""
    task = "task_{0} = Operator(\n    task_id='{0}',\n    value=1,\n)\n\n"
    base = "".join(task.format(name) for name in "abcdef")
    ours = base.replace("task_id='b',\n    value=1", "task_id='b',\n    value=2")
    theirs = base.replace(task.format("d"), task.format("d") + task.format("new"))
    merged = merge(base, ours, theirs)
    assert merged == Merged(theirs.replace("task_id='b',\n    value=1", "task_id='b',\n    value=2"), [])


# --- properties -------------------------------------------------------------------------------------------------------

LINES = st.lists(st.sampled_from(["a\n", "b\n", "c\n", "\n", ")\n", "d\r\n"]), max_size=12)
TEXTS = st.builds(lambda lines, end: "".join(lines) + end, LINES, st.sampled_from(["", "e"]))


@given(TEXTS, TEXTS, TEXTS)
def test_one_side_unchanged(base: str, ours: str, theirs: str) -> None:
    """If one side is unchanged, the other is the result; so are two equal sides."""
    assert merge(base, base, theirs) == Merged(theirs, [])
    assert merge(base, ours, base) == Merged(ours, [])
    assert merge(base, ours, ours) == Merged(ours, [])


@given(TEXTS, TEXTS, TEXTS)
def test_sides_are_equal(base: str, ours: str, theirs: str) -> None:
    """Swapping the sides changes only the order inside conflicts."""
    one, other = merge(base, ours, theirs), merge(base, theirs, ours)
    assert [(c.base, c.ours, c.theirs) for c in one.conflicts] == [(c.base, c.theirs, c.ours) for c in other.conflicts]
    assert one.conflicts or one.text == other.text


def resolved(merged: Merged, side: Callable[[MergeConflict], list[str]]) -> str:
    """Return the merged text with every conflict replaced by one side of it."""
    lines = merged.text.split("\n")
    lines = [f"{line}\n" for line in lines[:-1]] + [lines[-1]] * bool(lines[-1])
    for conflict in reversed(merged.conflicts):
        size = len(conflict.base) + len(conflict.ours) + len(conflict.theirs) + len(MARKERS)
        lines[conflict.line - 1 : conflict.line - 1 + size] = side(conflict)
    return "".join(lines)


@given(TEXTS, TEXTS, TEXTS)
def test_nothing_is_made_up_and_nothing_is_lost(base: str, ours: str, theirs: str) -> None:
    """Each line comes from one of the three texts or is a marker, and no line of only one side is lost."""
    ours, theirs = f"{ours}\nmine\n", f"yours\n{theirs}"
    lines = [line.removesuffix("\r") for line in merge(base, ours, theirs).text.split("\n")]
    assert set(lines) <= {line.removesuffix("\r") for one in (base, ours, theirs) for line in one.split("\n")} | {
        *MARKERS
    }
    assert (lines.count("mine"), lines.count("yours")) == (1, 1)


@given(TEXTS, TEXTS, TEXTS)
def test_conflicts_can_be_resolved_by_place(base: str, ours: str, theirs: str) -> None:
    """The listed lines and places match the text between the markers exactly."""
    merged = merge(base, ours, theirs)
    for side in (lambda c: c.ours, lambda c: c.theirs, lambda c: c.base):
        assert not any(marker in resolved(merged, side) for marker in MARKERS)
    if not merged.conflicts:
        assert resolved(merged, lambda c: c.base) == merged.text


TASK = """\
    {0} = Operator(
        task_id='{0}',
        arguments={{
            'value': {1},
        }},
    )

"""


@settings(max_examples=300, deadline=None)
@given(st.lists(st.booleans(), min_size=1, max_size=8), st.booleans(), st.data())
def test_tasks_of_a_dag_file(is_ours: list[bool], new_head: bool, data: st.DataObject) -> None:
    """Ours changes values, theirs adds, removes and changes other tasks: both are kept, without a conflict.

    Most lines of such a file occur many times in it. Git 2.39 would move a value into another task here, because its
    default diff matches equal lines of two tasks.
    """
    parts: list[tuple[str, str, str, str]] = []  # of each task: as it was, ours, theirs, merged
    for number, mine in enumerate(is_ours):
        task, changed = TASK.format(f"t{number}", 1), TASK.format(f"t{number}", 2)
        added = TASK.format(f"new{number}", 1)
        theirs = data.draw(st.sampled_from(["", changed, task + added, added + task, changed + added, added + changed]))
        parts.append((task, changed, task, changed) if mine else (task, task, theirs, theirs))
    heads = ["with DAG():\n", "with DAG(new):\n"]
    head = [heads[0], heads[new_head], heads[0], heads[new_head]]
    base, ours, theirs, both = (
        f"{first}    start = now()\n\n{''.join(tasks)}    t0 >> t1\n"
        for first, tasks in zip(head, zip(*parts, strict=True), strict=True)
    )
    assert merge(base, ours, theirs) == Merged(both, [])
    assert merge(base, theirs, ours) == Merged(both, [])


@pytest.mark.parametrize("task", [TASK, "    {0} = Operator(\n        'value': {1},\n    )\n\n"], ids=["deep", "flat"])
def test_a_contradiction_is_not_taken_for_a_change_of_a_like_task(task: str) -> None:
    """A value changed by both sides is a conflict, even if a new task repeats the old value."""
    base = task.format("t0", 1) + "end\n"
    ours = task.format("t0", 3) + "end\n"
    theirs = task.format("t0", 2) + task.format("new", 1) + "end\n"
    (conflict,) = merge(base, ours, theirs).conflicts
    values = [[line.strip() for line in part] for part in (conflict.base, conflict.ours, conflict.theirs)]
    assert values == [["'value': 1,"], ["'value': 3,"], ["'value': 2,"]]


@pytest.mark.timeout(60)
def test_a_long_value_whose_name_changed() -> None:
    """Lines that are now enclosed by another line still match."""
    lines = [f"    {number},\n    None,\n" for number in range(4000)]
    base = f"start\nvalues = {{\n{''.join(lines)}}}\nend\n"
    ours = base.replace("values", "renamed").replace("start", "begin").replace("end\n", "stop\n")
    theirs = base.replace("    2000,", "    changed,").replace("}\nend", "    last,\n}\nend")
    merged = merge(base, ours, theirs)
    assert "renamed = {" in merged.text
    assert "    changed,\n" in merged.text
    assert "    2000,\n" not in merged.text
    assert merged.conflicts == []


@pytest.mark.parametrize(
    ("head", "is_deep"), [("with DAG():", False), ("with DAG():", True), ("with DAG(new):", False)]
)
def test_a_value_stays_in_its_task(head: str, is_deep: bool) -> None:
    """One side changes a task; the other changes it elsewhere and adds a task that equals its old version.

    A plain diff matches the lines of the new task with those of the old one. The position in the structure tells the
    tasks apart, even if the outermost enclosing line was changed.
    """

    def dag(first: str, *tasks: tuple[str, int, int]) -> str:
        inner = "          b(\n" if is_deep else ""
        values = "            1: {},\n            2: 0,\n            3: {},\n"
        task = f"    {{}} = Op(\n        a(\n{inner}{values}        ),\n    )\n\n"
        return f"{first}\n    start()\n\n{''.join(task.format(*values) for values in tasks)}    end()\n"

    base = dag("with DAG():", ("old", 1, 1))
    ours = dag("with DAG():", ("old", 1, 9))
    theirs = dag(head, ("old", 5, 1), ("new", 1, 1))
    both = dag(head, ("old", 5, 9), ("new", 1, 1))
    assert merge(base, ours, theirs) == merge(base, theirs, ours) == Merged(both, [])


# --- Compared with git ------------------------------------------------------------------------------------------------


def by_git(base: str, ours: str, theirs: str) -> tuple[str, int]:
    """Return the result of ``git merge-file``, and its number of conflicts."""
    with tempfile.TemporaryDirectory() as folder:
        names = []
        for name, content in (("ours", ours), ("base", base), ("theirs", theirs)):
            (Path(folder) / name).write_bytes(content.encode())
            names.append(name)
        labels = ["-L", "the DAG file", "-L", "rendered before", "-L", "the new rendering"]
        done = subprocess.run(
            [str(GIT), "merge-file", "-p", "--diff3", *labels, *names], cwd=folder, capture_output=True, check=False
        )
    assert 0 <= done.returncode < 128, done.stderr
    return done.stdout.decode(), done.returncode


def edits(names: str) -> st.SearchStrategy[list[tuple[int, str, str]]]:
    """Return a strategy for edits: a place (in sixteenths of the text), what to do there, and the new line's name."""
    line = st.tuples(st.integers(0, 15), st.sampled_from(["insert", "delete", "change"]), st.sampled_from(names))
    return st.lists(line, max_size=6, unique_by=(lambda edit: edit[0], lambda edit: edit[2]))


def edited(base: list[str], changes: list[tuple[int, str, str]], line_end: str) -> str:
    """Return the lines after the edits."""
    lines = list(base)
    for place, what, name in sorted(changes, reverse=True):
        at = place * len(base) // 16
        new = [] if what == "delete" else [f"new {name}{line_end}"]
        lines[at : at + (what != "insert")] = new
    return "".join(lines)


@NEEDS_GIT
@settings(max_examples=300, deadline=None)
@given(
    st.integers(0, 16), edits("abcdefgh"), edits("efghijkl"), st.sampled_from(["\n", "\r\n"]), st.sampled_from("bot.")
)
def test_git_says_the_same(
    size: int, ours: list[tuple[int, str, str]], theirs: list[tuple[int, str, str]], line_end: str, cut: str
) -> None:
    """If no line occurs twice in a text, the merged text equals that of git, including conflicts.

    The last line end is missing in the base (b), in ours (o), in theirs (t) or nowhere.
    """
    lines = [f"line {number}{line_end}" for number in range(size)]
    base, one, other = "".join(lines), edited(lines, ours, line_end), edited(lines, theirs, line_end)
    base, one, other = (
        made.removesuffix(line_end) if cut == letter else made
        for made, letter in ((base, "b"), (one, "o"), (other, "t"))
    )
    merged, (text_of_git, conflicts) = merge(base, one, other), by_git(base, one, other)
    assert len(merged.conflicts) == conflicts
    assert merged.text.replace("\r\n", "\n") == text_of_git.replace("\r\n", "\n")
    assert merged.text.count("\n") == merged.text.count(line_end)  # git's markers look at the base alone

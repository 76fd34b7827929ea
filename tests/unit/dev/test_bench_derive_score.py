"""The scorer of the benchmark of derived values: each verdict, the shares, and what it refuses."""

from __future__ import annotations

import json
import random
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.paths import ROOT

sys.path.insert(0, str(ROOT / "dev"))

from bench_derive import altered, generate, play, score
from bench_derive.adapters import Adapter, Perform
from bench_derive.adapters.frozen import Automation as Frozen
from bench_derive.adapters.perfect import Automation as Perfect
from bench_derive.building import Call, Leaf, Program
from bench_derive.domains import DOMAINS
from bench_derive.report import Report, is_record

CALLS = [{"tool": "read", "arguments": {"id": "A1"}}, {"tool": "write", "arguments": {"n": 5, "limit": 3}}]
TRUTH = {
    "language": "en",
    "form": "list",
    "traits": [],
    "calls": CALLS,
    "leaves": [
        {"call": 0, "at": ["id"], "class": "record by a criterion (read)", "values": ["A1", "B2"]},
        {"call": 1, "at": ["n"], "class": "total", "values": [5, 7]},
        {"call": 1, "at": ["limit"], "class": "coincidence: a constant equal to a figure", "values": [3, 3]},
    ],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one program of two calls and one later version."""
    (tmp_path / "p").mkdir()
    (tmp_path / "p/truth.json").write_text(json.dumps(TRUTH))
    return tmp_path


def lines(version: int, *calls: Any) -> list[dict[str, Any]]:
    """Return a score file's lines of one version; ``None`` is a failed call, ``...`` a missing one."""
    return [
        {"program": "p", "version": version, "call": number}
        | ({"failed": True} if arguments is None else {"arguments": arguments})
        for number, arguments in enumerate(calls)
        if arguments is not ...
    ]


RECORDED = lines(0, {"id": "A1"}, {"n": 5, "limit": 3})


@pytest.mark.parametrize(
    ("calls", "expected"),
    [
        (({"id": "B2"}, {"n": 7, "limit": 3}), ["followed", "followed", "kept"]),
        (({"id": "A1"}, {"n": 5, "limit": 3}), ["frozen", "frozen", "kept"]),
        (({"id": "C3"}, {"n": 7.0, "limit": 4}), ["wrong", "wrong", "moved"]),
        ((None, {"limit": 3}), ["failed", "wrong", "kept"]),
        ((..., None), ["missing", "failed", "failed"]),
    ],
)
def test_verdicts(folder: Path, calls: tuple[Any, ...], expected: list[str]) -> None:
    """An integer is no float, and a missing argument is a wrong one."""
    found = score.scored(folder, [*RECORDED, *lines(1, *calls)])

    assert [one.verdict for one in found.verdicts] == expected
    assert found.unproven == []


def test_precision_and_recall(folder: Path) -> None:
    """A failure lowers the recall and not the precision; a moved constant lowers the precision."""
    found = score.scored(folder, [*RECORDED, *lines(1, {"id": "B2"}, {"n": 7, "limit": 9})])
    (tally,) = found.counts(lambda one: one.language).values()
    failed = score.scored(folder, [*RECORDED, *lines(1, {"id": "B2"}, None)]).counts(lambda one: "all")["all"]

    assert (tally.precision, tally.recall) == (2 / 3, 1.0)
    assert (failed.precision, failed.recall) == (1.0, 0.5)
    assert (score.Tally().precision, score.Tally().recall) == (None, None)


def test_what_the_recording_does_not_give_back_is_told(folder: Path) -> None:
    """Version 0 is the recording itself: nothing counts for a tool that does not repeat it."""
    found = score.scored(folder, lines(0, {"id": "A1"}, {"n": 6, "limit": 3}))

    assert found.unproven == ["p call 1 n: moved"]
    assert {one.verdict for one in found.verdicts} == {"missing"}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ({"program": "q", "version": 0, "call": 0, "arguments": {}}, "'q', which does not exist"),
        ({"program": "p", "version": 2, "call": 0, "arguments": {}}, "'version' 2: use a number from 0 to 1"),
        ({"program": "p", "version": True, "call": 0, "arguments": {}}, "'version' True"),
        ({"program": "p", "version": 0, "call": -1, "arguments": {}}, "'call' -1: use a number from 0 to 1"),
        ({"program": "p", "version": 0, "call": 0}, "needs either 'arguments'"),
        ({"program": "p", "version": 0, "call": 0, "arguments": {}, "failed": True}, "needs either 'arguments'"),
    ],
)
def test_a_wrong_line_is_refused(folder: Path, line: dict[str, Any], said: str) -> None:
    """With its number and what to write."""
    with pytest.raises(ValueError, match=f"line 1 of the score file.*{said}"):
        score.scored(folder, [line])


def test_a_repeated_call_is_refused(folder: Path) -> None:
    """Else a tool could answer twice."""
    with pytest.raises(ValueError, match="line 3 of the score file repeats call 0 of p, version 0"):
        score.scored(folder, [*RECORDED, *lines(0, {"id": "A1"})])


def test_a_line_that_is_no_object_is_refused(tmp_path: Path) -> None:
    """The message names the file and the line."""
    file = tmp_path / "mine.jsonl"
    file.write_text('{"program": "p"}\n[1]\n')

    with pytest.raises(ValueError, match=r"mine.jsonl, line 2 is not a JSON object"):
        list(score.lines_of(file))


@pytest.mark.parametrize(("adapter", "verdict"), [(Perfect, "followed"), (Frozen, "frozen")])
def test_the_two_bounds(tmp_path: Path, adapter: type[Adapter], verdict: str) -> None:
    """The truth scores 100 %, and the recording itself follows nothing."""
    made = [line for program in generate.write(tmp_path, 1, 6) for line in play.lines(adapter, program, tmp_path)]

    found = score.scored(tmp_path, made)

    assert found.unproven == []
    assert {one.verdict for one in found.verdicts} == {verdict, "kept"}


def test_calls_are_matched_by_tool_and_get_the_right_answers() -> None:
    """The nth call of a tool is its nth recorded call; a further one gets no answer."""

    class Twice:
        def __init__(self, program: Path, work: Path) -> None:
            """Nothing to make."""

        def run(self, version: int, perform: Perform) -> None:
            """Call a tool more often than recorded."""
            assert [perform("b", {"n": 1}), perform("a", None), perform("b", {"n": 2})] == ["of b", "of a", None]

    assert play.calls_of(Twice(Path(), Path()), 0, ["a", "b"], ["of a", "of b"]) == {1: {"n": 1}, 0: None}


class FirstRow:
    """Reads the first row of the list, whatever it is: a pick by position."""

    def __init__(self, program: Path, work: Path) -> None:
        """Nothing to make."""

    def run(self, version: int, perform: Perform) -> None:
        """List the records and open the first."""
        rows = perform("list", {})
        perform("get", {"id": rows[0]["id"]})


def made_program() -> Program:
    """Return a program that lists three records and opens the first, which is another one in each version."""
    rows = [[{"id": f"{letter}{version}", "n": version} for letter in "abc"] for version in range(2)]
    versions: Any = [None, None]
    program = Program("made", "en", "list", DOMAINS[0], versions, random.Random(0))
    program.calls = [
        Call("list", [{}, {}], rows),
        Call("get", [{"id": found[0]["id"]} for found in rows], [found[0] for found in rows]),
    ]
    program.leaves = [Leaf(1, ("id",), "record by a criterion (read)")]
    return program


def test_a_pick_by_position_is_explained_and_does_not_keep_its_record() -> None:
    """Both further tests see it."""
    program, automation = made_program(), FirstRow(Path(), Path())
    answers = [list(reversed(program.calls[0].answers[0])), {}]

    assert altered.explained(automation, program, 0)
    assert list(altered.kept(automation, program, answers)) == [("record by a criterion (read)", "another")]
    assert list(altered.kept(automation, program, program.answers()[0])) == [("record by a criterion (read)", "kept")]


def test_a_frozen_or_failed_pick_is_not_explained() -> None:
    """Only a value that moves with the data is."""

    class Failing(FirstRow):
        def run(self, version: int, perform: Perform) -> None:
            """Fail to fill in the id."""
            perform("list", {})
            perform("get", None)

    class Still(FirstRow):
        def run(self, version: int, perform: Perform) -> None:
            """Open the recorded one."""
            perform("list", {})
            perform("get", {"id": "a0"})

    assert not altered.explained(Failing(Path(), Path()), made_program(), 0)
    assert not altered.explained(Still(Path(), Path()), made_program(), 0)


def test_the_report_names_what_is_missed(folder: Path) -> None:
    """A wrong record, moved coincidences, and shares below their goals."""
    found = score.scored(folder, [*RECORDED, *lines(1, {"id": "C3"}, {"n": 5, "limit": 4})])
    report = Report("mine", found, rows=Counter({"picks": 9, "picks explained": 5, "other explained": 2}))

    missed = "\n".join(report.missed())

    for said in (
        "precision of English programs: 0.0 %",
        "recall of English",
        "1 wrong values",
        "1 of 1 moved",
        "5 of 9",
    ):
        assert said in missed
    assert "wrong: p version 1 call 0 id" in "\n".join(report.misses())
    assert "record by a criterion (read)" in report.text()
    assert report.as_json()["language"]["English"]["wrong"] == 1


def test_ties_are_records() -> None:
    """And a sentence is not."""
    assert is_record("tie: record by a criterion (read)")
    assert is_record("list: projection")
    assert not is_record("tie: sentence with slots")

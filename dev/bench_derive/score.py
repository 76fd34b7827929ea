"""Scores a score file: a verdict for each argument of each call, in each later version of the data.

=========== ==================================================================
verdict     meaning
=========== ==================================================================
followed    the right value changed, and the call has it
frozen      the right value changed, and the call still has the recorded one
wrong       the right value changed, and the call has a third one
failed      the step could not fill in its arguments: nothing was called
kept        the right value is the recorded one, and the call has it
moved       the right value is the recorded one, and the call has another
missing     there is no line for the call
=========== ==================================================================

*Precision* is followed / (followed + wrong + moved). *Recall* is followed / all whose right value changed.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench_derive.building import value_at
from bench_derive.play import Line, read

VERDICTS = ("followed", "frozen", "wrong", "failed", "kept", "moved", "missing")
NOT_THERE = object()


@dataclass(frozen=True)
class Verdict:
    """The verdict on one leaf in one later version.

    :param changed: whether the right value differs from the recorded one.
    """

    program: str
    version: int
    call: int
    at: tuple[str | int, ...]
    class_: str
    language: str
    form: str
    verdict: str
    changed: bool
    recorded: Any
    right: Any
    got: Any


@dataclass
class Score:
    """The verdicts of a score file.

    :param unproven: leaves that are not given back on the recorded data, as ``program call place``.
    """

    verdicts: list[Verdict] = field(default_factory=list)
    unproven: list[str] = field(default_factory=list)

    def counts(self, key: Callable[[Verdict], str]) -> dict[str, Tally]:
        """Return the counts by a property of the verdicts."""
        found: dict[str, Tally] = defaultdict(Tally)
        for one in self.verdicts:
            found[key(one)].add(one)
        return dict(found)


@dataclass
class Tally:
    """Counts of verdicts.

    :param changed: how many right values differ from the recorded ones.
    """

    verdicts: Counter[str] = field(default_factory=Counter)
    changed: int = 0

    def add(self, one: Verdict) -> None:
        """Count a verdict."""
        self.verdicts[one.verdict] += 1
        self.changed += one.changed

    @property
    def precision(self) -> float | None:
        """The share of right values among those that changed; ``None`` if none did."""
        followed = self.verdicts["followed"]
        made = followed + self.verdicts["wrong"] + self.verdicts["moved"]
        return followed / made if made else None

    @property
    def recall(self) -> float | None:
        """The share of the values that should change; ``None`` if none should."""
        return self.verdicts["followed"] / self.changed if self.changed else None


def scored(folder: Path, lines: Iterable[Line]) -> Score:
    """Return the verdicts on a score file.

    :param folder: the programs. :param lines: of the score file.
    :raises ValueError: a line is not as the format says, names no program, call or version, or repeats a call.
    """
    programs = {file.parent.name: read(file) for file in sorted(folder.glob("*/truth.json"))}
    given: dict[tuple[str, int, int], Any] = {}
    for number, line in enumerate(lines, start=1):
        key = _key(line, programs, number)
        if key in given:
            raise ValueError(f"line {number} of the score file repeats call {key[2]} of {key[0]}, version {key[1]}")
        given[key] = line.get("arguments")
    score = Score()
    for name, truth in programs.items():
        for one in _verdicts(name, truth, given):
            if one.version:
                score.verdicts.append(one)
            elif one.verdict != "kept":
                score.unproven.append(f"{name} call {one.call} {'.'.join(map(str, one.at))}: {one.verdict}")
    return score


def lines_of(file: Path) -> Iterator[Line]:
    """Yield the lines of a score file.

    :raises ValueError: a line is not a JSON object.
    """
    for number, text in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            line = json.loads(text)
        except ValueError:
            line = None
        if not isinstance(line, dict):
            raise ValueError(f"{file}, line {number} is not a JSON object: write one object on each line")
        yield line


def _key(line: Line, programs: Mapping[str, Any], number: int) -> tuple[str, int, int]:
    """Return the program, version and call of a line.

    :raises ValueError: one of them does not exist, or the line has neither arguments nor a failure.
    """
    where = f"line {number} of the score file"
    if line.get("program") not in programs:
        raise ValueError(f"{where} names the program {line.get('program')!r}, which does not exist in the folder")
    truth = programs[line["program"]]
    limits = {"version": len(truth["leaves"][0]["values"]), "call": len(truth["calls"])}
    for name, limit in limits.items():
        value = line.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < limit:
            raise ValueError(f"{where} has {name!r} {value!r}: use a number from 0 to {limit - 1}")
    if isinstance(line.get("arguments"), dict) == bool(line.get("failed")):
        raise ValueError(f"{where} needs either 'arguments', an object, or 'failed': true")
    return line["program"], line["version"], line["call"]


def _verdicts(name: str, truth: dict[str, Any], given: Mapping[tuple[str, int, int], Any]) -> Iterator[Verdict]:
    for leaf in truth["leaves"]:
        recorded = leaf["values"][0]
        for version, right in enumerate(leaf["values"]):
            arguments = given.get((name, version, leaf["call"]), NOT_THERE)
            got = _value(arguments, leaf["at"])
            changed = canonical(recorded) != canonical(right)
            yield Verdict(
                name, version, leaf["call"], tuple(leaf["at"]), leaf["class"], truth["language"], truth["form"],
                _verdict(arguments, recorded, right, got), changed, recorded, right, got,
            )  # fmt: skip


def _verdict(arguments: Any, recorded: Any, right: Any, got: Any) -> str:
    if arguments is NOT_THERE:
        return "missing"
    if arguments is None:
        return "failed"
    before, wanted, found = map(canonical, (recorded, right, got))
    if before == wanted:
        return "kept" if found == wanted else "moved"
    return "followed" if found == wanted else "frozen" if found == before else "wrong"


def _value(arguments: Any, at: list[Any]) -> Any:
    try:
        return value_at(arguments, at)
    except (LookupError, TypeError):
        return None


def canonical(value: Any) -> str:
    """Return a value as text: equal texts are equal JSON data; 1 and 1.0 differ."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False)

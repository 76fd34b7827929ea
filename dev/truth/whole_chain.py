"""Run the whole chain of a recorded run in another world, each step with its own arguments, and judge every write.

The other measures give each step the right arguments, so that one mistake does not hide the next. Here a mistake has
its consequences: a read that took another record returns that record, and a write that follows it changes something
else. A step that finds nothing ends the run: whatever it would have changed stays as it is.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from airflow_provider_vai.languages import json_text
from airflow_provider_vai.languages.places import value_or, with_value
from airflow_provider_vai.model.automation import Automation, Step
from airflow_provider_vai.model.positions import reads_of
from airflow_provider_vai.model.run import Run
from truth import alterations, following, interpreter, replay
from truth.alterations import Path
from truth.worlds import NAMES, World, in_any_order


@dataclass(frozen=True)
class Unlike:
    """A step whose arguments are not the right ones.

    :param kind: ``read``, ``mixed write``, or ``write:`` with what became of it, as in :class:`Chain`.
    """

    kind: str
    recording: str
    world: str
    step: str
    effect: str
    right: str
    got: str
    wires: str


@dataclass
class Chain:
    """Counts of one suite, by world.

    Writes: ``writes``, and what became of each: ``same``; ``longer`` and ``ordered`` (a list that is wired as a whole
    has the added item, or another order); ``stopped`` (it or an earlier step found nothing, so it did not run);
    ``other`` (it changed something else). ``wired`` are those that ran with a wire; ``mixed`` has some of its altered
    values as they are now and some as recorded. Reads: ``reads`` (those that ran with a wire), ``right`` and, of the
    others, ``recorded`` (another recorded call asked for the same). Also ``runs`` and ``stopped_runs``.
    """

    counts: dict[str, Counter[str]] = field(default_factory=lambda: {name: Counter() for name in NAMES})
    unlike: list[Unlike] = field(default_factory=list)
    stops: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class _Place:
    """Where a step runs: in which run, in which world, and the counts that it goes into."""

    run: Run
    name: str
    world: World
    found: Chain

    @property
    def count(self) -> Counter[str]:
        return self.found.counts[self.name]


def run_chain(spec: Automation, run: Run, name: str, world: World, found: Chain) -> None:
    """Run the chain in one world, and count."""
    calls, place = replay.recorded_calls(spec, run), _Place(run, name, world, found)
    params = interpreter.defaults(spec)
    context = interpreter.Context(params=params, passwords=replay.passwords(spec, run))
    steps = [step for step in spec.steps if step.kind != interpreter.GATE]
    place.count["runs"] += 1
    for number, step in enumerate(steps):
        judged = False
        try:
            several = [given["arguments"] for given in interpreter.each_arguments(step, context)]
            judged = step.effect == "write"
            results = _answers(step, calls[step.key], several, place)
            context.results[step.key] = results if step.each else results[0]
            context.given[step.key] = {"arguments": several[0] if several else {}}
        except LookupError as error:
            left = sum(len(calls[later.key]) for later in steps[number + judged :] if later.effect == "write")
            place.count["stopped_runs"] += 1
            place.count["writes"] += left
            place.count["stopped"] += left
            found.stops[f"{name}: {_cause(error)}"] += 1
            return


def _answers(step: Step, positions: Sequence[int], several: Sequence[Any], place: _Place) -> list[Any]:
    """Judge each call that a step makes, and return the answers. A call that was not recorded is not judged."""
    right = [place.world.expected(place.run.calls[position]) for position in positions]
    answers = []
    for number, taken in zip(replay.in_pairs(right, several), several, strict=True):
        if number is not None:
            _judge(step, positions[number], taken, place)
        position = positions[number or 0]
        answers.append(place.world.answer(position, taken, writes=step.effect == "write"))
    return answers


def frozen_values(spec: Automation, run: Run) -> list[str]:
    """Return the values that the steps' arguments hold as literals, as text."""
    found = []
    for key, positions in replay.recorded_calls(spec, run).items():
        wired = following.wired_places(next(step for step in spec.steps if step.key == key))
        for path, value in (leaf for one in positions for leaf in alterations.leaves(run.calls[one].arguments)):
            if not any(path[: len(place)] == place for place in wired):
                found.append(str(value))
    return found


def end_of_write(right: Any, taken: Any, wired: Sequence[Path]) -> str:
    """Return what became of a write: ``same``, ``longer``, ``ordered`` or ``other``, as in :class:`Chain`.

    :param right: the arguments that it should have. :param wired: the places in them that wires fill in.
    """
    if replay.same(right, taken):
        return "same"
    for place in wired:
        whole, got = value_or(right, place), value_or(taken, place)
        is_list = isinstance(whole, list) and isinstance(got, list) and is_within(whole, got)
        if is_list and replay.same(with_value(taken, place, whole), right):
            return "longer" if len(got) > len(whole) else "ordered"
    return "other"


def is_right(right: Any, got: Any) -> bool:
    """Return whether a wired value refers to the right records: a list to each of them, in any order."""
    if isinstance(right, list) and isinstance(got, list):
        return is_within(right, got)
    return got is not following.ABSENT and replay.same(right, got)


def is_within(part: Sequence[Any], whole: Sequence[Any]) -> bool:
    """Return whether every item of a list is in another one, as often."""
    return not Counter(map(in_any_order, part)) - Counter(map(in_any_order, whole))


def _judge(step: Step, position: int, taken: Any, place: _Place) -> None:
    call, count, wired = place.run.calls[position], place.count, following.wired_places(step)
    right = place.world.expected(call)
    if step.effect != "write":
        fits = all(is_right(value_or(right, at), value_or(taken, at, following.ABSENT)) for at in wired)
        count["reads"] += bool(wired)
        count["right"] += bool(wired) and fits
        if not fits:
            alike = (other for other in place.run.calls if other.tool == call.tool)
            count["recorded"] += in_any_order(taken) in {in_any_order(place.world.expected(one)) for one in alike}
            _note("read", step, right, taken, place)
        return
    stays, moves = _altered(call.arguments, right, taken)
    end = end_of_write(call.arguments, _as_recorded(call.arguments, right, taken), wired)
    count["writes"] += 1
    count["wired"] += bool(wired)
    count["mixed"] += stays and moves
    count[end] += 1
    if end != "same" or (stays and moves):
        _note(f"write: {end}" if end != "same" else "mixed write", step, right, taken, place)


def _altered(recorded: Any, right: Any, taken: Any) -> tuple[bool, bool]:
    """Return whether an altered value is as it was recorded, and whether one is as it is in the world."""
    altered = [(path, new) for path, new in alterations.leaves(right) if not replay.same(new, value_or(recorded, path))]
    moved = [replay.same(value_or(taken, path), new) for path, new in altered]
    return not all(moved), any(moved)


def _as_recorded(recorded: Any, right: Any, taken: Any) -> Any:
    """Return a step's arguments with the recorded value wherever it took the right one."""
    for path, value in alterations.leaves(right):
        if replay.same(value_or(taken, path, following.ABSENT), value):
            taken = with_value(taken, path, value_or(recorded, path))
    return taken


def _note(kind: str, step: Step, right: Any, taken: Any, place: _Place) -> None:
    reads = reads_of(step.arguments, step.each)
    wires = "; ".join(f"{'.'.join(map(str, read.place[1:]))} = {read.step}{list(read.path)}" for read in reads)
    shown, got = (json_text.canonical(value)[:300] for value in (right, taken))
    place.found.unlike.append(Unlike(kind, place.run.id, place.name, step.key, step.effect, shown, got, wires))


def _cause(error: LookupError) -> str:
    return re.sub(r"'[^']*'|\d+", "…", str(error.args[0] if error.args else error))[:90]

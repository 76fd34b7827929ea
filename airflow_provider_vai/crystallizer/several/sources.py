"""Finds the source of a value that differs between the runs: a place in an earlier result that has it in every run.

A place counts if its path leads, in each run's recorded result, to exactly that run's value. The runs confirm each
other: a place that has the value by chance in one run fails in another.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from airflow_provider_vai.crystallizer.evidence.value_places import ValuePlace, by_name, only_items, places
from airflow_provider_vai.crystallizer.evidence.weight import kinship, named_after, weight
from airflow_provider_vai.crystallizer.several.align import AlignedStep
from airflow_provider_vai.crystallizer.several.playback import At, Playback
from airflow_provider_vai.languages import json_text, result_path
from airflow_provider_vai.model.argument import Argument, Output
from airflow_provider_vai.secrets.masking import mask

MOST_CANDIDATES = 40
"""The most candidate places for one value that are checked in every run."""


@dataclass(frozen=True)
class CommonPlace:
    """A place that has a value in every run.

    :param column: the step whose result contains the place.
    :param path: the path in the result.
    :param key: the value's key there.
    :param proposed: the number of runs whose own automation wires the value to this place.
    :param lengths: the lengths of the lists in which the path selects by position.
    """

    column: AlignedStep
    path: At
    key: str
    proposed: int
    lengths: tuple[int, ...]


@dataclass
class Sources:
    """Searches the results of earlier steps in all runs.

    :param columns: the columns in the order of the automation's steps.
    :param playbacks: the runs, newest first.
    """

    columns: Sequence[AlignedStep]
    playbacks: Sequence[Playback]
    _places: dict[int, dict[str, list[ValuePlace]]] = field(default_factory=dict)
    _followed: dict[tuple[int, int, At], str | None] = field(default_factory=dict)

    def proposals(self, column: AlignedStep, name: str) -> dict[At, list[tuple[AlignedStep, At]]]:
        """Return the wires that the runs' own automations have in an argument, by their places in it."""
        found: dict[At, list[tuple[AlignedStep, At]]] = {}
        for run, played in column.of.items():
            for at, output in _wires(played.step.arguments.get(name)).items():
                source = self.column_of(run, output.step)
                if source is not None:
                    found.setdefault(at, []).append((source, tuple(output.path)))
        return found

    def own(self, column: AlignedStep, name: str) -> dict[At, Output]:
        """Return the wires that the automation of the step's newest run has in an argument, by their places in it."""
        return _wires(column.newest.step.arguments.get(name))

    def column_of(self, run: int, key: str | None) -> AlignedStep | None:
        """Return the column of a step, given its key in a run's own automation; ``None`` if there is none."""
        if key is None:
            return None
        return next((column for column in self.columns if run in column.of and column.of[run].step.key == key), None)

    def holds(self, source: AlignedStep, path: At, reader: AlignedStep, values: dict[int, Any]) -> bool:
        """Return whether a place has the value in each of these runs, and the model had seen it before the reader.

        :param source: the column whose result contains the place.
        :param path: the path in the result.
        :param reader: the column of the step that has the value in its arguments.
        :param values: the values by run.
        """
        if not self.may_read(source, reader):
            return False
        return all(
            source.of[run].batch < reader.of[run].batch and self._at(source, run, path) == json_text.canonical(value)
            for run, value in values.items()
        )

    def may_read(self, source: AlignedStep, reader: AlignedStep) -> bool:
        """Return whether a step may be wired to another: the source comes first and runs whenever the reader runs.

        A step that only some runs made can be a source only for steps of the same runs: for all others it may be
        skipped.
        """
        if source.runs != reader.runs and len(source.runs) < len(self.playbacks):
            return False
        order = [id(column) for column in self.columns]
        return id(source) in order and order.index(id(source)) < order.index(id(reader))

    def find(
        self, reader: AlignedStep, at: At, values: dict[int, Any], proposed: Sequence[tuple[AlignedStep, At]]
    ) -> list[CommonPlace]:
        """Return the places that have a value that differs between the runs, best first.

        :param reader: the column of the step that has the value in its arguments.
        :param at: the value's place in the arguments, the argument's name first.
        :param values: the values by run.
        :param proposed: the places to which the runs' own automations wire it.
        """
        found: dict[tuple[int, At], CommonPlace] = {}
        for source, path in [*proposed, *self._candidates(reader, values)]:
            if (id(source), path) in found or not self.holds(source, path, reader, values):
                continue
            count = sum(column is source and way == path for column, way in proposed)
            found[id(source), path] = CommonPlace(source, path, _key(path), count, self._lengths(source, path, values))
        name = next((part for part in reversed(at) if isinstance(part, str)), "")
        fitting = [place for place in found.values() if _proves(place, name, values)]
        order = {id(column): number for number, column in enumerate(self.columns)}
        return sorted(
            fitting,
            key=lambda place: (
                -place.proposed,
                -_kin(place, name),
                len(place.lengths),
                sum(isinstance(part, int) for part in place.path),
                -self._about(place.column, reader),
                -order[id(place.column)],
                len(place.path),
            ),
        )

    def _about(self, source: AlignedStep, reader: AlignedStep) -> int:
        """Return how many strong values the arguments of source and reader share: the smallest number of all runs."""
        return min(
            sum(weight(json.loads(text)) == "strong" for text in source.of[run].own & played.own)
            for run, played in reader.of.items()
        )

    def _candidates(self, reader: AlignedStep, values: dict[int, Any]) -> Iterator[tuple[AlignedStep, At]]:
        run = min(values)
        wanted, number = json_text.canonical(values[run]), 0
        for source in self.columns:
            if source is reader:
                return
            if run not in source.of or wanted in source.of[run].own or not self.may_read(source, reader):
                continue
            for place in self._by_value(source, run).get(wanted, ()):
                for path in self._paths(place, source, run):
                    yield source, path
                    number += 1
                    if number >= MOST_CANDIDATES:
                        return

    def holders(self, text: str) -> set[str]:
        """Return the keys of the steps whose result contains a value in some run.

        :param text: the value as canonical JSON.
        """
        return {column.key for column in self.columns if any(text in self._by_value(column, run) for run in column.of)}

    def _paths(self, place: ValuePlace, source: AlignedStep, run: int) -> Iterator[At]:
        """Yield the paths to a place: by the names that the user said, by ``[only]``, and by positions alone."""
        check = result_path.check(place.value) if place.path not in ((), ("rows",)) else None
        named = by_name(source.of[run].left, place, self.playbacks[run].user_said)
        is_safe = not any(isinstance(part, str) and mask(part) != part for part in named)
        for way in dict.fromkeys((*([named] if is_safe else []), only_items(place), place.path)):
            yield (*way, check) if check else way

    def _by_value(self, source: AlignedStep, run: int) -> dict[str, list[ValuePlace]]:
        played = source.of[run]
        if id(played) not in self._places:
            made: dict[str, list[ValuePlace]] = {}
            for place in places(played.left) if played.left is not None else ():
                if any(isinstance(part, str) and mask(part) != part for part in place.path):
                    continue  # a path with such a key must not be written to a file
                made.setdefault(json_text.canonical(place.value), []).append(place)
            self._places[id(played)] = made
        return self._places[id(played)]

    def _at(self, source: AlignedStep, run: int, path: At) -> str | None:
        key = (id(source), run, path)
        if key not in self._followed:
            played = source.of.get(run)
            try:
                found = None if played is None or played.left is None else result_path.follow(played.left, path)
                self._followed[key] = json_text.canonical(found) if played and played.left is not None else None
            except LookupError:
                self._followed[key] = None
        return self._followed[key]

    def _lengths(self, source: AlignedStep, path: At, runs: Iterable[int]) -> tuple[int, ...]:
        """Return the greatest length, over all runs, of each list in which the path selects by position.

        Lists that have only one item in every run are left out.
        """
        found = []
        for depth, part in enumerate(path):
            if isinstance(part, int):
                lists = [result_path.follow(source.of[run].left, path[:depth]) for run in runs]
                longest = max(map(len, lists))
                found += [longest] if longest > 1 else []
        return tuple(found)


def _wires(argument: Argument | None) -> dict[At, Output]:
    if argument is None:
        return {}
    whole: dict[At, Output] = {(): argument.from_} if argument.from_ else {}
    return whole | {tuple(wire.at): wire.from_ for wire in argument.wires if wire.from_}


def _key(path: At) -> str:
    named = [part for part in path if isinstance(part, str) and not part.startswith(("is:", "text:", "["))]
    return named[-1] if named else ""


def _kin(found: CommonPlace, name: str) -> int:
    if kin := kinship(name, found.key):
        return kin
    return 0 if found.key else int(named_after(name, str(found.column.newest.values.get("tool", ""))))


def _proves(found: CommonPlace, name: str, values: dict[int, Any]) -> bool:
    """Return whether values, runs and names together prove that the value comes from the place.

    Words, dates and numbers that differ between the runs and always match their run's place are proof. Counts and
    booleans may match by chance, so they also need a related name.
    """
    weights = {weight(value) for value in values.values()}
    return bool(found.proposed) or weights <= {"word", "date", "number", "strong"} or _kin(found, name) >= 2

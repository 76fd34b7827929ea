"""Where a value that differs between the runs comes from: the places of earlier results that hold it in every run.

A place counts where following its path in each run's own recorded result gives that run's own value, byte by byte. The
runs are each other's proof: a place that holds by chance in one of them fails in another.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from airflow_provider_vai.crystallizer.evidence.value_places import only_items, places
from airflow_provider_vai.crystallizer.evidence.weight import kinship, named_after, weight
from airflow_provider_vai.crystallizer.several.align import AlignedStep
from airflow_provider_vai.crystallizer.several.playback import At, Playback
from airflow_provider_vai.languages import json_text, result_path
from airflow_provider_vai.model.automation import Argument, Output
from airflow_provider_vai.secrets.masking import mask

MOST_CANDIDATES = 40
"""Places of one value that are tried in every run."""


@dataclass(frozen=True)
class CommonPlace:
    """A place that holds a value in every run.

    :param column: the step. :param path: in what it leaves. :param key: what the value is called there.
    :param proposed: in how many runs, taken alone, the value was wired to it.
    :param lengths: of lists in which the path picks by position, in the newest run.
    """

    column: AlignedStep
    path: At
    key: str
    proposed: int
    lengths: tuple[int, ...]


@dataclass
class Sources:
    """What the earlier steps of the columns leave.

    :param columns: in the order in which the automation will have them.
    """

    columns: Sequence[AlignedStep]
    playbacks: Sequence[Playback]
    _places: dict[int, dict[str, list[tuple[At, str]]]] = field(default_factory=dict)
    _followed: dict[tuple[int, int, At], str | None] = field(default_factory=dict)

    def proposals(self, column: AlignedStep, name: str) -> dict[At, list[tuple[AlignedStep, At]]]:
        """Return the wires that the runs, each taken alone, have in an argument of a step, by their places in it."""
        found: dict[At, list[tuple[AlignedStep, At]]] = {}
        for run, played in column.of.items():
            for at, output in _wires(played.step.arguments.get(name)).items():
                source = self.column_of(run, output.step)
                if source is not None:
                    found.setdefault(at, []).append((source, tuple(output.path)))
        return found

    def own(self, column: AlignedStep, name: str) -> dict[At, Output]:
        """Return the wires that the newest run of a step has in an argument, by their places in it."""
        return _wires(column.newest.step.arguments.get(name))

    def column_of(self, run: int, key: str | None) -> AlignedStep | None:
        """Return the column of a step that a run's own automation names."""
        if key is None:
            return None
        return next((it for it in self.columns if run in it.of and it.of[run].step.key == key), None)

    def holds(self, source: AlignedStep, path: At, reader: AlignedStep, values: dict[int, Any]) -> bool:
        """Return whether a place holds a value in each run of its reader, and was known to the model before."""
        if not self.may_read(source, reader):
            return False
        return all(
            source.of[run].batch < reader.of[run].batch and self._at(source, run, path) == json_text.canonical(value)
            for run, value in values.items()
        )

    def may_read(self, source: AlignedStep, reader: AlignedStep) -> bool:
        """Return whether a step stands before another, and is made in every run in which that is made.

        A step that is made in some runs only can be read by those alone that are made in the same runs: others would
        find nothing where it was skipped.
        """
        if source.runs != reader.runs and len(source.runs) < len(self.playbacks):
            return False
        order = [id(column) for column in self.columns]
        return id(source) in order and order.index(id(source)) < order.index(id(reader))

    def find(
        self, reader: AlignedStep, at: At, values: dict[int, Any], proposed: Sequence[tuple[AlignedStep, At]]
    ) -> list[CommonPlace]:
        """Return the places that hold a value that differs between the runs, the best first.

        :param at: the value's place in the reader's arguments, the argument's name first.
        :param values: by run. :param proposed: places that runs, taken alone, take it from.
        """
        found: dict[tuple[int, At], CommonPlace] = {}
        for source, path in [*proposed, *self._candidates(reader, values)]:
            if (id(source), path) in found or not self.holds(source, path, reader, values):
                continue
            count = sum(it is source and way == path for it, way in proposed)
            found[id(source), path] = CommonPlace(source, path, _key(path), count, self._lengths(source, path, values))
        name = next((part for part in reversed(at) if isinstance(part, str)), "")
        fitting = [it for it in found.values() if _speaks(it, name, values)]
        order = {id(column): number for number, column in enumerate(self.columns)}
        return sorted(
            fitting,
            key=lambda it: (
                -it.proposed,
                -_kin(it, name),
                len(it.lengths),
                sum(isinstance(part, int) for part in it.path),
                -self._about(it.column, reader),
                -order[id(it.column)],
                len(it.path),
            ),
        )

    def _about(self, source: AlignedStep, reader: AlignedStep) -> int:
        """Return how many of the reader's own values the source was asked about, in the run that tells fewest."""
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
            for path, _ in self._by_value(source, run).get(wanted, ()):
                yield source, path
                number += 1
                if number >= MOST_CANDIDATES:
                    return

    def _by_value(self, source: AlignedStep, run: int) -> dict[str, list[tuple[At, str]]]:
        played = source.of[run]
        if id(played) not in self._places:
            made: dict[str, list[tuple[At, str]]] = {}
            for place in places(played.left) if played.left is not None else ():
                if any(isinstance(part, str) and mask(part) != part for part in place.path):
                    continue  # no file may hold the way to such a place
                check = result_path.check(place.value) if place.path not in ((), ("rows",)) else None
                for way in dict.fromkeys((only_items(place), place.path)):
                    path = (*way, check) if check else way
                    made.setdefault(json_text.canonical(place.value), []).append((path, place.key))
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
        """Return the lengths of the lists of several items, in any run, in which the path picks by position."""
        found = []
        for depth, part in enumerate(path):
            if isinstance(part, int):
                lists = [result_path.follow(source.of[run].left, path[:depth]) for run in runs]
                longest = max(len(it) for it in lists)
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


def _speaks(found: CommonPlace, name: str, values: dict[int, Any]) -> bool:
    """Return whether values, runs and names together prove enough.

    Different words, dates and numbers do that meet their own run's place each time; counts, yes and no meet by chance.
    """
    weights = {weight(value) for value in values.values()}
    return bool(found.proposed) or weights <= {"word", "date", "number", "strong"} or _kin(found, name) >= 2

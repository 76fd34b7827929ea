"""Aligns the steps of several runs, with one column for each step of the task.

Two steps can share a column if they do the same thing (kind, tool, connection). Their score shows how many of their
arguments agree. Two sequences are aligned with the algorithm of Needleman and Wunsch (:mod:`.pairing`). Each further
run is aligned with the existing columns.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from airflow_provider_vai.crystallizer.several.pairing import paired
from airflow_provider_vai.crystallizer.several.playback import Playback, Played
from airflow_provider_vai.exceptions import RunsDiffer
from airflow_provider_vai.languages.plural import plural

SHOWN_STEPS = 6
FORBIDDEN = -1.0
"""The score of two steps that do different things. It is less than the score of two gaps, which is 0."""


@dataclass(eq=False)
class AlignedStep:
    """One step of the task in each run, by the run's number. Runs that are missing in ``of`` did not make the step.

    ``key`` is the step's key in the automation of all runs, once it has one.
    """

    of: dict[int, Played] = field(default_factory=dict)
    key: str = ""

    @property
    def newest(self) -> Played:
        """The step in the newest of its runs."""
        return self.of[min(self.of)]

    @property
    def runs(self) -> frozenset[int]:
        """The numbers of the runs that made it."""
        return frozenset(self.of)

    @property
    def writes(self) -> bool:
        """Whether the step does more than read, in any run."""
        return any(played.step.effect != "read" for played in self.of.values())


@dataclass
class Aligned:
    """The columns, with the steps of the newest run in their recorded order.

    :param columns: the columns.
    :param moved: steps that a run made at a different point: the run's number and the column.
    """

    columns: list[AlignedStep]
    moved: list[tuple[int, AlignedStep]] = field(default_factory=list)


def align(playbacks: Sequence[Playback]) -> Aligned:
    """Return the steps of several runs as columns.

    :param playbacks: the runs, newest first.
    :raises RunsDiffer: a run shares fewer than half of its own steps, or of the newest run's, with the newest run.
    """
    newest, *others = playbacks
    aligned = Aligned([AlignedStep({newest.number: played}) for played in newest.steps])
    for other in others:
        aligned.columns = _joined(aligned.columns, other)
        _move(aligned, other)
    for other in others:
        _check_related(newest, other, aligned.columns)
    return aligned


def fit(one: Played, other: Played) -> float:
    """Return how similar two steps are: 0 if they do different things, else 1 to 3."""
    if one.identity != other.identity:
        return 0.0
    places = one.parts.keys() | other.parts.keys()
    if not places:
        return 3.0
    shared = one.parts.keys() & other.parts.keys()
    equal = sum(one.parts[at] == other.parts[at] for at in shared)
    return 1 + len(shared) / len(places) + equal / len(places)


def _joined(columns: Sequence[AlignedStep], other: Playback) -> list[AlignedStep]:
    """Return the columns with the steps of another run added, in existing columns or in new ones."""
    steps = other.steps

    def score(column: int, step: int) -> float:
        return fit(columns[column].newest, steps[step]) or FORBIDDEN

    found: list[AlignedStep] = []
    for column, step in paired(len(columns), len(steps), score):
        of = {} if column is None else columns[column].of
        added = {} if step is None else {other.number: steps[step]}
        found.append(AlignedStep({**of, **added}))
    return found


def _move(aligned: Aligned, other: Playback) -> None:
    """Merge columns whose steps another run made at a different point, if the order cannot matter.

    A step that does more than read is not moved past another such step.
    """
    for single in [column for column in aligned.columns if column.runs == {other.number}]:
        free = [column for column in aligned.columns if other.number not in column.of]
        fitting = [(fit(column.newest, single.newest), column) for column in free]
        fitting = [pair for pair in fitting if pair[0] and _is_free(aligned.columns, single, pair[1], other.number)]
        if fitting:
            column = max(fitting, key=lambda pair: pair[0])[1]
            column.of[other.number] = single.newest
            aligned.columns.remove(single)
            aligned.moved.append((other.number, column))


def _is_free(columns: Sequence[AlignedStep], one: AlignedStep, other: AlignedStep, run: int) -> bool:
    first, last = sorted((_index(columns, one), _index(columns, other)))
    between = columns[first + 1 : last]
    return not (other.writes and any(column.writes and run in column.of for column in between))


def _index(columns: Sequence[AlignedStep], wanted: AlignedStep) -> int:
    return next(number for number, column in enumerate(columns) if column is wanted)


def _check_related(newest: Playback, other: Playback, columns: Sequence[AlignedStep]) -> None:
    common = sum(newest.number in column.of and other.number in column.of for column in columns)
    if common and 2 * common >= max(len(newest.steps), len(other.steps)):
        return
    raise RunsDiffer(
        f"the run {other.name} has {common} of its {plural(len(other.steps), 'step')} in common "
        f"with the run {newest.name}, "
        f"which has {len(newest.steps)}, so they are not runs of one task. Only the first makes "
        f"{_alone(columns, other, newest)}; only the second makes {_alone(columns, newest, other)}",
        where=f"run {other.name}",
        remedy="Name runs of one task, or crystallize each by itself.",
    )


def _alone(columns: Sequence[AlignedStep], one: Playback, other: Playback) -> str:
    found = [column.of[one.number] for column in columns if one.number in column.of and other.number not in column.of]
    made = Counter(tool_of(played) for played in found)
    named = [f"{tool} ({plural(count, 'time')})" if count > 1 else tool for tool, count in made.items()]
    return ", ".join(named[:SHOWN_STEPS]) + (", …" if len(named) > SHOWN_STEPS else "") or "none"


def tool_of(played: Played) -> str:
    """Return the name of a step for people: the tool's name, or else the action kind."""
    named = played.values.get("tool") or played.values.get("python_callable") or played.step.kind
    return str(named)

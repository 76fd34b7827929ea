"""Values that a step takes by their position in a list, directly or through the steps that it reads.

Tomorrow another record may be at the position. So nothing with external side effects may depend on one: neither its own
wires, nor the result of a step that was itself asked for "the second of the list".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol, TypeVar

from airflow_provider_vai.model import derivation
from airflow_provider_vai.model.argument import Argument, Output
from airflow_provider_vai.model.base import JsonPath


class Read(Protocol):
    """A place in an earlier result that a step reads: the step's key, ``None`` for the element of a mapped step."""

    @property
    def step(self) -> str | None:
        """The key of the step whose result is read."""

    @property
    def path(self) -> Sequence[str | int]:
        """The path in that result."""


class PlacedRead(NamedTuple):
    """What a place in a step's arguments reads; ``place`` begins with the argument's name."""

    place: JsonPath
    step: str | None
    path: Sequence[str | int]


AnyRead = TypeVar("AnyRead", bound=Read)


def reads_of(arguments: Mapping[str, Argument], each: Output | None) -> list[PlacedRead]:
    """Return everything that a step reads from earlier results; ``first`` and ``last`` read a position.

    :param arguments: by name. :param each: the list that the step is mapped over; its place is ``["each"]``.
    """
    found = [PlacedRead(["each"], each.step, each.path)] if each else []
    for name, argument in arguments.items():
        if not (argument.from_ or argument.wires or argument.derive):
            continue
        if argument.from_:
            found.append(PlacedRead([name], argument.from_.step, argument.from_.path))
        found += [
            PlacedRead([name, *wire.at], wire.from_.step, wire.from_.path) for wire in argument.wires if wire.from_
        ]
        found += [
            PlacedRead([name, *at], step, path)
            for at, tree in argument.trees()
            for step, path in derivation.placed_reads(tree)
        ]
    return found


def positional(reads: Mapping[str, Sequence[AnyRead]]) -> Iterator[tuple[str, AnyRead, str]]:
    """Yield each read that depends on a position in a list.

    :param reads: by the step's key, in an order in which every step comes after those that it reads.
    :return: the step's key, the read, and the key of the step that picks by position: the step itself, or an earlier
        one.
    """
    picked: dict[str, str] = {}
    for key, of_step in reads.items():
        for read in of_step:
            picks = key if any(isinstance(part, int) for part in read.path) else picked.get(read.step or "")
            if picks:
                picked.setdefault(key, picks)
                yield key, read, picks

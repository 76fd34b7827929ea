"""Who wrote the texts of a step: the model, the user, the instructions or a tool. A gate shows it to the approver."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence, Set
from functools import partial
from typing import TypeVar

from airflow_provider_vai.languages.places import texts
from airflow_provider_vai.model.argument import Argument, OriginAt
from airflow_provider_vai.model.automation import Step
from airflow_provider_vai.model.base import JsonPath

Author = TypeVar("Author")


def authors(step: Step) -> dict[str, list[JsonPath]]:
    """Return the places of a step's frozen texts by the origin of their authors, the model first.

    A place starts with the argument's name and stands for every text in it. Texts that are filled in by the DAG run are
    not listed, and neither are those of which nobody knows the author.

    :param step: the step.
    """
    found: dict[str, list[JsonPath]] = {}
    words = {tuple(place) for place in step.model_words}
    for name, argument in step.arguments.items():
        if argument.class_ == "template" or not argument.origins:  # older sidecars have no origins of texts
            continue
        known: dict[tuple[str | int, ...], str] = {(name, *part.at): part.origin for part in argument.origins}
        for place, author in outermost(texts(argument.value, [name]), partial(_author, words, known)):
            if author is not None:
                found.setdefault(author, []).append(place)
    return dict(sorted(found.items(), key=lambda entry: entry[0] != "model"))


def _author(
    words: Set[tuple[str | int, ...]], known: Mapping[tuple[str | int, ...], str], place: JsonPath, _: object
) -> str | None:
    if longest(words, place) is not None:
        return "model"
    at = longest(known, place)
    return None if at is None else known[at]


def by_user() -> list[OriginAt]:
    """Return the origins of an argument of which a person wrote every text."""
    return [OriginAt(at=[], origin="user")]


def parts_after_edit(argument: Argument, path: JsonPath) -> list[OriginAt]:
    """Return the origins of the texts in an argument after a person set the value at a path.

    :param argument: the argument before the edit.
    :param path: the place in the argument.
    """
    known = [part for part in argument.origins if part.at[: len(path)] != path]
    return [*known, OriginAt(at=path, origin="user")]


def longest(places: Container[tuple[str | int, ...]], place: Sequence[str | int]) -> tuple[str | int, ...] | None:
    """Return the longest of ``places`` that contains ``place``; ``None`` if none does."""
    around = (tuple(place[:length]) for length in range(len(place), -1, -1))
    return next((candidate for candidate in around if candidate in places), None)


def outermost(
    values: Iterable[tuple[JsonPath, object]], author: Callable[[JsonPath, object], Author], *, shortest: int = 1
) -> list[tuple[JsonPath, Author]]:
    """Return authors by place, with places that have the same author joined to the largest place around them.

    :param values: plain values with their places, in the order of the data.
    :param author: returns the author of a value at a place.
    :param shortest: the fewest keys of a joined place.
    """
    known = [(place, author(place, value)) for place, value in values]
    around: dict[tuple[str | int, ...], set[Author]] = {}
    for place, who in known:
        for length in range(len(place) + 1):
            around.setdefault(tuple(place[:length]), set()).add(who)
    found: dict[tuple[str | int, ...], Author] = {}
    for place, who in known:
        lengths = range(min(shortest, len(place)), len(place) + 1)
        at = next(tuple(place[:length]) for length in lengths if len(around[tuple(place[:length])]) == 1)
        found[at] = who
    return [(list(at), who) for at, who in found.items()]

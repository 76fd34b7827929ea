"""Lists the places in a run's arguments that may become params or templates, and the values that stay frozen."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property

from airflow_provider_vai.crystallizer.draft import Draft
from airflow_provider_vai.crystallizer.evidence.leaf_origins import Tracer
from airflow_provider_vai.crystallizer.evidence.result_values import place_text
from airflow_provider_vai.crystallizer.evidence.said import Said
from airflow_provider_vai.crystallizer.evidence.said_index import SaidIndex
from airflow_provider_vai.crystallizer.evidence.value_places import leaves
from airflow_provider_vai.crystallizer.evidence.weight import weight
from airflow_provider_vai.crystallizer.parameters.consequences import Consequences
from airflow_provider_vai.crystallizer.parameters.date_algebra import FORMS
from airflow_provider_vai.crystallizer.parameters.spot import Obstacle, Spot
from airflow_provider_vai.crystallizer.parameters.user_values import decides
from airflow_provider_vai.languages.places import value_at
from airflow_provider_vai.model.argument import Wire
from airflow_provider_vai.model.base import JsonPath
from airflow_provider_vai.model.flags import is_prose


def spots(drafts: Sequence[Draft], tracer: Tracer) -> Iterator[Spot]:
    """Yield the places of all drafts, in order. Arguments that contain a credential are skipped.

    :param drafts: the drafts with their wires.
    :param tracer: the tracer of the run.
    """
    for draft in drafts:
        for name, argument in draft.arguments.items():
            if name not in draft.values or argument.secrets or argument.from_:
                continue
            if argument.class_ not in ("frozen", "wired"):
                continue
            wired = [wire.at for wire in argument.wires]
            recorded = {tuple(at): value for at, value in leaves(draft.values[name])}
            for leaf in tracer.trace(draft, name):
                if not any(leaf.at[: len(at)] == at for at in wired):
                    yield Spot(draft, [name, *leaf.at], recorded[tuple(leaf.at)], leaf)


def siblings(spot: Spot) -> list[tuple[str | int, ...]]:
    """Return the keys of all elements of the list that contains the spot; an empty list if it is not in a list."""
    if not isinstance(spot.at[-1], int):
        return []
    holder = value_at(spot.draft.values, spot.at[:-1])
    return [(*spot.key[:-1], index) for index in range(len(holder))]


class Stays:
    """The values that stay frozen.

    :param drafts: the drafts with their wires, in the order of the run's calls.
    :param every: the places of all drafts.
    :param wires: the planned templates by the step's key; their places do not stay frozen.
    """

    def __init__(self, drafts: Sequence[Draft], every: Sequence[Spot], wires: Mapping[str, Sequence[Wire]]) -> None:
        self.drafts, self.every = drafts, every
        self.moved = {(key, *wire.at) for key, planned in wires.items() for wire in planned}

    def beside(self, asked: Sequence[Spot]) -> Obstacle | None:
        """Return another place with the same value as the given places, as an obstacle; ``None`` if there is none."""
        own = {spot.key for spot in asked}
        value = asked[0].value
        wanted = value.casefold() if isinstance(value, str) else value
        found = next((text for place, text in self._texts.saying(wanted) if place not in own), None)
        return Obstacle("held_elsewhere", found) if found else None

    def behind(self, asked: Sequence[Spot]) -> Obstacle | None:
        """Return a later value that depends on the steps with the given places; ``None`` if there is none.

        :param asked: the places of a value that the user said.
        """
        return self._behind_params.of({spot.draft.key for spot in asked})

    def behind_dates(self, moved: Sequence[Spot]) -> Obstacle | None:
        """Return the same as :meth:`behind` for dates. Of a model's texts, only sentences with figures count."""
        resting = [spot for spot in self._resting if _has_figures(spot)]
        return self._consequences(resting, {spot.key for spot in moved}).of({spot.draft.key for spot in moved})

    @cached_property
    def _behind_params(self) -> Consequences:
        return self._consequences(self._resting, set())

    def _consequences(self, resting: Sequence[Spot], moving: Collection[tuple[str | int, ...]]) -> Consequences:
        repeated = [spot for spot in self._repeated if spot.key not in self.moved and spot.key not in moving]
        staying = [spot for spot in resting if spot.key not in self.moved and spot.key not in moving]
        return Consequences(self.drafts, repeated, staying)

    @cached_property
    def _repeated(self) -> list[Spot]:
        return [spot for spot in self.every if spot.leaf.found.origin == "tool_output"]

    @cached_property
    def _resting(self) -> list[Spot]:
        return [spot for spot in self.every if spot.leaf.found.origin == "model" and _may_depend_on_results(spot)]

    @cached_property
    def _texts(self) -> SaidIndex[tuple[tuple[str | int, ...], str]]:
        """The frozen values, the names, and the paths of wires, each with its place and the place as text."""
        entries = (entry for draft in self.drafts for entry in self._texts_of(draft))
        return SaidIndex((0, (place, shown), text) for place, shown, text in entries)

    def _texts_of(self, draft: Draft) -> Iterator[tuple[tuple[str | int, ...], str, Said]]:
        for name, argument in draft.arguments.items():
            given = [wire.at for wire in argument.wires if wire.from_] + ([[]] if argument.from_ else [])
            names: dict[str, None] = {}
            for at, value in leaves(draft.values.get(name)):
                place = (draft.key, name, *at)
                if place not in self.moved and not any(at[: len(way)] == way for way in given):
                    yield place, f"{draft.key}.{place_text([name, *at])}", Said(value, fold=True)
                names |= dict.fromkeys(part for part in at if isinstance(part, str))
            yield (draft.key,), f"a name in {draft.key}.{name}", Said(list(names), fold=True)
            for output in argument.outputs():
                yield (draft.key,), f"the path of a wire in {draft.key}", Said(_steps(output.path), fold=True)
        if draft.each:
            yield (draft.key,), f"the path to the list of {draft.key}", Said(_steps(draft.each.path), fold=True)


def _steps(path: JsonPath) -> list[str]:
    return [part for part in path if isinstance(part, str)]


def _may_depend_on_results(spot: Spot) -> bool:
    if weight(spot.value) in ("nothing", "flag", "count") or decides(spot.draft, spot.at):
        return False
    return spot.draft.effect == "write" or _has_figures(spot)


def _has_figures(spot: Spot) -> bool:
    """Return whether a value is a sentence that contains figures other than dates."""
    text = spot.value
    if not isinstance(text, str) or not is_prose(text) or decides(spot.draft, spot.at):
        return False
    for form in FORMS:
        text = text if form.whole else form.pattern.sub("", text)
    return any(character.isdigit() for character in text)

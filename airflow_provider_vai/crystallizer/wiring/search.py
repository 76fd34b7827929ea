"""Searches for the place in an earlier result that each value of a step's arguments comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

from airflow_provider_vai.crystallizer.draft import Draft
from airflow_provider_vai.crystallizer.evidence.criteria import has_criterion
from airflow_provider_vai.crystallizer.evidence.result_values import Candidate, RecordedResult, ResultIndex, source_text
from airflow_provider_vai.crystallizer.evidence.said_order import asks_for_position
from airflow_provider_vai.crystallizer.evidence.timeline import Timeline
from airflow_provider_vai.crystallizer.evidence.value_places import by_name, chosen_from, leaves, noun_of
from airflow_provider_vai.crystallizer.evidence.weight import kinship, named_after, weight
from airflow_provider_vai.languages import json_text, result_path
from airflow_provider_vai.model.argument import Output, Undecided, Wire
from airflow_provider_vai.model.base import JsonPath
from airflow_provider_vai.secrets.masking import mask

WHOLE = ((), ("rows",))
"""The paths of a step's whole result, which is passed on unchanged, whatever its type."""

UNTRACEABLE = ("nothing", "flag")
SHOWN_SOURCES = 5

Rank = tuple[bool, int, int]
"""The evidence for a candidate: whether another wire reads the same record; how closely the names match; how many of
the step's own values are arguments of the candidate's call (such as the number of the order that it looked up)."""


@dataclass(frozen=True)
class WireOption:
    """A candidate with its path, and how its rank is found: most values have a single candidate, which needs none."""

    candidate: Candidate
    path: tuple[str | int, ...]
    find_rank: Callable[[Candidate], Rank] = field(repr=False, compare=False)

    @cached_property
    def rank(self) -> Rank:
        """The evidence for it."""
        return self.find_rank(self.candidate)

    @property
    def form(self) -> tuple[str, ...]:
        """The path without positions."""
        return tuple("*" if isinstance(part, int) else part for part in self.candidate.place.path)

    @property
    def lengths(self) -> list[int]:
        """The lengths of the lists in which the path selects by position."""
        return chosen_from(self.candidate.place, self.path)


@dataclass(frozen=True)
class Chosen:
    """A chosen wire: the value at ``at`` (the argument's name first) is read from ``candidate`` by ``path``.

    :param why: the rule that decided, for people.
    :param lengths: the lengths of the lists in which the path selects by position.
    """

    at: JsonPath
    value: Any
    candidate: Candidate
    path: tuple[str | int, ...]
    why: str
    lengths: list[int]

    @property
    def is_checked(self) -> bool:
        """Whether the path ends with a check of the value's type."""
        return self.candidate.place.path not in WHOLE

    def shares_record(self, other: Candidate) -> bool:
        """Return whether a place is in the record that the value is read from, or in the same item of a list."""
        mine, place = self.candidate.place, other.place
        is_same = place.record is not None and place.record == mine.record
        return self.candidate.source is other.source and (is_same or (place.entry or ()) == mine.entry)


@dataclass
class Search:
    """Searches the arguments of one draft, outer values first.

    :param settled: by the key of each earlier step, its frozen argument values as canonical JSON.
    :param most: the search in an argument ends once it has more than this many wires.
    :param chosen: the wires found.
    :param undecided: the places for which no wire could be chosen, each with the argument's name.
    """

    draft: Draft
    results: ResultIndex
    timeline: Timeline
    settled: Mapping[str, frozenset[str]]
    most: int
    chosen: list[Chosen] = field(default_factory=list)
    undecided: list[tuple[str, Undecided]] = field(default_factory=list)
    _is_open: bool = False  # whether a place that an earlier result has is left without a wire

    def look(self, values: dict[str, Any]) -> None:
        """Find the wires of all arguments.

        The search is repeated as long as it finds new wires, because a wire is evidence for others in the same record.
        """
        while self._round(values):
            pass

    def _round(self, values: dict[str, Any]) -> bool:
        """Look once at every place without a wire; return whether another round may find more."""
        before, self._is_open = len(self.chosen), False
        self.undecided.clear()
        for name, value in values.items():
            self._walk(value, [name])
        return self._is_open and len(self.chosen) > before

    def _walk(self, value: Any, at: JsonPath) -> None:
        wired = [chosen.at for chosen in self.chosen if chosen.at[0] == at[0]]
        if at in wired or len(wired) > self.most:
            return
        if self._may_be_wired(value) and (found := list(self.results.equal_to(value, self.draft))):
            self._decide(value, at, found)
            if self.chosen and self.chosen[-1].at == at:
                return
            self._is_open = True
        if isinstance(value, dict):
            for key, part in value.items():
                self._walk(part, [*at, key])
        elif isinstance(value, list):
            for index, part in enumerate(value):
                self._walk(part, [*at, index])

    def _may_be_wired(self, value: Any) -> bool:
        return (
            weight(value) not in UNTRACEABLE
            and self.results.has(value)
            and not self._was_said(value)
            and not self._is_one_target(value)
        )

    def _is_one_target(self, value: Any) -> bool:
        """Return whether a value is a list of one plain item in a write.

        Its item is wired and not the list: a list of several tomorrow would change more than one thing.
        """
        is_single = isinstance(value, list) and len(value) == 1 and not isinstance(value[0], (dict, list))
        return is_single and self.draft.effect == "write"

    def _decide(self, value: Any, at: JsonPath, candidates: Sequence[Candidate]) -> None:
        """Choose the wire of one value, or note why none could be chosen."""
        fit = [option for option in self._options(candidates, at) if self._proves(value, option)]
        if not fit:
            self._note_unwritable(value, at, candidates)
            return
        # the nearest single object wins over a row of a list
        fit = [option for option in fit if not option.lengths] or fit
        left = _newest(_best(fit))
        option = left[0]
        if len(left) > 1:
            self._leave(
                at, "several_sources", _sources([other.candidate for other in left]), self._wires(at, left, value)
            )
        elif option.candidate.source.step is None:
            self._leave(at, "source_without_step", _sources([other.candidate for other in fit]))
        elif option.lengths and not self._was_ordered(option, at):
            where = f"{source_text(option.candidate, option.path)}, by its position in a list of {option.lengths[-1]}"
            self._leave(at, "picked_by_position", [where], self._wires(at, [option], value))
        else:
            reason = _reason(option.rank) if len(fit) > 1 else "no other result has it"
            self.chosen.append(Chosen(at, value, option.candidate, _checked(option, value), reason, option.lengths))

    def _was_ordered(self, option: WireOption, at: JsonPath) -> bool:
        """Return whether a read may take the item at a position, because the user asked for "the first" of the list."""
        positions = [part for part in option.path if isinstance(part, int)]
        names = [
            self.draft.call.tool,
            option.candidate.source.call.tool,
            *(part for part in at if isinstance(part, str)),
        ]
        return (
            self.draft.effect != "write"
            and len(positions) == 1
            and asks_for_position(self.timeline.user_text(self.draft.call), positions[0], names)
        )

    def _options(self, candidates: Sequence[Candidate], at: JsonPath) -> Iterator[WireOption]:
        for candidate in candidates:
            path = self._path(candidate)
            if path is not None:
                yield WireOption(candidate, path, partial(self._rank, at))

    def _note_unwritable(self, value: Any, at: JsonPath, candidates: Sequence[Candidate]) -> None:
        """Note a value whose only places lie below keys that are data: no path can name them."""
        rank = partial(self._rank, at)
        options = (WireOption(candidate, candidate.place.path, rank) for candidate in candidates)
        found = [option.candidate for option in options if self._proves(value, option)]
        if found:
            self._leave(at, "key_from_data", _sources(found))

    def _leave(self, at: JsonPath, code: str, evidence: list[str], candidates: Sequence[Wire] = ()) -> None:
        found = Undecided(at=at[1:], code=code, evidence=evidence, candidates=list(candidates))
        self.undecided.append((str(at[0]), found))

    @staticmethod
    def _wires(at: JsonPath, options: Sequence[WireOption], value: Any) -> list[Wire]:
        """Return the options that a person may choose from: those that a step returns; each is proven."""
        of_steps = [option for option in options if option.candidate.source.step is not None]
        outputs = [Output(step=one.candidate.source.step, path=list(_checked(one, value))) for one in of_steps]
        return [Wire(at=at[1:], from_=output) for output in outputs[:SHOWN_SOURCES]]

    def _rank(self, at: JsonPath, candidate: Candidate) -> Rank:
        """Return the rank of a candidate: its record, its name, and the arguments of its call."""
        is_of_record = any(chosen.shares_record(candidate) for chosen in self.chosen)
        name = next((part for part in reversed(at) if isinstance(part, str)), "")
        kin = kinship(name, candidate.place.key)
        if not kin and not candidate.place.key:
            kin = int(named_after(name, candidate.source.call.tool))
        return is_of_record, kin, len(self._subjects & candidate.source.own_of(candidate.place.path))

    @cached_property
    def _subjects(self) -> frozenset[str]:
        """The strong values in the step's arguments, which show what the step is about."""
        strong = (value for _, value in leaves(self.draft.values) if weight(value) == "strong")
        return frozenset(json_text.canonical(value) for value in strong)

    def _proves(self, value: Any, option: WireOption) -> bool:
        """Return whether value, record and name together prove that the value comes from there."""
        if isinstance(value, (dict, list)) and option.candidate.place.path in WHOLE:
            return True
        of = weight(value)
        if of == "strong":
            return True
        is_of_record, kin, _ = option.rank
        key = option.candidate.place.key
        match of:
            case "word" | "date":
                return is_of_record or kin >= 1
            case "number":
                return kin >= 2 or (is_of_record and kin >= 1)
            case "count":
                return kin >= 2 and (is_of_record or kin == 3 or key.strip("_").lower() == "id")
        return False

    def _path(self, candidate: Candidate) -> tuple[str | int, ...] | None:
        """Return the path to a candidate, with record names that are fixed instead of positions.

        The path must not contain keys that are data themselves, because they may differ in other runs. Such a key is
        replaced by the selector for an object's only key; if the object has several keys, ``None`` is returned.
        """
        fixed = self.settled.get(candidate.source.step or "", frozenset())
        named = by_name(
            candidate.source.left, candidate.place, lambda name: self._is_name(name, fixed, candidate.source)
        )
        path = list(named)
        for depth, part in enumerate(candidate.place.path):
            if isinstance(part, str) and part == path[depth] and self._is_data(part, candidate):
                holder = result_path.follow(candidate.source.left, candidate.place.path[:depth])
                if len(holder) != 1:
                    return None
                path[depth] = result_path.ONLY
        return tuple(path)

    def _is_data(self, key: str, candidate: Candidate) -> bool:
        """Return whether a key is data: the wired value, an argument of the source's call, or a value in a result."""
        if key == candidate.place.value:
            return True
        if key.startswith(result_path.TEXT) or self.timeline.people_said(self.draft.call, key):
            return False
        text = json_text.canonical(key)
        return text in candidate.source.own or (weight(key) == "strong" and text in self.results.by_value)

    def _is_name(self, value: str, fixed: frozenset[str], source: RecordedResult) -> bool:
        """Return whether a record's name is fixed and may be written to a file.

        It is fixed if a person said it, or its noun ("the charger" for "Portable Charger"), or if its step has it as a
        frozen argument (``fixed``).
        """
        is_fixed = json_text.canonical(value) in fixed or self.timeline.people_said(self.draft.call, value) is not None
        return (is_fixed or self._is_said_by_noun(value, source)) and mask(value) == value

    def _is_said_by_noun(self, value: str, source: RecordedResult) -> bool:
        """Return whether people say a name's last word, and no other text of the result has it.

        If they say a criterion in the same turn, as in "the cheapest lantern", the criterion may tell the record.
        """
        noun = noun_of(value)
        if noun is None or source.named_by(noun) != {value}:
            return False
        saying = self.timeline.texts_with(self.draft.call, noun)
        return bool(saying) and not any(map(has_criterion, saying))

    def _was_said(self, value: Any) -> bool:
        """Return whether people said the value, or every plain value in it."""
        return all(self.timeline.people_said(self.draft.call, part) for _, part in leaves(value))


def _checked(option: WireOption, value: Any) -> tuple[str | int, ...]:
    """Return the path of an option, with a check of the value's type at its end."""
    check = None if option.candidate.place.path in WHOLE else result_path.check(value)
    return (*option.path, check) if check else option.path


def _sources(candidates: Sequence[Candidate]) -> list[str]:
    """Return the places of candidates as lines for people."""
    shown = list(dict.fromkeys(source_text(candidate) for candidate in candidates[:SHOWN_SOURCES]))
    return shown + ([f"and {len(candidates) - SHOWN_SOURCES} more"] if len(candidates) > SHOWN_SOURCES else [])


_WHY = {
    3: "it has the same name there",
    2: "it has a related name there",
    1: "the tool is named after the argument",
    0: "no other result fits as well",
}


def _reason(rank: Rank) -> str:
    """Return the rule that chose an option of this rank among others, for people."""
    is_of_record, kin, _ = rank
    return "another wire reads the same record" if is_of_record else _WHY[kin]


def _best(options: list[WireOption]) -> list[WireOption]:
    """Return the options of the highest rank."""
    if len(options) == 1:
        return options
    best = max(option.rank for option in options)
    return [option for option in options if option.rank == best]


def _newest(options: list[WireOption]) -> list[WireOption]:
    """Return the newest options if all are the same place in results of one tool, or in one named record; else all."""
    if len(options) == 1:
        return options
    sources = [option.candidate.source for option in options]
    places = {
        (source.call.tool, source.step is None, option.form) for source, option in zip(sources, options, strict=True)
    }
    newest = max(source.position for source in sources)
    is_one = len(places) == 1 or _are_one_record(options)
    return [option for option in options if option.candidate.source.position == newest] if is_one else options


def _are_one_record(options: Sequence[WireOption]) -> bool:
    """Return whether a read and a write that returns what it changed give one record: of one name, and of one shape.

    It is of one name if the path has it, or if both calls were asked for the same record, by all that names it.
    """
    first = options[0]
    subjects = {_subject_of(option.candidate.source) for option in options}
    is_named = any(result_path.RECORD.fullmatch(str(part)) for part in first.path)
    is_named = (is_named or (len(subjects) == 1 and frozenset() not in subjects)) and not first.lengths
    shapes = {_shape_of(option.candidate) for option in options}
    return (
        is_named
        and all(option.path == first.path and option.candidate.source.step is not None for option in options)
        and len(shapes) == 1
        and None not in shapes
    )


def _shape_of(candidate: Candidate) -> frozenset[str] | None:
    """Return the fields of the outermost record that a place is in; ``None`` if it is in none."""
    record = result_path.follow(candidate.source.left, candidate.place.entry or ())
    return frozenset(record) if isinstance(record, dict) else None


def _subject_of(source: RecordedResult) -> frozenset[str]:
    """Return the ids and names that a call was asked for and that its result has: what it is about."""
    values = source.left.values() if isinstance(source.left, dict) and source.step is not None else ()
    strong = (json_text.canonical(value) for value in values if weight(value) == "strong")
    return source.own.intersection(strong)

"""Settle wires against each other: what is safe for a step alone may not be safe in the chain of steps.

A wire is proven for one argument. Five rules look at all steps together; each of them turns wires back into the
recorded values, and lists the place for review:

1. **One value, one fate.** A value that a write and another step share follows the data in both or in neither. Else the
   DAG reads one record and changes another. A read of a list of several is not about one record, so it may follow.
2. **No write follows a position**, neither directly nor through a read whose own arguments were picked by position.
3. **No write follows one run's criterion**, through a read whose own arguments were worked out by one, such as "the
   largest": neither an id nor a name. Figures and texts may. But whom a write reaches, and what it pays, never follows
   a criterion, a filter or a text, however many runs there are.
4. **One record, one fate.** In a write, a value that stays as recorded keeps with it every value that comes from a
   result in which both of them are. Else the write mixes two records.
5. **One list, one fate.** A list of several follows the data as a whole or not at all. Else one half of it is
   tomorrow's, and the other half stays as recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from airflow_provider_vai.crystallizer.draft import Draft
from airflow_provider_vai.crystallizer.evidence.evidence import Evidence
from airflow_provider_vai.crystallizer.evidence.result_values import place_text
from airflow_provider_vai.crystallizer.evidence.value_places import leaves
from airflow_provider_vai.crystallizer.evidence.weight import names_record, weight
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.languages.derivation import Node, nodes
from airflow_provider_vai.languages.places import value_at, value_or, with_value
from airflow_provider_vai.model.argument import Argument, Output, Undecided, Wire
from airflow_provider_vai.model.base import JsonPath
from airflow_provider_vai.model.positions import PlacedRead, positional, reads_of
from airflow_provider_vai.model.recipients import CRITERIA, is_target, picks_one
from airflow_provider_vai.model.review_codes import PICKED_BY_CRITERION

TAKEN_BACK = frozenset(
    {
        *("picked_upstream", "shared_value_frozen", "record_frozen", "list_frozen", "named_and_picked"),
        PICKED_BY_CRITERION,
    }
)
"""The codes of places whose source is known, but not safe to follow from one run."""

FIXED = TAKEN_BACK | {"several_sources", "source_without_step", "picked_by_position", "key_from_data"}
"""The codes of places that hold a value from an earlier result, and stay as recorded."""


EACH = ["each"]
"""The place of the list that a step is mapped over."""


@dataclass
class WiredStep:
    """A step on the way to its final arguments.

    :param values: the recorded arguments as JSON data. :param writes: whether it has external side effects.
    :param proposes: whether its derived values are the proposals of one run.
    """

    key: str
    arguments: dict[str, Argument]
    each: Output | None
    values: Mapping[str, Any]
    writes: bool
    proposes: bool = False
    _reads: list[PlacedRead] | None = field(default=None, repr=False, compare=False)

    @property
    def reads(self) -> list[PlacedRead]:
        """What it reads from earlier results. It is found once, until an argument changes."""
        if self._reads is None:
            self._reads = reads_of(self.arguments, self.each)
        return self._reads

    def freeze(self, place: JsonPath, code: str, evidence: str) -> None:
        """Return one place to its recorded value, and list it for review; nothing happens if it has it already.

        A derived value may read several results, so that one place is among what the step reads more than once.

        :param place: the argument's name, and the place in it.
        :param code: why, see :data:`~airflow_provider_vai.model.review_codes.PLACES`.
        :param evidence: the reason for people.
        """
        argument = self.arguments[name := str(place[0])]
        if any(list(at) == list(place[1:]) for at, _ in argument.placed_outputs()):
            self.arguments[name] = frozen_at(argument, place[1:], value_at(self.values, place), code, evidence)
            self._reads = None

    @cached_property
    def own(self) -> frozenset[str]:
        """The values in its arguments, as canonical JSON."""
        return frozenset(json_text.canonical(value) for _, value in leaves(self.values))


def settled(
    recorded: Sequence[Draft], wired: Sequence[Draft], evidence: Evidence
) -> tuple[list[Draft], frozenset[str]]:
    """Return the wired drafts with the five rules applied, and the keys of the loops that cannot be one step.

    :param recorded: the drafts before wires were made. :param wired: the same drafts with their wires, in order.
    :param evidence: of the run, with these drafts as its steps.
    """
    steps = [
        WiredStep(
            key=draft.key,
            arguments=dict(draft.arguments),
            each=draft.each,
            values={name: argument.value for name, argument in before.arguments.items()},
            writes=draft.effect == "write",
            proposes=True,
        )
        for before, draft in zip(recorded, wired, strict=True)
    ]

    def holders(text: str) -> Collection[str]:
        return {it.source.step for it in evidence.results.by_value.get(text, ()) if it.source.step}

    unmappable = settle(steps, holders)
    return [draft.with_arguments(step.arguments) for draft, step in zip(wired, steps, strict=True)], unmappable


def settle(steps: Sequence[WiredStep], holders: Callable[[str], Collection[str]]) -> frozenset[str]:
    """Apply the five rules to the arguments of the steps, in place.

    :param steps: in an order in which every step comes after those that it reads.
    :param holders: returns the keys of the steps whose results contain a value, given as canonical JSON.
    :return: the keys of mapped writes that go through a list which depends on a position, or on a criterion that they
        must not follow: they cannot be one step.
    """
    settling = _Settling(steps, holders)
    rules = (
        *(settling.share_values, settling.drop_positions, settling.drop_criteria),
        *(settling.keep_records, settling.keep_lists),
    )
    while any(rule() for rule in rules):
        pass
    return frozenset(settling.unmappable)


class _Settling:
    def __init__(self, steps: Sequence[WiredStep], holders: Callable[[str], Collection[str]]) -> None:
        self._steps, self._holders = steps, holders
        self._by_key = {step.key: step for step in steps}
        self.unmappable: set[str] = set()

    def share_values(self) -> bool:
        """Return values to what was recorded that stay as recorded in a write, or that a write follows alone."""
        fixed: dict[str, dict[str, WiredStep]] = {}
        for step in self._steps:
            for _, value in _fixed(step):
                for text in _identifying(value):
                    fixed.setdefault(text, {})[step.key] = step
        changed = False
        for step in self._steps if fixed else ():
            for read in _wires(step):
                if not step.writes and _is_list_of_several(value_at(step.values, read.place)):
                    continue
                other = self._other_holder(step, read.place, fixed)
                if other:
                    step.freeze(read.place, "shared_value_frozen", f"as recorded in {place_text([other])}")
                    changed = True
        return changed

    def _other_holder(
        self, step: WiredStep, place: JsonPath, fixed: Mapping[str, Mapping[str, WiredStep]]
    ) -> str | None:
        for text in _identifying(value_at(step.values, place)):
            for other in fixed.get(text, {}).values():
                if other is not step and (step.writes or other.writes):
                    return other.key
        return None

    def drop_positions(self) -> bool:
        """Return the values of writes to what was recorded that depend on a position."""
        changed = False
        found = positional({step.key: step.reads for step in self._steps})
        for key, read, picks in list(found):
            step = self._by_key[key]
            if step.writes and step.each is not None:
                self.unmappable.add(key)
            elif step.writes:
                step.freeze(read.place, "picked_upstream", f"{place_text([picks])} picks by position")
                changed = True
        return changed

    def drop_criteria(self) -> bool:
        """Return places of writes to what was recorded: ids and names that follow one run's criterion, targets any."""
        changed = False
        picked: dict[str, str] = {}
        chosen: dict[str, str] = {}
        for step in self._steps:
            reads = step.reads
            derived = [one for one in step.arguments.values() if one.wires or one.derive]
            trees = [tree for one in derived for _, tree in one.trees()]
            _pass_on(picked, step, reads, is_own=step.proposes and any(map(picks_one, trees)))
            _pass_on(chosen, step, reads, is_own=any(map(_chooses, trees)))
            for read in reads if step.writes and (picked or chosen) else ():
                reason = _criterion_behind(step, read, picked, chosen)
                if reason and step.each is not None:
                    self.unmappable.add(step.key)
                elif reason:
                    step.freeze(read.place, PICKED_BY_CRITERION, reason)
                    changed = True
        return changed

    def keep_records(self) -> bool:
        """Return the values of writes to what was recorded that come with another value that stays as recorded."""
        changed = False
        for step in self._steps:
            kept = [text for _, value in _fixed(step) for text in _identifying(value)] if step.writes else []
            for text in dict.fromkeys(kept):
                holders = set(self._holders(text))
                for read in _wires(step) if holders else ():
                    source = self._holder_before(read.step, holders, text)
                    if source:
                        step.freeze(read.place, "record_frozen", f"both are in the result of {place_text([source])}")
                        changed = True
        return changed

    def keep_lists(self) -> bool:
        """Return the values in a list of several to what was recorded, if another value in it stays as recorded."""
        changed = False
        for step in self._steps:
            frozen = {place for at, _ in _fixed(step) for place in _lists_above(step, at)}
            for read in _wires(step) if frozen else ():
                shared = frozen & set(_lists_above(step, read.place))
                if shared:
                    step.freeze(read.place, "list_frozen", f"{place_text(max(shared))} is a list")
                    changed = True
        return changed

    def _holder_before(self, key: str | None, holders: Collection[str], text: str) -> str | None:
        """Return the step, this one or one that it reads, whose result told the model the value; ``None``: none did.

        A step that was itself asked for the value does not count: it is about that record and no other.
        """
        waiting, seen = [key], set()
        while waiting:
            step = self._by_key.get(waiting.pop() or "")
            if step is None or step.key in seen:
                continue
            seen.add(step.key)
            if step.key in holders and text not in step.own:
                return step.key
            waiting += [read.step for read in step.reads]
        return None


def _pass_on(found: dict[str, str], step: WiredStep, reads: Sequence[PlacedRead], *, is_own: bool) -> None:
    """Note which step a step depends on: itself, or the one that a step depends on which it reads."""
    through = next((found[read.step] for read in reads if read.step in found), None)
    source = step.key if is_own else through
    if source is not None:
        found[step.key] = source


def _criterion_behind(
    step: WiredStep, read: PlacedRead, picked: Mapping[str, str], chosen: Mapping[str, str]
) -> str | None:
    """Return why a place of a write must not follow what it reads; ``None`` if it may.

    :param picked: the steps that depend on one run's criterion, each with the step that picks by it.
    :param chosen: the steps that depend on any criterion, filter or text.
    """
    source = (step.each.step if step.each and read.step is None else read.step) or ""
    if read.place == EACH or (source not in picked and source not in chosen):
        return None
    inside = list(leaves(value_at(step.values, read.place), read.place))
    if source in picked and (step.each or any(names_record(at, value) for at, value in inside)):
        return f"{place_text([picked[source]])} picks by a criterion, proposed from one run"
    if source in chosen and any(is_target(at) for at, _ in inside):
        return f"{place_text([chosen[source]])} picks by a criterion or from a text"
    return None


def _chooses(tree: Node) -> bool:
    """Return whether a derived value chooses among records or finds a value in a text; a key of a named record not."""
    functions = {str(node["function"]) for node in nodes(tree)}
    return picks_one(tree) or not functions.isdisjoint(CRITERIA - {"key_of"})


def _wires(step: WiredStep) -> list[PlacedRead]:
    """Return the wires that can be returned to what was recorded: not those of a step mapped over a list."""
    return step.reads if step.each is None else []


def _fixed(step: WiredStep) -> Iterator[tuple[JsonPath, Any]]:
    """Yield the places of values that come from earlier results and stay as recorded."""
    for name, argument in step.arguments.items():
        for place in argument.undecided:
            if place.code in FIXED:
                yield [name, *place.at], value_or(step.values, [name, *place.at])


def _lists_above(step: WiredStep, place: JsonPath) -> list[tuple[str | int, ...]]:
    """Return the places of the lists of several in a step's arguments that the place is in."""
    above = [tuple(place[:depth]) for depth, part in enumerate(place) if isinstance(part, int)]
    return [at for at in above if len(value_at(step.values, list(at))) > 1]


def _is_list_of_several(value: Any) -> bool:
    return isinstance(value, list) and len(value) > 1


def _identifying(value: Any) -> list[str]:
    """Return the values, as canonical JSON, that may name a record: not words, dates, counts and flags."""
    if isinstance(value, (dict, list)):
        return [text for _, part in leaves(value) for text in _identifying_leaf(part)]
    return _identifying_leaf(value)


def _identifying_leaf(value: Any) -> list[str]:
    return [json_text.canonical(value)] if weight(value) in ("strong", "number") else []


def frozen_at(argument: Argument, at: JsonPath, recorded: Any, code: str, evidence: str) -> Argument:
    """Return an argument of which one place has its recorded value again, and is listed for review.

    :param at: the place in the argument's value; empty for the whole.
    """
    wires = [wire for wire in argument.wires if wire.at != at]
    start = f"{place_text(at)}: "
    lines = [line for line in argument.evidence if not line.startswith(start)]
    dropped = [line.removeprefix(start) for line in argument.evidence if line.startswith(start)]
    before = [wire for wire in argument.wires if wire.at == at]
    if not at and (argument.from_ or argument.derive):
        before = [Wire(at=[], from_=argument.from_, derive=argument.derive)]
    held = Undecided(at=list(at), code=code, evidence=[*dropped, evidence], candidates=before)
    changes: dict[str, Any] = {
        "class_": "wired" if wires else "frozen",
        "value": with_value(argument.value, at, recorded) if at else recorded,
        "evidence": lines,
        "undecided": [*argument.undecided, held],
    }
    changes |= {"wires": wires} if wires else {}
    changes |= {"secrets": argument.secrets} if argument.secrets else {}
    return Argument(**changes)

"""Other worlds for a recorded run: what its tools answer in them, and which arguments its calls should have there.

In the *other lists*, the records are the recorded ones, but lists are reversed, rotated or longer; so every argument
should be the recorded one. With *other values*, the lists keep their order, but values that an argument repeats are
altered wherever they stand; so what follows should be the altered value. If a value also stands in a frozen argument,
the run mostly ends at that step: nothing has that name any more. So there is a second world that leaves those alone.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from airflow_provider_vai.languages import json_text
from airflow_provider_vai.languages.places import value_or
from airflow_provider_vai.model.run import Run, ToolCall
from airflow_provider_vai.traces.formats.shared.content import result_value
from truth import alterations, masks, other_lists
from truth.alterations import Table
from truth.dojo import Dojo
from truth.recordings import Recording

VALUES, FREE_VALUES = "other values", "other values, but what is frozen"
NAMES = (*other_lists.WORLDS, *other_lists.ALONE, VALUES, FREE_VALUES)
REAL = (*other_lists.WORLDS, VALUES, FREE_VALUES)
"""The worlds in which AgentDojo's own tools are run."""


class World(Protocol):
    """The tools of one run, in another world."""

    def expected(self, call: ToolCall) -> Any:
        """Return the arguments that a recorded call should have in this world."""

    def answer(self, position: int, arguments: Any, *, writes: bool) -> Any:
        """Return what a tool answers to these arguments.

        :param position: of the call that the step was made from. :param writes: whether the step changes something.
        :raises LookupError: there is no such record in this world.
        """


@dataclass(frozen=True)
class Recorded:
    """A world made from the recording alone: a read that was recorded answers as it did, as far as the world goes.

    A read with other arguments answers with a made-up record, always the same one for the same arguments.

    :param results: of each recorded call, in this world. :param arranged: gives a made-up result this world's lists.
    :param mapped: gives recorded arguments this world's values.
    """

    run: Run
    results: list[Any]
    arranged: Callable[[Any], Any] = lambda result: result
    mapped: Callable[[Any], Any] = lambda arguments: arguments

    def expected(self, call: ToolCall) -> Any:
        """Return the recorded arguments, with this world's values."""
        return self.mapped(call.arguments)

    def answer(self, position: int, arguments: Any, *, writes: bool) -> Any:
        """Return the recorded answer, or a made-up one."""
        calls, wanted = self.run.calls, in_any_order(arguments)
        nearest_first = sorted(range(len(calls)), key=lambda number: (abs(number - position), number))
        alike = [position] if writes else [one for one in nearest_first if calls[one].tool == calls[position].tool]
        for number in alike:
            if in_any_order(self.expected(calls[number])) == wanted:
                if calls[number].outcome != "success":
                    raise LookupError("the tool fails, as in the recording")
                return self.results[number]
        if any(in_any_order(calls[number].arguments) == wanted for number in alike):
            if writes:
                return self.results[position]
            raise LookupError("the tool finds nothing: what a frozen argument names has another name now")
        return self.arranged(made_up(calls[position].result, calls[position].arguments, arguments))


@dataclass(frozen=True)
class Real:
    """A world in which AgentDojo's own tools answer; its environment was opened before.

    :param mapped: gives recorded arguments this world's values.
    """

    recording: Recording
    dojo: Dojo
    mapped: Callable[[Any], Any] = lambda arguments: arguments

    def expected(self, call: ToolCall) -> Any:
        """Return the recorded arguments, with this world's values."""
        return self.mapped(call.arguments)

    def answer(self, position: int, arguments: Any, *, writes: bool) -> Any:
        """Return what the tool answers."""
        tool = self.recording.run.calls[position].tool
        answer = self.dojo.call(tool, arguments, clock=masks.clock_of(tool, self.recording.texts[position]))
        if answer.error:
            raise LookupError(f"the tool fails: {answer.error}")
        return result_value(answer.text)


def recorded_worlds(name: str, run: Run, seed: int, frozen: Collection[str]) -> Iterator[Recorded]:
    """Yield the worlds of a name, made from the recording; several if one list is arranged at a time.

    :param name: one of :data:`NAMES`. :param frozen: the values that the steps' arguments hold as literals, as text.
    """
    if name in other_lists.WORLDS:
        to = other_lists.WORLDS[name]
        results = [other_lists.arranged(call.result, to) for call in run.calls]
        yield Recorded(run, results, arranged=lambda result: other_lists.arranged(result, to))
    elif name in other_lists.ALONE:
        for tool, pattern in sorted(
            {(call.tool, at) for call in run.calls for at in other_lists.patterns(call.result)}
        ):
            yield _one_list(run, other_lists.ALONE[name], tool, pattern)
    else:
        yield _other_values(name, run, seed, frozen)


def real_world(name: str, recording: Recording, dojo: Dojo, seed: int, frozen: Collection[str]) -> Real:
    """Open AgentDojo's environment as it is in a world, and return the world.

    :param name: one of :data:`REAL`. :param frozen: the values that the steps' arguments hold as literals, as text.
    """
    data = dojo.open(recording.document, [])
    if name in other_lists.WORLDS:
        dojo.open(recording.document, other_lists.changes(data, other_lists.WORLDS[name]))
        return Real(recording, dojo)
    calls = [call for call in recording.run.calls if isinstance(call.arguments, dict)]
    arguments = [leaf for call in calls for leaf in alterations.leaves(call.arguments)]
    made = alterations.table(recording.suite, data, arguments, recording.said, f"{seed} {recording.name}")
    made = made if name == VALUES else without(made, frozen)
    dojo.open(recording.document, made.changes(data))
    return Real(recording, dojo, mapped=made.mapped)


def _one_list(run: Run, to: other_lists.Arrangement, tool: str, pattern: other_lists.Pattern) -> Recorded:
    calls = [(call, pattern if call.tool == tool else None) for call in run.calls]
    results = [other_lists.arranged(call.result, to, only) if only is not None else call.result for call, only in calls]
    return Recorded(run, results)


def _other_values(name: str, run: Run, seed: int, frozen: Collection[str]) -> Recorded:
    said = "\n".join([run.system_text or "", *(turn.user_text or "" for turn in run.turns)])
    by_position = {str(position): call.result for position, call in enumerate(run.calls)}
    arguments = [leaf for call in run.calls for leaf in alterations.leaves(call.arguments)]
    made = alterations.value_table(by_position, arguments, said, f"{seed} {run.id}", names=True)
    made = made if name == VALUES else without(made, frozen)
    changed = alterations.applied(by_position, made.changes(by_position))
    return Recorded(run, list(changed.values()), mapped=made.mapped)


def without(made: Table, frozen: Collection[str]) -> Table:
    """Return the alterations without those of values that a frozen argument holds."""
    texts = {old: new for old, new in made.texts.items() if not any(alterations.holds(text, old) for text in frozen)}
    amounts = {old: new for old, new in made.amounts.items() if str(old) not in frozen}
    ids = {name: {old: new for old, new in shifts.items() if old not in frozen} for name, shifts in made.ids.items()}
    return Table(texts, {old: made.kinds[old] for old in texts}, amounts, made.said, ids)


def made_up(result: Any, old: Any, new: Any) -> Any:
    """Return what a tool might answer to arguments that were not recorded: a record of the recorded one's shape.

    It has the values of the new arguments where the recorded one had those of the old ones; every other name is a new
    one. Where the recorded answer has one entry for each item of a list argument, so has the made-up one.

    :param result: the recorded result. :param old: the recorded arguments. :param new: the arguments.
    """
    if not isinstance(result, str):
        return _made_up(result, old, new)
    changed = other_lists.rewritten(result, lambda data: _made_up(data, old, new))
    return changed if changed != result else other_lists.renamed(result, in_any_order(new))


def in_any_order(value: Any) -> str:
    """Return a value as one text, the same one whatever the order of its lists."""
    return json_text.canonical(_sorted(value))


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(part) for key, part in value.items()}
    return sorted((_sorted(part) for part in value), key=json_text.canonical) if isinstance(value, list) else value


def _made_up(data: Any, old: Any, new: Any) -> Any:
    for name, was in old.items():
        items = new.get(name)
        if isinstance(data, dict) and isinstance(was, list) and isinstance(items, list) and data.keys() <= {*was}:
            entries = {item: other_lists.other_item(next(iter(data.values()), None), item) for item in items}
            return entries | {key: part for key, part in data.items() if key in entries}
    known = {str(was): value_or(new, path, was) for path, was in alterations.leaves(old)}
    return _renamed(data, known, in_any_order(new))


def _renamed(value: Any, known: Mapping[str, Any], salt: str) -> Any:
    """Return data in which every name is another one: the one in ``known``, or else a made-up one."""
    if isinstance(value, dict):
        keys = {key: str(known.get(key, other_lists.other_key(key, salt))) for key in value}
        return {keys[key]: _renamed(part, known, salt) for key, part in value.items()}
    if isinstance(value, list):
        return [_renamed(part, known, salt) for part in value]
    return known[str(value)] if str(value) in known else other_lists.other_item(value, salt)

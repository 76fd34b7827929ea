"""Measure τ²-bench recordings by their recorded results, without τ²-bench's tools.

Count the wires, and what stayed frozen and why. Then alter the recorded results, all of them at once, and count which
arguments follow.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from airflow_provider_vai.languages import json_text
from airflow_provider_vai.languages.places import value_or
from airflow_provider_vai.model.automation import Automation, Step
from airflow_provider_vai.model.run import Run, ToolCall
from airflow_provider_vai.model.tools_file import ToolsFile, read_tools
from truth import alterations, following, interpreter, replay

TOOLS_FILE = Path(__file__).with_name("tau2-tools.toml")
SHORT = 4


@dataclass
class Flow:
    """Counts over runs.

    ``counts`` has ``runs``, ``steps``, ``leaves``, ``wires``, ``wired`` leaves, and ``equal``: steps that have the
    recorded arguments when their wires are filled from the recorded results. ``frozen`` counts leaves that stayed
    literals, by where they come from; ``undecided`` counts open candidates; ``following`` is about altered results.
    """

    counts: Counter[str] = field(default_factory=Counter)
    frozen: Counter[str] = field(default_factory=Counter)
    undecided: Counter[str] = field(default_factory=Counter)
    unequal: list[replay.Unequal] = field(default_factory=list)
    following: following.Following = field(default_factory=following.Following)


def tools() -> ToolsFile:
    """Return the tools file for τ²-bench's tools."""
    return read_tools(TOOLS_FILE, TOOLS_FILE)


def count(run: Run, rules: ToolsFile, sha256: str, seed: int, found: Flow) -> None:
    """Count one run."""
    spec = replay.automation(run, rules, sha256, freeze_all=False)
    found.counts["runs"] += 1
    if spec is None:
        found.counts["without_steps"] += 1
        return
    calls = replay.recorded_calls(spec, run)
    context = interpreter.Context(params=interpreter.defaults(spec), passwords=replay.passwords(spec, run))
    for step in spec.steps:
        if step.kind == interpreter.GATE:
            continue
        found.counts["steps"] += 1
        _count_step(step, [run.calls[position] for position in calls[step.key]], run, context, found)
        results = [run.calls[position].result for position in calls[step.key]]
        context.results[step.key] = results if step.each else results[0]
        context.given[step.key] = {"arguments": run.calls[calls[step.key][0]].arguments}
    _follow(run, spec, calls, seed, found.following)
    _keep(run, spec, calls, found.following)


def _follow(run: Run, spec: Automation, calls: dict[str, list[int]], seed: int, found: following.Following) -> None:
    """Alter the values that arguments repeat, in all results, and count the leaves that follow."""
    said = "\n".join([run.system_text or "", *(turn.user_text or "" for turn in run.turns)])
    results = {str(position): call.result for position, call in enumerate(run.calls)}
    positions = [position for several in calls.values() for position in several]
    arguments = [leaf for position in positions for leaf in alterations.leaves(run.calls[position].arguments)]
    made = alterations.value_table(results, arguments, said, f"{seed} {run.id}")
    changed = alterations.applied(results, made.changes(results))
    for step, call, taken in _taken(run, spec, calls, changed, lambda arguments: made.mapped(arguments)):
        earlier = [other.result for other in run.calls if other.batch < call.batch and other.outcome == "success"]
        for path, old in alterations.leaves(call.arguments):
            right, got = made.expected((), old), value_or(taken, path, following.ABSENT)
            moved = got is not following.ABSENT and not replay.same(got, old)
            followed = got is not following.ABSENT and replay.same(got, right)
            whole = right != old and any(alterations.holds(json_text.canonical(result), old) for result in earlier)
            found.counts["changed"] += moved
            found.counts["right"] += moved and followed
            found.counts["should"] += whole
            found.counts["followed"] += whole and followed
            if (moved or whole) and not followed:
                reason = "changed to a wrong value" if moved else f"frozen; {_origin(old, call, run)}"
                found.reasons[reason] += 1
                place = ".".join(map(str, path))
                found.misses.append(following.Miss(run.id, step.key, place, str(old)[:80], str(got)[:80], reason))


def _keep(run: Run, spec: Automation, calls: dict[str, list[int]], found: following.Following) -> None:
    """Reorder the records of every result, and count the wires that keep their value."""
    results = {str(position): call.result for position, call in enumerate(run.calls)}
    changed = alterations.applied(results, alterations.other_order(results))
    for step, call, taken in _taken(run, spec, calls, changed):
        for place in following.wired_places(step):
            old, got = (value_or(values, place, following.ABSENT) for values in (call.arguments, taken))
            kept = got is not following.ABSENT and following.same_records(old, got)
            found.counts["wires"] += 1
            found.counts["kept"] += kept
            if not kept:
                reason, at = "another record, or none", ".".join(map(str, place))
                found.misses.append(following.Miss(run.id, step.key, at, str(old)[:80], str(got)[:80], reason))
                found.reasons[reason] += 1


def _taken(
    run: Run,
    spec: Automation,
    calls: dict[str, list[int]],
    results: dict[str, Any],
    mapped: Callable[[Any], Any] = lambda arguments: arguments,
) -> Iterator[tuple[Step, ToolCall, Any]]:
    """Yield each step with each of its calls and the arguments that it takes for it from these results.

    :param results: by the position of the call that returned them. :param mapped: gives arguments their new values.
    """
    context = interpreter.Context(params=interpreter.defaults(spec), passwords=replay.passwords(spec, run))
    for step in spec.steps:
        if step.kind == interpreter.GATE:
            continue
        positions = calls[step.key]
        taken, _ = replay.taken_of(step, context)
        pairs = replay.in_pairs([mapped(run.calls[position].arguments) for position in positions], taken)
        order = [number for number in pairs if number is not None]
        given = dict(zip(order, taken, strict=False))
        order += [number for number in range(len(positions)) if number not in given]
        yield from ((step, run.calls[positions[number]], given.get(number)) for number in order)
        found = [results[str(positions[number])] for number in order]
        context.results[step.key] = found if step.each else found[0]
        context.given[step.key] = {"arguments": mapped(run.calls[positions[0]].arguments)}


def _count_step(step: Step, calls: Sequence[ToolCall], run: Run, context: interpreter.Context, found: Flow) -> None:
    places = following.wired_places(step)
    found.counts["wires"] += len(places)
    for call, path, value in ((one, *leaf) for one in calls for leaf in alterations.leaves(one.arguments)):
        found.counts["leaves"] += 1
        if any(path[: len(place)] == place for place in places):
            found.counts["wired"] += 1
        else:
            found.frozen[_origin(value, call, run)] += 1
    for argument in step.arguments.values():
        found.undecided.update(place.code for place in argument.undecided)
    taken, refusal = replay.taken_of(step, context)
    if replay.same(taken, [call.arguments for call in calls]):
        found.counts["equal"] += 1
    else:
        found.unequal.append(
            replay.Unequal(run.id, step.key, "other arguments", refusal or json_text.canonical(taken)[:200])
        )


def _origin(value: Any, call: ToolCall, run: Run) -> str:
    """Return where a recorded leaf may come from, judged by its value and by who said it first."""
    text = str(value)
    if isinstance(value, bool) or value is None or len(text) < SHORT:
        return f"shorter than {SHORT} characters, or a flag: cannot be traced"
    said = "\n".join([run.system_text or "", *(turn.user_text or "" for turn in run.turns if turn.index <= call.turn)])
    earlier = [other for other in run.calls if other.batch < call.batch and other.outcome == "success"]
    equal = sum(replay.same(part, value) for other in earlier for _, part in alterations.leaves(other.result))
    inside = any(alterations.holds(json_text.canonical(other.result), text) for other in earlier)
    if alterations.holds(said.lower(), text.lower()):
        return "the user or the instructions said it"
    if equal:
        return "a leaf of one earlier result" if equal == 1 else "a leaf of earlier results, at several places"
    if inside:
        return "inside a text, or a key, of an earlier result"
    if any(part == value for other in earlier for _, part in alterations.leaves(other.arguments)):
        return "an earlier argument only"
    return "nowhere: the model's own words"

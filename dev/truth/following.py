"""Measure in changed environments whether an argument follows the value that it came from.

The bench's own table of alterations decides what is right. A leaf of an argument *should follow* if it contains an
altered value (which neither the user nor the instructions said) and the whole leaf is in the answer to a call of an
earlier message. If it contains an altered value but is nowhere as a whole, the model composed it; such leaves are
counted separately. Every other leaf should stay.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from airflow_provider_vai.languages import json_text
from airflow_provider_vai.languages.places import value_or
from airflow_provider_vai.model.automation import Step
from airflow_provider_vai.model.run import ToolCall
from airflow_provider_vai.model.tools_file import ToolsFile
from truth import alterations, replay
from truth.alterations import Leaf, Path, Table
from truth.dojo import Dojo
from truth.recordings import Recording

ABSENT = object()


@dataclass
class Miss:
    """A leaf that did not get the right value."""

    recording: str
    step: str
    place: str
    value: str
    got: str
    reason: str


@dataclass
class Following:
    """Counts of one suite.

    ``counts`` has these pairs of a total and a part of it: ``should`` and ``followed``; ``one_should`` and
    ``one_followed`` (only leaves in an answer with one record); ``changed`` (for whatever reason) and ``right``;
    ``composed`` and ``composed_followed``; ``runs_with`` (runs in which something should follow) and ``runs_right``.
    With the records in another order: ``wires`` and ``kept``; ``write_wires`` (of steps that change something) and
    ``write_kept``. It also has ``runs`` and ``altered`` (values).
    """

    counts: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    misses: list[Miss] = field(default_factory=list)
    failures: list[replay.Unequal] = field(default_factory=list)


def follow(recording: Recording, dojo: Dojo, rules: ToolsFile, seed: int, found: Following) -> None:
    """Alter the environment of one recording, replay it with its wires, and count what followed."""
    calls = [call for call in recording.run.calls if call.outcome == "success" and isinstance(call.arguments, dict)]
    arguments = [leaf for call in calls for leaf in alterations.leaves(call.arguments)]
    data = dojo.open(recording.document, [])
    made = alterations.table(recording.suite, data, arguments, recording.said, f"{seed} {recording.name}")
    judged, failure = replay.wired(
        recording, dojo, rules, changes=made.changes(data), expected=lambda call: expected(call, made)
    )
    found.counts["runs"] += 1
    found.counts["altered"] += len(made.texts)
    if failure:
        found.failures.append(failure)
    followed = [_leaf(one, leaf, recording, made, found) for one in judged for leaf in _argument_leaves(one.call)]
    for one in judged:
        _count_extra(one, recording, found)
    should = [answer for answer in followed if answer is not None]
    found.counts["runs_with"] += bool(should)
    found.counts["runs_right"] += bool(should) and all(should)


def keep(recording: Recording, dojo: Dojo, rules: ToolsFile, found: Following) -> None:
    """Reorder the records of one recording's environment, and count the wires that keep their value.

    The values are the recorded ones, so every argument should stay the same; the order of lists does not count. A wire
    that takes a record by its position now takes another one, which may be somebody else's account.
    """
    judged, failure = replay.wired(
        recording, dojo, rules, changes=alterations.other_order(dojo.open(recording.document, []))
    )
    if failure:
        found.failures.append(failure)
    for one in judged:
        for place in wired_places(one.step):
            old, got = value_or(one.expected, place, ABSENT), value_or(one.taken, place, ABSENT)
            kept = got is not ABSENT and same_records(old, got)
            found.counts["wires"] += 1
            found.counts["kept"] += kept
            found.counts["write_wires"] += one.step.effect == "write"
            found.counts["write_kept"] += kept and one.step.effect == "write"
            if not kept:
                _miss(one, (place, old), got, "another record, or none", recording, found)


def wired_places(step: Step) -> list[Path]:
    """Return the places in a step's recorded arguments that are wired or derived."""
    return list(dict.fromkeys(tuple(at) for at, _ in step.arguments["arguments"].placed_outputs()))


def same_records(left: Any, right: Any) -> bool:
    """Return whether two values are the same; the order of lists does not count."""
    if isinstance(left, list) and isinstance(right, list):
        return sorted(map(json_text.canonical, left)) == sorted(map(json_text.canonical, right))
    return replay.same(left, right)


def expected(call: ToolCall, made: Table) -> dict[str, Any]:
    """Return the arguments that a recorded call should have in the changed environment."""
    assert isinstance(call.arguments, dict)
    return {name: made.mapped(argument, (name,)) for name, argument in call.arguments.items()}


def _argument_leaves(call: ToolCall) -> list[Leaf]:
    return list(alterations.leaves(call.arguments))


def _leaf(one: replay.Judged, leaf: Leaf, recording: Recording, made: Table, found: Following) -> bool | None:
    """Judge one leaf of a step; return whether it followed, or ``None`` if it should not follow."""
    path, old = leaf
    right = made.expected(path, old)
    got = value_or(one.taken, path, ABSENT)
    moved = got is not ABSENT and not replay.same(got, old)
    found.counts["leaves"] += 1
    found.counts["changed"] += moved
    found.counts["right"] += moved and replay.same(got, right)
    if replay.same(right, old):
        if moved:
            _miss(one, leaf, got, "changed, but should stay", recording, found)
        return None
    sources = [number for number in earlier(recording, one.position) if stands_in(recording.texts[number], path, old)]
    if not sources:
        found.counts["composed"] += 1
        found.counts["composed_followed"] += moved and replay.same(got, right)
        return None
    followed = got is not ABSENT and replay.same(got, right)
    found.counts["should"] += 1
    found.counts["followed"] += followed
    if not all(is_picked(recording.texts[number]) for number in sources):
        found.counts["one_should"] += 1
        found.counts["one_followed"] += followed
    kind = _kind(path, old, made)
    found.kinds[kind] += 1
    found.kinds[f"{kind} followed"] += followed
    if not followed:
        reason = "changed to a wrong value" if moved else f"refused: {_refusal(one)}" if got is ABSENT else ""
        _miss(one, leaf, got, reason or _reason(recording, sources, path, old), recording, found)
    return followed


def _count_extra(one: replay.Judged, recording: Recording, found: Following) -> None:
    """Count leaves that the recording does not have, as changed and wrong."""
    known = {path for path, _ in _argument_leaves(one.call)}
    for leaf in alterations.leaves(one.taken) if one.taken is not None else ():
        if leaf[0] not in known:
            found.counts["changed"] += 1
            _miss(one, (leaf[0], None), leaf[1], "not in the recording", recording, found)


def earlier(recording: Recording, position: int) -> Iterator[int]:
    """Yield the positions of the successful calls whose answers the model had when it made this call."""
    for number, call in enumerate(recording.run.calls):
        if call.outcome == "success" and call.batch < recording.run.calls[position].batch:
            yield number


def stands_in(text: str, path: Path, value: Any) -> bool:
    """Return whether a recorded answer contains the whole leaf; an id must be in a field for ids."""
    if path and path[-1] in alterations.IDS:
        return bool(re.search(rf"(?m)^\s*(?:- )?id_?: '?{re.escape(str(value))}'?$", text))
    spellings = {str(value), f"{value:.1f}"} if isinstance(value, (int, float)) else {str(value)}
    return any(alterations.holds(text, spelling) for spelling in spellings) or _unfolded(text, str(value))


def _unfolded(text: str, value: str) -> bool:
    """Return whether the text contains a longer value folded over several lines, as in YAML, or with doubled quotes."""
    flat = " ".join(text.replace("''", "'").replace('\\"', '"').split())
    return " " in value and " ".join(value.split()) in flat


def _refusal(one: replay.Judged) -> str:
    return (one.refusal or "the argument has no such place").split(": found")[0]


def _miss(one: replay.Judged, leaf: Leaf, got: Any, reason: str, recording: Recording, found: Following) -> None:
    found.reasons[reason] += 1
    place = ".".join(map(str, leaf[0]))
    shown = "nothing" if got is ABSENT else str(got)[:80]
    found.misses.append(Miss(recording.name, one.step.key, place, str(leaf[1])[:80], shown, reason))


def _kind(path: Path, value: Any, made: Table) -> str:
    if path[-1] in alterations.IDS:
        return "id"
    if not isinstance(value, str):
        return "amount"
    return made.kinds.get(value) or "a longer text with altered values in it"


def _reason(recording: Recording, sources: list[int], path: Path, value: Any) -> str:
    """Return why a leaf that stayed is hard to wire: its place in the newest of its sources, and how many there are."""
    text = recording.texts[sources[-1]]
    several = ", in several answers" if len(sources) > 1 else ""
    among = ", one of several records" if is_picked(text) else ""
    return f"frozen; {_place(text, str(value))}{among}{several}"


def is_picked(text: str) -> bool:
    """Return whether an answer has several records, so that the model had to pick one."""
    literal = _literal(text)
    if literal is not None:
        return len(literal) > 1
    return len(re.findall(r"(?m)^- ", text)) > 1 or (": " in text and len(text.split(": ", 1)[1].splitlines()) > 1)


def _place(text: str, value: str) -> str:
    if text.strip() == value:
        return "the whole answer"
    if any(value in map(str, (part, *where)) for where, part in alterations.leaves(_literal(text))):
        return "a value in a Python repr"
    scalar = rf"'?{re.escape(value)}'?"
    if re.search(rf"(?m)^\s*(?:- )?[\w ]+: {scalar}$", text):
        return "a field of YAML-like text"
    if re.search(rf"(?m)^\s*- {scalar}$", text):
        return "an item of a YAML-like list"
    if re.search(rf"(?m)(?:^|: |, ){re.escape(value)}(?:$|,)", text):
        return "a line, or text between commas"
    return "inside a sentence or a longer text"


def _literal(text: str) -> Any:
    try:
        return ast.literal_eval(text) if text.startswith(("{", "[")) else None
    except (ValueError, SyntaxError):
        return None

"""Compares two specs, or two texts of a DAG file, for people to read.

Evidence, recorded results, flags and the review list are compared only on request. Credentials are masked.
"""

from __future__ import annotations

import difflib
import json
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from typing_extensions import TypedDict

from airflow_provider_vai.languages import json_text
from airflow_provider_vai.languages.derivation.source import written
from airflow_provider_vai.languages.places import value_or, with_value
from airflow_provider_vai.model.argument import Argument, Output
from airflow_provider_vai.model.automation import Automation, Step
from airflow_provider_vai.model.base import JsonPath
from airflow_provider_vai.secrets.masking import mask, masked, masked_lines

What = Literal["added", "removed", "changed", "moved"]

OPTIONS = (
    "dag_id", "title", "description", "source_type", "owner", "max_active_runs", "max_active_tasks", "timeout_seconds",
    "retries", "retry_delay_seconds",
)  # fmt: skip
LISTS = ("triggers", "conditions", "tags", "notifications", "connections")
PROVENANCE = ("source", "review", "not_crystallized", "advice", "savings")
STEP_OPTIONS = (
    "task_id", "title", "kind", "operator", "depends_on", "effect", "determinism", "trigger_rule", "concurrency",
    "retries", "retry_delay_seconds", "timeout_seconds", "asset",
)  # fmt: skip
STEP_PROVENANCE = ("call_ids", "recorded", "non_deterministic_reason", "model_words")
SHOWN_CHARACTERS = 120
ABSENT: Any = object()


class ChangeData(TypedDict):
    """One difference between two specs.

    :param place: The place in the sidecar, with steps and params by name.
    :param what: What happened at the place.
    :param before: The old value; null: it was added. If a step moved: the step before it.
    :param after: The new value; null: it was removed. If a step moved: the step before it.
    """

    place: str
    what: What
    before: Any
    after: Any


@dataclass(frozen=True)
class Change:
    """One difference between two specs.

    A value that is known only in a DAG run is written as an object with one key: ``$wired``, ``$param``,
    ``$template``, ``$derive`` or ``$secret``.

    :param place: The place in the sidecar, with steps and params by name, such as ``steps.load.arguments.sql``.
    :param what: What happened at the place.
    :param before: The old value as JSON data; ``None`` if it was added. If a step moved: the step before it.
    :param after: The new value as JSON data; ``None`` if it was removed. If a step moved: the step before it.
    """

    place: str
    what: What
    before: Any = None
    after: Any = None

    def as_json(self) -> ChangeData:
        """Return the change as JSON data."""
        return {"place": self.place, "what": self.what, "before": self.before, "after": self.after}


def diff(old: Automation, new: Automation, *, provenance: bool = False) -> list[Change]:
    """Compare two specs.

    :param old: The old spec.
    :param new: The new spec.
    :param provenance: Compare evidence, recorded results and the review list as well.
    :return: The changes: first options, triggers and params, then the steps in their new order.
    """
    before, after = (one.model_dump(mode="json", exclude={"steps"}) for one in (old, new))
    changes: list[Change] = []
    for name in (*OPTIONS, *(PROVENANCE if provenance else ())):
        changes += _values([name], before.get(name), after.get(name))
    for name in LISTS:
        changes += _members(name, before.get(name) or [], after.get(name) or [])
    changes += _named("params", before["params"], after["params"])
    changes += _steps(old.steps, new.steps, provenance=provenance)
    return [_masked(change) for change in changes]


def spec_diff_text(changes: Sequence[Change]) -> list[list[str]]:
    """Return the changes as table rows: what, place, before, after. Long values are cut off."""
    return [[one.what, one.place, _short(one, one.before), _short(one, one.after)] for one in changes]


def text_diff(a: str, b: str, names: tuple[str, str]) -> str:
    """Return the unified diff of two texts with credentials masked; empty if they are equal.

    :param a: The old text.
    :param b: The new text.
    :param names: The names of the two texts in the diff.
    """
    if a == b:
        return ""
    one, other = a.splitlines(keepends=True), b.splitlines(keepends=True)
    shown: dict[str, str] = {}
    for side in (one, other):
        plain = [line.rstrip("\n") for line in side]
        shown |= {raw: text for raw, text in zip(plain, masked_lines(plain), strict=True) if shown.get(raw, raw) == raw}
    lines = []
    for line in difflib.unified_diff(one, other, mask(names[0]), mask(names[1])):
        text = line.rstrip("\n")
        lines.append(f"{text[:1]}{shown[text[1:]]}" if text[1:] in shown else mask(text))
        if text == line:  # otherwise "x" and "x\n" would look the same
            lines.append("\\ No newline at end of file")
    return "\n".join(lines) + "\n"


# --- options, lists, params -------------------------------------------------------------------------------------------


def _same(one: Any, other: Any) -> bool:
    return json_text.canonical(one) == json_text.canonical(other)


def _values(place: JsonPath, before: Any, after: Any) -> Iterator[Change]:
    """Yield the innermost differences between two values; here ``None`` means that there is no value."""
    if _same(before, after):
        return
    if before is None or after is None:
        yield Change(_dotted(place), "added" if before is None else "removed", before, after)
    else:
        yield from _inside(place, before, after)


def _inside(place: JsonPath, before: Any, after: Any) -> Iterator[Change]:
    """Yield the innermost differences between two values; here ``None`` is a value like any other."""
    if _same(before, after):
        return
    if _is_object(before) and _is_object(after):
        for key in dict.fromkeys([*before, *after]):
            if key not in after:
                yield Change(_dotted([*place, key]), "removed", before[key], None)
            elif key not in before:
                yield Change(_dotted([*place, key]), "added", None, after[key])
            else:
                yield from _inside([*place, key], before[key], after[key])
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from _inside([*place, index], one, other)
    else:
        yield Change(_dotted(place), "changed", before, after)


def _is_object(value: Any) -> bool:
    return isinstance(value, dict) and not isinstance(value, _Open)


def _members(name: str, before: Sequence[Any], after: Sequence[Any]) -> Iterator[Change]:
    """Yield the removed and added members of a list whose order does not matter."""
    left = [(json_text.canonical(value), value) for value in after]
    gone = []
    for value in before:
        same = next((pair for pair in left if pair[0] == json_text.canonical(value)), None)
        if same:
            left.remove(same)
        else:
            gone.append(value)
    new = [value for _, value in left]
    if len(gone) == len(new) == 1 and _type(gone[0]) == _type(new[0]):
        yield Change(name, "changed", gone[0], new[0])
        return
    yield from (Change(name, "removed", value, None) for value in gone)
    yield from (Change(name, "added", None, value) for value in new)


def _type(value: Any) -> Any:
    return value.get("type", value.get("on")) if isinstance(value, dict) else None


def _named(name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    yield from _inside([name], dict(before), dict(after))


# --- steps ------------------------------------------------------------------------------------------------------------


class _Open(dict[str, Any]):
    """A value that is known only in a DAG run; it is compared as a whole."""


def _steps(old: Sequence[Step], new: Sequence[Step], *, provenance: bool) -> Iterator[Change]:
    before, after = {step.key: step for step in old}, {step.key: step for step in new}
    for step in old:
        if step.key not in after:
            yield Change(f"steps.{step.key}", "removed", _whole(step), None)
    unmoved = _unmoved(
        [step.key for step in old if step.key in after], [step.key for step in new if step.key in before]
    )
    for step in new:
        if step.key not in before:
            yield Change(f"steps.{step.key}", "added", None, _whole(step))
            continue
        if step.key not in unmoved:
            yield Change(f"steps.{step.key}", "moved", _previous(old, step.key), _previous(new, step.key))
        yield from _step(before[step.key], step, provenance=provenance)


def _step(old: Step, new: Step, *, provenance: bool) -> Iterator[Change]:
    if old is new:
        return
    before, after = old.model_dump(mode="json"), new.model_dump(mode="json")
    place: JsonPath = ["steps", new.key]
    for name in (*STEP_OPTIONS, *(STEP_PROVENANCE if provenance else ())):
        if name in ("depends_on", "call_ids"):
            if not _same(before[name], after[name]):
                yield Change(_dotted([*place, name]), "changed", before[name], after[name])
        else:
            yield from _values([*place, name], before.get(name), after.get(name))
    yield from _values([*place, "approval", "gate"], old.approval.gate, new.approval.gate)
    if provenance:
        yield from _values([*place, "approval", "reason"], old.approval.reason, new.approval.reason)
    yield from _values([*place, "each"], _output(old.each), _output(new.each))
    shown = [{name: _value(argument) for name, argument in step.arguments.items()} for step in (old, new)]
    yield from _inside([*place, "arguments"], *shown)
    for name, argument in new.arguments.items() if provenance else ():
        earlier = old.arguments.get(name, argument)
        yield from _values([*place, "arguments", name, "origin"], earlier.origin, argument.origin)
        yield from _values([*place, "arguments", name, "evidence"], earlier.evidence, argument.evidence)
        undecided = [[place.model_dump(mode="json") for place in one.undecided] for one in (earlier, argument)]
        yield from _values([*place, "arguments", name, "undecided"], *undecided)


def _whole(step: Step) -> dict[str, Any]:
    """Return a summary of a step that was added or removed."""
    gate = {"gate": step.approval.gate} if step.approval.gate else {}
    each = {"each": _output(step.each)} if step.each else {}
    arguments = {name: _value(argument) for name, argument in step.arguments.items()}
    return {
        "kind": step.kind, "effect": step.effect, "depends_on": step.depends_on, **gate, **each, "arguments": arguments,
    }  # fmt: skip


def _output(output: Output | None) -> _Open | None:
    return _Open({"$wired": [output.step, *output.path]}) if output else None


def _value(argument: Argument) -> Any:
    """Return an argument's value; each place that is filled in during a DAG run contains its source instead."""
    if argument.class_ == "parameter":
        return _Open({"$param": [argument.param, *argument.path]})
    if argument.class_ == "template":
        return _Open({"$template": argument.value})
    if argument.derive:
        return _derived(argument.derive)
    if argument.from_:
        return _output(argument.from_)
    value = argument.value
    for wire in argument.wires:
        if wire.from_:
            named = _output(wire.from_)
        elif wire.derive:
            named = _derived(wire.derive)
        elif wire.param is not None:
            named = _Open({"$param": [wire.param, *wire.path]})
        else:
            named = _Open({"$template": wire.template})
        value = _put(value, wire.at, named)
    for secret in argument.secrets:
        value = _put(value, secret.at, _Open({"$secret": secret.connection}))
    return value


def _derived(tree: dict[str, Any]) -> _Open:
    return _Open({"$derive": written(tree)})


def _put(value: Any, at: JsonPath, new: Any) -> Any:
    """Return a copy of ``value`` with ``new`` at a place; a place that does not exist is skipped."""
    return value if value_or(value, at, ABSENT) is ABSENT else with_value(value, at, new)


def _previous(steps: Sequence[Step], key: str) -> str | None:
    keys = [step.key for step in steps]
    at = keys.index(key)
    return keys[at - 1] if at else None


def _unmoved(old: Sequence[str], new: Sequence[str]) -> set[str]:
    """Return the largest set of keys that have the same order in both lists (longest increasing subsequence)."""
    places = {key: index for index, key in enumerate(old)}
    ends: list[int] = []  # for each length, the smallest last place of an increasing subsequence
    before: dict[str, str | None] = {}
    last: list[str] = []
    for key in new:
        at = bisect_left(ends, places[key])
        before[key] = last[at - 1] if at else None
        ends[at : at + 1] = [places[key]]
        last[at : at + 1] = [key]
    found: set[str] = set()
    at_: str | None = last[-1] if last else None
    while at_ is not None:
        found.add(at_)
        at_ = before[at_]
    return found


# --- shown ------------------------------------------------------------------------------------------------------------


def _dotted(place: JsonPath) -> str:
    return ".".join(map(str, place))


def _masked(change: Change) -> Change:
    """Return the change with credentials masked; the key can reveal that a value is one."""
    keys = [part for part in change.place.split(".") if not part.isdigit()]
    return Change(mask(change.place), change.what, _hidden(keys[-1], change.before), _hidden(keys[-1], change.after))


def _hidden(key: str, value: Any) -> Any:
    """Return the value under a key with credentials masked, but sources of values shown."""
    open_: list[tuple[JsonPath, _Open]] = []
    (shown,) = masked({key: _closed(value, [], open_)}).values()
    for at, named in open_:
        shown = _put(shown, at, {name: mask(part) if isinstance(part, str) else part for name, part in named.items()})
    return shown


def _closed(value: Any, at: JsonPath, open_: list[tuple[JsonPath, _Open]]) -> Any:
    """Return the value with ``None`` at the places that are filled in during a DAG run, and collect these places."""
    if isinstance(value, _Open):
        open_.append((at, value))
        return None
    if isinstance(value, dict):
        return {key: _closed(part, [*at, key], open_) for key, part in value.items()}
    if isinstance(value, list):
        return [_closed(part, [*at, index], open_) for index, part in enumerate(value)]
    return value


def _short(change: Change, value: Any) -> str:
    if value is None and change.what != "changed":
        return "(first)" if change.what == "moved" else ""
    if change.what == "moved":
        return f"after {value}"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"

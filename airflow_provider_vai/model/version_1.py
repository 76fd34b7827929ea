"""Migrates sidecars of schema version 1, whose review lists consist of sentences. No other code parses sentences.

The document is converted to version 2: each review line becomes an item with a code, each line of evidence that ends
with "left frozen" an undecided place, and so on. An unknown sentence becomes a note with the same text. Anything that
cannot be read is left unchanged for the validation that follows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic.alias_generators import to_camel

from airflow_provider_vai.model.base import JsonPath
from airflow_provider_vai.model.flags import is_prose
from airflow_provider_vai.model.review_codes import FLAGS
from airflow_provider_vai.model.review_item import ReviewItem, review_item
from airflow_provider_vai.secrets.patterns import deferred

Document = dict[str, Any]

FROZEN = "left frozen"
WHOLE = "the value"
WROTE = deferred(r"a model wrote (?P<places>.+?)(?P<more> and \d+ more)?, which each run repeats word for word$")
OUTSIDERS = deferred(r"only text that outsiders can write says (.+)$")
CALL = deferred(r"(?<![^\s,])([^\s,]+) \(call (.{1,500}?)\)(?=, | and \d+ more|$)")

UNDECIDED = (
    (r" contains ", "text_of_result"),
    (r"in every run, picked by its position", "position_in_every_run"),
    (r"picked by its position among", "picked_by_position"),
    (r"^more than \d+ of its places equal", "many_sources"),
    (r"^and \d+ more (places|parts)", "more_places"),
    (r" equals [^,]*$", "source_without_step"),
    (r" equals ", "several_sources"),
    (r"whoever starts a run could change it", "param_without_gate"),
    (r"said by the user, but .* holds it, too", "held_elsewhere"),
    (r"said by the user, but .* repeats what came of it", "repeated_later"),
    (r"said by the user, but .* may rest on what came of it", "written_about_later"),
    (r"without a year: ", "date_without_year"),
    (r"the recording tells no time", "date_without_clock"),
    (r"and it decides what runs", "date_decides"),
    (r" was .*, but ", "date_stays_with_others"),
    (r"when it was recorded, or |which nothing that was said explains", "date_unclear"),
    (r"is not given in every run", "not_in_every_run"),
    (r"holds a credential at other places", "credential_moves"),
    (r"is given in other runs", "only_in_other_runs"),
    (r"in the newest run alone", "wired_in_newest_run"),
    (r"in a step for each element", "differs_in_loop"),
    (r"volatile, differs", "volatile"),
    (r"nothing in them says why", "differs"),
)
"""Patterns for the lines of evidence about undecided places, with their codes; the first match counts."""

LEFT_OUT = (
    (r"was not chosen|was excluded", "not_chosen"),
    (r"^the user's side made it", "made_by_user"),
    (r"^was made inside the call", "inside_call"),
    (r"^is the agent's answer", "answer"),
    (r"its executed arguments are not recorded", "arguments_unknown"),
    (r"^failed\b.*; succeeded when retried as ", "retried"),
    (r"^failed\b", "failed"),
    (r"^a person denied it", "denied"),
    (r"^was interrupted", "interrupted"),
    (r"^the trace holds no result", "no_result"),
    (r"^its step .* was removed by ", "step_removed"),
    (r"^its step .* was replaced by ", "step_replaced"),
    (r"^made in \d+ of \d+ runs", "not_in_every_run"),
)

NOTES: tuple[tuple[str, str], ...] = (
    (r"params, which whoever starts a run may set: (?P<names>.+)", "params"),
    (r"made by hand from the spec of the recording (?P<recording>.+), and may differ from it", "from_recording"),
    (r"not taken over from the platform's document: (?P<names>.+)", "platform_fields"),
    (r"the run (?P<run>.+?) is left out: (?P<problem>.+)", "run_left_out"),
    (r"the run (?P<run>.+) was named twice, and counts once", "run_named_twice"),
    (r"(?P<step>\w+): the spec says that it changes nothing outside \(effect: (?P<effect>\w+)\)", "effect_of_spec"),
    (
        r"(?P<step>\w+): changed something outside, and (?P<by>.+) says that its effect is (?P<effect>\w+)",
        "effect_lowered",
    ),
    (
        r"(?P<step>\w+): (?P<field>\S+) can no longer be changed at the approval: it is gone from (?P<guarded>\w+)",
        "field_gone",
    ),
    (r"(?P<step>\w+): (?P<names>[\w, ]+) went with the step that was replaced", "gate_reset"),
    (
        r"(?P<step>\w+): was replaced, and its result may look otherwise; it is read by (?P<readers>.+)",
        "step_replaced",
    ),
    (r"(?P<step>\w+): the run (?P<run>.+) made it elsewhere; the order is the newest's", "order_differs"),
)
"""Patterns for review lines that were not generated from the steps, with their codes; the groups are the values."""


def is_older(document: Any) -> bool:
    """Return whether a document is a sidecar of version 1, or a spec whose review list has version 1's form."""
    if not isinstance(document, dict):
        return False
    if "schema_version" in document:
        return document["schema_version"] == 1 and not isinstance(document["schema_version"], bool)
    return any(isinstance(line, str) for line in _list(document.get("review")))


def migrated(document: Document) -> Document:
    """Return a sidecar or spec of version 1, converted to version 2.

    :param document: the JSON object; it is not changed.
    """
    steps = [_step(step) if isinstance(step, dict) else step for step in _list(document.get("steps"))]
    made = {**document, "steps": steps} if "steps" in document else dict(document)
    known = [step for step in steps if isinstance(step, dict)]
    if "schema_version" in made:
        made["schema_version"] = 2
    if isinstance(made.get("review"), list):
        made["review"] = list(_items(made["review"], known))
    if isinstance(made.get("reviews"), list):
        made["reviews"] = [
            {**entry, "items": list(_items(entry["items"], known))}
            if isinstance(entry, dict) and "items" in entry
            else entry
            for entry in made["reviews"]
        ]
    for name in _names("not_crystallized"):
        if isinstance(made.get(name), list):
            made[name] = [_left_out(entry) for entry in made[name]]
    return made


# --- steps ------------------------------------------------------------------------------------------------------------


def _step(step: Document) -> Document:
    made = dict(step)
    arguments = step.get("arguments")
    if isinstance(arguments, dict):
        made["arguments"] = {
            name: _argument(given) if isinstance(given, dict) else given for name, given in arguments.items()
        }
        words = list(_model_words(_get(step, "non_deterministic_reason"), arguments))
        made |= {"model_words": words} if words else {}
    approval = step.get("approval")
    if isinstance(approval, dict):
        untrusted = list(_untrusted(approval.get("reason"))) if step.get("kind") != "approval_gate" else []
        made["approval"] = {**approval, "untrusted": untrusted} if untrusted else approval
    return made


def _argument(argument: Document) -> Document:
    lines = _list(argument.get("evidence"))
    open_ = [line for line in lines if isinstance(line, str) and line.endswith(FROZEN)]
    if not open_:
        return argument
    undecided = [
        {"at": at, "code": code, "evidence": evidence} for line in open_ for at, code, evidence in _undecided(line)
    ]
    return {**argument, "evidence": [line for line in lines if line not in open_], "undecided": undecided}


def _undecided(line: str) -> Iterator[tuple[JsonPath, str, list[str]]]:
    """Yield each undecided place in a line of evidence, with its code and the rest of the line as evidence."""
    text = line.removesuffix(FROZEN).rstrip(" :")
    code = _code(text, UNDECIDED, "undecided")
    if code in ("many_sources", "more_places"):
        yield [], code, [text]
        return
    head, colon, rest = text.partition(": ")
    if colon and not re.search(r" (equals|contains) ", head):
        places, text = head.split(", "), rest
    else:
        place = WHOLE if text.startswith(WHOLE) else text.partition(" ")[0]
        places, text = [place], text[len(place) :].strip()
    for place in places:
        yield _path(place), code, [text]


def _model_words(reason: Any, arguments: Mapping[str, Any]) -> Iterator[JsonPath]:
    """Yield the places of texts that a model wrote. If the reason does not list them all, yield every long text."""
    found = WROTE.search(reason) if isinstance(reason, str) else None
    if found and found["more"]:
        for name, argument in arguments.items():
            yield from _prose(argument.get("value") if isinstance(argument, dict) else None, [name])
    elif found:
        yield from (_path(place) for place in found["places"].split(", "))


def _prose(value: Any, at: JsonPath) -> Iterator[JsonPath]:
    if isinstance(value, str) and is_prose(value):
        yield at
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inside:
        yield from _prose(part, [*at, key])


def _untrusted(reason: Any) -> Iterator[Document]:
    found = OUTSIDERS.search(reason) if isinstance(reason, str) else None
    for place, call in CALL.findall(found[1]) if found else ():
        yield {"place": _path(place), "call_id": call}


# --- the review -------------------------------------------------------------------------------------------------------


def _items(lines: Any, steps: list[Document]) -> Iterator[Any]:
    for line in _list(lines):
        yield from (item.model_dump() for item in _item(line, steps)) if isinstance(line, str) else [line]


def _item(line: str, steps: list[Document]) -> Iterator[ReviewItem]:
    keys, colon, rest = line.partition(": ")
    names = keys.split(", ") if colon else []
    by_key = {step.get("key"): step for step in steps}
    if names and all(name in by_key and _get(by_key[name], "non_deterministic_reason") == rest for name in names):
        for name in names:
            code = by_key[name].get("determinism")
            yield review_item(code if code in FLAGS else "live", step=name, reason=rest)
    elif found := re.fullmatch(r"(\w+): fails when run, its tool has no action kind", line):
        yield review_item("unmapped_tool", step=found[1])
    elif found := re.fullmatch(r"(\w+): changes something outside and has no gate \((.*)\)", line):
        yield review_item("write_without_gate", step=found[1], evidence=[found[2]])
    elif found := re.fullmatch(r"(\w+): follows the branch (\w+), which names it neither .*", line):
        yield review_item("always_skipped", step=found[1], branch=found[2])
    elif (found := re.fullmatch(r"(\w+)\.(\w+): (.*)", line)) and line.endswith(FROZEN):
        for at, code, evidence in _undecided(found[3]):
            yield review_item(code, step=found[1], place=[found[2], *at], evidence=evidence)
    else:
        yield _note(line)


def _note(line: str) -> ReviewItem:
    for pattern, code in NOTES:
        if found := re.fullmatch(pattern, line, re.DOTALL):
            values: dict[str, Any] = found.groupdict()
            return review_item(code, **values)
    return review_item("note", text=line)


def _left_out(entry: Any) -> Any:
    if not isinstance(entry, dict) or "code" in entry or not isinstance(entry.get("reason"), str):
        return entry
    return {**entry, "code": _code(entry["reason"], LEFT_OUT, "other")}


# --- helpers ----------------------------------------------------------------------------------------------------------


def _code(text: str, table: tuple[tuple[str, str], ...], otherwise: str) -> str:
    return next((code for pattern, code in table if re.search(pattern, text, re.DOTALL)), otherwise)


def _path(place: str) -> JsonPath:
    """Return the keys and positions of a dotted place. A key that contains a dot is split."""
    if place == WHOLE:
        return []
    return [int(part) if part.isascii() and part.isdecimal() else part for part in place.split(".")]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _names(name: str) -> tuple[str, ...]:
    return (name, to_camel(name))


def _get(fields: Document, name: str) -> Any:
    """Return a field that may also be spelled in camelCase; ``None`` if it is missing."""
    return next((fields[spelled] for spelled in _names(name) if spelled in fields), None)

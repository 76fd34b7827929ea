"""The text that an approver reads: the guarded steps' arguments, as Markdown that no argument can break out of.

Airflow renders the body of a question as Markdown and does not mask it. Text from the recorded run is therefore escaped
character by character, or put into a code fence longer than any run of backticks in it. Secrets are masked first.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from airflow_provider_vai.languages import json_text
from airflow_provider_vai.languages.plural import plural
from airflow_provider_vai.operators.runtime import results
from airflow_provider_vai.operators.runtime.masking import masked, masked_values
from airflow_provider_vai.sensors import approval_parts, text_authors
from airflow_provider_vai.sensors.approval_parts import RecordedParts, escaped, visible
from airflow_provider_vai.sensors.guarded import Guarded

LONGEST_BODY = 60_000
"""Longest body of a question in bytes: MySQL's column takes little more. A longer question gets a separate page."""

# What the body still shows of a question with a separate page:
LONGEST_TEXT = 2000  # characters of one string value
LONGEST_LIST = 50  # items of one list
LONGEST_BLOCK = 15_000  # characters of one step's arguments

# Places that the body names for each author of a step's texts; the page of its own names all:
MOST_PLACES = 30
LEAST_PLACES = 10

MOST_DENIALS = 5
LONGEST_DENIAL = 2000  # characters of one denied call

SUBJECT_CHARACTERS = 200

HELD_BACK = "**Later runs of this DAG wait** until this question is answered: it has no deadline."


def heading(text: Any) -> str:
    """Return the gate's subject as one line of plain text, cut to ``SUBJECT_CHARACTERS``."""
    line = visible(" ".join(str(masked(text)).split()))
    return line if len(line) <= SUBJECT_CHARACTERS else line[: SUBJECT_CHARACTERS - 1] + "…"


def body(
    now: Guarded,
    *,
    reason: str | None,
    recorded: Mapping[str, Any] | None,
    problem: str | None = None,
    denied: Sequence[tuple[str, list[str], Mapping[str, Any]]] = (),
    page: str | None = None,
    holds_back: bool = False,
) -> str:
    """Return the body of the question, with all arguments in full unless there is a separate page.

    :param now: The guarded steps with their arguments.
    :param reason: Why the gate asks.
    :param recorded: The approval in the recorded run, and under ``arguments`` the recorded values of arguments that
        each run computes anew.
    :param problem: Why an earlier answer to this question did not count.
    :param denied: Denied calls that have something in common with a step, as
        :meth:`~airflow_provider_vai.sensors.guarded.Guarded.like_denied` returns them.
    :param page: The address of the page that shows everything. If it is given, long texts and lists are cut here.
    :param holds_back: Whether later runs wait until this gate is answered.
    :return: Markdown. The last line has the digest of the arguments, and never contains text from the run.
    """
    approval = {name: value for name, value in (recorded or {}).items() if name not in ("arguments", "derived")}
    before = RecordedParts((recorded or {}).get("arguments") or {}, (recorded or {}).get("derived") or [])
    parts = [f"**Asked again:**\n\n{_quoted(problem)}"] if problem else []
    parts += [f"**Only the beginning is shown here.** Read [all arguments]({page}) before you answer."] if page else []
    parts += [_quoted(reason)] if reason else []
    parts += [_denial(*found) for found in denied[:MOST_DENIALS]]
    parts += [HELD_BACK] if holds_back else []
    parts += [f"**Approval in the recorded run**\n\n{_fenced(approval)}"] if approval else []
    parts += _cut_steps(now, before) if page else [_step(task_id, now, before) for task_id in now.steps]
    return "\n\n".join([*parts, f"An approval covers exactly these arguments: sha256 `{now.sha256}`"])


def _denial(task_id: str, places: list[str], call: Mapping[str, Any]) -> str:
    """Return what a step has in common with a call that a person denied in the recorded run."""
    same = ", ".join(escaped(place) for place in places[:LONGEST_LIST])
    heading = f"**A person denied a call like `{task_id}` in the recorded run.** Both have the same {same}:"
    return f"{heading}\n\n{_fenced(_folded(masked_values(dict(call))), LONGEST_DENIAL)}"


def _cut_steps(now: Guarded, recorded: RecordedParts) -> list[str]:
    """Return as many steps as fit, with their arguments cut, and the number of steps left out."""
    parts: list[str] = []
    for number, task_id in enumerate(now.steps):
        parts.append(_step(task_id, now, recorded, is_cut=True))
        if len("".join(parts).encode()) > LONGEST_BODY - 2 * LONGEST_BLOCK:
            left = len(now.steps) - number - 1
            return [*parts, f"**{plural(left, 'more step is', 'more steps are')} not shown here.**"] if left else parts
    return parts


def _step(task_id: str, now: Guarded, recorded: RecordedParts, *, is_cut: bool = False) -> str:
    step, arguments = now.steps[task_id], now.arguments[task_id]
    connections = sorted({str(value) for name, value in arguments.items() if name.endswith("conn_id") and value})
    facts = [("kind", step.kind), *(("connection", name) for name in connections), ("effect", str(step.effect))]
    shown = {name: value for name, value in arguments.items() if value is not None}
    references = sum(_count_references(value) for value in shown.values())
    shown = _folded(masked_values(shown)) if is_cut else shown  # masked first, so that no part of a secret is left
    parts = [f"### Step `{task_id}`", " · ".join(f"{name} {escaped(value)}" for name, value in facts)]
    parts += [_fenced(shown, LONGEST_BLOCK if is_cut else None)]
    parts += _authors(now, task_id, LEAST_PLACES if is_cut else MOST_PLACES)
    parts += [f"{references} of these values are artifacts of earlier steps."] if references else []
    parts += approval_parts.worked_out(now.derived.get(task_id, {}), recorded)
    parts += [] if is_cut else list(_differences(arguments, recorded.arguments))
    return "\n\n".join(parts)


def _authors(now: Guarded, task_id: str, most: int) -> list[str]:
    """Return who wrote the step's texts, as a list with the places of each author; empty if nobody knows."""
    lines = [
        f"- **{who}:** {', '.join(escaped(place) for place in shown_places)}"
        for who, shown_places in text_authors.shown(now, task_id, most)
    ]
    return ["**Who wrote these texts**", "\n".join(lines)] if lines else []


def _differences(arguments: Mapping[str, Any], recorded: Mapping[str, Any]) -> Iterator[str]:
    """Yield how each argument that is computed anew differs from its recorded value."""
    for name, before in recorded.items():
        now = arguments.get(name)
        if json_text.canonical(now) == json_text.canonical(before):
            yield f"`{name}` is the same as in the recorded run."
            continue
        lines = difflib.unified_diff(
            as_json(before).split("\n"), as_json(now).split("\n"), "recorded", "now", lineterm="", n=2
        )
        yield f"`{name}` differs from the recorded run:\n\n{_fence(chr(10).join(lines), 'diff')}"


def as_json(value: Any) -> str:
    """Return arguments as readable JSON: credentials masked, invisible characters escaped, artifacts marked."""
    return plain(json.dumps(_named(masked_values(value)), indent=2, ensure_ascii=False, default=str))


def plain(text: str) -> str:
    """Return ``text`` with invisible characters except line breaks escaped."""
    return visible(text, keep="\n")


def _fenced(value: Any, longest: int | None = None) -> str:
    return _fence(as_json(value), "json", longest)


def _fence(text: str, language: str, longest_text: int | None = None) -> str:
    text = plain(text)
    if longest_text is not None and len(text) > longest_text:
        text = f"{text[:longest_text]}\n... {plural(len(text) - longest_text, 'more character')}"
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def _folded(value: Any) -> Any:
    """Return ``value`` with long texts and lists cut, and a note of how much was cut."""
    if isinstance(value, str) and len(value) > LONGEST_TEXT:
        more = len(value) - LONGEST_TEXT
        return f"{value[:LONGEST_TEXT]} (... {plural(more, 'more character')})"
    if isinstance(value, dict):
        return {key: _folded(part) for key, part in value.items()}
    if isinstance(value, list):
        rest = [f"(... {plural(len(value) - LONGEST_LIST, 'more item')})"] if len(value) > LONGEST_LIST else []
        return [*(_folded(part) for part in value[:LONGEST_LIST]), *rest]
    return value


def _named(value: Any) -> Any:
    """Return ``value`` with artifact references marked as artifacts."""
    if results.is_reference(value):
        return {"(artifact of an earlier step)": {key: _named(value[key]) for key in value if key != "artifact"}}
    if isinstance(value, dict):
        return {key: _named(part) for key, part in value.items()}
    return [_named(part) for part in value] if isinstance(value, list) else value


def _count_references(value: Any) -> int:
    if results.is_reference(value):
        return 1
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return sum(_count_references(part) for part in parts)


def _quoted(text: Any) -> str:
    """Return ``text`` as a Markdown block quote with all Markdown and HTML in it escaped."""
    lines = str(masked(text)).replace("\r\n", "\n").split("\n")
    return "\n".join(f"> {escaped(line.strip())}  " for line in lines)

"""What an approver reads: the guarded steps' arguments, as Markdown that no argument can break out of.

Airflow shows the body of a question as Markdown and does not mask it. Text from the recorded run is therefore
escaped character by character, or stands in a fence longer than any run of backticks in it; secrets are masked first.
"""

from __future__ import annotations

import difflib
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from airflow_provider_vai.languages import json_text
from airflow_provider_vai.operators.runtime import results
from airflow_provider_vai.operators.runtime.masking import masked
from airflow_provider_vai.sensors.guarded import Guarded

LONGEST_TEXT = 2000  # characters of one string value
LONGEST_LIST = 50  # items of one list
LONGEST_BLOCK = 20_000  # characters of one step's arguments
SUBJECT_CHARACTERS = 200

_UNSEEN = ("Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp")  # controls, direction overrides, lone surrogates, separators
_MARKDOWN = re.compile(r"([!-/:-@\[-`{-~])")  # every ASCII punctuation mark may be escaped in Markdown


def heading(text: Any) -> str:
    """Return the question as one line of plain text."""
    line = _seen(" ".join(str(masked(text)).split()))
    return line if len(line) <= SUBJECT_CHARACTERS else line[: SUBJECT_CHARACTERS - 1] + "…"


def body(now: Guarded, *, reason: str | None, recorded: Mapping[str, Any] | None, problem: str | None = None) -> str:
    """Return the question's body.

    :param now: what would run.
    :param reason: why it is asked.
    :param recorded: what the recorded run says about the approval, and under ``arguments`` the recorded values of
        arguments that each run computes anew.
    :param problem: why an earlier answer to this question did not count.
    :return: Markdown; its last line, the digest of the arguments, is never text from the run.
    """
    said = {name: value for name, value in (recorded or {}).items() if name != "arguments"}
    before = (recorded or {}).get("arguments") or {}
    parts = [f"**Asked again:**\n\n{_quoted(problem)}"] if problem else []
    parts += [_quoted(reason)] if reason else []
    parts += [f"**In the recorded run**\n\n{_fenced(said)}"] if said else []
    parts += [_step(task_id, now, before) for task_id in now.steps]
    return "\n\n".join([*parts, f"An approval covers exactly these arguments: sha256 `{now.sha256}`"])


def _step(task_id: str, now: Guarded, recorded: Mapping[str, Any]) -> str:
    step, arguments = now.steps[task_id], now.arguments[task_id]
    connections = sorted({str(value) for name, value in arguments.items() if name.endswith("conn_id") and value})
    facts = [("kind", step.kind), *(("connection", name) for name in connections), ("effect", str(step.effect))]
    shown = {name: value for name, value in arguments.items() if value is not None}
    references = sum(_count_references(value) for value in shown.values())
    parts = [f"### Step `{task_id}`", " · ".join(f"{name} {_escaped(value)}" for name, value in facts), _fenced(shown)]
    parts += [f"{references} of the values come from an earlier step's artifact."] if references else []
    parts += list(_differences(arguments, recorded))
    return "\n\n".join([*parts, f"sha256 of all arguments: `{now.digests[task_id]}`"])


def _differences(arguments: Mapping[str, Any], recorded: Mapping[str, Any]) -> Iterator[str]:
    """Yield what each computed argument is now and was in the recording."""
    for name, before in recorded.items():
        now = arguments.get(name)
        if json_text.canonical(now) == json_text.canonical(before):
            yield f"`{name}` is what it was in the recorded run."
            continue
        lines = difflib.unified_diff(
            _json(before).split("\n"), _json(now).split("\n"), "recorded", "now", lineterm="", n=2
        )
        yield f"`{name}` is not what it was in the recorded run:\n\n{_fence(chr(10).join(lines), 'diff')}"


def _fenced(value: Any) -> str:
    return _fence(_json(value), "json")


def _json(value: Any) -> str:
    return json.dumps(_folded(masked(value)), indent=2, ensure_ascii=False, default=str)


def _fence(text: str, language: str) -> str:
    text = _seen(text, keep="\n")
    if len(text) > LONGEST_BLOCK:
        text = f"{text[:LONGEST_BLOCK]}\n... {len(text) - LONGEST_BLOCK} more characters"
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def _folded(value: Any) -> Any:
    """Return ``value`` with long texts and lists cut, saying by how much, and artifacts named as such."""
    if results.is_reference(value):
        return {"(artifact of an earlier step)": {key: _folded(value[key]) for key in value if key != "artifact"}}
    if isinstance(value, str) and len(value) > LONGEST_TEXT:
        more = len(value) - LONGEST_TEXT
        return f"{value[:LONGEST_TEXT]} (... {more} more characters, sha256 {json_text.digest(value)})"
    if isinstance(value, dict):
        return {key: _folded(part) for key, part in value.items()}
    if isinstance(value, list):
        rest = [f"(... {len(value) - LONGEST_LIST} more items)"] if len(value) > LONGEST_LIST else []
        return [*(_folded(part) for part in value[:LONGEST_LIST]), *rest]
    return value


def _count_references(value: Any) -> int:
    if results.is_reference(value):
        return 1
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return sum(_count_references(part) for part in parts)


def _quoted(text: Any) -> str:
    """Return text as a Markdown quotation, with nothing in it read as Markdown or HTML."""
    lines = str(masked(text)).replace("\r\n", "\n").split("\n")
    return "\n".join(f"> {_escaped(line.strip())}  " for line in lines)


def _escaped(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", _seen(text))


def _seen(text: str, keep: str = "") -> str:
    """Return ``text`` with each character that cannot be seen written as its escape."""
    return "".join(
        char if char in keep or unicodedata.category(char) not in _UNSEEN else json.dumps(char)[1:-1] for char in text
    )

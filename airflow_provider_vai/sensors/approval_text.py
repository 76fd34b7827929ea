"""What an approver reads: the guarded steps' arguments, as Markdown that no argument can break out of.

Airflow shows the body of a question as Markdown and does not mask it. Text from the recorded run is therefore
escaped character by character, or stands as JSON in a fence longer than any run of backticks in it; secrets
are masked first.
"""

from __future__ import annotations

import json
import re
import unicodedata
from typing import TYPE_CHECKING, Any

from airflow_provider_vai import json_text
from airflow_provider_vai.operators import results
from airflow_provider_vai.operators.masking import masked

if TYPE_CHECKING:
    from airflow.sdk import Context

LONGEST_TEXT = 2000  # characters of one string value
LONGEST_LIST = 50  # items of one list
LONGEST_BLOCK = 20_000  # characters of one step's arguments
SUBJECT_CHARACTERS = 200

_UNSEEN = (
    "Cc",
    "Cf",
    "Co",
    "Cn",
    "Cs",
    "Zl",
    "Zp",
)  # controls, bidirectional overrides, lone surrogates, line separators
_MARKDOWN = re.compile(r"([!-/:-@\[-`{-~])")  # every ASCII punctuation mark may be escaped in Markdown


def subject(text: Any) -> str:
    """Return the question as one line of plain text."""
    line = _seen(" ".join(str(masked(text)).split()))
    return line if len(line) <= SUBJECT_CHARACTERS else line[: SUBJECT_CHARACTERS - 1] + "…"


def body(context: Context, gate: Any, digests: dict[str, str]) -> str:
    """Return the question's body; its last line, the digest of ``digests``, is never text from the run."""
    parts = []
    if reason := gate._value("reason"):
        parts.append(_quoted(reason))
    if recorded := gate._value("recorded"):
        parts.append(f"**In the recorded run**\n\n{_fenced(recorded)}")
    parts += [_step(step, step.resolved_arguments(context), digests[step.task_id]) for step in gate.guarded_steps()]
    return "\n\n".join([*parts, f"An approval covers exactly these arguments: sha256 `{json_text.digest(digests)}`"])


def _step(step: Any, arguments: dict[str, Any], digest: str) -> str:
    effect = _escaped(getattr(step, "effect", "write"))
    head = f"### Step `{step.task_id}` ({type(step).__name__}, effect: {effect})"
    shown = {name: value for name, value in arguments.items() if value is not None}
    references = sum(_count_references(value) for value in shown.values())
    note = f"\n\n{references} of the values come from an earlier step's artifact." if references else ""
    return f"{head}\n\n{_fenced(shown)}{note}\n\nsha256 of all arguments: `{digest}`"


def _fenced(value: Any) -> str:
    text = _seen(json.dumps(_folded(masked(value)), indent=2, ensure_ascii=False, default=str), keep="\n")
    if len(text) > LONGEST_BLOCK:
        text = f"{text[:LONGEST_BLOCK]}\n... {len(text) - LONGEST_BLOCK} more characters"
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}json\n{text}\n{fence}"


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

"""The lines of a question about values that the run worked out: in words, then and now, with what is unusual."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from airflow_provider_vai.languages import json_text
from airflow_provider_vai.languages.places import value_or
from airflow_provider_vai.languages.plural import plural
from airflow_provider_vai.languages.short_text import cut
from airflow_provider_vai.languages.unseen import is_visible
from airflow_provider_vai.operators.runtime.masking import masked, masked_values

if TYPE_CHECKING:
    from airflow_provider_vai.operators.derived import ExplainedPart

MOST_PARTS = 50
LONGEST_VALUE = 200
LONGEST_NAME = 60
ONE_RUN = "proposed from one recorded run"
UNTRUSTED = "worked out from text that outsiders can write"

_MARKDOWN = re.compile(r"([!-/:-@\[-`{-~])")  # Markdown allows escaping every ASCII punctuation mark


@dataclass(frozen=True)
class RecordedParts:
    """What the recorded run had in place of what is computed anew.

    :param arguments: the values of arguments.
    :param derived: facts about each derived part: ``at``, ``slot``, ``value``, ``figure``, ``rows``, ``records``,
        ``one_run``, ``untrusted``.
    """

    arguments: Mapping[str, Any] = field(default_factory=dict)
    derived: Sequence[Mapping[str, Any]] = ()

    def facts(self, place: Sequence[str | int], slot: str) -> Mapping[str, Any]:
        """Return the facts about a part; empty if there are none.

        :param place: its place, the argument's name first. :param slot: the slot of a text, or empty.
        """
        wanted = list(map(str, place))
        found = (
            one for one in self.derived if list(map(str, one.get("at", ()))) == wanted and one.get("slot", "") == slot
        )
        return next(found, {})


def worked_out(derived: Mapping[str, Sequence[ExplainedPart]], recorded: RecordedParts) -> list[str]:
    """Return a list of the parts that this run worked out: each in words, with its value and what is unusual about it.

    :param derived: the parts of each argument. :param recorded: what the recorded run had.
    """
    lines = [_line(name, part, recorded) for name, parts in derived.items() for part in parts]
    more = [f"- {len(lines) - MOST_PARTS} more"] if len(lines) > MOST_PARTS else []
    shown = "\n".join([*lines[:MOST_PARTS], *more])
    return [f"**Worked out from earlier results in this run**\n\n{shown}"] if lines else []


def _line(name: str, part: ExplainedPart, recorded: RecordedParts) -> str:
    place = ".".join(map(str, [name, *part.place])) + (f", {part.slot}" if part.slot else "")
    facts = recorded.facts([name, *part.place], part.slot)
    value = masked_values({place: part.value})[place]
    before = facts.get("value") if part.slot else value_or(recorded.arguments.get(name), part.place, facts.get("value"))
    unusual = _unusual(before, part.value) or _unusual(facts.get("figure"), part.figure)
    notes = "" if unusual else escaped(_recorded(place, before, part.value))
    flags = [*filter(None, [unusual]), *_flags(part, facts)]
    rows = _row_counts(facts)
    notes += escaped(f" (recorded over {_rows(rows)})") if rows else ""
    return f"- {escaped(f'{place}: {masked(part.phrase)}: {_in_brief(value)}')}{notes}" + "".join(
        f" **{escaped(flag)}**" for flag in flags
    )


def _flags(part: ExplainedPart, facts: Mapping[str, Any]) -> Iterator[str]:
    """Yield what an approver should notice about a part besides its value."""
    before, now = _row_counts(facts), part.rows
    pairs = zip(before, now, strict=True) if len(before) == len(now) else ()
    if any(_is_other_length(*pair) for pair in pairs):
        yield f"{_rows(now)}; recorded {_counts(before)}"
    yield from _other_records(part, facts.get("records"))
    if facts.get("one_run"):
        yield ONE_RUN
    if facts.get("untrusted"):
        yield UNTRUSTED


def _other_records(part: ExplainedPart, records: Any) -> Iterator[str]:
    if not isinstance(records, list) or len(records) != len(part.records):
        return
    for before, now in zip(records, part.records, strict=True):
        for name, was in before.items() if isinstance(before, dict) else ():
            if now.get(name) != was:
                shown = _in_brief(masked_values({name: now.get(name)})[name])
                yield f"another record than recorded: {cut(str(name), LONGEST_NAME)} {shown}, recorded {_in_brief(was)}"


def _row_counts(facts: Mapping[str, Any]) -> list[int]:
    rows = facts.get("rows")
    return rows if isinstance(rows, list) and all(type(count) is int for count in rows) else []


def _counts(rows: Sequence[int]) -> str:
    return " and ".join(f"{count:,}" for count in rows)


def _rows(rows: Sequence[int]) -> str:
    return plural(rows[0], "row") if len(rows) == 1 else f"{_counts(rows)} rows"


def _is_other_length(before: int, now: int) -> bool:
    """Return whether a list is half as long, or half as long again."""
    return abs(now - before) * 2 > before


def _in_brief(value: Any) -> str:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return f"{value:,}"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"


def _unusual(before: Any, now: Any) -> str:
    """Return what the approver should notice about a value, compared with the recorded one."""
    if isinstance(before, list) and isinstance(now, list):
        return (
            f"{plural(len(now), 'item')}; recorded {len(before):,}" if _is_other_length(len(before), len(now)) else ""
        )
    numbers = [part for part in (before, now) if isinstance(part, (int, float)) and not isinstance(part, bool)]
    if len(numbers) < 2:
        return ""
    if numbers[0] * numbers[1] < 0:
        return f"another sign than the recorded {before:,}"
    small, large = sorted(map(abs, numbers))
    return f"more than ten times as much or less than the recorded {before:,}" if large > 10 * small > 0 else ""


def _recorded(place: str, before: Any, now: Any) -> str:
    """Return the recorded value of a part that is another one now; empty if it is the same, or not known."""
    if before is None or json_text.canonical(before) == json_text.canonical(now):
        return ""
    return f" (recorded: {_in_brief(masked_values({place: before})[place])})"


def escaped(text: str) -> str:
    """Return a text with every character escaped that Markdown or HTML would read.

    :param text: the text.
    """
    return _MARKDOWN.sub(r"\\\1", visible(text))


def visible(text: str, keep: str = "") -> str:
    """Return a text with each invisible character, except those in ``keep``, written as its JSON escape.

    :param text: the text. :param keep: invisible characters that stay.
    """
    return "".join(char if char in keep or is_visible(char) else json.dumps(char)[1:-1] for char in text)

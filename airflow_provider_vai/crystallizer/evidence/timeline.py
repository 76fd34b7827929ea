"""Who said what before a call: the instructions, the user, earlier results, earlier arguments.

A value is *said* in a text where it stands between other characters than letters and digits; people's words are
compared without regard to case, a number with every spelling of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from airflow_provider_vai.model.run import Run, ToolCall

NUMBER = re.compile(r"(?<![\w.])-?\d{1,30}(?:,\d{3})*(?:\.\d{1,30})?(?![\w])")
Entry = TypeVar("Entry", bound=Hashable)

TOKEN = re.compile(r"\w+")
WORD = re.compile(r"\w+(?:['.-]\w+)*")


class Said:
    """A text, or the texts in JSON data, asked whether a value is said in it."""

    def __init__(self, value: Any, *, fold: bool = False) -> None:
        self.value, self.fold = value, fold
        self._passages: dict[int, frozenset[tuple[str, ...]]] = {}

    @cached_property
    def text(self) -> str:
        """All keys and values, a line each."""
        text = self.value if isinstance(self.value, str) else "\n".join(_lines(self.value))
        return text.casefold() if self.fold else text

    @cached_property
    def values(self) -> frozenset[str]:
        """The lines of the text: of JSON data, its keys and one-line values."""
        return frozenset(self.text.split("\n"))

    @cached_property
    def tokens(self) -> frozenset[str]:
        """The runs of letters and digits: a text that is said has no others, which is found out faster."""
        return frozenset(TOKEN.findall(self.text))

    def passages(self, length: int) -> frozenset[tuple[str, ...]]:
        """Return each so many words in a row, without case and punctuation; they are made once."""
        if length not in self._passages:
            words = words_of(self.text)
            self._passages[length] = frozenset(zip(*(words[start:] for start in range(length)), strict=False))
        return self._passages[length]

    @cached_property
    def numbers(self) -> set[float]:
        """Every number in the text."""
        return {float(digits.replace(",", "")) for digits in NUMBER.findall(self.text)}

    def says(self, value: Any) -> bool:
        """Return whether a plain value is said; nothing, true and false say too little to be found."""
        if value is None or isinstance(value, bool):
            return False
        if isinstance(value, (int, float)):
            return abs(value) < 1e30 and float(value) in self.numbers
        if not isinstance(value, str) or not value.strip():
            return False
        wanted = value.casefold() if self.fold else value
        return self.tokens.issuperset(TOKEN.findall(wanted)) and (wanted in self.values or stands_in(wanted, self.text))


def words_of(text: str) -> tuple[str, ...]:
    """Return the words of a text, without case and punctuation."""
    return tuple(WORD.findall(text.casefold()))


def stands_in(value: str, text: str) -> bool:
    """Return whether ``value`` stands in ``text`` as a word of its own: no letter or digit continues it."""
    start = text.find(value)
    while start >= 0:
        end = start + len(value)
        before = start > 0 and _joined(text[start - 1], value[0])
        after = end < len(text) and _joined(value[-1], text[end])
        if not before and not after:
            return True
        start = text.find(value, start + 1)
    return False


@dataclass(frozen=True)
class Timeline:
    """The run, with its texts read once."""

    run: Run

    @cached_property
    def system(self) -> Said:
        """The instructions."""
        return Said(self.run.system_text or "", fold=True)

    @cached_property
    def turns(self) -> list[tuple[int, Said]]:
        """The user's words, by turn."""
        return [(turn.index, Said(turn.user_text, fold=True)) for turn in self.run.turns if turn.user_text]

    @cached_property
    def results(self) -> list[tuple[ToolCall, Said]]:
        """The results, with what a failed call said, in order."""
        calls = [call for call in self.run.calls if call.result is not None or call.error]
        return [(call, Said([call.result, call.error] if call.error else call.result)) for call in calls]

    def people_said(self, call: ToolCall, value: Any) -> str | None:
        """Return who of instructions and user said the value before the call, as a phrase; ``None`` where nobody."""
        if self.system.says(value):
            return "the instructions"
        turn = next((index for index, said in self.turns if index <= call.turn and said.says(value)), None)
        return None if turn is None else f"the user, in turn {turn}"

    def results_before(self, call: ToolCall) -> list[tuple[ToolCall, Said]]:
        """Return what the model had seen of results when it made the call."""
        return [(earlier, said) for earlier, said in self.results if earlier.batch < call.batch]


def _joined(one: str, other: str) -> bool:
    return (one.isalnum() or one == "_") and (other.isalnum() or other == "_")


def _lines(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, part in value.items():
            yield key
            yield from _lines(part)
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from _lines(part)
    elif isinstance(value, str):
        yield value
    elif value is not None:
        yield json.dumps(value)


def unique(entries: Iterable[Entry]) -> list[Entry]:
    """Return the entries without repetition, in order."""
    return list(dict.fromkeys(entries))
